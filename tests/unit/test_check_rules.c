/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Boulder's rules for a certificate: each broken once in one that OpenSSL makes, with the text that the CA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "check/look.h"

#define ACME "1.3.6.1.5.5.7.1.31"
#define D31 "0707070707070707070707070707070707070707070707070707070707070"
#define HEX D31 "707"
#define OTHER D31 "708"
#define RIGHT "critical,DER:0420" HEX
#define SAN "DNS:a.example"
#define BEGIN "Incorrect validation certificate for tls-alpn-01 challenge. Requested "

static const uint8_t DIGEST[DIGEST_LEN] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
					    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };

/* A certificate; NULL: without that extension. */
struct made {
	const char *san, *oid, *acme;
	const char *twice; /* one more of the first kind */
	const char *issuer;
	int64_t serial;
	const char *key; /* "P-256" when NULL */
	const EVP_MD *hash;
	size_t flip; /* a byte from the end on that is changed */
};

static void extend(X509 *x, const char *oid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, oid, value);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static EVP_PKEY *key_of(const char *kind)
{
	if (!strcmp(kind, "RSA"))
		return EVP_RSA_gen(2048);
	return strcmp(kind, "ED25519") ? EVP_EC_gen(kind) : EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static void set_name(X509_NAME *name, const char *cn)
{
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)cn, -1, -1, 0);
}

static size_t make(const struct made *m, uint8_t **der)
{
	const char *kind = m->key ? m->key : "P-256";
	EVP_PKEY *key = key_of(kind);
	X509 *x = X509_new();
	int len;

	X509_set_version(x, 2);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(x), m->serial ? m->serial : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	set_name(X509_get_subject_name(x), "c");
	set_name(X509_get_issuer_name(x), m->issuer ? m->issuer : "c");
	X509_set_pubkey(x, key);
	if (m->acme)
		extend(x, m->oid ? m->oid : ACME, m->acme);
	if (m->san)
		extend(x, "subjectAltName", m->san);
	if (m->twice)
		extend(x, "subjectAltName", m->twice);
	assert_true(X509_sign(x, key,
			      !strcmp(kind, "ED25519") ? NULL
			      : m->hash                ? m->hash
						       : EVP_sha256()) > 0);
	*der = NULL;
	len = i2d_X509(x, der);
	assert_true(len > 0);
	if (m->flip)
		(*der)[(size_t)len - m->flip] ^= 1;
	X509_free(x);
	EVP_PKEY_free(key);
	return (size_t)len;
}

static void judged(const struct made *m, const char *name, const char *address, struct check_judgement *out)
{
	struct check_answer a = { .end = CHECK_END_DONE, .alert = -1, .acme = true };
	struct identifier ident;
	const char *why;
	const struct rules rules = { .ident = &ident, .digest = DIGEST, .address = address, .port = 443 };

	assert_int_equal(identifier_parse(name, &ident, &why), 0);
	a.cert_len = make(m, &a.cert);
	judge_answer(&a, &rules, out);
	OPENSSL_free(a.cert);
}

struct row {
	struct made made;
	enum check_cause cause;
	const char *says; /* behind "Requested ... from ...:443. " */
};

