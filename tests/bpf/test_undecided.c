/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hellos in several segments, step by step through the steering program; each segment that passes is really given to
 * the kernel, whose own books decide about the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include "../corpus/corpus.h"
#include "follow.h"
#include "story.h"
#include "undecided.h"

static const char hello_file[] = "boulder-va-go1.26";
enum { DECIDED = 251, HALF = 200, CROWD = 800, CLIENTS = 100 };

static void test_stories(void **state)
{
	const struct story *story;
	unsigned i;

	(void)state;
	for (story = stories; story < stories + num_stories; story++) {
		print_message("  %s\n", story->name);
		for (i = 0; i < 4; i++)
			story_run(story, i % 2 ? 6 : 4, i / 2);
	}
}

/* One byte a segment: from the front, or the other way round. */
static void show_bytes(struct follow *f, bool backwards)
{
	enum reason wanted = REASON_HELLO_UNDECIDED;
	struct frame segment;
	unsigned i, at;

	for (i = 0; i < DECIDED; i++) {
		at = backwards ? DECIDED - 1 - i : i;
		segment = follow_segment(f, at, at + 1);
		wanted = i + 1 == DECIDED  ? REASON_OFFERED
			 : !i && backwards ? REASON_HELLO_EARLY
					   : REASON_HELLO_UNDECIDED;
		assert_int_equal(follow_show(f, &segment), wanted);
		if (wanted != REASON_OFFERED)
			follow_give(f, at, at + 1);
	}
}

static void test_bytes(void **state)
{
	const struct row row = { "bytes", PEER_SOCKET, .syn_seen = true };
	struct corpus_bytes hello;
	struct follow f;
	unsigned i;

	(void)state;
	corpus_load(hello_file, &hello);
	for (i = 0; i < 4; i++) {
		follow_open(&f, &row, i % 2 ? 6 : 4, hello.bytes, hello.len);
		show_bytes(&f, i / 2);
		follow_close(&f);
	}
	undecided_clear();
}

static enum reason show(struct follow *f, size_t from, size_t to)
{
	struct frame segment = follow_segment(f, from, to);

	return follow_show(f, &segment);
}

/* One flow more than a set has slots: the newest takes the oldest one's, whose hello passes and is the web server's. */
static void test_collision(void **state)
{
	const struct row row = { "collision", PEER_SOCKET, .syn_seen = true };
	static struct follow crowd[CROWD];
	static int owner[ALPNXDP_SLOTS];
	struct corpus_bytes hello;
	int slot, older = -1;
	unsigned n;

	(void)state;
	corpus_load(hello_file, &hello);
	memset(owner, -1, sizeof(owner));
	for (n = 0; n < CROWD && older < 0; n++) {
		follow_open(&crowd[n], &row, n % 2 ? 6 : 4, hello.bytes, hello.len);
		assert_int_equal(show(&crowd[n], 0, HALF), REASON_HELLO_UNDECIDED);
		follow_give(&crowd[n], 0, HALF);
		slot = undecided_find(&crowd[n].key);
		assert_in_range(slot, 0, ALPNXDP_SLOTS - 1);
		older = owner[slot];
		owner[slot] = (int)n;
	}
	assert_in_range(older, 0, CROWD - 1);
	memcpy(crowd[older].counters, crowd[n - 1].counters, sizeof(crowd[older].counters));
	assert_int_equal(show(&crowd[older], HALF, hello.len), REASON_NOT_HELLO);
	memcpy(crowd[n - 1].counters, crowd[older].counters, sizeof(crowd[older].counters));
	assert_int_equal(show(&crowd[n - 1], HALF, hello.len), REASON_OFFERED);
	print_message("  the %uth flow took a slot\n", n);
	while (n)
		follow_close(&crowd[--n]);
}

/* The SYNs of clients whose address and port make up for each other: each has a mark of its own. */
static void test_nobody_aims_at_a_mark(void **state)
{
	const struct row row = { .name = "marks" };
	struct frame syn = {
		.family = 4, .daddr = { 10, 99, 0, 1 }, .dport = 443, .flags = SYN, .window = 1000
	};
	struct frame_bytes bytes;
	unsigned i, marked;

	(void)state;
	undecided_clear();
	books_set_conditions(&row);
	for (i = 0; i < CLIENTS; i++) {
		memcpy(syn.saddr, (uint8_t[]){ 10, (uint8_t)i, 3, 4 }, 4);
		syn.sport = (uint16_t)(0x8000 ^ i);
		frame_build(&syn, &bytes);
		assert_int_equal(bench_run_frame(&bytes), XDP_PASS);
	}
	marked = undecided_clear();
	print_message("  %u clients, %u marks\n", CLIENTS, marked);
	assert_in_range(marked, CLIENTS - 4, CLIENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_collision),
		cmocka_unit_test(test_nobody_aims_at_a_mark),
	};
	const char *why;
	int failed;
	int err = bench_setup(&why);

	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_teardown();
	return failed;
}
