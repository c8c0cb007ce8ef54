/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What clients of the front ends say: a line of ualpn's protocol, and a request for the metrics. The first byte chooses.
 * What is taken is a name in normal form; what a request is worth does not depend on how it was cut on its way.
 */
#include "fuzz.h"
#include "front/http.h"
#include "front/ualpn.h"

static void fuzz_ualpn(const uint8_t *bytes, size_t len)
{
	char *line = (char *)fuzz_exact(bytes, len);
	struct ualpn_command command = { 0 };
	struct identifier again;
	const char *why;
	enum ualpn_reply reply = ualpn_read(line, len, &command);

	MUST(reply < NUM_UALPN_REPLIES);
	if (reply == UALPN_OK) {
		MUST(memmem(line, len, "auth", 4));
		MUST(!identifier_parse(command.ident.text, &again, &why));
		MUST(!strcmp(again.sni, command.ident.sni) && !strcmp(again.text, command.ident.text));
	}
	free(line);
}

static void fuzz_http(const uint8_t *bytes, size_t len)
{
	bool head, cut_head;
	char *text = (char *)fuzz_exact(bytes, len);
	enum http_status whole = http_read(text, len, &head), status = HTTP_INCOMPLETE;

	MUST(whole < NUM_HTTP_STATUSES);
	free(text);
	/* A request that is given up half way is given up for good; before that there is no answer. */
	for (size_t cut = 0; cut <= len && status == HTTP_INCOMPLETE; cut += cut < 64 ? 1 : 61) {
		text = (char *)fuzz_exact(bytes, cut);
		status = http_read(text, cut, &cut_head);
		free(text);
	}
	MUST(status == HTTP_INCOMPLETE || status == whole || status == HTTP_TOO_LARGE);
	MUST(status != HTTP_OK || (memmem(bytes, len, "GET ", 4) && !head));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (!len)
		return 0;
	(bytes[0] & 1 ? fuzz_http : fuzz_ualpn)(bytes + 1, len - 1);
	return 0;
}
