/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store: finding, several digests of a name, expiry, what the watcher is told, and the way through a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "challenge/challenge.h"

#define SECOND USEC_PER_SEC
#define NOW (1000 * SECOND)

enum { LOG_MAX = 4096 };

/* What the watcher was told: "+name " and "-name ". */
static char told[LOG_MAX];

static void hear(const char *sni, bool pending, void *context)
{
	size_t at = strlen(told);

	assert_ptr_equal(context, told);
	assert_true(at + strlen(sni) + 3 < sizeof(told));
	sprintf(told + at, "%c%s ", pending ? '+' : '-', sni);
}

static struct challenge_store *new_store(void)
{
	struct challenge_store *s = challenge_store_new();

	assert_non_null(s);
	challenge_watch(s, hear, told);
	told[0] = 0;
	return s;
}

static void assert_told(const char *expected)
{
	assert_string_equal(told, expected);
	told[0] = 0;
}

static struct identifier ident(const char *text)
{
	struct identifier id;
	const char *why;

	assert_int_equal(identifier_parse(text, &id, &why), 0);
	return id;
}

static const uint8_t *digest(uint8_t n)
{
	static uint8_t all[256][DIGEST_LEN];

	memset(all[n], n, DIGEST_LEN);
	return all[n];
}

static int add(struct challenge_store *s, const char *text, uint8_t n, usec_t expires)
{
	struct identifier id = ident(text);
	const struct challenge_order order = { .ident = &id, .digest = digest(n), .expires = expires };

	return challenge_add(s, &order, NOW);
}

static size_t drop(struct challenge_store *s, const char *text, int n)
{
	struct identifier id = ident(text);

	return challenge_remove(s, &id, n < 0 ? NULL : digest((uint8_t)n));
}

/* The first byte of the digest that is found; -1: none. */
static int found(struct challenge_store *s, const char *sni)
{
	const struct challenge *c = challenge_find(s, sni);

	return c ? c->digest[0] : -1;
}

static void test_add_find_remove(void **state)
{
	struct challenge_store *s = new_store();

	(void)state;
	assert_int_equal(found(s, "a.example"), -1);
	assert_int_equal(challenge_next_expiry(s), USEC_NEVER);
	assert_int_equal(add(s, "a.example", 1, NOW + SECOND), 0);
	assert_int_equal(add(s, "192.0.2.1", 2, NOW + SECOND), 0);
	assert_told("+a.example +1.2.0.192.in-addr.arpa ");
	assert_int_equal(found(s, "a.example"), 1);
	assert_int_equal(found(s, "1.2.0.192.in-addr.arpa"), 2);
	assert_int_equal(found(s, "192.0.2.1"), -1);
	assert_int_equal(found(s, "A.example"), -1);
	assert_int_equal(challenge_count(s), 2);
	assert_int_equal(drop(s, "b.example", -1), 0);
	assert_int_equal(drop(s, "a.example", 2), 0);
	assert_told("");
	assert_int_equal(drop(s, "a.example", 1), 1);
	assert_told("-a.example ");
	assert_int_equal(found(s, "a.example"), -1);
	assert_int_equal(challenge_count(s), 1);
	challenge_store_free(s);
	challenge_store_free(NULL);
}

static void test_several_digests(void **state)
{
	struct challenge_store *s = new_store();

	(void)state;
	for (uint8_t n = 1; n <= 4; n++)
		assert_int_equal(add(s, "a.example", n, NOW + n * SECOND), 0);
	assert_told("+a.example ");
	assert_int_equal(found(s, "a.example"), 4);
	assert_int_equal(drop(s, "a.example", 4), 1);
	assert_int_equal(found(s, "a.example"), 3);
	assert_int_equal(drop(s, "a.example", 2), 1); /* from the middle */
	assert_int_equal(found(s, "a.example"), 3);
	assert_int_equal(drop(s, "a.example", 1), 1); /* the oldest */
	assert_told("");
	assert_int_equal(add(s, "a.example", 5, NOW + SECOND), 0);
	assert_int_equal(found(s, "a.example"), 5);
	assert_int_equal(drop(s, "a.example", -1), 2);
	assert_told("-a.example ");
	assert_int_equal(challenge_count(s), 0);
	challenge_store_free(s);
}

