/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Certificates that others have made: what certificate_read() takes from them, and every rule broken once. A certificate is
 * put together from its parts here, so that each fault is one part that differs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "challenge/challenge.h"

#define D32 "0123456789abcdefghijklmnopqrstuv" /* a digest */
#define OID_ACME "\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x1f"
#define OID_SAN "\x06\x03\x55\x1d\x11"
#define CRITICAL "\x01\x01\xff"
#define DIGEST "\x04\x22\x04\x20" D32
#define ACME "\x30\x31" OID_ACME CRITICAL DIGEST
#define SAN                                           \
	"\x30\x14" OID_SAN "\x04\x0d\x30\x0b\x82\x09" \
	"a.example"
#define SAN_IP4 "\x30\x0f" OID_SAN "\x04\x08\x30\x06\x87\x04\xc0\x00\x02\x01"
#define SAN_IP6 "\x30\x1b" OID_SAN "\x04\x14\x30\x12\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define KEY_USAGE "\x30\x0e\x06\x03\x55\x1d\x0f" CRITICAL "\x04\x04\x03\x02\x07\x80"

enum { ROOM = 1024 };

struct bytes {
	uint8_t at[ROOM];
	size_t len;
};

static void put(struct bytes *b, const void *bytes, size_t len)
{
	assert_true(b->len + len <= sizeof(b->at));
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

/* What is there becomes the content of one element. */
static void wrap(struct bytes *b, uint8_t tag)
{
	uint8_t header[4] = { tag, (uint8_t)b->len };
	size_t len = 2;

	if (b->len >= 0x80) {
		header[1] = b->len < 0x100 ? 0x81 : 0x82;
		len = b->len < 0x100 ? 3 : 4;
		header[2] = (uint8_t)(b->len < 0x100 ? b->len : b->len >> 8);
		header[3] = (uint8_t)b->len;
	}
	assert_true(b->len + len <= sizeof(b->at));
	memmove(b->at + len, b->at, b->len);
	memcpy(b->at, header, len);
	b->len += len;
}

/* Literals with NULs in them, and their length. */
#define L(literal) literal, sizeof(literal) - 1

struct parts {
	const char *version;
	size_t version_len;
	const char *fields; /* serial to key */
	size_t fields_len;
	const char *ids; /* before the extensions */
	size_t ids_len;
	const char *extensions;
	size_t extensions_len;
	const char *behind_list; /* in [3] */
	size_t behind_list_len;
	const char *behind_tbs_fields;
	size_t behind_tbs_fields_len;
	const char *signature;
	size_t signature_len;
	const char *behind;
	size_t behind_len;
	bool no_extensions;
};

#define VERSION_3 "\xa0\x03\x02\x01\x02"
#define FIELDS "\x02\x01\x01\x30\x00\x30\x00\x30\x00\x30\x00\x30\x00"
#define SIGNATURE "\x30\x00\x03\x02\x00\x55"
#define PARTS(...)                                                                                  \
	{                                                                                           \
		.version = VERSION_3, .version_len = sizeof(VERSION_3) - 1, .fields = FIELDS,       \
		.fields_len = sizeof(FIELDS) - 1, .signature = SIGNATURE,                           \
		.signature_len = sizeof(SIGNATURE) - 1, .extensions = ACME SAN,                     \
		.extensions_len = sizeof(ACME SAN) - 1, .ids = "", .behind_list = "", .behind = "", \
		.behind_tbs_fields = "", __VA_ARGS__                                                \
	}
#define PART(name, literal) .name = (literal), .name##_len = sizeof(literal) - 1

static void build(const struct parts *p, struct bytes *out)
{
	struct bytes list = { .len = 0 };

	out->len = 0;
	put(out, p->version, p->version_len);
	put(out, p->fields, p->fields_len);
	put(out, p->ids, p->ids_len);
	put(&list, p->extensions, p->extensions_len);
	wrap(&list, 0x30);
	put(&list, p->behind_list, p->behind_list_len);
	wrap(&list, 0xa3);
	if (!p->no_extensions)
		put(out, list.at, list.len);
	put(out, p->behind_tbs_fields, p->behind_tbs_fields_len);
	wrap(out, 0x30);
	put(out, p->signature, p->signature_len);
	wrap(out, 0x30);
	put(out, p->behind, p->behind_len);
}

/* Reads a copy that ends where the certificate does. */
static int read_exactly(const uint8_t *der, size_t len, struct challenge_facts *out, const char **why)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	if (len)
		memcpy(copy, der, len);
	*why = NULL;
	err = certificate_read(copy, len, out, why);
	assert_true(!err == !*why);
	free(copy);
	return err;
}

