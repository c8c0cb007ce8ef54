/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Certificates and keys that an operator hands over, to be served as they are.
 *
 * The key is decoded and written anew, so that what is kept holds nothing but a key; its public half, encoded as in a
 * certificate, must be that of the certificate byte for byte. Copies on the way are wiped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "challenge/facts.h"
#include "challenge/pem.h"
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

enum { RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 4096, PUBLIC_MAX = 600 }; /* RSA of 4096 bits: 550 bytes */

static const char BEGIN[] = "-----BEGIN ";
static const char KEY_KINDS[] = "is neither RSA of 2048 to 4096 bits nor ECDSA over P-256";

/* A private key in both forms. */
struct key_forms {
	uint8_t private[CERTIFICATE_KEY_MAX];
	uint8_t public[PUBLIC_MAX];
	int private_len, public_len; /* or wolfCrypt's error */
	bool rsa;
};

static bool contains(struct reader r, const char *text)
{
	return memmem(r.at, reader_left(&r), text, strlen(text));
}

static bool is_certificate(struct reader label)
{
	return pem_is(label, "CERTIFICATE");
}

/* PKCS #8, PKCS #1 and SEC 1. */
static bool is_key(struct reader label)
{
	return pem_is(label, "PRIVATE KEY") || pem_is(label, "RSA PRIVATE KEY") ||
	       pem_is(label, "EC PRIVATE KEY");
}

/* NULL, or what is wrong. r becomes DER: itself, or what is decoded into room. */
static const char *to_der(struct reader *r, bool (*wanted)(struct reader label), uint8_t *room, size_t cap)
{
	struct pem pem = { .der = room, .cap = cap };
	const char *why;
	int err;

	if (!contains(*r, BEGIN))
		return NULL;
	err = pem_decode(*r, wanted, &pem, &why);
	if (err == -ENOENT)
		return wanted == is_key ? "has no PEM block of a private key"
					: "has no PEM block of a certificate";
	if (err)
		return why;
	*r = reader_of(room, pem.len);
	return NULL;
}

/* NULL, or what is wrong; -1 in place of lengths when it is another kind of key. */
static const char *decode_ecc(struct reader der, struct key_forms *out)
{
	ecc_key key;
	word32 at = 0;
	const char *wrong = NULL;

	out->private_len = out->public_len = -1;
	if (wc_ecc_init(&key))
		return "cannot be looked at: no memory";
	if (wc_EccPrivateKeyDecode(der.at, &at, &key, (word32)reader_left(&der)))
		goto out;
	if (wc_ecc_get_curve_id(key.idx) != ECC_SECP256R1) {
		wrong = KEY_KINDS;
		goto out;
	}
	/* What is written there as its public half is not believed. */
	if (!wc_ecc_make_pub(&key, NULL)) {
		out->private_len = wc_EccKeyToDer(&key, out->private, sizeof(out->private));
		out->public_len = wc_EccPublicKeyToDer(&key, out->public, sizeof(out->public), 1);
	}
out:
	wc_ecc_free(&key);
	return wrong;
}

/* A private half that is damaged is seen only in what it makes: the public half is written beside it. */
static bool signs(RsaKey *key)
{
	static const uint8_t text[] = "what is signed is what is verified";
	uint8_t signature[RSA_BITS_MOST / 8], back[RSA_BITS_MOST / 8] = { 0 };
	int len, got = -1;
	WC_RNG rng;

	if (wc_InitRng(&rng))
		return false;
	len = wc_RsaSetRNG(key, &rng);
	if (!len)
		len = wc_RsaSSL_Sign(text, sizeof(text), signature, sizeof(signature), key, &rng);
	if (len > 0)
		got = wc_RsaSSL_Verify(signature, (word32)len, back, sizeof(back), key);
	wc_FreeRng(&rng);
	return got == (int)sizeof(text) && !memcmp(back, text, sizeof(text));
}

static const char *decode_rsa(struct reader der, struct key_forms *out)
{
	RsaKey key;
	word32 at = 0;
	const char *wrong = NULL;
	int bits;

	out->private_len = out->public_len = -1;
	out->rsa = true;
	if (wc_InitRsaKey(&key, NULL))
		return "cannot be looked at: no memory";
	if (wc_RsaPrivateKeyDecode(der.at, &at, &key, (word32)reader_left(&der)))
		goto out;
	bits = 8 * wc_RsaEncryptSize(&key);
	if (bits < RSA_BITS_LEAST || bits > RSA_BITS_MOST) {
		wrong = KEY_KINDS;
		goto out;
	}
	if (!signs(&key)) {
		wrong = "is damaged: its private half does not belong to its public half";
		goto out;
	}
	out->private_len = wc_RsaKeyToDer(&key, out->private, sizeof(out->private));
	out->public_len = wc_RsaKeyToPublicDer(&key, out->public, sizeof(out->public));
out:
	wc_FreeRsaKey(&key);
	return wrong;
}

