/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gate: recorded hellos, hand-made ones for each reason to refuse, every truncation, every length field spoiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tls/tls.h"

enum { HELLO_ROOM = 8192, EXTENSIONS_MAX = 16 };

/* The gate is given bytes from the heap, so that the sanitizer sees it read too far. */
static enum gate_verdict gate(const uint8_t *bytes, size_t len, struct tls_hello *hello)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum gate_verdict verdict;
	struct tls_hello seen;

	memcpy(copy, bytes, len);
	tls_glimpse(copy, len, &seen);
	verdict = tls_gate(copy, len, hello);
	free(copy);
	assert_true(strlen(seen.sni) <= IDENT_MAX);
	/* What is for people is the same, however it was read. */
	if (verdict == GATE_ACCEPT) {
		assert_string_equal(seen.sni, hello->sni);
		assert_string_equal(hello->offered.alpn, "acme-tls/1");
		assert_string_equal(seen.offered.alpn, hello->offered.alpn);
		assert_memory_equal(seen.offered.group, hello->offered.group, sizeof(seen.offered.group));
	}
	return verdict;
}

/* --------------------------------------------------------- hand-made hellos */

struct bytes {
	const char *at;
	size_t len;
};
#define B(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

struct extension {
	uint16_t type;
	struct bytes body;
};

#define EXT_SNI 0
#define EXT_GROUPS 10
#define EXT_SIGNATURES 13
#define EXT_ALPN 16
#define EXT_VERSIONS 43
#define EXT_SHARES 51
#define EXT_NONE 0xfffe

#define KEY_32 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define KEY_65 "\004" KEY_32 KEY_32
#define SHARE_X25519 "\0\x1d\0\x20" KEY_32
#define SHARE_P256 "\0\x17\0\x41" KEY_65

static const struct extension usual[] = {
	{ EXT_SNI, B("\0\x10\0\0\x0d"
		     "d.example.org") },
	{ EXT_GROUPS, B("\0\x06\x11\xec\0\x1d\0\x17") },
	{ EXT_SIGNATURES, B("\0\x06\x04\x03\x08\x04\x04\x01") },
	{ EXT_ALPN, B("\0\x0b\x0a"
		      "acme-tls/1") },
	{ EXT_VERSIONS, B("\x04\x03\x04\x03\x03") },
	{ EXT_SHARES, B("\0\x24" SHARE_X25519) },
};

/* What differs from the usual hello. */
struct shape {
	const char *what;
	enum gate_verdict verdict;
	enum gate_reject why;
	struct extension put, put2; /* in the place of one of that type, or at the end */
	uint16_t drop, drop2;       /* an extension left out, 0: none (SNI is left out by no_sni) */
	bool no_sni, twice;         /* twice: put comes once more */
	uint16_t legacy_version;
	struct bytes suites, compressions;
	uint8_t session_len;
	size_t padding;      /* length of one more extension */
	struct bytes behind; /* bytes after the hello's record */
	const char *sni;
};

struct builder {
	uint8_t at[HELLO_ROOM];
	size_t len;
};

