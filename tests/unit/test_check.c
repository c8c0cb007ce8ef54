/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* check's pure parts: endings in the CA's words, a verdict from several addresses, what came first, the large hello. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "check/look.h"

#define A "192.0.2.7"

static struct identifier ident_of(const char *text)
{
	struct identifier ident;
	const char *why;

	assert_int_equal(identifier_parse(text, &ident, &why), 0);
	return ident;
}

/* ----------------------------------------------------------------- endings */

#define ANSWER(...)                      \
	&(struct check_answer)           \
	{                                \
		.alert = -1, __VA_ARGS__ \
	}

static void test_endings(void **state)
{
	const struct {
		const struct check_answer *answer;
		enum check_cause cause;
		const char *problem, *text;
	} rows[] = {
		{ ANSWER(.end = CHECK_END_CONNECT_TIMEOUT), CHECK_CONNECT_TIMEOUT, "connection",
		  A ": Timeout during connect (likely firewall problem)" },
		{ ANSWER(.end = CHECK_END_CONNECT_FAILED, .error = ETIMEDOUT), CHECK_CONNECT_TIMEOUT,
		  "connection", A ": Timeout during connect (likely firewall problem)" },
		{ ANSWER(.end = CHECK_END_CONNECT_FAILED, .error = ECONNREFUSED), CHECK_REFUSED, "connection",
		  A ": Connection refused" },
		{ ANSWER(.end = CHECK_END_CONNECT_FAILED, .error = ENETUNREACH), CHECK_UNREACHABLE,
		  "connection", A ": Network unreachable" },
		{ ANSWER(.end = CHECK_END_CONNECT_FAILED, .error = EHOSTUNREACH), CHECK_UNREACHABLE,
		  "connection", A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_RESET), CHECK_RESET, "connection", A ": Connection reset by peer" },
		{ ANSWER(.end = CHECK_END_CLOSED), CHECK_CLOSED, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_SILENT), CHECK_SILENT, "connection",
		  A ": Timeout after connect (your server may be slow or overloaded)" },
		{ ANSWER(.end = CHECK_END_SILENT, .received = 90), CHECK_STALLED, "connection",
		  A ": Timeout after connect (your server may be slow or overloaded)" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 120), CHECK_ALERT_ALPN, "tls",
		  A ": remote error: tls: no application protocol" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 112), CHECK_ALERT_NAME, "tls",
		  A ": remote error: tls: unrecognized name" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 70), CHECK_OLD_TLS, "tls",
		  A ": remote error: tls: protocol version not supported" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 80), CHECK_ALERT, "tls",
		  A ": remote error: tls: internal error" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 99), CHECK_ALERT, "tls",
		  A ": remote error: tls: alert(99)" },
		{ ANSWER(.end = CHECK_END_ALERT, .alert = 0), CHECK_CLOSED, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_NOT_TLS, .first = "HTTP/1.1 400", .first_len = 12), CHECK_HTTP,
		  "malformed", A ": Server only speaks HTTP, not TLS" },
		{ ANSWER(.end = CHECK_END_NOT_TLS, .first = "SSH-2.0-x", .first_len = 9), CHECK_SSH,
		  "connection", A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_NOT_TLS, .first = "hello, it's me", .first_len = 14), CHECK_NOT_TLS,
		  "connection", A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_FAILED, .alpn_refused = true), CHECK_ALPN_OTHER, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_FAILED, .no_certificate = true), CHECK_NO_CERTIFICATE, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_FAILED, .unparsed = true), CHECK_PARSE, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_FAILED, .old_version = true), CHECK_OLD_TLS, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_FAILED), CHECK_HANDSHAKE, "connection",
		  A ": Error getting validation data" },
		{ ANSWER(.end = CHECK_END_DONE), CHECK_FINE, "", "" },
	};
	struct check_judgement j;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ends_judge(rows[i].answer, A, &j);
		assert_string_equal(j.text, rows[i].text);
		assert_int_equal(j.cause, rows[i].cause);
		assert_string_equal(j.problem, rows[i].problem);
		assert_int_equal(j.falls_back, rows[i].cause != CHECK_FINE);
	}
}

static void test_without_acme_tls(void **state)
{
	const struct identifier ident = ident_of("a.example");
	const struct rules rules = { .ident = &ident, .address = A, .port = 443 };
	struct check_judgement j;

	(void)state;
	judge_answer(ANSWER(.end = CHECK_END_DONE), &rules, &j);
	assert_int_equal(j.cause, CHECK_NO_ALPN);
	assert_string_equal(j.text,
			    "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge");
	assert_false(j.falls_back);
	judge_answer(
		ANSWER(.end = CHECK_END_DONE, .acme = true, .cert = (uint8_t *)"\x30\x00", .cert_len = 2),
		&rules, &j);
	assert_int_equal(j.cause, CHECK_PARSE);
	assert_true(j.falls_back);
}