static const char *read_key(struct reader key, struct key_forms *out, const char **fix)
{
	uint8_t room[CERTIFICATE_KEY_MAX];
	const char *wrong;

	if (contains(key, "ENCRYPTED")) {
		*fix = "openssl pkey -in KEY -out PLAIN_KEY";
		return "is encrypted";
	}
	wrong = to_der(&key, is_key, room, sizeof(room));
	if (!wrong && reader_left(&key) > CERTIFICATE_KEY_MAX)
		wrong = "is larger than a private key can be";
	if (!wrong)
		wrong = decode_ecc(key, out);
	if (!wrong && out->private_len <= 0)
		wrong = decode_rsa(key, out);
	if (!wrong && (out->private_len <= 0 || out->public_len <= 0))
		wrong = "is not an RSA or ECDSA private key, or not all of it is there";
	explicit_bzero(room, sizeof(room));
	return wrong;
}

static bool same(const struct reader *a, const struct reader *b)
{
	return reader_left(a) == reader_left(b) && !memcmp(a->at, b->at, reader_left(a));
}

static int judge_certificate(struct reader der, const struct identifier *ident, uint8_t digest[DIGEST_LEN],
			     struct reader *public, struct certificate_flaw *flaw)
{
	struct challenge_facts facts = { 0 };
	struct certificate_parts parts;
	const char *why = certificate_walk(der, &facts, &parts);

	if (!why && facts.ident.kind == ident->kind && !strcmp(facts.ident.text, ident->text)) {
		if (!facts.exact)
			why = "has its name not in the form that validators compare: lowercase, an address as iPAddress";
		else if (!same(&parts.issuer, &parts.subject))
			why = "is not self-signed: its issuer is not its subject";
		*public = parts.key;
		memcpy(digest, facts.digest, DIGEST_LEN);
	} else if (!why) {
		snprintf(flaw->why, sizeof(flaw->why), "is for %s, not for %s", facts.ident.text,
			 ident->text);
		return -EINVAL;
	}
	if (!why)
		return 0;
	snprintf(flaw->why, sizeof(flaw->why), "%s", why);
	return -EINVAL;
}

static int judge_key(struct reader key, const struct reader *public, struct key_forms *forms,
		     struct certificate_flaw *flaw)
{
	const char *why = read_key(key, forms, &flaw->fix);
	struct reader own;

	if (!why) {
		own = reader_of(forms->public, (size_t)forms->public_len);
		why = same(&own, public) ? NULL : "does not belong to the certificate";
	}
	if (!why)
		return 0;
	flaw->key = true;
	snprintf(flaw->why, sizeof(flaw->why), "%s", why);
	return -EINVAL;
}

int certificate_take(struct reader cert, struct reader key, const struct identifier *ident,
		     struct certificate *out, uint8_t digest[DIGEST_LEN], struct certificate_flaw *flaw)
{
	uint8_t room[CERTIFICATE_MAX], read[DIGEST_LEN];
	const char *wrong = to_der(&cert, is_certificate, room, sizeof(room));
	struct key_forms forms = { .private_len = -1 };
	struct reader public;
	int err;

	*flaw = (struct certificate_flaw){ .fix = NULL };
	if (wrong) {
		snprintf(flaw->why, sizeof(flaw->why), "%s", wrong);
		return -EINVAL;
	}
	err = judge_certificate(cert, ident, read, &public, flaw);
	if (!err)
		err = judge_key(key, &public, &forms, flaw);
	if (!err)
		err = certificate_copy(&(const struct certificate){ .cert = (uint8_t *)cert.at,
								    .cert_len = reader_left(&cert),
								    .key = forms.private,
								    .key_len = (size_t)forms.private_len,
								    .rsa = forms.rsa },
				       out);
	if (!err)
		memcpy(digest, read, DIGEST_LEN);
	explicit_bzero(&forms, sizeof(forms));
	return err;
}
