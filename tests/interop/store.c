/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * store: what many pending challenges cost. It prints memory per challenge, and the time of an addition, a look-up, a save, a
 * restore and a removal.
 *
 *   store COUNT [PAIRS]
 *
 * Exit 1 if a challenge takes more than BUDGET bytes, or if PAIRS of removals and additions leave the store larger. Names
 * have 20 to 26 characters, every tenth is an address.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "challenge/challenge.h"

enum { BUDGET = 256, PIECE = 1 << 16 };

/* Of malloc's arenas and of what it has from mmap(2): all that is in use. */
static size_t memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void name(uint32_t number, struct identifier *out)
{
	char text[64];
	const char *why;

	if (number % 10)
		snprintf(text, sizeof(text), "n%u.sites.example.org", number);
	else
		snprintf(text, sizeof(text), "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
			 number & 255);
	if (identifier_parse(text, out, &why))
		exit(2);
}

static int add(struct challenge_store *s, uint32_t number, usec_t now)
{
	struct identifier ident;
	uint8_t digest[DIGEST_LEN] = { 0 };
	const struct challenge_order order = { .ident = &ident,
					       .digest = digest,
					       .expires = now + USEC_PER_SEC * (3600 + number % 1000) };

	memcpy(digest, &number, sizeof(number));
	name(number, &ident);
	return challenge_add(s, &order, now);
}

static void say(const char *what, uint32_t count, usec_t begun)
{
	double us = (double)(clock_now() - begun);

	printf("%-9s %6.2f us each, %9.0f per second\n", what, us / count, count / us * 1e6);
}

static void look_up(struct challenge_store *s, uint32_t count)
{
	static struct identifier some[4096];
	usec_t begun;
	uint32_t found = 0, step = count / ARRAY_SIZE(some) + 1;

	for (uint32_t i = 0; i < ARRAY_SIZE(some); i++)
		name(i * step % count, &some[i]);
	begun = clock_now();
	for (uint32_t i = 0; i < 100; i++)
		for (uint32_t n = 0; n < ARRAY_SIZE(some); n++)
			found += challenge_find(s, some[n].sni) != NULL;
	say("look-up", 100 * ARRAY_SIZE(some), begun);
	if (found != 100 * ARRAY_SIZE(some))
		exit(2);
}

/* As the daemon does: piece by piece. The longest piece is what packets have to wait for. */
static void save(struct challenge_store *s, uint32_t count)
{
	static char piece[PIECE];
	struct challenge_cursor cursor;
	usec_t begun = clock_now(), at, longest = 0;
	size_t len = 1, all = 0;

	challenge_cursor_open(s, &cursor);
	while (len) {
		at = clock_now();
		len = challenge_save_some(&cursor, piece, sizeof(piece));
		longest = MAX(longest, clock_now() - at);
		all += len;
	}
	challenge_cursor_close(s, &cursor);
	say("save", count, begun);
	printf("          %zu bytes, the longest of its pieces took %u us\n", all, (unsigned)longest);
}

static void restore(struct challenge_store *s, uint32_t count, usec_t now)
{
	char *text = challenge_store_save(s);
	struct challenge_store *again = challenge_store_new();
	usec_t begun = clock_now();

	if (!text || challenge_store_restore(again, text, strlen(text), now) != (int)count)
		exit(2);
	say("restore", count, begun);
	challenge_store_free(again);
	free(text);
}

static long churn(struct challenge_store *s, uint32_t count, uint32_t pairs, usec_t now)
{
	struct identifier ident;
	size_t before = memory();
	usec_t begun = clock_now();

	for (uint32_t i = 0; i < pairs; i++) {
		name(i % count, &ident);
		if (challenge_remove(s, &ident, NULL) != 1 || add(s, i % count, now))
			exit(2);
	}
	say("pair", pairs, begun);
	return (long)memory() - (long)before;
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? (uint32_t)atoi(argv[1]) : 0,
		 pairs = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;
	struct challenge_store *s = challenge_store_new();
	size_t empty = memory();
	usec_t now = clock_now(), begun = now;
	struct identifier ident;
	double each;
	long grown;

	if (!s || !count || count > CHALLENGE_MAX) {
		fputs("usage: store COUNT [PAIRS]\n", stderr);
		return 2;
	}
	for (uint32_t i = 0; i < count; i++)
		if (add(s, i, now))
			return 2;
	say("add", count, begun);
	each = (double)(memory() - empty) / count;
	look_up(s, count);
	save(s, count);
	restore(s, count, now);
	grown = churn(s, count, pairs, now);
	begun = clock_now();
	for (uint32_t i = 0; i < count; i++) {
		name(i, &ident);
		if (challenge_remove(s, &ident, NULL) != 1)
			return 2;
	}
	say("remove", count, begun);
	printf("memory: %.0f bytes per challenge at %u (budget %d), %ld more after %u pairs\n", each, count,
	       BUDGET, grown, pairs);
	challenge_store_free(s);
	return each > BUDGET || grown > 0;
}
