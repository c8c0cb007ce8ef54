/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The certificate, read back by a strict DER walker and by OpenSSL: every check that Boulder makes, byte for byte, and
 * that nothing is in it which it does not ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "challenge/challenge.h"

#define NOW 1800000000 /* 2027-01-15 08:00:00 */
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum {
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTETS = 0x04,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	SEQUENCE = 0x30,
	VERSION = 0xa0,
	EXTENSIONS = 0xa3,
};

static const uint8_t ECDSA_SHA256[] = { 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 };
static const uint8_t KEY_P256[] = { 0x30, 19, 0x06, 7,    0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1,
				    0x06, 8,  0x2a, 0x86, 0x48, 0xce, 0x3d, 3,    1,    7 };
static const uint8_t OID_SAN[] = { 0x06, 3, 0x55, 0x1d, 0x11 };
static const uint8_t OID_ACME_CRITICAL[] = { 0x06, 8, 0x2b, 6, 1, 5, 5, 7, 1, 31, 0x01, 1, 0xff };

/* One element in the shortest form (X.690 10.1); anything else fails the test. */
static struct reader take(struct reader *r, uint8_t tag)
{
	struct reader content;
	uint8_t got, first = 0;
	uint16_t len;

	assert_true(read_u8(r, &got) && read_u8(r, &first));
	assert_int_equal(got, tag);
	len = first;
	if (first == 0x81) {
		assert_true(read_u8(r, &first));
		len = first;
		assert_true(len >= 0x80);
	} else if (first == 0x82) {
		assert_true(read_u16(r, &len));
		assert_true(len >= 0x100);
	} else {
		assert_true(first < 0x80);
	}
	assert_true(read_span(r, len, &content));
	return content;
}

static void take_exactly(struct reader *r, const void *bytes, size_t len)
{
	struct reader got;

	assert_true(read_span(r, len, &got));
	assert_memory_equal(got.at, bytes, len);
}

static void take_end(const struct reader *r)
{
	assert_int_equal(reader_left(r), 0);
}

/* RFC 5280 4.1.2.5: UTCTime until 2049. */
static void take_date(struct reader *r, const char *expected)
{
	struct reader date = take(r, strlen(expected) == 13 ? UTC_TIME : GENERALIZED_TIME);

	take_exactly(&date, expected, strlen(expected));
	take_end(&date);
}

/* The two extensions, SAN first, and nothing else. */
static void walk_extensions(struct reader *tbs, const struct identifier *id, const uint8_t *digest)
{
	static const uint8_t tags[] = { [IDENT_DNS] = 0x82, [IDENT_IPV4] = 0x87, [IDENT_IPV6] = 0x87 };
	static const uint8_t lens[] = { [IDENT_DNS] = 0, [IDENT_IPV4] = 4, [IDENT_IPV6] = 16 };
	struct reader wrapped = take(tbs, EXTENSIONS), list, extension, value, name;
	size_t len = lens[id->kind] ? lens[id->kind] : strlen(id->text);

	list = take(&wrapped, SEQUENCE);
	take_end(&wrapped);
	extension = take(&list, SEQUENCE);
	take_exactly(&extension, OID_SAN, sizeof(OID_SAN));
	value = take(&extension, OCTETS);
	take_end(&extension);
	name = take(&value, SEQUENCE);
	take_end(&value);
	value = take(&name, tags[id->kind]);
	take_end(&name);
	assert_int_equal(reader_left(&value), len);
	take_exactly(&value, id->kind == IDENT_DNS ? (const void *)id->text : id->address, len);

	extension = take(&list, SEQUENCE);
	take_end(&list);
	take_exactly(&extension, OID_ACME_CRITICAL, sizeof(OID_ACME_CRITICAL));
	value = take(&extension, OCTETS);
	take_end(&extension);
	take_exactly(&value, "\x04\x20", 2);
	take_exactly(&value, digest, DIGEST_LEN);
	take_end(&value);
}

static void walk_name(struct reader *tbs, struct reader *whole)
{
	struct reader name;

	whole->at = tbs->at;
	name = take(tbs, SEQUENCE);
	whole->end = tbs->at;
	assert_true(reader_left(&name) > 0 && reader_left(&name) <= 64);
}

