/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What came first over a connection, and the certificate of a TLS 1.2 server, which travels in the clear. */
#include <string.h>
#include "check/look.h"

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, SERVER_HELLO = 2, CERTIFICATE = 11 };

static bool begins(const uint8_t *bytes, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && !memcmp(bytes, word, n);
}

enum first_kind first_classify(const uint8_t *bytes, size_t len)
{
	if (!len)
		return FIRST_NOTHING;
	if (len >= 6 && bytes[0] == RECORD_HANDSHAKE && bytes[1] == 3 && bytes[5] == SERVER_HELLO)
		return FIRST_HELLO;
	if (len >= 7 && bytes[0] == RECORD_ALERT && bytes[1] == 3 && bytes[4] == 2)
		return FIRST_ALERT;
	if (begins(bytes, len, "HTTP/") || begins(bytes, len, "<html") || begins(bytes, len, "<!DOC"))
		return FIRST_HTTP;
	if (begins(bytes, len, "SSH-"))
		return FIRST_SSH;
	if (begins(bytes, len, "220 ") || begins(bytes, len, "220-") || begins(bytes, len, "554 "))
		return FIRST_SMTP;
	return FIRST_OTHER;
}

/* The stream of handshake messages without its records. */
static size_t unwrap(struct reader in, uint8_t *out)
{
	struct reader body;
	uint16_t version, length;
	uint8_t type;
	size_t len = 0;

	while (read_u8(&in, &type) && type == RECORD_HANDSHAKE && read_u16(&in, &version) &&
	       read_u16(&in, &length)) {
		if (!read_span(&in, MIN(length, reader_left(&in)), &body))
			break;
		memcpy(out + len, body.at, reader_left(&body));
		len += reader_left(&body);
	}
	return len;
}

bool first_certificate(const uint8_t *bytes, size_t len, uint8_t *scratch, struct reader *out)
{
	struct reader messages = reader_of(scratch, unwrap(reader_of(bytes, len), scratch)), body, list;
	uint32_t length;
	uint8_t type;

	while (read_u8(&messages, &type) && read_u24(&messages, &length) &&
	       read_span(&messages, length, &body)) {
		if (type != CERTIFICATE)
			continue;
		if (!read_u24(&body, &length) || !read_span(&body, length, &list))
			return false;
		*out = list;
		return !reader_left(&list) || (read_u24(&list, &length) && length <= CHECK_CERTIFICATE_MAX &&
					       read_span(&list, length, out));
	}
	return false;
}
