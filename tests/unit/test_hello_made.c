/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ClientHello walk of the XDP program over hellos that nobody sent: lists and names of every kind, lengths that
 * lie, and the limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hello_walk.h"

struct made {
	uint8_t bytes[20000];
	size_t len;
};

static void put(struct made *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void put_u16(struct made *m, size_t value)
{
	const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(m, bytes, 2);
}

static void put_extension(struct made *m, unsigned type, const char *body, size_t len)
{
	put_u16(m, type);
	put_u16(m, len);
	put(m, body, len);
}

/* Everything before the extensions, the lengths not yet known. */
static void made_begin(struct made *m)
{
	static const uint8_t suites[] = { 0, 2, 0x13, 1, 1, 0 };
	static const uint8_t head[11] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 }, random_and_no_id[33] = { 0 };

	m->len = 0;
	put(m, head, sizeof(head));
	put(m, random_and_no_id, sizeof(random_and_no_id));
	put(m, suites, sizeof(suites));
	put_u16(m, 0);
}

static void set_u16(struct made *m, size_t at, size_t value)
{
	m->bytes[at] = (uint8_t)(value >> 8);
	m->bytes[at + 1] = (uint8_t)value;
}

static void made_end(struct made *m)
{
	set_u16(m, 50, m->len - 52);
	set_u16(m, 7, m->len - 9);
	set_u16(m, 3, m->len - 5);
}

static enum hello_verdict walk_made(const struct made *m)
{
	name_hash_t name;
	struct hello h;

	return walk(m->bytes, m->len < ALPNXDP_MAX_HELLO ? m->len : ALPNXDP_MAX_HELLO, &h, &name);
}

#define TEXT(literal) (literal), sizeof(literal) - 1
#define ACME "\012acme-tls/1"

static void test_lists(void **state)
{
	static const struct {
		const char *body;
		size_t len;
		enum hello_verdict verdict;
	} lists[] = {
		{ TEXT("\0\013" ACME), HELLO_ACME },
		{ TEXT("\0\016\002h2" ACME), HELLO_ACME },
		{ TEXT("\0\016" ACME "\002h2"), HELLO_ACME },
		{ TEXT("\0\021\002\012\012\002h2" ACME), HELLO_ACME }, /* GREASE, RFC 8701 */
		{ TEXT("\0\003\002h2"), HELLO_OTHER },
		{ TEXT("\0\013\012acme-tls/2"), HELLO_OTHER },
		{ TEXT("\0\013\012ACME-TLS/1"), HELLO_OTHER },
		{ TEXT("\0\014\013acme-tls/1x"), HELLO_OTHER },
		{ TEXT("\0\012\011acme-tls/"), HELLO_OTHER },
		{ TEXT(""), HELLO_MALFORMED },
		{ TEXT("\0"), HELLO_MALFORMED },
		{ TEXT("\0\0"), HELLO_MALFORMED },
		{ TEXT("\0\001\0"), HELLO_MALFORMED },             /* an empty name */
		{ TEXT("\0\014\0" ACME), HELLO_MALFORMED },        /* and one before ours */
		{ TEXT("\0\012" ACME), HELLO_MALFORMED },          /* the list ends too early */
		{ TEXT("\0\014" ACME), HELLO_MALFORMED },          /* too late */
		{ TEXT("\0\013\013acme-tls/1"), HELLO_MALFORMED }, /* the name does */
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		made_begin(&m);
		put_extension(&m, 0x0a0a, "", 0);
		put_extension(&m, 16, lists[i].body, lists[i].len);
		put_extension(&m, 0x1a1a, "x", 1);
		made_end(&m);
		assert_int_equal(walk_made(&m), lists[i].verdict);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *body;
		size_t len;
		enum hello_verdict verdict;
	} names[] = {
		{ TEXT("\0\006\0\0\003a.b"), HELLO_ACME },
		{ TEXT(""), HELLO_MALFORMED },
		{ TEXT("\0\0"), HELLO_MALFORMED },
		{ TEXT("\0\003\0\0\0"), HELLO_MALFORMED },      /* an empty name */
		{ TEXT("\0\006\1\0\003a.b"), HELLO_MALFORMED }, /* of another kind */
		{ TEXT("\0\007\0\0\003a.b"), HELLO_MALFORMED },
		{ TEXT("\0\006\0\0\004a.b"), HELLO_MALFORMED },
		{ TEXT("\0\012\0\0\003a.b\0\0\1c"), HELLO_MALFORMED }, /* two names */
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		made_begin(&m);
		put_extension(&m, 0, names[i].body, names[i].len);
		put_extension(&m, 16, TEXT("\0\013" ACME));
		made_end(&m);
		assert_int_equal(walk_made(&m), names[i].verdict);
	}
}