static const struct row rows[] = {
	{ { .san = SAN, .acme = RIGHT }, CHECK_FINE, NULL },
	{ { .san = SAN, .acme = RIGHT, .key = "RSA" }, CHECK_FINE, NULL },
	{ { .san = SAN, .acme = RIGHT, .key = "P-384" }, CHECK_FINE, NULL },
	{ { .san = SAN, .acme = RIGHT, .key = "P-521" }, CHECK_FINE, NULL },
	{ { .san = SAN, .acme = RIGHT, .key = "ED25519" }, CHECK_FINE, NULL },
	{ { .san = SAN, .acme = RIGHT, .issuer = "d" },
	  CHECK_NOT_SELF_SIGNED,
	  "Received certificate which is not self-signed." },
	{ { .san = SAN, .acme = RIGHT, .flip = 3 },
	  CHECK_NOT_SELF_SIGNED,
	  "Received certificate which is not self-signed." },
	{ { .san = SAN, .acme = RIGHT, .key = "RSA", .flip = 3 },
	  CHECK_NOT_SELF_SIGNED,
	  "Received certificate which is not self-signed." },
	{ { .san = SAN, .acme = RIGHT, .key = "ED25519", .flip = 40 },
	  CHECK_NOT_SELF_SIGNED,
	  "Received certificate which is not self-signed." },
	{ { .san = SAN, .acme = NULL },
	  CHECK_NO_ACME,
	  "Received certificate with unexpected extensions: \"Required extension OID " ACME
	  " is not present\"" },
	{ { .san = SAN, .oid = "1.3.6.1.5.5.7.1.30.1", .acme = RIGHT },
	  CHECK_OBSOLETE_OID,
	  "Received certificate with unexpected extensions: \"Required extension OID " ACME
	  " is not present\"" },
	{ { .san = NULL, .acme = RIGHT },
	  CHECK_NO_SAN,
	  "Received certificate with unexpected extensions: \"Required extension OID 2.5.29.17 is not present\"" },
	{ { .san = "DNS:a.example,DNS:b.example", .acme = RIGHT },
	  CHECK_SAN_COUNT,
	  "Received certificate with unexpected identifiers (\"a.example, b.example, c\"): \"wrong number of identifiers\"" },
	{ { .san = "IP:192.0.2.1", .acme = RIGHT },
	  CHECK_SAN_KIND,
	  "Received certificate with unexpected identifiers (\"192.0.2.1, c\"): \"wrong number of identifiers\"" },
	{ { .san = "DNS:b.example", .acme = RIGHT },
	  CHECK_SAN_OTHER,
	  "Received certificate with unexpected identifiers (\"b.example, c\"): \"identifier does not match expected identifier\"" },
	{ { .san = "DNS:A.Example", .acme = RIGHT },
	  CHECK_SAN_CASE,
	  "Received certificate with unexpected identifiers (\"a.example, c\"): \"SAN extension does not match expected bytes\"" },
	{ { .san = "DNS:a.example,email:e@a.example", .acme = RIGHT },
	  CHECK_SAN_BYTES,
	  "Received certificate with unexpected identifiers (\"a.example, c, e@a.example\"): \"SAN extension does not match expected bytes\"" },
	{ { .san = SAN, .acme = "DER:0420" HEX },
	  CHECK_NOT_CRITICAL,
	  "Received certificate with acmeValidationV1 extension that is not Critical." },
	{ { .san = SAN, .acme = "critical,DER:" HEX },
	  CHECK_MALFORMED,
	  "Received certificate with malformed acmeValidationV1 extension value." },
	{ { .san = SAN, .acme = "critical,DER:0420" HEX "00" },
	  CHECK_MALFORMED,
	  "Received certificate with malformed acmeValidationV1 extension value." },
	{ { .san = SAN, .acme = "critical,DER:041f" D31 "7" },
	  CHECK_MALFORMED,
	  "Received certificate with malformed acmeValidationV1 extension value." },
	{ { .san = SAN, .acme = "critical,DER:0420" OTHER },
	  CHECK_DIGEST,
	  "Received certificate with acmeValidationV1 extension value " OTHER " but expected " HEX "." },
	{ { .san = SAN, .acme = "DER:0420" OTHER, .issuer = "d" }, /* the first rule that is broken */
	  CHECK_NOT_SELF_SIGNED,
	  "Received certificate which is not self-signed." },
	{ { .san = SAN, .acme = RIGHT, .serial = -5 }, CHECK_PARSE, NULL },
	{ { .san = SAN, .acme = RIGHT, .twice = SAN }, CHECK_PARSE, NULL },
	{ { .san = "DER:300382000000ff", .acme = RIGHT }, CHECK_PARSE, NULL },
};