/* Each is looked at for each other one: without a limit the million of one name would take minutes of the packet loop. */
static void test_too_many_digests(void **state)
{
	struct challenge_store *s = new_store();
	struct identifier id = ident("a.example.org");
	uint8_t bytes[DIGEST_LEN] = { 0 };
	const struct challenge_order order = { .ident = &id, .digest = bytes, .expires = NOW + SECOND };

	(void)state;
	for (unsigned i = 0; i < CHALLENGE_PER_NAME; i++) {
		memcpy(bytes, &i, sizeof(i));
		assert_int_equal(challenge_add(s, &order, NOW), 0);
	}
	assert_told("+a.example.org ");
	assert_int_equal(challenge_add(s, &order, NOW), -EEXIST);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(challenge_add(s, &order, NOW), 0);
	assert_int_equal(challenge_count(s), CHALLENGE_PER_NAME);
	assert_int_equal(found(s, "a.example.org"), 0xff);
	assert_int_equal(drop(s, "a.example.org", 0), 0); /* the oldest has given way */
	assert_int_equal(add(s, "b.example.org", 1, NOW + SECOND), 0);
	assert_int_equal(drop(s, "a.example.org", -1), CHALLENGE_PER_NAME);
	assert_told("+b.example.org -a.example.org ");
	assert_int_equal(challenge_count(s), 1);
	challenge_store_free(s);
}

static void test_again(void **state)
{
	struct challenge_store *s = new_store();

	(void)state;
	assert_int_equal(add(s, "a.example", 1, NOW + SECOND), 0);
	assert_int_equal(add(s, "a.example", 2, NOW + 2 * SECOND), 0);
	assert_int_equal(add(s, "a.example", 1, NOW + 9 * SECOND), -EEXIST);
	assert_int_equal(challenge_count(s), 2);
	assert_int_equal(found(s, "a.example"), 2);
	assert_int_equal(challenge_next_expiry(s), NOW + 2 * SECOND);
	assert_int_equal(challenge_expire(s, NOW + 3 * SECOND), 1);
	assert_int_equal(found(s, "a.example"), 1);
	assert_told("+a.example ");
	challenge_store_free(s);
}

static void test_expiry(void **state)
{
	struct challenge_store *s = new_store();

	(void)state;
	assert_int_equal(add(s, "a.example", 1, NOW + 5 * SECOND), 0);
	assert_int_equal(add(s, "b.example", 2, NOW + 3 * SECOND), 0);
	assert_int_equal(add(s, "c.example", 3, NOW + 4 * SECOND), 0);
	told[0] = 0;
	assert_int_equal(challenge_next_expiry(s), NOW + 3 * SECOND);
	assert_int_equal(challenge_expire(s, NOW + 3 * SECOND - 1), 0);
	assert_int_equal(challenge_expire(s, NOW + 3 * SECOND), 1);
	assert_told("-b.example ");
	assert_int_equal(challenge_next_expiry(s), NOW + 4 * SECOND);
	assert_int_equal(challenge_expire(s, NOW + 60 * SECOND), 2);
	assert_told("-c.example -a.example ");
	assert_int_equal(challenge_next_expiry(s), USEC_NEVER);
	assert_int_equal(challenge_expire(s, USEC_NEVER - 1), 0);
	challenge_store_free(s);
}

