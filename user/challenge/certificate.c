/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The certificate of RFC 8737 3 and RFC 8738 3, made with wolfCrypt.
 *
 * Validators compare bytes, not meanings: the SAN in minimal DER with the name in lowercase, the acmeIdentifier critical
 * with an OCTET STRING inside, the issuer's bytes equal to the subject's. Nothing else is put in: every further
 * extension would be one more thing to be wrong.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "challenge/facts.h"
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

enum {
	SERIAL_LEN = 16,
	P256_LEN = 32,
	CERT_MAX = 1024, /* a name of 253 characters makes about 620 bytes */
	KEY_MAX = 256,
	SAN_MAX = 3 + 4 + IDENT_MAX,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	SAN_DNS_NAME = 0x82, /* RFC 5280 4.2.1.6 */
	SAN_IP_ADDRESS = 0x87,
	HOUR = 3600,
	MONTH = 30 * 24 * HOUR,
};

/* The same for every identifier: a CN holds 64 characters (RFC 5280 A.1), a name has up to 253. */
static const char COMMON_NAME[] = "acme-tls/1 challenge";
static const char OID_ACME_IDENTIFIER[] = "1.3.6.1.5.5.7.1.31";

/* X.690 10.1: the shortest form of a length. Returns the bytes written. */
static size_t der_header(uint8_t *at, uint8_t tag, size_t len)
{
	at[0] = tag;
	if (len < 0x80) {
		at[1] = (uint8_t)len;
		return 2;
	}
	if (len < 0x100) {
		at[1] = 0x81;
		at[2] = (uint8_t)len;
		return 3;
	}
	at[1] = 0x82;
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	return 4;
}

static void set_alt_name(Cert *cert, const struct identifier *ident)
{
	static const struct {
		uint8_t tag;
		size_t len; /* 0: as long as the text */
	} form[] = {
		[IDENT_DNS] = { SAN_DNS_NAME, 0 },
		[IDENT_IPV4] = { SAN_IP_ADDRESS, 4 },
		[IDENT_IPV6] = { SAN_IP_ADDRESS, 16 },
	};
	const void *value = ident->kind == IDENT_DNS ? (const void *)ident->text : ident->address;
	size_t len = form[ident->kind].len ? form[ident->kind].len : strlen(ident->text);
	uint8_t name[SAN_MAX];
	size_t header = der_header(name, form[ident->kind].tag, len);
	size_t at;

	static_assert(SAN_MAX + 4 <= sizeof(cert->altNames), "wolfCrypt's room for the SAN");
	memcpy(name + header, value, len);
	at = der_header(cert->altNames, DER_SEQUENCE, header + len);
	memcpy(cert->altNames + at, name, header + len);
	cert->altNamesSz = (int)(at + header + len);
}

/* RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime after. False: a time that no certificate can hold. */
static bool set_date(int64_t unix_time, byte *out, int *size)
{
	char text[CTC_DATE_SIZE];
	time_t at = (time_t)unix_time;
	struct tm tm;
	size_t len;
	bool utc;

	if (!gmtime_r(&at, &tm) || tm.tm_year < 70 || tm.tm_year > 9999 - 1900)
		return false;
	utc = tm.tm_year < 2050 - 1900;
	len = strftime(text, sizeof(text), utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &tm);
	*size = (int)(der_header(out, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, len) + len);
	memcpy(out + 2, text, len);
	return true;
}

/* Describes the certificate; acme_identifier must live until it has been encoded. wolfCrypt's error, 0 when good. */
static int describe(Cert *cert, const struct identifier *ident, const uint8_t *acme_identifier,
		    int64_t now_unix, WC_RNG *rng)
{
	int ret = wc_InitCert(cert);

	if (ret)
		return ret;
	ret = wc_RNG_GenerateBlock(rng, cert->serial, SERIAL_LEN);
	if (ret)
		return ret;
	/* RFC 5280 4.1.2.2: positive; and a first byte that is neither zero nor needs a zero before it. */
	cert->serial[0] = (byte)((cert->serial[0] & 0x3f) | 0x40);
	cert->serialSz = SERIAL_LEN;
	cert->sigType = CTC_SHA256wECDSA;
	cert->selfSigned = 1; /* the issuer is encoded from the subject */
	snprintf(cert->subject.commonName, sizeof(cert->subject.commonName), "%s", COMMON_NAME);
	if (!set_date(now_unix - HOUR, cert->beforeDate, &cert->beforeDateSz) ||
	    !set_date(now_unix + MONTH, cert->afterDate, &cert->afterDateSz))
		return ASN_TIME_E;
	set_alt_name(cert, ident);
	return wc_SetCustomExtension(cert, 1, OID_ACME_IDENTIFIER, acme_identifier, 2 + DIGEST_LEN);
}

