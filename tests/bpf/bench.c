/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <bpf/bpf.h>
#include "../corpus/corpus.h"
#include "bench.h"
#include "books.h"

enum { LOOPBACK = 1 };

static uint64_t reached[NUM_REASONS];
static unsigned rows_run;

int bench_setup(const char **why)
{
	int err = peer_setup(why);

	return err ? err : books_open(why);
}

void bench_teardown(void)
{
	books_close();
}

struct flow_key bench_key(const struct peer *p)
{
	struct flow_key key = { .sport = htons(p->port), .dport = htons(PEER_PORT) };

	if (p->family == 6) {
		memcpy(key.saddr, p->client, 16);
		memcpy(key.daddr, p->server, 16);
		return key;
	}
	memset(key.saddr + 10, 0xff, 2);
	memset(key.daddr + 10, 0xff, 2);
	memcpy(key.saddr + 12, p->client, 4);
	memcpy(key.daddr + 12, p->server, 4);
	return key;
}

void bench_make_frame(const struct row *row, const struct peer *p, struct frame_bytes *out)
{
	struct frame f = row->frame, own = peer_frame(p);
	struct corpus_bytes hello;
	size_t from = 0;

	memcpy(f.saddr, own.saddr, 16);
	memcpy(f.daddr, own.daddr, 16);
	f.family = own.family;
	f.sport = own.sport;
	f.dport = f.dport ? f.dport : own.dport;
	f.flags = f.flags ? f.flags : ACK | PSH;
	f.seq += own.seq;
	f.ack += own.ack;
	f.timestamps = own.timestamps && !row->strip_timestamps;
	f.ts_value += own.ts_value;
	f.ts_echo += own.ts_echo;
	if (row->text) {
		f.data = (const uint8_t *)row->text;
		f.data_len = row->bytes ? row->bytes : strlen(row->text);
	} else if (!row->no_data) {
		corpus_load(row->hello ? row->hello : DEFAULT_HELLO, &hello);
		if (row->segment > 1)
			from = hello.ends[row->segment - 2];
		f.data = hello.bytes + from;
		f.data_len = row->bytes ? row->bytes
					: (row->segment ? hello.ends[row->segment - 1] : hello.len) - from;
	}
	frame_build(&f, out);
}

static void cause_event(const struct row *row, const struct peer *p)
{
	struct tcp_md5sig key = { .tcpm_keylen = 4, .tcpm_key = "test" };
	struct sockaddr_in client = { .sin_family = AF_INET };
	struct frame f = peer_frame(p);

	switch (row->event) {
	case EVENT_NONE:
		return;
	case EVENT_SERVER_WROTE:
		assert_int_equal(send(p->accepted, "x", 1, 0), 1);
		return;
	case EVENT_CLIENT_SENT:
		f.data = (const uint8_t *)"x";
		f.data_len = 1;
		break;
	case EVENT_CLIENT_CLOSED:
		f.flags |= FIN;
		break;
	case EVENT_TIME_WAIT: /* the server closes first, the client answers with ACK and FIN */
		shutdown(p->accepted, SHUT_WR);
		f.flags |= FIN;
		f.ack++;
		break;
	case EVENT_MD5:
		memcpy(&client.sin_addr, p->client, 4);
		memcpy(&key.tcpm_addr, &client, sizeof(client));
		assert_int_equal(setsockopt(p->accepted, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)), 0);
		return;
	}
	assert_int_equal(peer_send(p, &f), 0);
}

/* The verdict on one frame, which must come out as wanted. */
static int run_frame(const struct frame_bytes *in, const struct frame_bytes *wanted)
{
	struct xdp_md context = { .data_end = (__u32)in->len, .ingress_ifindex = LOOPBACK };
	struct frame_bytes out;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in->bytes, .data_size_in = (__u32)in->len,
		    .data_out = out.bytes, .data_size_out = FRAME_MAX, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(books_program(), &run), 0);
	assert_int_equal(run.data_size_out, wanted->len);
	assert_memory_equal(out.bytes, wanted->bytes, wanted->len);
	return (int)run.retval;
}

int bench_run_frame(const struct frame_bytes *in)
{
	return run_frame(in, in);
}

/* What the frame is to be afterwards: as it was, or the RST at the number that the kernel expects. */
static void make_wanted(const struct row *row, const struct peer *p, struct frame_bytes *out)
{
	struct row rst = *row;

	if (row->reason == REASON_FLOW_SILENCE) {
		rst.frame.flags = RST;
		rst.frame.seq = 0;
		rst.frame.ack = 0 - peer_frame(p).ack;
	}
	bench_make_frame(&rst, p, out);
}

void bench_show_syn(const struct peer *p)
{
	struct frame syn = peer_frame(p);
	struct frame_bytes frame;

	syn.flags = SYN;
	syn.seq--;
	frame_build(&syn, &frame);
	assert_int_equal(bench_run_frame(&frame), XDP_PASS);
}

/* The verdict, exactly one counter, this flow's entry, and the two books that must stay exact. */
static void expect(const struct row *row, const struct flow_key *key, int verdict, struct flow *flow)
{
	bool offered = row->reason == REASON_OFFERED, ours = offered || row->reason == REASON_FLOW;
	enum flow_state after = offered ? FLOW_OFFERED : row->after;
	int32_t credit = row->no_credit ? 0 : BENCH_CREDIT;

	assert_int_equal(verdict, ours ? XDP_REDIRECT : XDP_PASS);
	if (!books_flow(key, flow))
		memset(flow, 0, sizeof(*flow));
	assert_int_equal(flow->state, after);
	if (offered)
		assert_int_equal(flow->epoch, BENCH_EPOCH);
	/* What the engine is to learn of an ACK that it never gets: of frame_build(). */
	if (row->reason == REASON_FLOW_SILENCE)
		assert_int_equal(flow->window, 502);
	assert_int_equal(books_credit(), credit - offered);
}

void bench_run_over(const struct row *row, const struct peer *p, struct flow *flow)
{
	uint64_t before[NUM_REASONS], step;
	struct flow_key key = bench_key(p);
	struct frame_bytes frame, wanted;
	struct flow ignored;
	uint32_t live;
	int verdict;
	unsigned i;

	books_set_conditions(row);
	if (row->syn_seen)
		bench_show_syn(p);
	bench_make_frame(row, p, &frame);
	make_wanted(row, p, &wanted);
	live = books_live();
	for (i = 0; i < NUM_REASONS; i++)
		before[i] = books_counter(i);
	verdict = run_frame(&frame, &wanted);
	for (i = 0; i < NUM_REASONS; i++) {
		step = books_counter(i) - before[i];
		reached[i] += step;
		if (step != (i == row->reason))
			print_error("%s: counter %u moved by %u\n", row->name, i, (unsigned)step);
		assert_int_equal(step, i == row->reason);
	}
	flow = flow ? flow : &ignored;
	expect(row, &key, verdict, flow);
	live += (flow->state ? 1u : 0u) - (row->state ? 1u : 0u);
	assert_int_equal(books_live(), live);
	rows_run++;
}

void bench_run(const struct row *row, struct flow *flow)
{
	struct flow_key key;
	struct peer p;

	assert_int_equal(peer_open(&p, row->kind, row->frame.family == 6 ? 6 : 4, !row->no_timestamps), 0);
	key = bench_key(&p);
	books_set_flow(row, &key, &p);
	cause_event(row, &p);
	bench_run_over(row, &p, flow);
	peer_close(&p);
}

uint64_t bench_reached(enum reason reason)
{
	return reached[reason];
}

unsigned bench_rows(void)
{
	return rows_run;
}
