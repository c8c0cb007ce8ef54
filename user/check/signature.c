/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A certificate's signature under its own key: RSA (both paddings), ECDSA over P-256, P-384 and P-521, Ed25519. Go's verifier takes
 * no MD5 and no SHA-1, and nor does this.
 */
#include "check/look.h"
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>

enum { HASH_MAX = 64, RSA_MAX = 1024 };

enum scheme { SCHEME_ECDSA, SCHEME_RSA, SCHEME_PSS, SCHEME_ED25519 };

struct algorithm {
	uint8_t oid[9];
	size_t len;
	enum scheme scheme;
	enum wc_HashType hash;
	int sum, mgf;
};

/* RFC 5758 3.2, RFC 4055 5, RFC 8410 3. The hash of PSS is in its parameters. */
static const struct algorithm algorithms[] = {
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 }, 8, SCHEME_ECDSA, WC_HASH_TYPE_SHA256, 0, 0 },
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 }, 8, SCHEME_ECDSA, WC_HASH_TYPE_SHA384, 0, 0 },
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 }, 8, SCHEME_ECDSA, WC_HASH_TYPE_SHA512, 0, 0 },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b },
	  9,
	  SCHEME_RSA,
	  WC_HASH_TYPE_SHA256,
	  SHA256h,
	  0 },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0c },
	  9,
	  SCHEME_RSA,
	  WC_HASH_TYPE_SHA384,
	  SHA384h,
	  0 },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0d },
	  9,
	  SCHEME_RSA,
	  WC_HASH_TYPE_SHA512,
	  SHA512h,
	  0 },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a },
	  9,
	  SCHEME_PSS,
	  WC_HASH_TYPE_SHA256,
	  0,
	  WC_MGF1SHA256 },
	{ { 0x2b, 0x65, 0x70 }, 3, SCHEME_ED25519, WC_HASH_TYPE_NONE, 0, 0 },
};

struct question {
	struct reader message, signature, key;
	struct algorithm how;
	uint8_t hash[HASH_MAX];
	word32 hash_len;
};

/* RFC 4055 3.1: the parameters of PSS, of which only the hash is looked at; it serves for the mask, too. */
static void pss_parameters(struct reader parameters, struct algorithm *out)
{
	static const struct {
		uint8_t last; /* of 2.16.840.1.101.3.4.2.x */
		enum wc_HashType hash;
		int mgf;
	} rows[] = { { 1, WC_HASH_TYPE_SHA256, WC_MGF1SHA256 },
		     { 2, WC_HASH_TYPE_SHA384, WC_MGF1SHA384 },
		     { 3, WC_HASH_TYPE_SHA512, WC_MGF1SHA512 } };
	struct reader list, tagged, inner, oid;

	if (!der_take(&parameters, DER_SEQUENCE, &list) || !der_take(&list, 0xa0, &tagged) ||
	    !der_take(&tagged, DER_SEQUENCE, &inner) || !der_take(&inner, DER_OID, &oid) ||
	    reader_left(&oid) != 9)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (oid.at[8] == rows[i].last) {
			out->hash = rows[i].hash;
			out->mgf = rows[i].mgf;
		}
	}
}

static bool find_algorithm(struct reader identifier, struct algorithm *out)
{
	struct reader oid;

	if (!der_take(&identifier, DER_OID, &oid))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		if (reader_equals(&oid, algorithms[i].oid, algorithms[i].len)) {
			*out = algorithms[i];
			if (out->scheme == SCHEME_PSS)
				pss_parameters(identifier, out);
			return true;
		}
	}
	return false;
}

static bool verify_ecdsa(const struct question *q)
{
	word32 at = 0;
	ecc_key key;
	int good = 0;

	if (wc_ecc_init(&key))
		return false;
	if (!wc_EccPublicKeyDecode(q->key.at, &at, &key, (word32)reader_left(&q->key)) &&
	    wc_ecc_verify_hash(q->signature.at, (word32)reader_left(&q->signature), q->hash, q->hash_len,
			       &good, &key))
		good = 0;
	wc_ecc_free(&key);
	return good == 1;
}

static bool verify_pkcs1(const struct question *q, RsaKey *key)
{
	uint8_t wanted[HASH_MAX + 32], plain[RSA_MAX];
	word32 len = wc_EncodeSignature(wanted, q->hash, q->hash_len, q->how.sum);
	int got = wc_RsaSSL_Verify(q->signature.at, (word32)reader_left(&q->signature), plain, sizeof(plain),
				   key);

	return got > 0 && (word32)got == len && !memcmp(plain, wanted, len);
}

static bool verify_pss(const struct question *q, RsaKey *key)
{
	uint8_t plain[RSA_MAX];
	int len = wc_RsaPSS_Verify_ex((uint8_t *)q->signature.at, (word32)reader_left(&q->signature), plain,
				      sizeof(plain), q->how.hash, q->how.mgf, (int)q->hash_len, key);

	return len > 0 && !wc_RsaPSS_CheckPadding(q->hash, q->hash_len, plain, (word32)len, q->how.hash);
}

static bool verify_rsa(const struct question *q)
{
	bool good = false;
	word32 at = 0;
	RsaKey key;

	if (reader_left(&q->signature) > RSA_MAX || wc_InitRsaKey(&key, NULL))
		return false;
	if (!wc_RsaPublicKeyDecode(q->key.at, &at, &key, (word32)reader_left(&q->key)))
		good = q->how.scheme == SCHEME_PSS ? verify_pss(q, &key) : verify_pkcs1(q, &key);
	wc_FreeRsaKey(&key);
	return good;
}

static bool verify_ed25519(const struct question *q)
{
	ed25519_key key;
	word32 at = 0;
	int good = 0;

	if (wc_ed25519_init(&key))
		return false;
	if (!wc_Ed25519PublicKeyDecode(q->key.at, &at, &key, (word32)reader_left(&q->key)) &&
	    wc_ed25519_verify_msg(q->signature.at, (word32)reader_left(&q->signature), q->message.at,
				  (word32)reader_left(&q->message), &good, &key))
		good = 0;
	wc_ed25519_free(&key);
	return good == 1;
}

bool look_signed_by_itself(const struct look *l)
{
	struct question q = { .message = l->tbs, .signature = l->signature, .key = l->key };
	uint8_t unused;

	if (!find_algorithm(l->algorithm, &q.how) || !read_u8(&q.signature, &unused) || unused)
		return false;
	if (q.how.scheme == SCHEME_ED25519)
		return verify_ed25519(&q);
	q.hash_len = (word32)wc_HashGetDigestSize(q.how.hash);
	if (wc_Hash(q.how.hash, q.message.at, (word32)reader_left(&q.message), q.hash, q.hash_len))
		return false;
	return q.how.scheme == SCHEME_ECDSA ? verify_ecdsa(&q) : verify_rsa(&q);
}