struct row {
	struct parts parts;
	const char *says; /* the identifier in its normal form, or what is wrong */
	bool good, exact;
};

static void check(const struct row *row, size_t number)
{
	struct challenge_facts facts = { 0 };
	struct bytes der;
	const char *why;
	int err;

	build(&row->parts, &der);
	err = read_exactly(der.at, der.len, &facts, &why);
	if (!err != row->good)
		fail_msg("row %zu (%s): %s", number, row->says, why ? why : "accepted");
	if (err && !strstr(why, row->says))
		fail_msg("row %zu: says \"%s\", not \"%s\"", number, why, row->says);
	if (err)
		return;
	assert_string_equal(facts.ident.text, row->says);
	assert_memory_equal(facts.digest, D32, DIGEST_LEN);
	assert_int_equal(facts.exact, row->exact);
}

static void test_accepted(void **state)
{
	static const struct row rows[] = {
		{ PARTS(), "a.example", true, true },
		{ PARTS(PART(extensions, SAN ACME)), "a.example", true, true },
		{ PARTS(PART(extensions, KEY_USAGE SAN KEY_USAGE ACME)), "a.example", true, true },
		{ PARTS(PART(extensions, SAN_IP4 ACME)), "192.0.2.1", true, true },
		{ PARTS(PART(extensions, SAN_IP6 ACME)), "2001:db8::1", true, true },
		{ PARTS(PART(ids, "\x81\x01\0\x82\x01\0")), "a.example", true, true },
		/* A SAN that is critical, as it has to be beside an empty subject (RFC 5280 4.2.1.6). */
		{ PARTS(PART(extensions, ACME "\x30\x17" OID_SAN CRITICAL "\x04\x0d\x30\x0b\x82\x09"
					      "a.example")),
		  "a.example", true, true },
		{ PARTS(PART(extensions, ACME "\x30\x14" OID_SAN "\x04\x0d\x30\x0b\x82\x09"
					      "A.Example")),
		  "a.example", true, false },
		{ PARTS(PART(extensions, ACME "\x30\x15" OID_SAN "\x04\x0e\x30\x0c\x82\x0a"
					      "a.example.")),
		  "a.example", true, false },
		{ PARTS(PART(extensions, ACME "\x30\x21" OID_SAN "\x04\x1a\x30\x18\x82\x16"
					      "1.2.0.192.in-addr.arpa")),
		  "192.0.2.1", true, false },
		{ PARTS(PART(extensions, ACME "\x30\x22" OID_SAN "\x04\x1b\x30\x19\x82\x17"
					      "1.2.0.192.IN-ADDR.arpa.")),
		  "192.0.2.1", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], i);
}