/* A name is missing only when every extension is known: not while the last one, cut in the middle, may hold it. */
static void test_nameless(void **state)
{
	name_hash_t name;
	struct made m;
	struct hello h;
	size_t cut;

	(void)state;
	made_begin(&m);
	put_extension(&m, 16, TEXT("\0\013" ACME));
	made_end(&m);
	assert_int_equal(walk(m.bytes, m.len, &h, &name), HELLO_ACME);
	assert_true(h.nameless && !h.name_len);
	put_extension(&m, 0, TEXT("\0\006\0\0\003a.b"));
	made_end(&m);
	for (cut = m.len - 12; cut <= m.len; cut++) {
		assert_int_equal(walk(m.bytes, cut, &h, &name), HELLO_ACME);
		assert_false(h.nameless);
		assert_int_equal(h.name_len, cut == m.len ? 3 : 0);
	}
}

/* Lengths that contradict each other, one at a time. */
static void test_lengths(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum hello_verdict verdict;
	} wrong[] = {
		{ 0, 23, HELLO_NOT },
		{ 1, 2, HELLO_NOT },
		{ 3, 0x41, HELLO_NOT },
		{ 5, 2, HELLO_NOT },
		{ 4, 3, HELLO_NOT },
		{ 4, 40, HELLO_OTHER }, /* fragmented into records: not looked at */
		{ 6, 1, HELLO_MALFORMED },
		{ 8, 20, HELLO_MALFORMED },
		{ 43, 33, HELLO_MALFORMED },
		{ 45, 3, HELLO_MALFORMED },
		{ 45, 0, HELLO_MALFORMED },
		{ 44, 0xff, HELLO_MALFORMED },
		{ 48, 0, HELLO_MALFORMED },
		{ 48, 0xff, HELLO_MALFORMED },
		{ 51, 14, HELLO_MALFORMED },
		{ 51, 16, HELLO_MALFORMED },
		{ 54, 1, HELLO_MALFORMED },
		{ 55, 10, HELLO_MALFORMED },
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		made_begin(&m);
		put_extension(&m, 16, TEXT("\0\013" ACME));
		made_end(&m);
		assert_int_equal(walk_made(&m), HELLO_ACME);
		m.bytes[wrong[i].at] = wrong[i].value;
		if (walk_made(&m) != wrong[i].verdict)
			print_error("byte %zu = %u\n", wrong[i].at, wrong[i].value);
		assert_int_equal(walk_made(&m), wrong[i].verdict);
	}
	made_begin(&m);
	m.len -= 2; /* RFC 5246 7.4.1.2: no extensions at all */
	set_u16(&m, 7, m.len - 9);
	set_u16(&m, 3, m.len - 5);
	assert_int_equal(walk_made(&m), HELLO_OTHER);
}

/* The limits: what lies beyond is not ours, and never "come back with more". */
static void test_limits(void **state)
{
	static const char filler[ALPNXDP_MAX_HELLO];
	unsigned extensions, i;
	struct made m;

	(void)state;
	for (extensions = HELLO_MAX_EXTENSIONS - 2; extensions <= HELLO_MAX_EXTENSIONS; extensions++) {
		made_begin(&m);
		for (i = 0; i < extensions; i++)
			put_extension(&m, 0x0a0a, "", 0);
		put_extension(&m, 16, TEXT("\0\013" ACME));
		made_end(&m);
		assert_int_equal(walk_made(&m), extensions < HELLO_MAX_EXTENSIONS ? HELLO_ACME : HELLO_OTHER);
	}
	made_begin(&m);
	put_extension(&m, 21, filler, sizeof(filler));
	put_extension(&m, 16, TEXT("\0\013" ACME));
	made_end(&m);
	assert_int_equal(walk_made(&m), HELLO_OTHER);
	m.len = ALPNXDP_MAX_HELLO - 1; /* one byte is still to come */
	assert_int_equal(walk_made(&m), HELLO_MORE);
}

static void test_name_hash(void **state)
{
	static const char upper[] = "MiXeD.Example-Zz09_@[`{.org", lower[] = "mixed.example-zz09_@[`{.org";
	struct hello h = { .len = sizeof(upper) - 1, .name_len = sizeof(upper) - 1 };
	static const uint8_t long_name[256] = { 'a' };

	(void)state;
	assert_true(hello_name_hash((const uint8_t *)upper, &h) == hash_of(lower));
	h = (struct hello){ .len = 254, .name_len = 254 };
	assert_true(hello_name_hash(long_name, &h) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_nameless), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_limits),   cmocka_unit_test(test_name_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
