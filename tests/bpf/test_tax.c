/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program costs those who have nothing to do with it: nanoseconds per packet for what a web server receives,
 * while nothing is pending, while a name is, and with harvest, which arms the program all the time and lets it dismiss no
 * hello by its name. As `make check` runs it: what becomes of each packet, in all four states. The numbers are worth reading
 * when the machine is idle: test_tax ROUNDS, for instance 20; the best of all rounds is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <unistd.h>
#include "bench.h"
#include "books.h"

/* A round of one cell: well below the second after which the program takes the engine for hung. */
enum { PACKETS = 100000, UDP = 17, SSH = 22, FULL = 1400 };
static unsigned rounds = 3;

enum state { UNARMED, PENDING, HARVEST, HARVEST_FLOW, NUM_STATES };
static const char *const state_name[] = { "nothing", "a name", "harvest", "and a flow" };
_Static_assert(sizeof(state_name) / sizeof(*state_name) == NUM_STATES, "every state has a name");

static const char application_data[FULL] = "\x17\x03\x03\x40\x11";

/* reason: with a name pending; harvest: where that differs. */
static const struct packet_row {
	const char *name;
	struct row row;
	enum reason reason, harvest;
} packets[] = {
	{ .name = "UDP, 1,200 bytes",
	  .row = { .frame = { .protocol = UDP, .filler = 1200 }, .no_data = true },
	  .reason = REASON_NOT_TCP },
	{ .name = "TCP to another port, 1,400 bytes",
	  .row = { .frame.dport = SSH, .text = application_data, .bytes = FULL },
	  .reason = REASON_OTHER_PORT },
	{ .name = "443: SYN", .row = { .frame.flags = SYN, .no_data = true }, .reason = REASON_NO_PAYLOAD },
	{ .name = "443: ACK", .row = { .frame.flags = ACK, .no_data = true }, .reason = REASON_NO_PAYLOAD },
	{ .name = "443: 1,400 bytes of data",
	  .row = { .text = application_data, .bytes = FULL },
	  .reason = REASON_NOT_HELLO },
	{ .name = "443: hello of curl",
	  .row = { .hello = "curl-7.88-https", .segment = 1 },
	  .reason = REASON_HELLO_OTHER },
	{ .name = "443: hello of a browser",
	  .row = { .hello = "chromium-1-3", .segment = 1 },
	  .reason = REASON_HELLO_OTHER },
	{ .name = "443: another, ALPN not in view yet",
	  .row = { .hello = "chromium-1", .segment = 1 },
	  .reason = REASON_HELLO_UNDECIDED },
	/* Without credit: all of an offer but the entry in the flow map. */
	{ .name = "443: acme-tls/1 for another name",
	  .row = { .no_credit = true },
	  .reason = REASON_NOT_PENDING,
	  .harvest = REASON_NO_CREDIT },
};
enum { NUM_PACKETS = sizeof(packets) / sizeof(*packets) };

static struct peer peer;
static unsigned best[NUM_PACKETS][NUM_STATES], empty;

static void set_state(const struct packet_row *p, enum state state)
{
	struct row row = p->row;

	row.unarmed = state == UNARMED;
	row.pending = state < HARVEST ? "pending.example" : NULL;
	books_set_conditions(&row);
	books_set_flows(state == HARVEST_FLOW);
}

static enum reason expected(const struct packet_row *p, enum state state)
{
	if (state == UNARMED)
		return REASON_UNARMED;
	return state >= HARVEST && p->harvest ? p->harvest : p->reason;
}

static unsigned run(int program, const struct frame_bytes *in)
{
	struct xdp_md context = { .data_end = (__u32)in->len, .ingress_ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = (__u32)in->len,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = PACKETS);

	assert_int_equal(bpf_prog_test_run_opts(program, &opts), 0);
	assert_int_equal(opts.retval, XDP_PASS);
	return opts.duration;
}

static void measure(unsigned number, enum state state)
{
	const struct packet_row *p = &packets[number];
	struct frame_bytes frame;
	uint64_t before;
	unsigned took;

	bench_make_frame(&p->row, &peer, &frame);
	set_state(p, state);
	before = books_counter(expected(p, state));
	took = run(books_program(), &frame);
	assert_int_equal(books_counter(expected(p, state)) - before, PACKETS);
	if (!best[number][state] || took < best[number][state])
		best[number][state] = took;
}

/* What a packet costs in this harness under a program that does nothing. */
static void measure_empty(void)
{
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "nothing", "GPL", pass, 2, NULL);
	struct frame_bytes frame;
	unsigned took;

	assert_true(program >= 0);
	bench_make_frame(&packets[0].row, &peer, &frame);
	took = run(program, &frame);
	empty = empty && empty < took ? empty : took;
	close(program);
}

static void print_table(void)
{
	printf("\nns per packet               pending:");
	for (unsigned s = 0; s < NUM_STATES; s++)
		printf("%12s", state_name[s]);
	printf("\n%-36s%12u\n", "a program that does nothing", empty);
	for (unsigned n = 0; n < NUM_PACKETS; n++) {
		printf("%-36s", packets[n].name);
		for (unsigned s = 0; s < NUM_STATES; s++)
			printf("%12u", best[n][s]);
		putchar('\n');
	}
	putchar('\n');
}

static void test_tax(void **state)
{
	(void)state;
	assert_int_equal(peer_open(&peer, PEER_SOCKET, 4, true), 0);
	for (unsigned round = 0; round < rounds; round++) {
		measure_empty();
		for (unsigned n = 0; n < NUM_PACKETS; n++)
			for (enum state s = 0; s < NUM_STATES; s++)
				measure(n, s);
	}
	peer_close(&peer);
	print_table();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tax) };
	const char *why;
	int failed;
	int err = bench_setup(&why);

	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_teardown();
	return failed;
}
