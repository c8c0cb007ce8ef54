/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two connections against each other over a wire that loses, doubles, delays and reorders, in simulated time.
 *
 * Both sides write, close after their last byte, and must finish; the bytes that arrive are those that were written.
 * Bounds: simulated time, and segments per run, so that neither silence nor a storm passes for success. A run is
 * named by its seed; `test_tcp_wire WEATHER SEED` plays that one run and prints its segments.
 */
#include <stdio.h>
#include <stdlib.h>
#include "tcp_wire.h"

enum {
	RUNS = 600,
	LEAST_MSS = 300,
	MOST_BYTES = 12000, /* more than either buffer */
	MOST_STEPS = 20000,
};

static const struct weather weathers[] = {
	{ "clear", 0, 0, 10, 0, MOST_BYTES, 1 * USEC_PER_SEC, 2, 0 },
	{ "reordering", 0, 0, 5, 40, MOST_BYTES, 20 * USEC_PER_SEC, 5, 0 },
	{ "doubling", 0, 30, 10, 5, MOST_BYTES, 10 * USEC_PER_SEC, 5, 0 },
	{ "five percent of each", 5, 5, 20, 20, 3000, 15 * USEC_PER_SEC, 5, 0 },
	{ "a fifth lost", 20, 5, 20, 20, 3000, 40 * USEC_PER_SEC, 8, RUNS / 40 },
};

static uint8_t byte_of(const struct side *s, uint32_t n)
{
	return (uint8_t)(n * 13 + n / 256 + s->salt);
}

static void send_all(struct wire *w, int who)
{
	struct side *from = &w->side[who], *to = &w->side[!who];
	struct segment seg;

	while (tcp_output(&from->c, &seg, w->now)) {
		w->sent++;
		if (w->print)
			printf("%8llu %c seq %u ack %u flags %02x window %u len %zu\n",
			       (unsigned long long)w->now / 1000, "AB"[who], seg.seq, seg.ack, seg.flags,
			       seg.window, seg.len);
		if (draw(w, 100) >= w->weather->loss)
			put_on_wire(w, to, &seg);
		if (draw(w, 100) < w->weather->twice)
			put_on_wire(w, to, &seg);
	}
	DEMAND(w, tcp_deadline(&from->c) > w->now);
}

static void application(struct wire *w, int who)
{
	struct side *s = &w->side[who], *peer = &w->side[!who];
	const uint8_t *bytes;
	size_t n = tcp_read(&s->c, 0, &bytes);

	for (size_t i = 0; i < n; i++)
		DEMAND(w, bytes[i] == byte_of(peer, s->read + (uint32_t)i));
	tcp_read(&s->c, n, &bytes);
	s->read += (uint32_t)n;
	while (s->wrote < s->to_write) {
		uint8_t byte = byte_of(s, s->wrote);

		if (!tcp_write(&s->c, &byte, 1))
			break;
		s->wrote++;
	}
	if (s->wrote == s->to_write)
		tcp_close(&s->c, TCP_CLOSE_FIN);
}

static void deliver(struct wire *w, int who)
{
	struct side *s = &w->side[who];

	for (struct frame *f; (f = earliest(s)) && f->at <= w->now;) {
		f->used = false;
		f->seg.data = f->data;
		tcp_input(&s->c, &f->seg, w->now);
		application(w, who);
		send_all(w, who);
	}
}

static usec_t next_event(struct wire *w)
{
	usec_t next = USEC_NEVER;

	for (int who = 0; who < 2; who++) {
		struct frame *f = earliest(&w->side[who]);

		next = MIN(next, tcp_deadline(&w->side[who].c));
		if (f)
			next = MIN(next, f->at);
	}
	return next;
}

/* Each side takes over at an empty segment of the other's. h: as the kernel of either would have it. */
static void adopt(struct wire *w, const struct handoff h[2])
{
	for (int who = 0; who < 2; who++) {
		const struct handoff *own = &h[who];
		struct segment first = {
			.seq = own->rcv_nxt, .ack = own->snd_nxt, .flags = TCP_ACK, .window = 9000
		};
		struct tcp_adoption a = { .handoff = own, .first = &first, .mtu = 1500, .ipv4 = true };

		first.has_ts = own->flags & HANDOFF_TIMESTAMPS;
		first.tsval = own->ts_recent;
		DEMAND(w, tcp_adopt(&w->side[who].c, &a, w->now) == 0);
	}
}