static void put(struct builder *b, const void *bytes, size_t len)
{
	assert_true(b->len + len <= sizeof(b->at));
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

static void put_number(struct builder *b, size_t number, size_t width)
{
	for (size_t shift = width * 8; shift; shift -= 8)
		put(b, &(uint8_t){ (uint8_t)(number >> (shift - 8)) }, 1);
}

/* Opens a field under a length of `width` bytes; close_field() fills the length in. */
static size_t open_field(struct builder *b, size_t width)
{
	put_number(b, 0, width);
	return b->len;
}

static void close_field(struct builder *b, size_t start, size_t width)
{
	struct builder field = { .len = 0 };

	put_number(&field, b->len - start, width);
	memcpy(b->at + start - width, field.at, width);
}

static void put_extension(struct builder *b, const struct extension *e)
{
	size_t start;

	put_number(b, e->type, 2);
	start = open_field(b, 2);
	put(b, e->body.at, e->body.len);
	close_field(b, start, 2);
}

static bool is_dropped(const struct shape *s, uint16_t type)
{
	return type == EXT_SNI ? s->no_sni : type == s->drop || type == s->drop2;
}

static void put_extensions(struct builder *b, const struct shape *s)
{
	bool done = !s->put.body.at, done2 = !s->put2.body.at;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (is_dropped(s, usual[i].type))
			continue;
		if (s->put.body.at && s->put.type == usual[i].type) {
			put_extension(b, &s->put);
			done = true;
		} else if (s->put2.body.at && s->put2.type == usual[i].type) {
			put_extension(b, &s->put2);
			done2 = true;
		} else {
			put_extension(b, &usual[i]);
		}
	}
	if (!done)
		put_extension(b, &s->put);
	if (s->twice)
		put_extension(b, &s->put);
	if (!done2)
		put_extension(b, &s->put2);
	if (s->padding) {
		static const uint8_t zeros[HELLO_ROOM];

		put_number(b, 21, 2);
		put_number(b, s->padding, 2);
		put(b, zeros, s->padding);
	}
}

/* The handshake message, without record header. */
static void build_message(struct builder *b, const struct shape *s)
{
	struct bytes suites = B("\x13\x01\xc0\x2b"), none = B("\0");
	size_t message, field;
	uint8_t random[32] = { 0 };

	put_number(b, 1, 1);
	message = open_field(b, 3);
	put_number(b, s->legacy_version ? s->legacy_version : 0x0303, 2);
	put(b, random, sizeof(random));
	put_number(b, s->session_len, 1);
	for (unsigned i = 0; i < s->session_len; i++)
		put_number(b, i, 1);
	if (s->suites.at)
		suites = s->suites;
	field = open_field(b, 2);
	put(b, suites.at, suites.len);
	close_field(b, field, 2);
	if (s->compressions.at)
		none = s->compressions;
	field = open_field(b, 1);
	put(b, none.at, none.len);
	close_field(b, field, 1);
	field = open_field(b, 2);
	put_extensions(b, s);
	close_field(b, field, 2);
	close_field(b, message, 3);
}

static void build(struct builder *b, const struct shape *s)
{
	size_t record;

	b->len = 0;
	put(b, "\x16\x03\x01", 3);
	record = open_field(b, 2);
	build_message(b, s);
	close_field(b, record, 2);
	put(b, s->behind.at ? s->behind.at : "", s->behind.len);
}

#define ACCEPT .verdict = GATE_ACCEPT
#define REJECT(reason) .verdict = GATE_REJECT, .why = GATE_##reason
#define PUT(t, literal) .put = { t, B(literal) }
#define PUT2(t, literal) .put2 = { t, B(literal) }
#define L51 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TLS12_ONLY .drop = EXT_VERSIONS, .drop2 = EXT_SHARES
#define SNI(len2, len1, literal) PUT(EXT_SNI, "\0" len2 "\0\0" len1 literal)

