/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <linux/tcp.h> /* the C library's struct tcp_info lacks bytes_received */
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include "follow.h"

static void read_counters(struct follow *f)
{
	unsigned i;

	for (i = 0; i < NUM_REASONS; i++)
		f->counters[i] = books_counter(i);
}

void follow_open(struct follow *f, const struct row *row, int family, const uint8_t *bytes, size_t len)
{
	memset(f, 0, sizeof(*f));
	assert_in_range(len, 1, FOLLOW_ROOM);
	f->bytes = bytes;
	f->len = len;
	books_set_flows(0);
	books_set_conditions(row);
	assert_int_equal(peer_open(&f->peer, row->kind, family, !row->no_timestamps), 0);
	f->key = bench_key(&f->peer);
	if (row->syn_seen)
		bench_show_syn(&f->peer);
	read_counters(f);
}

void follow_close(struct follow *f)
{
	/* Or the kernel would not believe the RST (RFC 5961 3.2). */
	f->peer.seq += (uint32_t)f->received;
	peer_close(&f->peer);
}

struct frame follow_segment(const struct follow *f, size_t from, size_t to)
{
	struct frame segment = peer_frame(&f->peer);

	assert_true(from < to && to <= f->len);
	segment.flags |= PSH;
	segment.seq += (uint32_t)from;
	segment.data = f->bytes + from;
	segment.data_len = to - from;
	return segment;
}

static enum reason moved_counter(struct follow *f)
{
	unsigned i, moved = NUM_REASONS, steps = 0;
	uint64_t before;

	for (i = 0; i < NUM_REASONS; i++) {
		before = f->counters[i];
		f->counters[i] = books_counter(i);
		if (f->counters[i] == before)
			continue;
		moved = i;
		steps += (unsigned)(f->counters[i] - before);
	}
	assert_int_equal(steps, 1);
	return (enum reason)moved;
}

enum reason follow_show(struct follow *f, const struct frame *segment)
{
	uint32_t at = segment->seq - f->peer.seq, live = books_live();
	int32_t credit = books_credit();
	struct frame_bytes frame;
	enum reason reason;
	int verdict;

	frame_build(segment, &frame);
	verdict = bench_run_frame(&frame);
	reason = moved_counter(f);
	assert_int_equal(verdict,
			 reason == REASON_OFFERED || reason == REASON_FLOW ? XDP_REDIRECT : XDP_PASS);
	assert_int_equal(books_live(), live + (reason == REASON_OFFERED));
	assert_int_equal(books_credit(), credit - (reason == REASON_OFFERED));
	if (at < f->len)
		memset(f->shown + at, 1, segment->data_len);
	return reason;
}

/* Waits for the kernel. A request socket becomes a connection by the first bytes that come, whichever they are. */
static void settle(struct follow *f)
{
	const struct timespec moment = { .tv_nsec = 20000 };
	struct tcp_info info;
	socklen_t len;
	int tries;

	if (f->peer.accepted < 0)
		assert_int_equal(peer_accept(&f->peer), 0);
	for (tries = 0; tries < 50000; tries++) {
		len = sizeof(info);
		assert_int_equal(getsockopt(f->peer.accepted, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
		if (info.tcpi_bytes_received == f->received)
			return;
		nanosleep(&moment, NULL);
	}
	fail_msg("the kernel has %llu bytes, not %zu", info.tcpi_bytes_received, f->received);
}

void follow_give(struct follow *f, size_t from, size_t to)
{
	struct frame segment = follow_segment(f, from, to);

	assert_int_equal(peer_send(&f->peer, &segment), 0);
	memset(f->delivered + from, 1, to - from);
	while (f->received < f->len && f->delivered[f->received])
		f->received++;
	settle(f);
}