/* The heap against a plain search: many adds, removals and moves in an order that looks random. */
static void test_expiry_order(void **state)
{
	enum { MANY = 250 };
	struct challenge_store *s = challenge_store_new();
	usec_t expires[MANY] = { 0 };
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		usec_t first = USEC_NEVER;
		char name[16];
		unsigned at;

		random = random * 1664525u + 1013904223u;
		at = (random >> 8) % MANY;
		snprintf(name, sizeof(name), "n%u.example", at);
		if (expires[at] && random >> 31) {
			assert_int_equal(drop(s, name, 1), 1);
			expires[at] = 0;
		} else {
			int known = expires[at] ? -EEXIST : 0;

			expires[at] = NOW + (random >> 4) % 1000000 + 1;
			assert_int_equal(add(s, name, 1, expires[at]), known);
		}
		for (unsigned i = 0; i < MANY; i++)
			first = expires[i] ? MIN(first, expires[i]) : first;
		assert_int_equal(challenge_next_expiry(s), first);
	}
	challenge_store_free(s);
}

static size_t expire_all(struct challenge_store *s, usec_t now)
{
	size_t all = 0, some;

	while ((some = challenge_expire(s, now))) {
		assert_true(some <= 1000); /* a turn is short */
		all += some;
	}
	return all;
}

static void test_full(void **state)
{
	struct challenge_store *s = challenge_store_new();
	struct identifier id = ident("a.example");
	uint8_t many[DIGEST_LEN] = { 0 };
	struct challenge_order order = { .ident = &id, .digest = many };

	(void)state;
	for (uint32_t i = 0; i < CHALLENGE_MAX; i++) {
		snprintf(id.text, sizeof(id.text), "n%u.example", i);
		order.expires = NOW + SECOND + i;
		assert_int_equal(challenge_add(s, &order, NOW), 0);
	}
	order.expires = NOW + 9 * SECOND;
	assert_int_equal(challenge_add(s, &order, NOW), -EEXIST);
	many[0] = 1;
	order.expires = NOW + SECOND;
	assert_int_equal(challenge_add(s, &order, NOW), -ENOSPC);
	assert_int_equal(expire_all(s, NOW + SECOND + CHALLENGE_MAX / 2), CHALLENGE_MAX / 2 + 1);
	assert_int_equal(challenge_add(s, &order, NOW), 0);
	challenge_store_free(s);
}

/* Counted by who asked last; the names are those of the file and of the socket. */
static void test_sources(void **state)
{
	struct challenge_store *s = challenge_store_new();
	struct identifier id = ident("a.example");
	struct challenge_order order = { .ident = &id, .digest = digest(1), .expires = NOW + SECOND };
	enum challenge_source source;

	(void)state;
	assert_int_equal(challenge_oldest(s), USEC_NEVER);
	for (order.source = 0; order.source < NUM_CHALLENGE_SOURCES; order.source++) {
		assert_int_equal(challenge_add(s, &order, NOW + order.source), order.source ? -EEXIST : 0);
		for (source = 0; source < NUM_CHALLENGE_SOURCES; source++)
			assert_int_equal(challenge_count_of(s, source), source == order.source);
		assert_true(challenge_source_find(challenge_source_name(order.source), &source));
		assert_int_equal(source, order.source);
		assert_true(*challenge_source_help(source));
	}
	assert_int_equal(challenge_oldest(s), NOW);
	assert_false(challenge_source_find("", &source));
	assert_false(challenge_source_find("Control", &source));
	assert_int_equal(drop(s, "a.example", 1), 1);
	assert_int_equal(challenge_count_of(s, NUM_CHALLENGE_SOURCES - 1), 0);
	challenge_store_free(s);
}

/* ----------------------------------------------------------------- visiting */

struct visits {
	char order[64];
	size_t most;
};

static bool visit(struct challenge *c, void *context)
{
	struct visits *v = context;
	size_t at = strlen(v->order);

	v->order[at] = (char)('0' + c->digest[0]);
	return at + 1 < v->most;
}

static void assert_visits(struct challenge_store *s, size_t most, const char *expected)
{
	struct visits v = { .most = most };

	challenge_each(s, visit, &v);
	assert_string_equal(v.order, expected);
}