/* Encodes and signs. Lengths, or wolfCrypt's error. */
static int encode(Cert *cert, ecc_key *key, struct certificate *c, WC_RNG *rng)
{
	int ret = wc_MakeCert(cert, c->cert, CERT_MAX, NULL, key, rng);

	if (ret < 0)
		return ret;
	ret = wc_SignCert(cert->bodySz, cert->sigType, c->cert, CERT_MAX, NULL, key, rng);
	if (ret < 0)
		return ret;
	c->cert_len = (size_t)ret;
	ret = wc_EccKeyToDer(key, c->key, KEY_MAX);
	if (ret < 0)
		return ret;
	c->key_len = (size_t)ret;
	return 0;
}

static int make(Cert *cert, const struct identifier *ident, const uint8_t *acme_identifier, int64_t now_unix,
		struct certificate *c)
{
	ecc_key key;
	WC_RNG rng;
	int ret = wc_InitRng(&rng);

	if (ret)
		return ret;
	ret = wc_ecc_init(&key);
	if (ret)
		goto err_rng;
	ret = wc_ecc_make_key_ex(&rng, P256_LEN, &key, ECC_SECP256R1);
	if (!ret)
		ret = describe(cert, ident, acme_identifier, now_unix, &rng);
	if (!ret)
		ret = encode(cert, &key, c, &rng);
	wc_ecc_free(&key);
err_rng:
	wc_FreeRng(&rng);
	return ret;
}

/* Blocks of just their size: there may be many, and they stay for as long as the challenge does. */
int certificate_copy(const struct certificate *made, struct certificate *out)
{
	struct certificate c = { .cert = malloc(made->cert_len),
				 .key = malloc(made->key_len),
				 .rsa = made->rsa };

	if (!c.cert || !c.key) {
		free(c.cert);
		free(c.key);
		return -ENOMEM;
	}
	c.cert_len = made->cert_len;
	c.key_len = made->key_len;
	memcpy(c.cert, made->cert, made->cert_len);
	memcpy(c.key, made->key, made->key_len);
	*out = c;
	return 0;
}

int certificate_make(const struct identifier *ident, const uint8_t digest[DIGEST_LEN], int64_t now_unix,
		     struct certificate *out)
{
	uint8_t acme_identifier[2 + DIGEST_LEN] = { DER_OCTET_STRING, DIGEST_LEN };
	uint8_t cert_room[CERT_MAX], key_room[KEY_MAX];
	struct certificate made = { .cert = cert_room, .key = key_room };
	Cert *cert = malloc(sizeof(*cert)); /* tens of kilobytes: not for the stack */
	int err, ret;

	if (!cert)
		return -ENOMEM;
	memcpy(acme_identifier + 2, digest, DIGEST_LEN);
	ret = make(cert, ident, acme_identifier, now_unix, &made);
	free(cert);
	if (ret) {
		log_error("certificate for %s: %s", ident->text, wc_GetErrorString(ret));
		err = ret == MEMORY_E ? -ENOMEM : -EIO;
	} else {
		err = certificate_copy(&made, out);
	}
	explicit_bzero(key_room, sizeof(key_room));
	return err;
}

const struct certificate *challenge_certificate(struct challenge *c, int64_t now_unix)
{
	struct certificate *made;
	struct identifier ident;
	const char *why;

	if (c->certificate)
		return c->certificate;
	made = malloc(sizeof(*made));
	if (!made || identifier_parse(c->text, &ident, &why) ||
	    certificate_make(&ident, c->digest, now_unix, made)) {
		free(made);
		return NULL;
	}
	c->certificate = made;
	return made;
}

void certificate_free(struct certificate *c)
{
	if (c->key)
		explicit_bzero(c->key, c->key_len);
	free(c->key);
	free(c->cert);
	*c = (struct certificate){ 0 };
}