/* Sequence numbers begin close to their wrap in half of the runs. */
static uint32_t draw_number(struct wire *w)
{
	return draw(w, 2) ? 0u - draw(w, 9000) : draw(w, UINT32_MAX);
}

static void start(struct wire *w, const struct weather *weather, uint64_t seed)
{
	uint8_t flags;
	struct handoff h[2];

	memset(w, 0, sizeof(*w));
	w->weather = weather;
	w->seed = seed;
	w->random = seed * 0x9e3779b97f4a7c15ull | 1;
	w->now = 1000 * USEC_PER_SEC;
	flags = (uint8_t)((draw(w, 2) ? HANDOFF_TIMESTAMPS : 0) | (draw(w, 2) ? HANDOFF_SACK : 0));
	for (int who = 0; who < 2; who++) {
		h[who] = (struct handoff){
			.snd_nxt = draw_number(w), .snd_wnd = 9000, .rcv_wnd = 9000, .flags = flags
		};
		h[who].ts_offset = draw_number(w);
		h[who].mss = (uint16_t)(LEAST_MSS + draw(w, 1100));
		h[who].srtt_us = draw(w, 4) ? (2 * weather->delay_ms + weather->jitter_ms) * 1000 : 0;
		w->side[who].salt = (uint8_t)draw(w, 256);
		w->side[who].to_write = draw(w, weather->bytes);
	}
	for (int who = 0; who < 2; who++) {
		h[who].rcv_nxt = h[!who].snd_nxt;
		h[who].ts_recent = (uint32_t)(w->now / USEC_PER_MSEC) + h[!who].ts_offset;
	}
	adopt(w, h);
}

/* Segments that this run would take on a perfect wire, ACKs not counted. */
static unsigned int needed(const struct wire *w)
{
	return 2 + w->side[0].to_write / LEAST_MSS + w->side[1].to_write / LEAST_MSS;
}

static bool lost(const struct wire *w)
{
	return w->side[0].c.end == TCP_TIMED_OUT || w->side[1].c.end == TCP_TIMED_OUT;
}

static void run(struct wire *w)
{
	usec_t begun = w->now;
	usec_t next = w->now;

	for (unsigned int steps = 0; next != USEC_NEVER; steps++) {
		DEMAND(w, steps < MOST_STEPS);
		w->now = next;
		for (int who = 0; who < 2; who++) {
			deliver(w, who);
			application(w, who);
			send_all(w, who);
		}
		next = next_event(w);
	}
	for (int who = 0; who < 2 && !lost(w); who++) {
		DEMAND(w, w->side[who].c.end == TCP_ALIVE);
		DEMAND(w, tcp_finished(&w->side[who].c));
		DEMAND(w, w->side[who].read == w->side[!who].to_write);
	}
	DEMAND(w, w->now - begun <= w->weather->time);
	DEMAND(w, w->sent <= needed(w) * w->weather->per_segment);
}

static void test_weather(void **state)
{
	static struct wire w;
	const struct weather *weather = *state;
	usec_t longest = 0;
	unsigned int most = 0, lost_runs = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		start(&w, weather, seed);
		run(&w);
		lost_runs += lost(&w);
		DEMAND(&w, lost_runs <= weather->lost_runs);
		longest = MAX(longest, w.now - 1000 * USEC_PER_SEC);
		most = MAX(most, w.sent * 10 / needed(&w));
	}
	print_message("%s: longest %llu ms, at most %u.%u segments for one needed, %u given up\n",
		      weather->name, (unsigned long long)longest / USEC_PER_MSEC, most / 10, most % 10,
		      lost_runs);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_weather, (void *)&weathers[0]),
		cmocka_unit_test_prestate(test_weather, (void *)&weathers[1]),
		cmocka_unit_test_prestate(test_weather, (void *)&weathers[2]),
		cmocka_unit_test_prestate(test_weather, (void *)&weathers[3]),
		cmocka_unit_test_prestate(test_weather, (void *)&weathers[4]),
	};
	static struct wire w;

	_Static_assert(ARRAY_SIZE(tests) == ARRAY_SIZE(weathers), "every weather needs a row");
	if (argc < 3)
		return cmocka_run_group_tests(tests, NULL, NULL);
	start(&w, &weathers[strtoul(argv[1], NULL, 10) % ARRAY_SIZE(weathers)], strtoull(argv[2], NULL, 10));
	w.print = true;
	run(&w);
	return 0;
}