static const struct shape shapes[] = {
	{ "the usual", ACCEPT, .sni = "d.example.org" },
	{ "TLS 1.2 alone, by absence", ACCEPT, TLS12_ONLY },
	{ "TLS 1.2 alone, by extension", ACCEPT, PUT(EXT_VERSIONS, "\x02\x03\x03"), .drop = EXT_SHARES },
	{ "TLS 1.3 alone", ACCEPT, PUT(EXT_VERSIONS, "\x02\x03\x04") },
	{ "old versions beside", ACCEPT, PUT(EXT_VERSIONS, "\x08\x03\x04\x03\x03\x03\x02\x03\x01") },
	{ "GREASE everywhere", ACCEPT, PUT(0x1a1a, "\0"), PUT2(EXT_VERSIONS, "\x06\x3a\x3a\x03\x04\x03\x03"),
	  .suites = B("\xaa\xaa\x13\x01") },
	{ "session id of 32", ACCEPT, .session_len = 32 },
	{ "P-256 share", ACCEPT, PUT(EXT_SHARES, "\0\x45" SHARE_P256) },
	{ "unknown share first", ACCEPT, PUT(EXT_SHARES, "\0\x29\x11\xec\0\x01x" SHARE_X25519) },
	{ "no share yet", ACCEPT, PUT(EXT_SHARES, "\0\0") },
	{ "trailing dot", ACCEPT, SNI("\x11", "\x0e", "d.example.org."), .sni = "d.example.org" },
	{ "upper case", ACCEPT, SNI("\x10", "\x0d", "D.EXAMPLE.org"), .sni = "d.example.org" },
	{ "IPv4 identifier", ACCEPT, SNI("\x18", "\x15", "4.3.2.1.IN-addr.arpa."),
	  .sni = "4.3.2.1.in-addr.arpa" },
	{ "largest", ACCEPT, .padding = 3924 },
	{ "one byte larger", REJECT(TOO_LARGE), .padding = 3925 },

	{ "session id of 33", REJECT(MALFORMED), .session_len = 33 },
	{ "odd suites", REJECT(MALFORMED), .suites = B("\x13\x01\xc0") },
	{ "no suites", REJECT(MALFORMED), .suites = B("") },
	{ "no compressions", REJECT(MALFORMED), .compressions = B("") },
	{ "null compression missing", REJECT(COMPRESSION), .compressions = B("\x01") },
	{ "compressions with TLS 1.3", REJECT(COMPRESSION), .compressions = B("\x01\0") },
	{ "compressions with TLS 1.2", ACCEPT, TLS12_ONLY, .compressions = B("\x01\0") },

	{ "legacy version of TLS 1.1", REJECT(VERSION), .legacy_version = 0x0302 },
	{ "TLS 1.1 by extension", REJECT(VERSION), PUT(EXT_VERSIONS, "\x02\x03\x02") },
	{ "versions odd", REJECT(MALFORMED), PUT(EXT_VERSIONS, "\x03\x03\x04\x03") },
	{ "versions empty", REJECT(MALFORMED), PUT(EXT_VERSIONS, "\0") },
	{ "versions of no byte", REJECT(MALFORMED), PUT(EXT_VERSIONS, "") },
	{ "versions too long", REJECT(MALFORMED), PUT(EXT_VERSIONS, "\x04\x03\x04") },
	{ "versions left over", REJECT(MALFORMED), PUT(EXT_VERSIONS, "\x02\x03\x04\x03\x03") },

	{ "no SNI", REJECT(NO_SNI), .no_sni = true },
	{ "SNI of no byte", REJECT(MALFORMED), PUT(EXT_SNI, "") },
	{ "SNI without entries", REJECT(MALFORMED), PUT(EXT_SNI, "\0\0") },
	{ "SNI list longer", REJECT(MALFORMED),
	  PUT(EXT_SNI, "\0\x05\0\0\x01"
		       "a") },
	{ "SNI list shorter", REJECT(MALFORMED),
	  PUT(EXT_SNI, "\0\x03\0\0\x01"
		       "a") },
	{ "SNI name longer", REJECT(MALFORMED),
	  PUT(EXT_SNI, "\0\x04\0\0\x02"
		       "a") },
	{ "SNI entry cut", REJECT(MALFORMED), PUT(EXT_SNI, "\0\x02\0\0") },
	{ "SNI of another type", REJECT(SNI),
	  PUT(EXT_SNI, "\0\x04\x01\0\x01"
		       "a") },
	{ "two names", REJECT(SNI),
	  PUT(EXT_SNI, "\0\x08\0\0\x01"
		       "a\0\0\x01"
		       "b") },
	{ "empty name", REJECT(SNI), PUT(EXT_SNI, "\0\x03\0\0\0") },
	{ "name of 255", REJECT(SNI), PUT(EXT_SNI, "\1\x02\0\0\xff" L51 L51 L51 L51 L51) },
	{ "NUL in the name", REJECT(SNI),
	  PUT(EXT_SNI, "\0\x06\0\0\x03"
		       "a\0b") },
	{ "literal address", REJECT(SNI), SNI("\x0a", "\x07", "1.2.3.4") },
	{ "literal IPv6 address", REJECT(SNI), SNI("\x06", "\x03", "::1") },
	{ "wildcard", REJECT(SNI), SNI("\x06", "\x03", "*.a") },
	{ "half an arpa name", REJECT(SNI), SNI("\x13", "\x10", "3.2.in-addr.arpa") },

	{ "no ALPN", REJECT(NO_ALPN), .drop = EXT_ALPN },
	{ "another protocol", REJECT(ALPN), PUT(EXT_ALPN, "\0\x03\x02h2") },
	{ "one more in front", REJECT(ALPN),
	  PUT(EXT_ALPN, "\0\x0e\x02h2\x0a"
			"acme-tls/1") },
	{ "one more behind", REJECT(ALPN),
	  PUT(EXT_ALPN, "\0\x0e\x0a"
			"acme-tls/1\x02h2") },
	{ "twice the same", REJECT(ALPN),
	  PUT(EXT_ALPN, "\0\x16\x0a"
			"acme-tls/1\x0a"
			"acme-tls/1") },
	{ "upper case", REJECT(ALPN),
	  PUT(EXT_ALPN, "\0\x0b\x0a"
			"ACME-tls/1") },
	{ "last entry longer than the list (CVE-2026-3547)", REJECT(MALFORMED),
	  PUT(EXT_ALPN, "\0\x0d\x0a"
			"acme-tls/1\x0a"
			"a") },
	{ "ALPN of no byte", REJECT(MALFORMED), PUT(EXT_ALPN, "") },
	{ "empty list", REJECT(MALFORMED), PUT(EXT_ALPN, "\0\0") },
	{ "empty entry", REJECT(MALFORMED),
	  PUT(EXT_ALPN, "\0\x0c\x0a"
			"acme-tls/1\0") },
	{ "list longer", REJECT(MALFORMED),
	  PUT(EXT_ALPN, "\0\x0c\x0a"
			"acme-tls/1") },
	{ "list shorter", REJECT(MALFORMED),
	  PUT(EXT_ALPN, "\0\x0a\x0a"
			"acme-tls/1") },

	{ "no suite of ours", REJECT(CIPHER), .suites = B("\xc0\x13\0\x2f") },
	{ "suites of 1.2 for 1.3", REJECT(CIPHER), .suites = B("\xc0\x2b") },
	{ "suites of 1.3 for 1.2", REJECT(CIPHER), TLS12_ONLY, .suites = B("\x13\x01") },
	{ "groups missing", REJECT(GROUP), .drop = EXT_GROUPS },
	{ "groups not ours", REJECT(GROUP), PUT(EXT_GROUPS, "\0\x02\0\x18"), PUT2(EXT_SHARES, "\0\0") },
	{ "groups odd", REJECT(MALFORMED), PUT(EXT_GROUPS, "\0\x03\0\x1d\0") },
	{ "groups empty", REJECT(MALFORMED), PUT(EXT_GROUPS, "\0\0") },
	{ "groups too long", REJECT(MALFORMED), PUT(EXT_GROUPS, "\0\x04\0\x1d") },
	{ "signatures odd", REJECT(MALFORMED), PUT(EXT_SIGNATURES, "\0\x01\x04") },
	{ "signatures of no byte", REJECT(MALFORMED), PUT(EXT_SIGNATURES, "") },

	{ "key_share missing", REJECT(KEY_SHARE), .drop = EXT_SHARES },
	{ "key_share of no byte", REJECT(MALFORMED), PUT(EXT_SHARES, "") },
	{ "share twice", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x48" SHARE_X25519 SHARE_X25519) },
	{ "share of a group not offered", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x05\0\x18\0\x01x") },
	{ "share of no length", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x04\0\x1d\0\0") },
	{ "X25519 share of 31", REJECT(KEY_SHARE),
	  PUT(EXT_SHARES, "\0\x23\0\x1d\0\x1fkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk") },
	{ "P-256 share of 32", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x24\0\x17\0\x20" KEY_32) },
	{ "share cut at its group", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x01\0") },
	{ "share cut at its length", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x03\0\x1d\0") },
	{ "share cut in its key", REJECT(KEY_SHARE), PUT(EXT_SHARES, "\0\x05\0\x1d\0\x02k") },
	{ "eight shares", ACCEPT,
	  PUT(EXT_GROUPS, "\0\x12\0\x1d\x0a\0\x0a\1\x0a\2\x0a\3\x0a\4\x0a\5\x0a\6\x0a\7"),
	  PUT2(EXT_SHARES,
	       "\0\x28\x0a\0\0\1k\x0a\1\0\1k\x0a\2\0\1k\x0a\3\0\1k\x0a\4\0\1k\x0a\5\0\1k\x0a\6\0\1k"
	       "\x0a\7\0\1k") },
	{ "nine shares", REJECT(KEY_SHARE),
	  PUT(EXT_GROUPS, "\0\x14\0\x1d\x0a\0\x0a\1\x0a\2\x0a\3\x0a\4\x0a\5\x0a\6\x0a\7\x0a\x8"),
	  PUT2(EXT_SHARES,
	       "\0\x2d\x0a\0\0\1k\x0a\1\0\1k\x0a\2\0\1k\x0a\3\0\1k\x0a\4\0\1k\x0a\5\0\1k\x0a\6\0\1k"
	       "\x0a\7\0\1k\x0a\x8\0\1k") },

	{ "a PSK", REJECT(EARLY_DATA), PUT(41, "\0") },
	{ "early data", REJECT(EARLY_DATA), PUT(42, "") },
	{ "a cookie", REJECT(EARLY_DATA), PUT(44, "\0\x01x") },
	{ "unknown extension twice", REJECT(DUPLICATE_EXTENSION), PUT(0x1a1a, ""), .twice = true },
	{ "ALPN twice", REJECT(DUPLICATE_EXTENSION),
	  PUT(EXT_ALPN, "\0\x0b\x0a"
			"acme-tls/1"),
	  .twice = true },
	{ "one byte behind", REJECT(TRAILING), .behind = B("\x14") },
};

static void test_shapes(void **state)
{
	struct builder b;
	struct tls_hello hello;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		enum gate_verdict verdict;

		build(&b, s);
		verdict = gate(b.at, b.len, &hello);
		if (verdict != s->verdict || (verdict == GATE_REJECT && hello.why != s->why))
			fail_msg("%s: verdict %d, %s", s->what, verdict,
				 verdict == GATE_REJECT ? gate_reject_name(hello.why) : "-");
		if (verdict == GATE_ACCEPT)
			assert_int_equal(hello.length, b.len);
		if (s->sni)
			assert_string_equal(hello.sni, s->sni);
	}
}

/* What is read off an accepted hello. */
static void test_reading(void **state)
{
	static const struct {
		struct shape shape;
		bool tls12, tls13, ecdsa, rsa, x25519, p256;
	} rows[] = {
		{ { .what = "usual" }, true, true, true, true, true, false },
		{ { "1.3", PUT(EXT_VERSIONS, "\x02\x03\x04") }, false, true, true, true, true, false },
		{ { "1.2, ECDSA", TLS12_ONLY }, true, false, true, false, false, false },
		{ { "1.2, RSA", TLS12_ONLY, .suites = B("\xc0\x2f") },
		  true,
		  false,
		  false,
		  true,
		  false,
		  false },
		{ { "1.2, PKCS1 alone", TLS12_ONLY, .suites = B("\xc0\x2f"),
		    PUT(EXT_SIGNATURES, "\0\x02\x04\x01") },
		  true,
		  false,
		  false,
		  true,
		  false,
		  false },
		{ { "1.3, PKCS1 is for certificates alone", PUT(EXT_SIGNATURES, "\0\x02\x04\x01") },
		  true,
		  true,
		  false,
		  false,
		  true,
		  false },
		{ { "1.2, RSA without signatures", TLS12_ONLY, .suites = B("\xc0\x2f"),
		    PUT(EXT_SIGNATURES, "\0\x02\x02\x01") },
		  true,
		  false,
		  false,
		  false,
		  false,
		  false },
		{ { "1.2, no signatures", TLS12_ONLY, PUT(EXT_NONE, ""),
		    .put2 = { EXT_SIGNATURES, B("\0\x02\x02\x01") } },
		  true,
		  false,
		  false,
		  false,
		  false,
		  false },
		{ { "both shares", PUT(EXT_SHARES, "\0\x69" SHARE_P256 SHARE_X25519) },
		  true,
		  true,
		  true,
		  true,
		  true,
		  true },
	};
	struct builder b;
	struct tls_hello h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		build(&b, &rows[i].shape);
		if (gate(b.at, b.len, &h) != GATE_ACCEPT)
			fail_msg("%s: %s", rows[i].shape.what, gate_reject_name(h.why));
		if (h.tls12 != rows[i].tls12 || h.tls13 != rows[i].tls13 || h.ecdsa_p256 != rows[i].ecdsa ||
		    h.rsa != rows[i].rsa || h.x25519_share != rows[i].x25519 || h.p256_share != rows[i].p256)
			fail_msg("%s: read wrong", rows[i].shape.what);
	}
}

/* ------------------------------------------------------------------ framing */

static void test_framing(void **state)
{
	static const struct {
		struct bytes stream;
		enum gate_verdict verdict;
		enum gate_reject why;
	} rows[] = {
		{ B(""), GATE_MORE, 0 },
		{ B("\x16"), GATE_MORE, 0 },
		{ B("\x16\x03\x01\0"), GATE_MORE, 0 },
		{ B("\x16\x03\x01\0\x05\x01\0\0"), GATE_MORE, 0 },
		{ B("G"), GATE_REJECT, GATE_NOT_HELLO },
		{ B("\x14\x03\x03\0\x01\x01"), GATE_REJECT, GATE_NOT_HELLO },
		{ B("\x16\x02"), GATE_REJECT, GATE_NOT_HELLO },
		{ B("\x16\x03\x01\0\x05\x02"), GATE_REJECT, GATE_NOT_HELLO },
		{ B("\x16\x03\x01\0\0"), GATE_REJECT, GATE_MALFORMED },
		{ B("\x16\x03\x01\0\x01\x01\x16\x03\x01\0\0"), GATE_REJECT, GATE_MALFORMED },
		{ B("\x16\x03\x01\0\x01\x01\x17"), GATE_REJECT, GATE_MALFORMED },
		{ B("\x16\x03\x01\0\x01\x01\x16\x02"), GATE_REJECT, GATE_MALFORMED },
		{ B("\x16\x03\x01\0\x04\x01\0\x0f\xf8"), GATE_REJECT, GATE_TOO_LARGE },
		{ B("\x16\x03\x01\0\x04\x01\0\x0f\xf7"), GATE_MORE, 0 },
		{ B("\x16\x03\x01\0\x09\x01\0\0\x04"), GATE_REJECT, GATE_TRAILING },
		{ B("\x16\x03\x01\0\x04\x01\0\0\0"), GATE_REJECT, GATE_MALFORMED },
	};
	struct tls_hello h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum gate_verdict verdict = gate((const uint8_t *)rows[i].stream.at, rows[i].stream.len, &h);

		if (verdict != rows[i].verdict || (verdict == GATE_REJECT && h.why != rows[i].why))
			fail_msg("framing row %zu: verdict %d, %s", i, verdict, gate_reject_name(h.why));
	}
}

/* Cuts one message over records of `step` bytes each. */
static void cut_into_records(struct builder *out, const struct builder *message, size_t step)
{
	out->len = 0;
	for (size_t at = 0; at < message->len; at += step) {
		size_t len = MIN(step, message->len - at);

		put(out, "\x16\x03\x01", 3);
		put_number(out, len, 2);
		put(out, message->at + at, len);
	}
}

static void test_records(void **state)
{
	struct builder message = { .len = 0 }, stream;
	struct tls_hello h;

	(void)state;
	build_message(&message, &shapes[0]);
	for (size_t step = 1; step <= message.len; step++) {
		cut_into_records(&stream, &message, step);
		assert_int_equal(gate(stream.at, stream.len, &h), GATE_ACCEPT);
		assert_int_equal(h.length, stream.len);
		assert_string_equal(h.sni, "d.example.org");
		for (size_t len = 0; len < stream.len; len += 7)
			assert_int_equal(gate(stream.at, len, &h), GATE_MORE);
	}
	/* Record headers count: 687 bytes in records of one byte are 4,122. */
	message.len = 0;
	build_message(&message, &(struct shape){ .padding = 520 });
	cut_into_records(&stream, &message, 1);
	assert_int_equal(gate(stream.at, stream.len, &h), GATE_REJECT);
	assert_int_equal(h.why, GATE_TOO_LARGE);
	assert_int_equal(gate(stream.at, GATE_MAX_HELLO, &h), GATE_REJECT);
	assert_int_equal(gate(stream.at, GATE_MAX_HELLO - 1, &h), GATE_MORE);
}

/* A hello without extensions at all, and one whose extensions are followed by a byte. */
static void test_ends(void **state)
{
	struct builder b;
	struct tls_hello h;
	const size_t bare = 5 + 4 + 2 + 32 + 1 + 2 + 4 + 2;

	(void)state;
	build(&b, &shapes[0]);
	b.at[4] = (uint8_t)(bare - 5);
	b.at[3] = 0;
	b.at[8] = (uint8_t)(bare - 9);
	b.at[7] = 0;
	assert_int_equal(gate(b.at, bare, &h), GATE_REJECT);
	assert_int_equal(h.why, GATE_NO_SNI);

	build(&b, &shapes[0]);
	put(&b, "", 1);
	for (size_t at = 3; at <= 7; at += 4) {
		unsigned length = (unsigned)(b.at[at] << 8 | b.at[at + 1]) + 1;

		b.at[at] = (uint8_t)(length >> 8);
		b.at[at + 1] = (uint8_t)length;
	}
	assert_int_equal(gate(b.at, b.len, &h), GATE_REJECT);
	assert_int_equal(h.why, GATE_MALFORMED);
}

/* Sets a length field of two bytes. */
static void set_length(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/*
 * The hello ends after every one of its bytes, and the lengths around it say so: those of record and message, and in the
 * second round that of the extensions too, so that the cut falls into an extension.
 */
static void test_cut_short(void **state)
{
	enum { EXTENSIONS_AT = 84, VERSIONS_AT = 149, WHOLE = 200 };
	const struct shape whole = { .session_len = 32 };
	struct builder b;
	struct tls_hello h;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t len = 9; len < WHOLE; len++) {
			enum gate_verdict expected = GATE_REJECT;

			build(&b, &whole);
			assert_int_equal(b.len, WHOLE);
			set_length(b.at + 3, len - 5);
			set_length(b.at + 7, len - 9);
			if (round && len >= EXTENSIONS_AT + 2)
				set_length(b.at + EXTENSIONS_AT, len - EXTENSIONS_AT - 2);
			/* Without its last two extensions it is a good hello of TLS 1.2. */
			if (round && len == VERSIONS_AT)
				expected = GATE_ACCEPT;
			assert_int_equal(gate(b.at, len, &h), expected);
		}
	}
}

/*
 * Every byte changed to every interesting value: nothing may be read out of bounds, and no hello with another ALPN list
 * or server name than the right ones may come through.
 */
static void test_spoiled(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	struct builder b;
	struct tls_hello h;
	size_t accepted = 0;

	(void)state;
	build(&b, &shapes[0]);
	for (size_t at = 0; at < b.len; at++) {
		uint8_t was = b.at[at];

		for (size_t v = 0; v < ARRAY_SIZE(values) + 2; v++) {
			b.at[at] = v < ARRAY_SIZE(values) ? values[v] : (uint8_t)(v % 2 ? was + 1 : was - 1);
			if (gate(b.at, b.len, &h) != GATE_ACCEPT)
				continue;
			accepted++;
			assert_true(h.length <= b.len);
			assert_non_null(memmem(b.at, b.len,
					       "\0\x0b\x0a"
					       "acme-tls/1",
					       13));
			assert_true(strlen(h.sni) == strlen("d.example.org"));
		}
		b.at[at] = was;
	}
	/* The random and the key are any bytes. */
	assert_true(accepted >= 64 * (ARRAY_SIZE(values) + 2));
}

/* The length fields of the usual hello, one off each way: never accepted, always for the same reason or for more bytes. */
static void test_lengths(void **state)
{
	static const struct {
		const char *what;
		size_t at, width;
	} fields[] = {
		{ "record", 3, 2 },
		{ "message", 6, 3 },
		{ "session id", 43, 1 },
		{ "suites", 44, 2 },
		{ "compressions", 50, 1 },
		{ "extensions", 52, 2 },
		{ "SNI", 56, 2 },
		{ "SNI list", 58, 2 },
		{ "name", 61, 2 },
		{ "groups", 78, 2 },
		{ "groups list", 80, 2 },
		{ "signatures", 90, 2 },
		{ "signature list", 92, 2 },
		{ "ALPN", 102, 2 },
		{ "ALPN list", 104, 2 },
		{ "protocol", 106, 1 },
		{ "versions", 119, 2 },
		{ "version list", 121, 1 },
		{ "shares", 128, 2 },
		{ "share list", 130, 2 },
		{ "share", 134, 2 },
	};
	struct builder b;
	struct tls_hello h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (int change = -1; change <= 1; change += 2) {
			size_t last = fields[i].at + fields[i].width - 1;

			build(&b, &shapes[0]);
			b.at[last] = (uint8_t)(b.at[last] + change);
			if (gate(b.at, b.len, &h) == GATE_ACCEPT)
				fail_msg("%s %+d: accepted", fields[i].what, change);
		}
	}
}

/* ------------------------------------------------------------------- corpus */

static size_t read_hex(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "r");
	unsigned value;
	size_t len = 0;

	assert_non_null(f);
	while (len < HELLO_ROOM && fscanf(f, " %2x", &value) == 1)
		out[len++] = (uint8_t)value;
	fclose(f);
	return len;
}