static void test_each(void **state)
{
	struct challenge_store *s = challenge_store_new();

	(void)state;
	assert_visits(s, 9, "");
	add(s, "b.example", 1, NOW + 9 * SECOND);
	add(s, "a.example", 2, NOW + 8 * SECOND);
	add(s, "b.example", 3, NOW + 7 * SECOND);
	assert_visits(s, 9, "123");
	assert_visits(s, 2, "12");
	drop(s, "a.example", -1);
	assert_visits(s, 9, "13");
	challenge_store_free(s);
}

static int next_of(struct challenge_cursor *cursor)
{
	const struct challenge *c = challenge_cursor_next(cursor);

	return c ? c->digest[0] : -1;
}

/* What goes is taken from under a cursor, what comes is still ahead of it. */
static void test_cursors(void **state)
{
	struct challenge_store *s = challenge_store_new();
	struct challenge_cursor slow = { 0 }, fast = { 0 };

	(void)state;
	challenge_cursor_close(s, &slow); /* closed already */
	for (uint8_t n = 1; n <= 4; n++)
		add(s, "a.example", n, NOW + n * SECOND);
	challenge_cursor_open(s, &slow);
	challenge_cursor_open(s, &fast);
	assert_int_equal(next_of(&slow), 1);
	for (int n = 1; n <= 4; n++)
		assert_int_equal(next_of(&fast), n);
	drop(s, "a.example", 2); /* next of the slow one */
	drop(s, "a.example", 1); /* behind it */
	assert_int_equal(next_of(&slow), 3);
	add(s, "b.example", 5, NOW + SECOND);
	assert_int_equal(next_of(&fast), 5);
	assert_int_equal(next_of(&fast), -1);
	challenge_cursor_close(s, &fast);
	drop(s, "a.example", 4);
	drop(s, "b.example", 5); /* the last */
	assert_int_equal(next_of(&slow), -1);
	add(s, "c.example", 6, NOW + SECOND);
	assert_int_equal(next_of(&slow), 6);
	challenge_cursor_close(s, &slow);
	challenge_cursor_close(s, &slow);
	challenge_store_free(s);
}

/* The table against a plain array: names come and go while it grows, each always found, with as many digests as it has. */
static void test_many_names(void **state)
{
	enum { MANY = 3000, ROUNDS = 60000 };
	static uint8_t digests[MANY];
	struct challenge_store *s = challenge_store_new();
	uint32_t random = 7;
	size_t names = 0;
	char name[32];

	(void)state;
	memset(digests, 0, sizeof(digests));
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned at;

		random = random * 1664525u + 1013904223u;
		at = (random >> 8) % MANY;
		snprintf(name, sizeof(name), at % 5 ? "n%u.example" : "10.0.%u.%u", at % 5 ? at : at >> 8,
			 at & 255);
		if (digests[at] && random >> 31) {
			assert_int_equal(drop(s, name, digests[at]--), 1);
			names -= !digests[at];
		} else if (digests[at] < 4) {
			names += !digests[at];
			assert_int_equal(add(s, name, ++digests[at], NOW + SECOND), 0);
		}
		assert_int_equal(found(s, ident(name).sni), digests[at] ? digests[at] : -1);
		assert_int_equal(challenge_names(s), names);
	}
	for (unsigned at = 0; at < MANY; at++) {
		snprintf(name, sizeof(name), at % 5 ? "n%u.example" : "10.0.%u.%u", at % 5 ? at : at >> 8,
			 at & 255);
		assert_int_equal(drop(s, name, -1), digests[at]);
	}
	assert_int_equal(challenge_count(s) + challenge_names(s), 0);
	challenge_store_free(s);
}

