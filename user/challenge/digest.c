/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The digest of a key authorization, in every spelling in which ACME clients hand it over.
 *
 * Refuses what is not exactly 32 bytes, and text whose unused last bits are not zero: a digest cut short by a copying
 * hand must not become another digest.
 */
#include <errno.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/hash.h>
#include "challenge/base64.h"
#include "challenge/challenge.h"

enum {
	BASE64URL_LEN = 43,
	BASE64_LEN = 44,
	HEX_LEN = 64,
	COLON_HEX_LEN = 95,
	THUMBPRINT_LEN = 43, /* RFC 7638: SHA-256, in base64url */
	TOKEN_MAX = 512,
};

static const char OID_PREFIX[] = "1.3.6.1.5.5.7.1.31=";
static const char DER_PREFIX[] = "DER:";
static const char OCTET_STRING[] = "04:20:"; /* X.690 8.7: an OCTET STRING of 32 bytes follows */

/* 43 characters of either alphabet: 258 bits, of which the last two are zero (RFC 4648 3.5). */
static bool parse_base64(const char *text, uint8_t out[DIGEST_LEN])
{
	struct base64 b = { 0 };
	uint8_t next;
	int got;

	for (size_t i = 0; i < BASE64URL_LEN; i++) {
		got = base64_take(&b, text[i], &next);
		if (got < 0)
			return false;
		if (got)
			*out++ = next;
	}
	return base64_ended(&b);
}

/* stride: 2 for plain hex, 3 where a colon stands between the bytes. */
static bool parse_hex(const char *text, size_t stride, uint8_t out[DIGEST_LEN])
{
	for (size_t i = 0; i < DIGEST_LEN; i++, text += stride) {
		int high = hex_value(text[0]);
		int low = high < 0 ? -1 : hex_value(text[1]);

		if (low < 0)
			return false;
		if (stride == 3 && i + 1 < DIGEST_LEN && text[2] != ':')
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* "[OID=][critical,]DER:04:20:..." (OpenSSL's configuration syntax): moves *text behind that, if it is that. */
static void skip_der(const char **text, const char **why)
{
	const char *at = *text;

	if (!strncmp(at, OID_PREFIX, strlen(OID_PREFIX)))
		at += strlen(OID_PREFIX);
	if (!strncmp(at, "critical,", strlen("critical,"))) {
		at += strlen("critical,");
		at += strspn(at, " ");
	}
	if (strncmp(at, DER_PREFIX, strlen(DER_PREFIX))) {
		if (at != *text)
			*why = "lacks DER: behind its OID or \"critical,\"";
		return;
	}
	at += strlen(DER_PREFIX);
	if (strncmp(at, OCTET_STRING, strlen(OCTET_STRING)) ||
	    strlen(at) != strlen(OCTET_STRING) + COLON_HEX_LEN) {
		*why = "is not the DER form of 32 bytes (DER:04:20: and 32 bytes in hex with colons)";
		return;
	}
	*text = at + strlen(OCTET_STRING);
}

int digest_parse(const char *text, uint8_t out[DIGEST_LEN], const char **why)
{
	uint8_t digest[DIGEST_LEN];
	bool good = false;

	*why = NULL;
	skip_der(&text, why);
	if (*why)
		return -EINVAL;
	switch (strlen(text)) {
	case BASE64_LEN:
		if (text[BASE64_LEN - 1] != '=')
			break;
		/* fall through */
	case BASE64URL_LEN:
		good = parse_base64(text, digest);
		break;
	case HEX_LEN:
		good = parse_hex(text, 2, digest);
		break;
	case COLON_HEX_LEN:
		good = parse_hex(text, 3, digest);
		break;
	default:
		*why = strchr(text, '.')
			       ? "looks like a key authorization, not like its digest: use --key-auth"
			       : "is not 32 bytes as base64url (43 characters), base64 (44), hex (64) or colon-hex (95)";
		return -EINVAL;
	}
	if (!good) {
		*why = "has a character that does not belong into base64url, base64 or hex of 32 bytes";
		return -EINVAL;
	}
	memcpy(out, digest, sizeof(digest));
	return 0;
}

int digest_from_key_authorization(const char *text, uint8_t out[DIGEST_LEN], const char **why)
{
	size_t token = strspn(text, BASE64_ALPHABET);
	const char *thumbprint = text + token + 1;

	if (!token || token > TOKEN_MAX || text[token] != '.') {
		*why = "is not a key authorization: a token, a dot and a thumbprint, all base64url without padding";
		return -EINVAL;
	}
	if (strspn(thumbprint, BASE64_ALPHABET) != THUMBPRINT_LEN || thumbprint[THUMBPRINT_LEN]) {
		*why = "does not end in a thumbprint: 43 characters of base64url behind the dot";
		return -EINVAL;
	}
	if (wc_Sha256Hash((const byte *)text, (word32)strlen(text), out)) {
		*why = "could not be hashed";
		return -EINVAL;
	}
	return 0;
}

void digest_format(const uint8_t digest[DIGEST_LEN], char out[DIGEST_TEXT_LEN])
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < DIGEST_LEN; i++) {
		bits = bits << 8 | digest[i];
		have += 8;
		for (; have >= 6; have -= 6)
			*out++ = BASE64_ALPHABET[bits >> (have - 6) & 63];
	}
	/* 256 bits are 42 characters and 4 bits; two zeros fill the last (RFC 4648 3.5). */
	*out++ = BASE64_ALPHABET[bits << (6 - have) & 63];
	*out = 0;
}