static void walk(const struct certificate *c, const struct identifier *id, const uint8_t *digest,
		 const char *const dates[2])
{
	struct reader r = reader_of(c->cert, c->cert_len), cert, tbs, field, issuer, subject;

	cert = take(&r, SEQUENCE);
	take_end(&r);
	tbs = take(&cert, SEQUENCE);
	field = take(&tbs, VERSION);
	take_exactly(&field, "\x02\x01\x02", 3); /* v3 */
	take_end(&field);
	field = take(&tbs, INTEGER);
	assert_int_equal(reader_left(&field), 16);
	assert_in_range(field.at[0], 1, 0x7f); /* positive, in its shortest form */
	field = take(&tbs, SEQUENCE);
	take_exactly(&field, ECDSA_SHA256, sizeof(ECDSA_SHA256));
	take_end(&field);
	walk_name(&tbs, &issuer);
	field = take(&tbs, SEQUENCE);
	take_date(&field, dates[0]);
	take_date(&field, dates[1]);
	take_end(&field);
	walk_name(&tbs, &subject);
	assert_int_equal(reader_left(&issuer), reader_left(&subject));
	assert_memory_equal(issuer.at, subject.at, reader_left(&subject));
	field = take(&tbs, SEQUENCE);
	take_exactly(&field, KEY_P256, sizeof(KEY_P256));
	field = take(&field, BIT_STRING);
	assert_int_equal(reader_left(&field), 66); /* no unused bits, 04, two coordinates */
	take_exactly(&field, "\x00\x04", 2);
	walk_extensions(&tbs, id, digest);
	take_end(&tbs);
	field = take(&cert, SEQUENCE);
	take_exactly(&field, ECDSA_SHA256, sizeof(ECDSA_SHA256));
	take_end(&field);
	take(&cert, BIT_STRING);
	take_end(&cert);
}

/* What only a second implementation can say: signature, and that the key belongs to it. */
static void check_with_openssl(const struct certificate *c)
{
	const unsigned char *at = c->cert, *key_at = c->key;
	X509 *x = d2i_X509(NULL, &at, (long)c->cert_len);
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &key_at, (long)c->key_len);

	assert_non_null(x);
	assert_non_null(key);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	assert_int_equal(X509_check_private_key(x, key), 1);
	assert_true(X509_get_extension_flags(x) & EXFLAG_SS);
	assert_int_equal(X509_get_extension_flags(x) & EXFLAG_INVALID, 0);
	EVP_PKEY_free(key);
	X509_free(x);
}

static const char *const usual_dates[2] = { "270115070000Z", "270214080000Z" };

static void check(const char *text, int64_t now, const char *const dates[2])
{
	struct identifier id;
	struct certificate c;
	uint8_t digest[DIGEST_LEN];
	const char *why;

	for (size_t i = 0; i < DIGEST_LEN; i++)
		digest[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(identifier_parse(text, &id, &why), 0);
	assert_int_equal(certificate_make(&id, digest, now, &c), 0);
	assert_false(c.rsa);
	walk(&c, &id, digest, dates);
	check_with_openssl(&c);
	certificate_free(&c);
	assert_null(c.cert);
	assert_null(c.key);
	certificate_free(&c);
}

static void test_identifiers(void **state)
{
	static const char *const texts[] = {
		"a", "d.example.org", "xn--mnchen-3ya.de", "192.0.2.1", "0.0.0.0", "2001:db8::1", "::1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check(texts[i], NOW, usual_dates);
}

/* Every length of name: those around 128 and 256 change the lengths of what holds it. */
static void test_every_length(void **state)
{
	static const char longest[] = L63 "." L63 "." L63 "." L61;

	(void)state;
	for (size_t len = 1; len <= IDENT_MAX; len++) {
		const char *text = longest + IDENT_MAX - len;

		if (*text != '.')
			check(text, NOW, usual_dates);
	}
}

static void test_dates(void **state)
{
	(void)state;
	check("a", 951782400, (const char *[]){ "000228230000Z", "000330000000Z" }); /* 2000-02-29 */
	check("a", 2523614400,
	      (const char *[]){ "491220110000Z", "20500119120000Z" }); /* 2049-12-20: one of each form */
	check("a", 2561241600, (const char *[]){ "20510228230000Z", "20510331000000Z" }); /* 2051-03-01 */
}

/* No two are alike: neither keys nor serial numbers. */
static void test_fresh(void **state)
{
	struct identifier id;
	struct certificate a, b;
	const uint8_t digest[DIGEST_LEN] = { 0 };
	const char *why;

	(void)state;
	assert_int_equal(identifier_parse("a.example", &id, &why), 0);
	assert_int_equal(certificate_make(&id, digest, NOW, &a), 0);
	assert_int_equal(certificate_make(&id, digest, NOW, &b), 0);
	assert_memory_not_equal(a.key, b.key, MIN(a.key_len, b.key_len));
	assert_memory_not_equal(a.cert + 13, b.cert + 13, 16);
	certificate_free(&a);
	certificate_free(&b);
}

static void test_impossible_time(void **state)
{
	struct identifier id;
	struct certificate c = { 0 };
	const uint8_t digest[DIGEST_LEN] = { 0 };
	const char *why;

	(void)state;
	log_setup(LOG_LEVEL_ERROR - 1, LOG_FORMAT_TEXT); /* it says so, but not in the test's output */
	assert_int_equal(identifier_parse("a.example", &id, &why), 0);
	assert_true(certificate_make(&id, digest, INT64_MAX / 2, &c) < 0);
	assert_true(certificate_make(&id, digest, 0, &c) < 0);
	assert_null(c.cert);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifiers),     cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_dates),           cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_impossible_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