/* A certificate that is given is served, and replaced by the next one; the store has it then. */
static void test_given(void **state)
{
	struct challenge_store *s = challenge_store_new();
	struct identifier id = ident("a.example");
	struct certificate given;
	struct challenge_order order = {
		.ident = &id, .digest = digest(1), .expires = NOW + SECOND, .given = &given
	};

	(void)state;
	for (int round = 0; round < 2; round++) {
		const uint8_t *cert;

		assert_int_equal(certificate_make(&id, digest(1), 1800000000, &given), 0);
		given.rsa = round == 1;
		cert = given.cert;
		assert_int_equal(challenge_add(s, &order, NOW), round ? -EEXIST : 0);
		assert_null(given.cert);
		assert_ptr_equal(challenge_certificate(challenge_find(s, "a.example"), 0)->cert, cert);
		assert_int_equal(challenge_is_rsa(challenge_find(s, "a.example")), round == 1);
	}
	order.given = NULL; /* only its expiry moves */
	assert_int_equal(challenge_add(s, &order, NOW), -EEXIST);
	assert_true(challenge_is_rsa(challenge_find(s, "a.example")));
	challenge_store_free(s);
}

/* A part at a time gives what all at once does. */
static void test_restore_in_parts(void **state)
{
	struct challenge_store *s = challenge_store_new(), *t = challenge_store_new();
	struct challenge_restore r;
	char name[32], *text, *again;
	unsigned parts = 1;

	(void)state;
	for (unsigned n = 0; n < 95; n++) {
		snprintf(name, sizeof(name), "n%u.example", n);
		add(s, name, (uint8_t)n, NOW + SECOND + n);
	}
	text = challenge_store_save(s);
	assert_int_equal(challenge_restore_begin(&r, text, 5), -EINVAL);
	assert_int_equal(challenge_restore_begin(&r, text, strlen(text)), 0);
	while (challenge_restore_some(t, &r, 10, NOW))
		parts++;
	assert_int_equal(parts, 10);
	assert_int_equal(r.restored, 95);
	again = challenge_store_save(t);
	assert_string_equal(again, text);
	free(text);
	free(again);
	challenge_store_free(s);
	challenge_store_free(t);
}

static void test_certificate(void **state)
{
	struct challenge_store *s = challenge_store_new();
	const struct certificate *first;

	(void)state;
	add(s, "a.example", 1, NOW + SECOND);
	assert_null(challenge_find(s, "a.example")->certificate);
	first = challenge_certificate(challenge_find(s, "a.example"), 1800000000);
	assert_non_null(first);
	assert_true(first->cert_len > 200 && first->key_len > 60);
	assert_ptr_equal(challenge_certificate(challenge_find(s, "a.example"), 1800000001), first);
	challenge_store_free(s);
}

/* --------------------------------------------------------------- surviving */

static void test_save_restore(void **state)
{
	struct challenge_store *s = challenge_store_new(), *t;
	struct identifier id = ident("c.example");
	char *text, *again;

	(void)state;
	add(s, "b.example", 1, NOW + 9 * SECOND);
	add(s, "2001:db8::1", 2, NOW + 8 * SECOND);
	add(s, "b.example", 3, NOW + 1 * SECOND);
	add(s, "192.0.2.1", 4, NOW + 7 * SECOND);
	challenge_add(s,
		      &(struct challenge_order){ .ident = &id,
						 .digest = digest(5),
						 .expires = NOW + 6 * SECOND,
						 .source = CHALLENGE_SOURCE_HARVEST },
		      NOW);
	challenge_find(s, "b.example")->hits = 42;
	text = challenge_store_save(s);
	assert_non_null(text);

	t = new_store();
	assert_int_equal(challenge_store_restore(t, text, strlen(text), NOW), 5);
	assert_told("+b.example +1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa "
		    "+1.2.0.192.in-addr.arpa +c.example ");
	assert_int_equal(found(t, "b.example"), 3);
	assert_int_equal(challenge_find(t, "b.example")->hits, 42);
	assert_int_equal(challenge_count_of(t, CHALLENGE_SOURCE_HARVEST), 1);
	assert_int_equal(challenge_next_expiry(t), NOW + SECOND);
	again = challenge_store_save(t);
	assert_string_equal(again, text);
	challenge_store_free(t);

	t = challenge_store_new();
	assert_int_equal(challenge_store_restore(t, text, strlen(text), NOW + SECOND), 4);
	assert_int_equal(found(t, "b.example"), 1);
	challenge_store_free(t);
	free(again);
	free(text);
	challenge_store_free(s);
}