/* A recorded hello is for us if it offers acme-tls/1; the recordings were made with that alone or with h2,http/1.1. */
static void check_recording(const char *path)
{
	uint8_t bytes[HELLO_ROOM];
	struct tls_hello h;
	size_t len = read_hex(path, bytes);
	bool ours = memmem(bytes, len,
			   "\0\x0b\x0a"
			   "acme-tls/1",
			   13) != NULL;
	enum gate_verdict verdict = gate(bytes, len, &h);

	if (ours && verdict != GATE_ACCEPT)
		fail_msg("%s: %s", path, gate_reject_name(h.why));
	if (!ours && (verdict != GATE_REJECT || (h.why != GATE_ALPN && h.why != GATE_NO_ALPN)))
		fail_msg("%s: verdict %d, %s", path, verdict, gate_reject_name(h.why));
	if (ours) {
		assert_true(h.ecdsa_p256);
		assert_int_equal(h.length, len);
		assert_true(h.sni[0]);
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(gate(bytes, cut, &h), GATE_MORE);
}

static void test_corpus(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/corpus/clienthello/*.hex", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 30);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_recording(found.gl_pathv[i]);
	globfree(&found);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_GATE_REJECTS; i++) {
		assert_true(strlen(gate_reject_name(i)) > 2);
		assert_true(strlen(gate_reject_help(i)) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),    cmocka_unit_test(test_reading),
		cmocka_unit_test(test_framing),   cmocka_unit_test(test_records),
		cmocka_unit_test(test_ends),      cmocka_unit_test(test_spoiled),
		cmocka_unit_test(test_cut_short), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_corpus),    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