static void test_extensions_refused(void **state)
{
	static const struct row rows[] = {
		{ PARTS(PART(extensions, "")), "has no acmeIdentifier", false, false },
		{ PARTS(PART(extensions, SAN)), "has no acmeIdentifier", false, false },
		{ PARTS(PART(extensions, ACME)), "has no subjectAltName", false, false },
		{ PARTS(PART(extensions, ACME SAN ACME)), "two acmeIdentifier", false, false },
		{ PARTS(PART(extensions, SAN ACME SAN)), "two subjectAltName", false, false },
		/* not critical: the flag absent, and false */
		{ PARTS(PART(extensions, SAN "\x30\x2e" OID_ACME DIGEST)), "not critical", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x31" OID_ACME "\x01\x01\x00" DIGEST)), "not critical",
		  false, false },
		{ PARTS(PART(extensions, SAN "\x30\x31" OID_ACME "\x01\x01\x01" DIGEST)), "malformed", false,
		  false },
		{ PARTS(PART(extensions, SAN "\x30\x32" OID_ACME "\x01\x02\xff\xff" DIGEST)), "malformed",
		  false, false },
		{ PARTS(PART(extensions, SAN "\x30\x30" OID_ACME "\x01\x00" DIGEST)), "malformed", false,
		  false },
		/* 31 and 33 bytes, something behind them, a SEQUENCE, none at all */
		{ PARTS(PART(extensions, SAN "\x30\x30" OID_ACME CRITICAL "\x04\x21\x04\x1f"
					     "0123456789abcdefghijklmnopqrstu")),
		  "32 bytes", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x32" OID_ACME CRITICAL "\x04\x23\x04\x21" D32 "x")),
		  "32 bytes", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x33" OID_ACME CRITICAL "\x04\x24\x04\x20" D32 "\x05\0")),
		  "32 bytes", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x31" OID_ACME CRITICAL "\x04\x22\x30\x20" D32)),
		  "32 bytes", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x0f" OID_ACME CRITICAL "\x04\x00")), "32 bytes", false,
		  false },
		{ PARTS(PART(extensions, SAN "\x30\x31" OID_ACME CRITICAL "\x03\x22\x04\x20" D32)),
		  "malformed", false, false },
		{ PARTS(PART(extensions, SAN "\x30\x33" OID_ACME CRITICAL DIGEST "\x05\0")), "malformed",
		  false, false },
		{ PARTS(PART(extensions, SAN "\x31\x31" OID_ACME CRITICAL DIGEST ACME)), "malformed", false,
		  false },
		/* lengths: not the shortest, indefinite, past the end, of three bytes */
		{ PARTS(PART(extensions, SAN "\x30\x81\x31" OID_ACME CRITICAL DIGEST)), "malformed", false,
		  false },
		{ PARTS(PART(extensions, SAN "\x30\x82\x00\x31" OID_ACME CRITICAL DIGEST)), "malformed",
		  false, false },
		{ PARTS(PART(extensions, SAN "\x30\x80" OID_ACME CRITICAL DIGEST "\0\0")), "malformed", false,
		  false },
		{ PARTS(PART(extensions, SAN "\x30\x32" OID_ACME CRITICAL DIGEST)), "malformed", false,
		  false },
		{ PARTS(PART(extensions, SAN "\x30\x83\x00\x00\x31" OID_ACME CRITICAL DIGEST)), "malformed",
		  false, false },
		{ PARTS(PART(extensions, SAN "\x3f\x31" OID_ACME CRITICAL DIGEST)), "malformed", false,
		  false },
		{ PARTS(PART(extensions, SAN ACME "\x30")), "malformed", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], i);
}