static void test_every_cause_has_words(void **state)
{
	(void)state;
	for (int cause = 0; cause < NUM_CHECK_CAUSES; cause++) {
		assert_true(*check_cause_name((enum check_cause)cause));
		assert_true(*check_cause_means((enum check_cause)cause));
		assert_int_equal(!*check_cause_fix((enum check_cause)cause), cause == CHECK_FINE);
		assert_int_equal(check_cause_class((enum check_cause)cause) == CHECK_CLASS_OK,
				 cause == CHECK_FINE);
	}
}

/* ------------------------------------------------------------ several addresses */

/* Addresses whose handshake ended like this; a letter each: t timeout, r refused, n without ALPN, h HTTP. */
static void diagnosed(const char *v6, const char *v4, struct check_report *r)
{
	static const struct check_answer kinds[] = {
		['t'] = { .end = CHECK_END_CONNECT_TIMEOUT, .alert = -1 },
		['r'] = { .end = CHECK_END_CONNECT_FAILED, .error = ECONNREFUSED, .alert = -1 },
		['n'] = { .end = CHECK_END_DONE, .alert = -1 },
	};
	const struct identifier ident = ident_of("a.example");
	const struct check_options o = { .ident = &ident, .port = 443 };

	memset(r, 0, sizeof(*r));
	for (; *v6 || *v4; r->count++) {
		struct check_address *a = &r->address[r->count];
		const struct rules rules = { .ident = &ident, .address = a->text, .port = 443 };

		a->ipv6 = *v6;
		snprintf(a->text, sizeof(a->text), a->ipv6 ? "2001:db8::%zu" : "192.0.2.%zu", r->count + 1);
		a->answer[CHECK_AS_CA] = kinds[(uint8_t)(a->ipv6 ? *v6++ : *v4++)];
		diagnose_address(&rules, a);
	}
	diagnose(&o, r);
}

