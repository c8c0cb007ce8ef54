/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text from people and from files: identifiers, digests, key authorizations, the saved store. The first byte chooses.
 * A normal form is its own normal form, and a store that was restored is saved as it was.
 */
#include "fuzz.h"
#include "challenge/challenge.h"

#define NOW (100 * USEC_PER_SEC)

static void must_equal(const char *text, const struct identifier *as)
{
	struct identifier again;
	const char *why;

	MUST(!identifier_parse(text, &again, &why));
	MUST(again.kind == as->kind && !strcmp(again.text, as->text) && !strcmp(again.sni, as->sni));
}

static void fuzz_identifier(const char *text, size_t len)
{
	struct identifier ident;
	const char *why = NULL;

	(void)len;
	if (identifier_parse(text, &ident, &why)) {
		MUST(why && *why);
		return;
	}
	must_equal(ident.text, &ident);
	must_equal(ident.sni, &ident);
	for (const char *s = ident.sni; *s; s++)
		MUST((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || strchr("-._", *s));
}

static void fuzz_digest(const char *text, size_t len)
{
	uint8_t digest[DIGEST_LEN], again[DIGEST_LEN];
	char canonical[DIGEST_TEXT_LEN];
	const char *why = NULL;

	(void)len;
	if (digest_parse(text, digest, &why)) {
		MUST(why && *why);
		return;
	}
	digest_format(digest, canonical);
	MUST(!digest_parse(canonical, again, &why) && !memcmp(digest, again, sizeof(digest)));
}

static void fuzz_key_authorization(const char *text, size_t len)
{
	uint8_t digest[DIGEST_LEN];
	const char *why = NULL;

	(void)len;
	if (digest_from_key_authorization(text, digest, &why))
		MUST(why && *why);
}

static void fuzz_store(const char *text, size_t len)
{
	struct challenge_store *first = challenge_store_new(), *second = challenge_store_new();
	int restored = challenge_store_restore(first, text, len, NOW);
	char *saved = challenge_store_save(first), *again;

	MUST(restored < 0 ? !challenge_count(first) : (size_t)restored == challenge_count(first));
	MUST(saved && challenge_store_restore(second, saved, strlen(saved), NOW) == MAX(restored, 0));
	again = challenge_store_save(second);
	MUST(again && !strcmp(saved, again));
	MUST(challenge_expire(first, USEC_NEVER - 1) == challenge_count(second) && !challenge_count(first));
	free(saved);
	free(again);
	challenge_store_free(first);
	challenge_store_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const parsers[])(const char *text, size_t len) = { fuzz_identifier, fuzz_digest,
									 fuzz_key_authorization, fuzz_store };
	char *text;

	if (!len)
		return 0;
	text = fuzz_text(bytes + 1, len - 1);
	parsers[bytes[0] % ARRAY_SIZE(parsers)](text, len - 1);
	free(text);
	return 0;
}