static void test_names_refused(void **state)
{
	static const struct row rows[] = {
		{ PARTS(PART(extensions, ACME "\x30\x12" OID_SAN "\x04\x0b\x30\x09\x82\x03"
					      "a.b\x82\x02"
					      "cd")),
		  "more than one", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x09" OID_SAN "\x04\x02\x30\x00")), "no list", false,
		  false },
		{ PARTS(PART(extensions, ACME "\x30\x07" OID_SAN "\x04\x00")), "no list", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x82\x03"
					      "a.b"
					      "\x05\0")),
		  "malformed", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x10" OID_SAN "\x04\x09\x30\x05\x82\x03"
					      "a.b"
					      "\x05\0")),
		  "no list", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x81\x03"
					      "a@b")),
		  "neither a dNSName", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x82\x03"
					      "*.b")),
		  "cannot be validated", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x82\x03"
					      "a\0b")),
		  "that is none", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0b" OID_SAN "\x04\x04\x30\x02\x82\x00")),
		  "cannot be validated", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x12" OID_SAN "\x04\x0b\x30\x09\x82\x07"
					      "1.2.3.4")),
		  "is an address", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x82\x03"
					      "::1")),
		  "is an address", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x0e" OID_SAN "\x04\x07\x30\x05\x87\x03\x0a\x00\x01")),
		  "neither 4 nor 16", false, false },
		{ PARTS(PART(extensions,
			     ACME "\x30\x13" OID_SAN "\x04\x0c\x30\x0a\x87\x08\x0a\0\0\1\xff\0\0\0")),
		  "neither 4 nor 16", false, false },
		{ PARTS(PART(extensions, ACME "\x30\x1b" OID_SAN "\x04\x14\x30\x12\x87\x10"
					      "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1")),
		  "cannot be validated", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], i);
}

static void test_frames_refused(void **state)
{
	static const struct row rows[] = {
		{ PARTS(PART(version, "")), "version 3", false, false },
		{ PARTS(PART(version, "\xa0\x03\x02\x01\x01")), "version 3", false, false },
		{ PARTS(PART(version, "\xa0\x04\x02\x02\x00\x02")), "version 3", false, false },
		{ PARTS(PART(version, "\xa0\x06\x02\x01\x02\x02\x01\x02")), "version 3", false, false },
		{ PARTS(PART(fields, "\x02\x01\x01\x30\x00\x30\x00\x30\x00\x30\x00")), "not a certificate",
		  false, false },
		{ PARTS(PART(fields, "\x04\x01\x01\x30\x00\x30\x00\x30\x00\x30\x00\x30\x00")),
		  "not a certificate", false, false },
		{ PARTS(.no_extensions = true), "has no extensions", false, false },
		{ PARTS(PART(ids, "\x84\x01\0")), "not a certificate", false, false },
		{ PARTS(PART(behind_list, "\x05\0")), "not a certificate", false, false },
		{ PARTS(PART(behind_tbs_fields, "\x05\0")), "not a certificate", false, false },
		{ PARTS(PART(signature, "")), "not a certificate", false, false },
		{ PARTS(PART(signature, "\x30\x00")), "not a certificate", false, false },
		{ PARTS(PART(signature, "\x30\x00\x04\x02\x00\x55")), "not a certificate", false, false },
		{ PARTS(PART(signature, "\x30\x00\x03\x02\x00\x55\x05\x00")), "not a certificate", false,
		  false },
		{ PARTS(PART(behind, "\0")), "behind its end", false, false },
		{ PARTS(PART(behind, "\n")), "behind its end", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], i);
}

/* Cut anywhere it is refused; with any byte changed it is read within its bounds (the sanitizer looks). */
static void test_cut_and_changed(void **state)
{
	static const struct parts good = PARTS();
	struct challenge_facts facts;
	struct bytes der;
	const char *why;

	(void)state;
	build(&good, &der);
	for (size_t len = 0; len < der.len; len++)
		assert_true(read_exactly(der.at, len, &facts, &why));
	for (size_t at = 0; at < der.len; at++) {
		for (unsigned value = 1; value < 256; value++) {
			der.at[at] ^= (uint8_t)value;
			read_exactly(der.at, der.len, &facts, &why);
			der.at[at] ^= (uint8_t)value;
		}
	}
}

static void test_large(void **state)
{
	uint8_t *large = calloc(1, CERTIFICATE_MAX + 1);
	struct challenge_facts facts;
	const char *why;

	(void)state;
	assert_true(certificate_read(large, CERTIFICATE_MAX + 1, &facts, &why));
	assert_non_null(strstr(why, "larger"));
	free(large);
}