static void test_fallback(void **state)
{
	const struct {
		const char *v6, *v4, *decisive, *text;
	} rows[] = {
		{ "", "r", "192.0.2.1", "192.0.2.1: Connection refused" },
		{ "r", "", "2001:db8::1",
		  "Unable to contact \"a.example\" at \"2001:db8::1\", no IPv4 addresses to try as fallback" },
		{ "r", "t", "192.0.2.2", "192.0.2.2: Timeout during connect (likely firewall problem)" },
		{ "rn", "t", "192.0.2.3", "192.0.2.3: Timeout during connect (likely firewall problem)" },
		{ "n", "r", "2001:db8::1",
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
		{ "t", "n", "192.0.2.2",
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
	};
	struct check_report *r = malloc(sizeof(*r));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		diagnosed(rows[i].v6, rows[i].v4, r);
		assert_string_equal(r->decisive->text, rows[i].decisive);
		assert_string_equal(r->verdict.text, rows[i].text);
	}
	free(r);
}

static void test_notes(void **state)
{
	struct check_report *r = malloc(sizeof(*r));

	(void)state;
	diagnosed("t", "n", r);
	assert_int_equal(r->notes, 2);
	assert_non_null(strstr(r->note[0], "IPv6 first, fails there, and goes on with IPv4 only after 10 s"));
	assert_string_equal(
		r->note[1],
		"IPv6 2001:db8::1 answers differently: 2001:db8::1: Timeout during connect (likely firewall problem)");
	diagnosed("", "nr", r);
	assert_int_equal(r->notes, 1);
	assert_string_equal(r->note[0], "IPv4 192.0.2.2 answers differently: 192.0.2.2: Connection refused");
	diagnosed("", "nn", r);
	assert_int_equal(r->notes, 0);
	free(r);
}

#define HELLO "\x16\x03\x03\x00\x04\x02\x00\x00\x00"

static void test_large_hello(void **state)
{
	const struct identifier ident = ident_of("a.example");
	const struct rules rules = { .ident = &ident, .address = A, .port = 443 };
	static const struct {
		enum check_end large;
		enum check_cause cause;
		const char *text;
	} rows[] = {
		{ CHECK_END_ANSWERED, CHECK_NO_ALPN,
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
		{ CHECK_END_NOT_ASKED, CHECK_NO_ALPN,
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
		{ CHECK_END_SILENT, CHECK_LARGE_HELLO,
		  A ": Timeout after connect (your server may be slow or overloaded)" },
		{ CHECK_END_RESET, CHECK_LARGE_HELLO, A ": Connection reset by peer" },
		{ CHECK_END_CLOSED, CHECK_LARGE_HELLO, A ": Error getting validation data" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct check_address a = { .text = A };

		a.answer[CHECK_AS_CA] =
			*ANSWER(.end = CHECK_END_DONE, .first = HELLO, .first_len = sizeof(HELLO) - 1);
		a.answer[CHECK_LARGE] = *ANSWER(.end = rows[i].large);
		diagnose_address(&rules, &a);
		assert_int_equal(a.judged.cause, rows[i].cause);
		assert_string_equal(a.judged.text, rows[i].text);
	}
}

/* ------------------------------------------------------------------- bytes */

static void test_first(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum first_kind kind;
	} rows[] = {
		{ "", 0, FIRST_NOTHING },
		{ HELLO, sizeof(HELLO) - 1, FIRST_HELLO },
		{ HELLO, 5, FIRST_OTHER },
		{ "\x15\x03\x03\x00\x02\x02\x28", 7, FIRST_ALERT },
		{ "\x15\x03\x03\x00\x03\x02\x28", 7, FIRST_OTHER },
		{ "HTTP/1.0", 8, FIRST_HTTP },
		{ "SSH-1", 5, FIRST_SSH },
		{ "220 x", 5, FIRST_SMTP },
		{ "220x", 4, FIRST_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(first_classify((const uint8_t *)rows[i].bytes, rows[i].len), rows[i].kind);
}

#define LEAF "\x30\x03\x02\x01\x05"
#define LIST "\x0b\x00\x00\x0b\x00\x00\x08\x00\x00\x05" LEAF

static void test_first_certificate(void **state)
{
	/* A ServerHello, and the Certificate over two records. */
	static const uint8_t flight[] = "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00"
					"\x16\x03\x03\x00\x02\x0b\x00"
					"\x16\x03\x03\x00\x0d\x00\x0b\x00\x00\x08\x00\x00\x05" LEAF;
	static const uint8_t none[] = "\x16\x03\x03\x00\x07\x0b\x00\x00\x03\x00\x00\x00";
	uint8_t *scratch;
	struct reader der;

	(void)state;
	for (size_t len = 0; len < sizeof(flight); len++) {
		uint8_t *bytes = malloc(len ? len : 1); /* reading too far is seen */

		scratch = malloc(len ? len : 1);
		memcpy(bytes, flight, len);
		if (len == sizeof(flight) - 1) {
			assert_true(first_certificate(bytes, len, scratch, &der));
			assert_true(reader_equals(&der, LEAF, 5));
		} else {
			assert_false(first_certificate(bytes, len, scratch, &der));
		}
		free(scratch);
		free(bytes);
	}
	scratch = malloc(sizeof(none));
	assert_true(first_certificate(none, sizeof(none) - 1, scratch, &der));
	assert_int_equal(reader_left(&der), 0);
	free(scratch);
}

/* Our own gate reads all of it; the sizes are Go's (VALIDATORS: 1,509 bytes and the name). */
static void test_hello(void **state)
{
	uint8_t random[HELLO_RANDOM], out[HELLO_ROOM];
	char longest[IDENT_MAX + 2];
	struct tls_hello hello;
	const uint8_t *share;
	size_t len;

	(void)state;
	memset(random, 0xff, sizeof(random));
	len = hello_large("a.example", random, out);
	assert_int_equal(len, 1509 + 9);
	assert_int_equal(tls_gate(out, len, &hello), GATE_ACCEPT);
	assert_string_equal(hello.sni, "a.example");
	assert_true(hello.tls12 && hello.tls13 && hello.x25519_share && hello.ecdsa_p256 && hello.rsa);
	assert_int_equal(tls_gate(out, len - 1, &hello), GATE_MORE);
	share = out + len - 36 - 1216;
	for (size_t i = 0; i < 1152; i += 3) {
		assert_in_range(share[i] | (share[i + 1] & 15) << 8, 0, 3328);
		assert_in_range(share[i + 1] >> 4 | share[i + 2] << 4, 0, 3328);
	}
	memset(longest, 'a', sizeof(longest));
	longest[IDENT_MAX] = '\0';
	assert_int_equal(hello_large(longest, random, out), 1509 + IDENT_MAX);
	longest[IDENT_MAX] = 'a';
	longest[IDENT_MAX + 1] = '\0';
	assert_int_equal(hello_large(longest, random, out), 0);
}

static void test_reserved(void **state)
{
	static const struct {
		const char *address;
		bool reserved;
	} rows[] = {
		{ "10.1.2.3", true },       { "11.1.2.3", false },   { "172.15.0.1", false },
		{ "172.31.255.255", true }, { "172.32.0.1", false }, { "100.63.0.1", false },
		{ "100.64.0.1", true },     { "127.0.0.1", true },   { "169.254.1.1", true },
		{ "192.168.0.1", true },    { "203.0.113.7", true }, { "224.0.0.1", true },
		{ "8.8.8.8", false },       { "::1", true },         { "fe80::1", true },
		{ "fd00::1", true },        { "2001:db8::1", true }, { "2001:4860::1", false },
		{ "2a00::1", false },
	};
	struct check_address a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(address_read(rows[i].address, 443, &a));
		assert_string_equal(a.text, rows[i].address);
		assert_int_equal(address_reserved(&a), rows[i].reserved);
	}
	assert_false(address_read("a.example", 443, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_without_acme_tls),
		cmocka_unit_test(test_every_cause_has_words),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_large_hello),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_first_certificate),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
