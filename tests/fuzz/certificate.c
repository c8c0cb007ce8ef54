/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Certificates from elsewhere: as DER, and as a PEM text. The first byte chooses. What is accepted has exactly one form of
 * its name, ends where it says, and stays what it is in PEM.
 */
#include "fuzz.h"
#include "challenge/challenge.h"

static bool read_der(const uint8_t *bytes, size_t len, struct challenge_facts *facts)
{
	uint8_t *copy = fuzz_exact(bytes, len);
	const char *why = NULL;
	int err = certificate_read(copy, len, facts, &why);

	MUST(err ? why && *why : !why);
	free(copy);
	return !err;
}

static void fuzz_der(const uint8_t *bytes, size_t len)
{
	struct challenge_facts facts, again;
	struct identifier ident;
	const char *why;
	uint8_t *longer;

	if (!read_der(bytes, len, &facts))
		return;
	MUST(!identifier_parse(facts.ident.text, &ident, &why) && !strcmp(ident.sni, facts.ident.sni));
	MUST(memmem(bytes, len, facts.digest, DIGEST_LEN));
	MUST(!facts.exact || facts.ident.kind != IDENT_DNS ||
	     memmem(bytes, len, facts.ident.text, strlen(facts.ident.text)));
	MUST(!read_der(bytes, len - 1, &again));
	longer = malloc(len + 1);
	memcpy(longer, bytes, len);
	longer[len] = 0;
	MUST(!read_der(longer, len + 1, &again));
	free(longer);
}

static void fuzz_pem(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = fuzz_exact(bytes, len), der[512];
	struct challenge_facts facts;
	const char *why = NULL;
	size_t der_len = 0;

	if (certificate_pem_decode((const char *)copy, len, der, sizeof(der), &der_len, &why)) {
		MUST(why && *why);
	} else {
		MUST(der_len && der_len <= sizeof(der) && der_len < len);
		read_der(der, der_len, &facts);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (!len)
		return 0;
	(bytes[0] & 1 ? fuzz_pem : fuzz_der)(bytes + 1, len - 1);
	return 0;
}