/* What we make ourselves is read back. */
static void test_our_own(void **state)
{
	static const char *const texts[] = { "a", "d.example.org", "192.0.2.1", "2001:db8::1", NULL };

	(void)state;
	for (size_t i = 0; texts[i]; i++) {
		struct challenge_facts facts;
		struct certificate c;
		struct identifier id;
		const char *why;

		assert_int_equal(identifier_parse(texts[i], &id, &why), 0);
		assert_int_equal(certificate_make(&id, (const uint8_t *)D32, 1800000000, &c), 0);
		assert_int_equal(read_exactly(c.cert, c.cert_len, &facts, &why), 0);
		assert_string_equal(facts.ident.sni, id.sni);
		assert_memory_equal(facts.digest, D32, DIGEST_LEN);
		assert_true(facts.exact);
		certificate_free(&c);
	}
}

/* ------------------------------------------------------------- with OpenSSL */

static void extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_true(X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
}

/* As dehydrated and lego do. To be freed with OPENSSL_free(). */
static uint8_t *made_by_openssl(EVP_PKEY *key, const char *san, size_t *len)
{
	static int acme; /* OpenSSL's number for it */
	X509 *x = X509_new();
	uint8_t *der = NULL;

	if (!acme)
		acme = OBJ_create("1.3.6.1.5.5.7.1.31", "acme", "acmeIdentifier");
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)"challenge",
				   -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	extend(x, NID_basic_constraints, "critical,CA:FALSE");
	extend(x, NID_subject_alt_name, san);
	extend(x, acme,
	       "critical,DER:04:20:30:31:32:33:34:35:36:37:38:39:61:62:63:64:65:66:67:68:69:6a:6b:6c:6d:6e:"
	       "6f:70:71:72:73:74:75:76");
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	*len = (size_t)i2d_X509(x, &der);
	X509_free(x);
	return der;
}

static void test_openssl(void **state)
{
	struct challenge_facts facts;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	size_t len, back_len;
	uint8_t *der = made_by_openssl(key, "DNS:d.example.org", &len), back[CERTIFICATE_MAX];
	const char *why;
	BIO *bio = BIO_new(BIO_s_mem());
	const uint8_t *at = der;
	X509 *x = d2i_X509(NULL, &at, (long)len);
	char *pem;

	(void)state;
	assert_int_equal(read_exactly(der, len, &facts, &why), 0);
	assert_string_equal(facts.ident.text, "d.example.org");
	assert_memory_equal(facts.digest, D32, DIGEST_LEN);
	assert_true(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
		    PEM_write_bio_X509(bio, x));
	assert_int_equal(certificate_pem_decode(pem, (size_t)BIO_get_mem_data(bio, &pem), back, sizeof(back),
						&back_len, &why),
			 0);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, der, len);
	BIO_free(bio);
	X509_free(x);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* ------------------------------------------------------------------ taking */

static struct reader key_der(EVP_PKEY *key, uint8_t **der)
{
	int len;

	*der = NULL;
	len = i2d_PrivateKey(key, der);
	assert_true(len > 0);
	return reader_of(*der, (size_t)len);
}

/* What is wrong with it, "" if nothing; the name that it is asked for is d.example.org. */
static const char *take_flaw(EVP_PKEY *certified, EVP_PKEY *key, const char *san, bool *of_key)
{
	static struct certificate_flaw flaw;
	struct identifier id;
	struct certificate c;
	uint8_t digest[DIGEST_LEN], *cert_bytes, *key_bytes;
	size_t len;
	const char *why;
	int err;

	assert_int_equal(identifier_parse("d.example.org", &id, &why), 0);
	cert_bytes = made_by_openssl(certified, san, &len);
	err = certificate_take(reader_of(cert_bytes, len), key_der(key, &key_bytes), &id, &c, digest, &flaw);
	if (!err) {
		assert_memory_equal(digest, D32, DIGEST_LEN);
		assert_int_equal(c.cert_len, len);
		assert_memory_equal(c.cert, cert_bytes, len);
		assert_int_equal(c.rsa, EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA);
		certificate_free(&c);
	}
	OPENSSL_free(cert_bytes);
	OPENSSL_free(key_bytes);
	*of_key = flaw.key;
	return err ? flaw.why : "";
}