#define HEAD "alpnxdp challenges 1\n"
#define D1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define D2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define GOOD_LINE "a.example " D1 " 5 1000500000 7\n"

static void test_restore_damaged(void **state)
{
	static const struct {
		const char *text;
		int restored;
	} rows[] = {
		{ HEAD, 0 },
		{ HEAD GOOD_LINE, 1 }, /* without a source: of the form before */
		{ HEAD "a.example " D1 " 5 1000500000 7 ualpn\n", 1 },
		{ HEAD "a.example " D1 " 5 1000500000 7 nobody\n", 0 },
		{ HEAD "a.example " D1 " 5 1000500000 7 \n", 0 },
		{ HEAD "a.example " D1 " 5 1000500000 7 hook hook\n", 0 },
		{ "", -EINVAL },
		{ "alpnxdp challenges 1", -EINVAL },
		{ "alpnxdp challenges 2\n" GOOD_LINE, -EINVAL },
		{ HEAD "\n\n" GOOD_LINE "\n", 1 },
		{ HEAD GOOD_LINE GOOD_LINE, 1 },                         /* the same twice */
		{ HEAD GOOD_LINE "b.example " D2 " 5 1000500000 7", 1 }, /* cut before its end */
		{ HEAD "a.example " D1 " 5 1000500000 7 8\n", 0 },       /* too many fields */
		{ HEAD "a.example " D1 " 5 1000500000 7x\n", 0 },
		{ HEAD "a.example " D1 " 5 1000500000\n", 0 },
		{ HEAD "*.example " D1 " 5 1000500000 7\n" GOOD_LINE, 1 },
		{ HEAD "a.example " D1 "A 5 1000500000 7\n", 0 },
		{ HEAD "a.example AQ 5 1000500000 7\n", 0 },
		{ HEAD "a.example " D1 " 5 1000000000 7\n", 0 },          /* expires now */
		{ HEAD "a.example " D1 " 1000000001 1000500000 7\n", 0 }, /* added in the future */
		{ HEAD "a.example " D1 " 5 2593000000001 7\n", 0 },       /* beyond 30 days */
		{ HEAD "a.example " D1 " 5 2593000000000 7\n", 1 },
		{ HEAD "a.example " D1 " -5 -6 7\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct challenge_store *s = challenge_store_new();
		size_t len = strlen(rows[i].text);
		char *copy = malloc(len ? len : 1); /* without its NUL */
		int restored;

		memcpy(copy, rows[i].text, len);
		restored = challenge_store_restore(s, copy, len, NOW);
		if (restored != rows[i].restored)
			fail_msg("row %zu: restored %d", i, restored);
		free(copy);
		challenge_store_free(s);
	}
}

/* Garbage between good lines: NUL bytes, endless lines, all byte values. */
static void test_restore_garbage(void **state)
{
	char text[4096];
	size_t len = 0;
	struct challenge_store *s = challenge_store_new();

	(void)state;
	len += (size_t)sprintf(text + len, "%s%s", HEAD, GOOD_LINE);
	memset(text + len, 'x', 1000);
	len += 1000;
	text[len++] = '\n';
	for (unsigned value = 0; value < 256; value++)
		text[len++] = (char)value;
	len += (size_t)sprintf(text + len, "\nb.example " D2 " 5 1000500000 7\n");
	memcpy(text + len, "c.example\0\n", 11);
	len += 11;
	assert_int_equal(challenge_store_restore(s, text, len, NOW), 2);
	assert_int_equal(found(s, "b.example"), 2);
	for (size_t cut = 0; cut < len; cut++)
		challenge_store_restore(s, text, cut, NOW);
	assert_int_equal(challenge_count(s), 2);
	challenge_store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_find_remove),
		cmocka_unit_test(test_several_digests),
		cmocka_unit_test(test_too_many_digests),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_expiry_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_cursors),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_restore_in_parts),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_save_restore),
		cmocka_unit_test(test_restore_damaged),
		cmocka_unit_test(test_restore_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