static void test_rules(void **state)
{
	struct check_judgement j;
	char text[CHECK_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		judged(&rows[i].made, "a.example", "192.0.2.7", &j);
		assert_int_equal(j.cause, rows[i].cause);
		snprintf(text, sizeof(text), BEGIN "a.example from 192.0.2.7:443. %s",
			 rows[i].says ? rows[i].says : "");
		if (j.cause == CHECK_PARSE)
			snprintf(text, sizeof(text), "192.0.2.7: Error getting validation data");
		assert_string_equal(j.text, j.cause == CHECK_FINE ? "" : text);
		assert_int_equal(j.falls_back, j.cause == CHECK_PARSE);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *name, *san, *text;
		enum check_cause cause;
	} addresses[] = {
		{ "192.0.2.7", "IP:192.0.2.7", "", CHECK_FINE },
		{ "2001:db8::7", "IP:2001:db8::7", "", CHECK_FINE },
		{ "192.0.2.7", "DNS:192.0.2.7",
		  BEGIN
		  "192.0.2.7 from [2001:db8::1]:443. Received certificate with unexpected identifiers (\"192.0.2.7, c\"): \"wrong number of identifiers\"",
		  CHECK_SAN_KIND },
		{ "192.0.2.7", "IP:192.0.2.8",
		  BEGIN
		  "192.0.2.7 from [2001:db8::1]:443. Received certificate with unexpected identifiers (\"192.0.2.8, c\"): \"identifier does not match expected identifier\"",
		  CHECK_SAN_OTHER },
		/* Go's list shows the address that the 16 bytes stand for as its own text. */
		{ "192.0.2.7", "DER:3012871000000000000000000000ffffc0000207",
		  BEGIN
		  "192.0.2.7 from [2001:db8::1]:443. Received certificate with unexpected identifiers (\"192.0.2.7, c\"): \"SAN extension does not match expected bytes\"",
		  CHECK_SAN_BYTES },
	};
	struct check_judgement j;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		judged(&(const struct made){ .san = addresses[i].san, .acme = RIGHT }, addresses[i].name,
		       "2001:db8::1", &j);
		assert_int_equal(j.cause, addresses[i].cause);
		assert_string_equal(j.text, addresses[i].text);
	}
}

static void test_weak_signature(void **state)
{
	struct check_judgement j;

	(void)state;
	judged(&(const struct made){ .san = SAN, .acme = RIGHT, .key = "RSA", .hash = EVP_sha1() },
	       "a.example", "192.0.2.7", &j);
	assert_int_equal(j.cause, CHECK_NOT_SELF_SIGNED);
	judged(&(const struct made){ .san = SAN, .acme = RIGHT, .key = "P-384", .hash = EVP_sha512() },
	       "a.example", "192.0.2.7", &j);
	assert_int_equal(j.cause, CHECK_FINE);
}

/* Every beginning of a certificate, and every byte changed once: no crash, and no other one passes. */
static void test_damaged(void **state)
{
	static const struct made right = { .san = SAN, .acme = RIGHT };
	struct look look;
	uint8_t *der, *copy;
	size_t len = make(&right, &der);
	char text[200];

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		copy = malloc(cut ? cut : 1); /* reading too far is seen */
		memcpy(copy, der, cut);
		assert_false(look_read(reader_of(copy, cut), &look));
		free(copy);
	}
	copy = malloc(len);
	for (size_t at = 0; at < len; at++) {
		memcpy(copy, der, len);
		copy[at] ^= 0x80;
		if (look_read(reader_of(copy, len), &look))
			assert_false(look_signed_by_itself(&look));
		check_describe(copy, len, text, sizeof(text));
	}
	free(copy);
	OPENSSL_free(der);
}

static void test_describe(void **state)
{
	static const struct made made = { .san = "DNS:b.example,IP:192.0.2.1",
					  .acme = RIGHT,
					  .issuer = "\x1b[31mEvil" };
	uint8_t *der;
	size_t len = make(&made, &der);
	char text[200];

	(void)state;
	assert_true(check_describe(der, len, text, sizeof(text)));
	assert_string_equal(text, "CN=c, issued by CN=?[31mEvil, for 192.0.2.1, b.example");
	assert_true(check_describe(der, len, text, 10));
	assert_string_equal(text, "CN=c, iss");
	OPENSSL_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),          cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_weak_signature), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