static void test_take(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024), *large = EVP_RSA_gen(4096);
	EVP_PKEY *p256 = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	const struct {
		EVP_PKEY *certified, *key;
		const char *san, *says;
		bool of_key;
	} rows[] = {
		{ rsa, rsa, "DNS:d.example.org", "", false },
		{ large, large, "DNS:d.example.org", "", false },
		{ p256, p256, "DNS:d.example.org", "", false },
		{ small, small, "DNS:d.example.org", "is neither RSA", true },
		{ p384, p384, "DNS:d.example.org", "is neither RSA", true },
		{ ed, ed, "DNS:d.example.org", "is not an RSA or ECDSA private key", true },
		{ p256, other, "DNS:d.example.org", "does not belong", true },
		{ p256, rsa, "DNS:d.example.org", "does not belong", true },
		{ rsa, p256, "DNS:d.example.org", "does not belong", true },
		{ p256, p256, "DNS:D.example.org", "not in the form", false },
		{ p256, p256, "DNS:e.example.org", "is for e.example.org, not for d.example.org", false },
		{ p256, p256, "IP:10.0.0.1", "is for 10.0.0.1, not for", false },
		{ p256, p256, "DNS:d.example.org,DNS:e.example.org", "more than one", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool of_key;
		EVP_PKEY *certified =
			rows[i].certified == ed ? p256 : rows[i].certified; /* signs without a digest */
		const char *flaw = take_flaw(certified, rows[i].key, rows[i].san, &of_key);

		if (!*flaw != !*rows[i].says || !strstr(flaw, rows[i].says) || of_key != rows[i].of_key)
			fail_msg("row %zu (%s): \"%s\"", i, rows[i].says, flaw);
	}
	for (size_t i = 0; i <= 6; i++) /* each of them once */
		EVP_PKEY_free(rows[i].key);
}

/* The public half is right, and the private one is not: a bit of the last number, by which signatures are put together. */
static void test_take_damaged_key(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct certificate_flaw flaw;
	uint8_t digest[DIGEST_LEN], *cert, *bytes;
	struct identifier id;
	struct certificate c;
	struct reader der;
	const char *why;
	size_t len;

	(void)state;
	assert_int_equal(identifier_parse("d.example.org", &id, &why), 0);
	cert = made_by_openssl(key, "DNS:d.example.org", &len);
	der = key_der(key, &bytes);
	bytes[reader_left(&der) - 10] ^= 1;
	assert_int_equal(certificate_take(reader_of(cert, len), der, &id, &c, digest, &flaw), -EINVAL);
	assert_true(flaw.key);
	assert_non_null(strstr(flaw.why, "is damaged"));
	OPENSSL_free(cert);
	OPENSSL_free(bytes);
	EVP_PKEY_free(key);
}

static void test_base64url(void **state)
{
	uint8_t bytes[64], back[64];

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		size_t back_len = 77;
		char *text;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(len * 37 + i * 101);
		text = base64url_encode(bytes, len);
		assert_non_null(text);
		assert_int_equal(strlen(text), (len * 4 + 2) / 3);
		assert_int_equal(
			strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			strlen(text));
		assert_true(base64url_decode(text, back, len, &back_len));
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		assert_false(len && base64url_decode(text, back, len - 1, &back_len));
		free(text);
	}
	assert_false(base64url_decode("A", back, sizeof(back), &(size_t){ 0 }));
	assert_false(base64url_decode("AB", back, sizeof(back), &(size_t){ 0 }));
	assert_false(base64url_decode("AA=", back, sizeof(back), &(size_t){ 0 }));
	assert_false(base64url_decode("AA AA", back, sizeof(back), &(size_t){ 0 }));
}

