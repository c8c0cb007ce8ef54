/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program costs those who have nothing to do with it.
 *
 * As `make check` runs it: what becomes of each kind of packet that a web server receives, while nothing is pending, while
 * a name is, and with harvest, which arms the program all the time and lets it dismiss no hello by its name; and a
 * table of nanoseconds, which is worth reading when the machine is idle and the rounds are many:
 *
 *	test_tax [--tsv] [ROUNDS]
 *
 * --tsv: no table but lines of METRIC, CONTESTANT, ROUND and VALUE, with tabs between them, for programs that read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include "bench.h"
#include "books.h"
#include "tax.h"
#include "undecided.h"

enum { UDP = 17, SSH = 22, FULL = 1400 };

enum state { UNARMED, PENDING, HARVEST, HARVEST_FLOW, NUM_STATES };

static const char application_data[FULL] = "\x17\x03\x03\x40\x11";

enum packet {
	DATAGRAM,
	OTHER_PORT,
	FIRST_SYN,
	PURE_ACK,
	DATA,
	HELLO_CURL,
	HELLO_BROWSER,
	HELLO_CUT,
	HELLO_CUT_FIRST,
	HELLO_ACME,
	NUM_PACKETS
};

/* reason: with a name pending; harvest: where that differs. */
static const struct packet_row {
	struct row row;
	enum reason reason, harvest;
	bool fresh; /* each time the first of a new hello */
} packets[] = {
	[DATAGRAM] = { { .frame = { .protocol = UDP, .filler = 1200 }, .no_data = true }, REASON_NOT_TCP },
	[OTHER_PORT] = { { .frame.dport = SSH, .text = application_data, .bytes = FULL }, REASON_OTHER_PORT },
	[FIRST_SYN] = { { .frame.flags = SYN, .no_data = true }, REASON_NO_PAYLOAD },
	[PURE_ACK] = { { .frame.flags = ACK, .no_data = true }, REASON_NO_PAYLOAD },
	[DATA] = { { .text = application_data, .bytes = FULL }, REASON_NOT_HELLO },
	[HELLO_CURL] = { { .hello = "curl-7.88-https", .segment = 1 }, REASON_HELLO_OTHER },
	[HELLO_BROWSER] = { { .hello = "chromium-1-3", .segment = 1 }, REASON_HELLO_OTHER },
	/* Its ALPN list comes in the second segment. */
	[HELLO_CUT] = { { .hello = "chromium-1", .segment = 1 }, REASON_HELLO_UNDECIDED },
	[HELLO_CUT_FIRST] = { { .hello = "chromium-1", .segment = 1 },
			      REASON_HELLO_UNDECIDED,
			      .fresh = true },
	/* With harvest: more of them than are looked at without a SYN. */
	[HELLO_ACME] = { { .no_credit = true }, REASON_NOT_PENDING, REASON_NO_SYN },
};
_Static_assert(sizeof(packets) / sizeof(*packets) == NUM_PACKETS, "every packet has its row");

/* What is measured; limit: how many nanoseconds above an empty program are thought to be too many. */
static const struct cell {
	const char *name;
	enum packet packet;
	enum state state;
	unsigned limit;
	const char *words;
} cells[] = {
	{ "other-udp", DATAGRAM, PENDING, 6, "other traffic: UDP, 1,200 bytes" },
	{ "other-tcp", OTHER_PORT, PENDING, 6, "other traffic: TCP to another port, 1,400 bytes" },
	{ "ack-unarmed", PURE_ACK, UNARMED, 8, "port 443, ACK, nothing pending" },
	{ "data-unarmed", DATA, UNARMED, 8, "port 443, 1,400 bytes of data, nothing pending" },
	{ "ack-armed", PURE_ACK, PENDING, 12, "port 443, ACK, a name pending" },
	{ "data-armed", DATA, PENDING, 12, "port 443, 1,400 bytes of data, a name pending" },
	{ "ack-flows", PURE_ACK, HARVEST_FLOW, 25, "port 443, ACK, others' flows adopted" },
	{ "data-flows", DATA, HARVEST_FLOW, 25, "port 443, 1,400 bytes of data, others' flows adopted" },
	{ "hello", HELLO_BROWSER, PENDING, 150, "hello of a browser, decided in its segment" },
	{ "undecided", HELLO_CUT_FIRST, PENDING, 450, "the same, stored until its ALPN list comes" },
};
enum { NUM_CELLS = sizeof(cells) / sizeof(*cells) };

