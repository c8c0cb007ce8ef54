/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The steering program, packet by packet, through bpf_prog_test_run: verdict, reason, flow map, credit. The
 * connections behind it are the kernel's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include "../corpus/corpus.h"
#include "bench.h"
#include "books.h"

static const char *const reason_names[] = {
#define X(symbol, name, help) [REASON_##symbol] = name,
	ALPNXDP_REASONS(X)
#undef X
};
_Static_assert(sizeof(reason_names) / sizeof(*reason_names) == NUM_REASONS, "every reason has a name");

static void run_rows(const struct row *rows, size_t count)
{
	const struct row *row;

	for (row = rows; row < rows + count; row++) {
		print_message("  %-42s %s\n", row->name, reason_names[row->reason]);
		bench_run(row, NULL);
	}
}

static void test_headers(void **state)
{
	(void)state;
	run_rows(rows_headers, num_rows_headers);
}

static void test_flows(void **state)
{
	(void)state;
	run_rows(rows_flows, num_rows_flows);
}

static void test_hellos(void **state)
{
	(void)state;
	run_rows(rows_hellos, num_rows_hellos);
}

static void test_kernel(void **state)
{
	(void)state;
	run_rows(rows_kernel, num_rows_kernel);
}

/* Every recorded hello: its first segment over a fresh connection, with the name that it asks for pending. */
static void test_corpus(void **state)
{
	const struct corpus_hello *hello;
	struct corpus_bytes bytes;
	struct row row;

	(void)state;
	for (hello = corpus; hello < corpus + CORPUS_HELLOS; hello++) {
		corpus_load(hello->file, &bytes);
		row = (struct row){
			.name = hello->file,
			.kind = PEER_SOCKET,
			.hello = hello->file,
			.segment = 1,
			.pending = hello->name,
			.reason = hello->acme ? REASON_OFFERED : REASON_HELLO_OTHER,
		};
		if (hello->alpn_end > bytes.ends[0])
			row.reason = REASON_HELLO_UNDECIDED;
		print_message("  %-42s %s\n", row.name, reason_names[row.reason]);
		bench_run(&row, NULL);
	}
}

/* What the handoff says, against what the kernel says of the same socket in its own words. */
static void check_against_tcp_info(const struct handoff *h, const struct peer *p)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(p->accepted, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	assert_int_equal(h->mss, info.tcpi_snd_mss);
	assert_int_equal(h->snd_wscale, info.tcpi_snd_wscale);
	assert_int_equal(h->rcv_wscale, info.tcpi_rcv_wscale);
	assert_int_equal(h->srtt_us, info.tcpi_rtt);
	assert_int_equal(h->snd_wnd, 502u << 7); /* peer_frame()'s window in the last ACK */
}

static void test_handoff(void **state)
{
	static const enum peer_kind kinds[] = { PEER_SOCKET, PEER_REQUEST, PEER_DEFERRED };
	struct row row = { "handoff", .reason = REASON_OFFERED };
	bool timestamps;
	struct flow flow;
	struct peer p;
	unsigned i;

	(void)state;
	for (i = 0; i < 12; i++) { /* each kind, with and without timestamps, over both families */
		timestamps = i % 2;
		books_set_flows(0);
		assert_int_equal(peer_open(&p, kinds[i / 4], i / 2 % 2 ? 6 : 4, timestamps), 0);
		bench_run_over(&row, &p, &flow);
		assert_int_equal(flow.handoff.rcv_nxt, p.seq);
		assert_int_equal(flow.handoff.snd_nxt, p.ack);
		assert_int_equal(flow.handoff.snd_wscale, 7);
		assert_int_equal(flow.handoff.snd_wnd, 502u << 7);
		assert_int_equal(flow.handoff.ts_recent, timestamps ? p.ts_value : 0);
		assert_int_equal(flow.handoff.flags, HANDOFF_SACK | (timestamps ? HANDOFF_TIMESTAMPS : 0));
		assert_int_equal(flow.handoff.source, p.accepted >= 0 ? HANDOFF_SOCKET : HANDOFF_REQUEST);
		assert_int_equal(flow.handoff.mss,
				 1460 - (timestamps ? 12 : 0) - (i / 2 % 2 && p.accepted >= 0 ? 20 : 0));
		assert_int_equal(flow.handoff.rcv_wnd, p.advertised);
		if (p.accepted >= 0)
			check_against_tcp_info(&flow.handoff, &p);
		peer_close(&p);
	}
}

/* A full map refuses, and the credit that was taken for the offer comes back. */
static void test_table_full(void **state)
{
	struct row row = { "table full", PEER_SOCKET, .reason = REASON_TABLE_FULL };
	struct peer p;

	(void)state;
	assert_int_equal(peer_open(&p, PEER_SOCKET, 4, true), 0);
	books_set_flows(ALPNXDP_MAX_FLOWS);
	bench_run_over(&row, &p, NULL);
	books_set_flows(0);
	row.reason = REASON_OFFERED;
	bench_run_over(&row, &p, NULL);
	books_set_flows(0);
	peer_close(&p);
}

static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

/* A flood from addresses without a connection: the kernel is asked about so many of them, and no more. */
static void test_spoofed(void **state)
{
	struct row row = { "spoofed", .reason = REASON_KERNEL_NONE };
	uint64_t before = books_counter(REASON_NO_SYN);
	struct frame_bytes frame;
	struct peer p;

	(void)state;
	stay_on_this_cpu();
	assert_int_equal(peer_open(&p, PEER_STRANGER, 4, true), 0);
	books_set_conditions(&row);
	bench_make_frame(&row, &p, &frame);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(bench_run_frame(&frame), XDP_PASS);
	assert_int_equal(books_counter(REASON_NO_SYN) - before, 3000 - 2048);
	peer_close(&p);
}

static unsigned verified_instructions(void)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(books_program(), &info, &len), 0);
	return info.verified_insns;
}

/* Last: the rows before must have reached every reason there is. */
static void test_every_reason_reached(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < NUM_REASONS; i++) {
		if (!bench_reached(i))
			print_error("never reached: %s\n", reason_names[i]);
		assert_true(bench_reached(i) > 0);
	}
	assert_true(bench_rows() >= 60);
	print_message("  %u rows, %u reasons; %u instructions verified\n", bench_rows(), NUM_REASONS,
		      verified_instructions());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_hellos),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_handoff),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_every_reason_reached),
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