/* --------------------------------------------------------------------- PEM */

#define B "-----BEGIN CERTIFICATE-----\n"
#define E "-----END CERTIFICATE-----\n"

static void test_pem(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* the bytes, or what is wrong */
		bool good;
	} rows[] = {
		{ B "YWJj\n" E, "abc", true },
		{ B "YWJjZA==\n" E, "abcd", true },
		{ B "YWJjZGU=\n" E, "abcde", true },
		{ B "YWJj\nZGVm\n" E, "abcdef", true },
		{ B "YW\nJj\n" E, "abc", true },
		{ B "YWJj\r\n-----END CERTIFICATE-----", "abc", true },
		{ "-----BEGIN CERTIFICATE-----\r\nYWJj \t\r\n-----END CERTIFICATE-----\r\n", "abc", true },
		{ "subject=a\n\n" B "YWJj\n" E, "abc", true },
		{ B "YWJj\n" E B "ZGVm\n" E, "abc", true },
		{ "-----BEGIN PRIVATE KEY-----\nZGVm\n-----END PRIVATE KEY-----\n" B "YWJj\n" E, "abc",
		  true },
		{ "", "no PEM block", false },
		{ "YWJj\n", "no PEM block", false },
		{ "-----BEGIN X509 CRL-----\nYWJj\n-----END X509 CRL-----\n", "no PEM block", false },
		{ "-----BEGIN CERTIFICATE----\nYWJj\n" E, "no PEM block", false },
		{ "x-----BEGIN CERTIFICATE-----\nYWJj\n" E, "no PEM block", false },
		{ B, "not all there", false },
		{ B "YWJj\n", "not all there", false },
		{ B "YWJj", "not all there", false },
		{ B "YWJj\n-----END CERTIFICATE----", "not all there", false },
		{ B "YWJj\n-", "not all there", false },
		{ B "YW-j\n" E, "not base64", false },
		{ B "YWJj\n-----END PRIVATE KEY-----\n", "does not fit", false },
		{ B E, "does not fit", false },
		{ B "YWJjZ\n" E, "does not fit", false },
		{ B "YWJjZB==\n" E, "does not fit", false },
		{ B "YW=JjZB\n" E, "not base64", false },
		{ B "YW Jj\n" E, "not base64", false },
		{ B "Comment: x\nYWJj\n" E, "not base64", false },
		{ B "YWJjZGVmYWJj\n" E, "too large", false },
	};
	uint8_t der[8];
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t text_len = strlen(rows[i].text), len = 0;
		char *copy = malloc(text_len + !text_len); /* without its NUL */
		int err;

		memcpy(copy, rows[i].text, text_len);
		err = certificate_pem_decode(copy, text_len, der, sizeof(der), &len, &why);
		free(copy);
		if (!err != rows[i].good || (err && !strstr(why, rows[i].says)))
			fail_msg("row %zu (%s): %s", i, rows[i].says, err ? why : "accepted");
		if (!err && (len != strlen(rows[i].says) || memcmp(der, rows[i].says, len)))
			fail_msg("row %zu: %.*s", i, (int)len, der);
	}
	assert_true(certificate_pem_decode(L(B "YW\0Jj\n" E), der, sizeof(der), &(size_t){ 0 }, &why));
	assert_non_null(strstr(why, "not base64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_extensions_refused),
		cmocka_unit_test(test_names_refused),
		cmocka_unit_test(test_frames_refused),
		cmocka_unit_test(test_cut_and_changed),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_our_own),
		cmocka_unit_test(test_openssl),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_damaged_key),
		cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_pem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
