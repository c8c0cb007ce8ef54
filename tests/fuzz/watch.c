/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files of watched directories: the first byte chooses the kind, and whether the file's name is right. What is found is
 * the name of the file, in normal form; what is not is told why, in words that are ours.
 */
#include <errno.h>
#include "fuzz.h"
#include "front/watch.h"

static void must_be_normal(const struct identifier *ident)
{
	struct identifier again;
	const char *why;

	MUST(!identifier_parse(ident->text, &again, &why));
	MUST(again.kind == ident->kind && !strcmp(again.sni, ident->sni));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const names[NUM_WATCH_KINDS] = {
		[WATCH_DEHYDRATED] = "a.example.crt.pem",
		[WATCH_CERTMAGIC] = "a.example.json",
		[WATCH_MOD_MD] = "acme-tls-alpn-01-pubcert.pem",
	};
	struct challenge_facts facts = { 0 };
	struct watch_text t = { .folder = "a.example" };
	const char *why = NULL;
	char *text;
	int err;

	if (!len)
		return 0;
	text = malloc(len); /* of just this size: a byte behind it is noticed */
	MUST(text);
	memcpy(text, bytes + 1, len - 1);
	t.kind = bytes[0] % NUM_WATCH_KINDS;
	t.name = bytes[0] & 0x80 ? "\xff.crt.pem" : names[t.kind];
	t.text = text;
	t.len = len - 1;
	err = watch_read(&t, &facts, &why);
	MUST(!err || (err == -ENOMSG && t.kind == WATCH_CERTMAGIC) || (err == -EINVAL && why && *why));
	if (err)
		MUST(!facts.ident.sni[0]);
	else
		must_be_normal(&facts.ident);
	if (!err && t.kind != WATCH_CERTMAGIC)
		MUST(!strcmp(facts.ident.sni, "a.example"));
	free(text);
	return 0;
}