static struct peer peer;
static struct tax measured[NUM_CELLS];
static unsigned rounds = 3;

static void set_state(const struct packet_row *p, enum state state)
{
	struct row row = p->row;

	row.unarmed = state == UNARMED;
	row.pending = state < HARVEST ? "pending.example" : NULL;
	row.unmarked_spent = state >= HARVEST && p->harvest == REASON_NO_SYN;
	books_set_conditions(&row);
	books_set_flows(state == HARVEST_FLOW);
}

static enum reason expected(const struct packet_row *p, enum state state)
{
	if (state == UNARMED)
		return REASON_UNARMED;
	return state >= HARVEST && p->harvest ? p->harvest : p->reason;
}

/* The packet's frame, and the program in that state. */
static void prepare(const struct packet_row *p, enum state state, struct frame_bytes *frame)
{
	bench_make_frame(&p->row, &peer, frame);
	undecided_clear();
	set_state(p, state);
	if (!p->fresh)
		return;
	assert_int_equal(bench_run_frame(frame), XDP_PASS);
	tax_forget_marks(undecided_mark());
}

static void measure(const struct cell *cell, struct tax *t)
{
	const struct packet_row *p = &packets[cell->packet];
	struct frame_bytes frame;
	uint64_t before;

	prepare(p, cell->state, &frame);
	before = books_counter(expected(p, cell->state));
	tax_round(t, &frame);
	assert_int_equal(books_counter(expected(p, cell->state)) - before, TAX_PACKETS);
	tax_keep_marks();
}

static void measure_all(void)
{
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < NUM_CELLS; i++)
			measure(&cells[i], &measured[i]);
}

static void print_table(void)
{
	printf("\nns per packet, %5u rounds                         empty: best median  alpnxdp: best median  above: "
	       "best median  limit\n",
	       rounds);
	for (unsigned i = 0; i < NUM_CELLS; i++) {
		const struct tax *t = &measured[i];
		unsigned empty = tax_best(t, EMPTY), best = tax_best(t, ALPNXDP);
		double usual = tax_median(t, EMPTY), median = tax_median(t, ALPNXDP);

		printf("%-54s %6u %6.1f %14u %6.1f %12d %6.1f %6u\n", cells[i].words, empty, usual, best,
		       median, (int)(best - empty), median - usual, cells[i].limit);
	}
	putchar('\n');
}

static void print_lines(void)
{
	for (unsigned i = 0; i < NUM_CELLS; i++)
		for (unsigned round = 0; round < rounds; round++)
			for (enum contestant c = 0; c < NUM_CONTESTANTS; c++)
				printf("ns/%s\t%s\t%u\t%u\n", cells[i].name, contestant_name[c], round + 1,
				       measured[i].ns[c][round]);
}

static void test_what_becomes_of_packets(void **state)
{
	struct frame_bytes frame;
	enum reason reason;
	uint64_t before;

	(void)state;
	for (const struct packet_row *p = packets; p < packets + NUM_PACKETS; p++) {
		for (enum state s = 0; s < NUM_STATES; s++) {
			if (p->fresh && s == UNARMED) /* nothing is marked then */
				continue;
			prepare(p, s, &frame);
			reason = expected(p, s);
			before = books_counter(reason);
			tax_run(ALPNXDP, &frame);
			assert_int_equal(books_counter(reason) - before, TAX_PACKETS);
			tax_keep_marks();
		}
	}
}

static void test_tax(void **state)
{
	(void)state;
	measure_all();
	print_table();
}

static int run_group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_becomes_of_packets),
		cmocka_unit_test(test_tax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	bool lines = argc > 1 && !strcmp(argv[1], "--tsv");
	const char *why;
	int failed = 0;
	int err = bench_setup(&why);

	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	if (argc > 1 + lines)
		rounds = (unsigned)strtoul(argv[1 + lines], NULL, 10);
	tax_open();
	assert_int_equal(peer_open(&peer, PEER_SOCKET, 4, true), 0);
	if (lines) {
		measure_all();
		print_lines();
	} else {
		failed = run_group();
	}
	peer_close(&peer);
	tax_close();
	bench_teardown();
	return failed;
}
