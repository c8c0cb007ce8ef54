/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One connection and a peer that the fuzzer makes up: each step is a segment, time, a write, a read or a close. Numbers
 * of segments are relative to what the connection expects, or no input would ever get past the first check.
 *
 * After every step: both streams carry exactly their bytes, nothing that was promised is taken back, no window or MSS
 * is exceeded, output ends, and the deadline is ahead.
 */
#include "fuzz.h"
#include "tcp/tcp.h"

enum { MOST_STEPS = 200, MOST_DATA = 2048, MOST_SEGMENTS = 200, STREAM = 1 << 16 };

struct world {
	struct tcp_conn c;
	struct handoff h;
	struct reader in; /* what the fuzzer says */
	usec_t now;
	uint16_t mss;     /* at the beginning */
	uint32_t peer_ts; /* around which its timestamps lie */
	uint32_t consumed;
	uint32_t written;
	uint32_t allowed; /* the furthest right edge that the peer has offered */
	uint32_t acked;   /* our last ACK */
	uint32_t edge;    /* the last right edge that we offered */
	bool reset_sent;
};

/* Byte n of either stream. Every value of n up to STREAM has another neighbourhood. */
static uint8_t pattern(uint32_t n)
{
	return (uint8_t)(n * 7 ^ n >> 8);
}

static const uint8_t *stream_at(uint32_t n)
{
	static uint8_t bytes[STREAM + MOST_DATA];

	if (!bytes[1]) {
		for (uint32_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = pattern(i % STREAM);
	}
	return bytes + n % STREAM;
}

static void check_invariants(const struct world *w)
{
	const struct tcp_conn *c = &w->c;
	uint32_t fin = c->fin_queued && !c->fin_acked;
	uint32_t end = c->snd_una + (uint32_t)c->tx_len + fin;

	MUST(c->rx_len <= TCP_RX_BUFFER && c->tx_len <= TCP_TX_BUFFER);
	MUST(c->rcv_edge - c->rcv_nxt < 1u << 30);
	MUST(seq_between(c->snd_una, c->snd_at, c->snd_nxt));
	MUST(c->end != TCP_ALIVE || seq_between(c->snd_una, c->snd_nxt, end));
	if (c->island_left != c->island_right || c->island_fin) {
		MUST(seq_before(c->rcv_nxt, c->island_left));
		MUST(seq_between(c->island_left, c->island_right, c->rcv_edge));
		MUST(c->rx_len + (c->island_right - c->rcv_nxt) <= TCP_RX_BUFFER);
	}
	MUST(tcp_unacked(c) || tcp_deadline(c) == USEC_NEVER);
	MUST(tcp_deadline(c) == USEC_NEVER || tcp_deadline(c) <= w->now + TCP_GIVE_UP);
}

/* What lies ready to be read is the peer's stream, whatever its segments overlapped, repeated or left out. */
static void check_received(struct world *w, size_t take)
{
	const uint8_t *bytes;
	size_t len = tcp_read(&w->c, 0, &bytes);

	MUST(len == (uint32_t)(w->c.rcv_nxt - w->h.rcv_nxt - w->c.peer_fin - w->consumed));
	for (size_t i = 0; i < len; i++)
		MUST(bytes[i] == pattern((uint32_t)(w->consumed + i) % STREAM));
	take = MIN(take, len);
	MUST(tcp_read(&w->c, take, &bytes) == len - take);
	w->consumed += (uint32_t)take;
}

static void check_sent(struct world *w, const struct segment *s)
{
	uint32_t unit = 1u << w->h.rcv_wscale, edge = s->ack + ((uint32_t)s->window << w->h.rcv_wscale);
	uint32_t end = s->seq + segment_span(s);

	MUST(!w->reset_sent);
	w->reset_sent = s->flags & TCP_RST;
	MUST(s->flags & TCP_ACK && !(s->flags & TCP_SYN));
	MUST(s->has_ts == !!(w->h.flags & HANDOFF_TIMESTAMPS));
	MUST(!s->has_sack || w->h.flags & HANDOFF_SACK);
	MUST(s->len + (s->has_sack ? 12 : 0) <= w->mss);
	for (size_t i = 0; i < s->len; i++)
		MUST(s->data[i] == pattern((uint32_t)(s->seq - w->h.snd_nxt + i) % STREAM));
	/* RFC 9293 3.8.6.1: into a closed window goes one byte, or a FIN. */
	MUST(segment_span(s) <= 1 || !seq_before(w->allowed, end));
	MUST(s->ack == w->c.rcv_nxt && !seq_before(s->ack, w->acked));
	/* RFC 9293 3.8.6: never taken back, but for what the scale cannot say. */
	MUST(s->window == UINT16_MAX || !seq_before(edge + unit - 1, w->edge));
	w->acked = s->ack;
	w->edge = seq_before(w->edge, edge) ? edge : w->edge;
}

static void drain(struct world *w)
{
	struct segment s;
	unsigned count = 0;

	while (tcp_output(&w->c, &s, w->now)) {
		check_sent(w, &s);
		check_invariants(w);
		MUST(++count < MOST_SEGMENTS);
	}
	MUST(tcp_deadline(&w->c) > w->now);
	MUST(!tcp_unacked(&w->c) || tcp_deadline(&w->c) != USEC_NEVER);
}

/* A small number to add to another, below zero half of the time. */
static uint32_t take_near(struct world *w)
{
	return fuzz_take_u8(&w->in) - 128u;
}

static void fill_stamps(struct world *w, struct segment *s, uint8_t how)
{
	uint32_t unit = w->h.flags & HANDOFF_TS_USEC ? 1 : 1000;

	s->has_ts = !(how & 1) == !!(w->h.flags & HANDOFF_TIMESTAMPS);
	w->peer_ts = w->peer_ts + take_near(w);
	s->tsval = w->peer_ts;
	s->tsecr = (uint32_t)(w->now / unit) + w->h.ts_offset - take_near(w);
}

static void make_segment(struct world *w, struct segment *s)
{
	uint8_t how = fuzz_take_u8(&w->in), flags = fuzz_take_u8(&w->in);
	const uint32_t seqs[] = { w->c.rcv_nxt, w->c.rcv_nxt, w->c.rcv_edge, w->c.island_left };
	const uint32_t acks[] = { w->c.snd_nxt, w->c.snd_nxt, w->c.snd_una, w->c.snd_una - w->c.max_wnd };

	*s = (struct segment){ .flags = (uint8_t)((flags & 0x3f) ^ TCP_ACK) };
	s->seq = seqs[how & 3] + take_near(w) * (how & 4 ? 256u : 1u);
	s->ack = acks[how >> 3 & 3] + take_near(w) * (how & 32 ? 256u : 1u);
	s->window = fuzz_take_u16(&w->in);
	s->len = fuzz_take_u8(&w->in) * (flags & 0x40 ? 8u : 1u);
	s->data = stream_at(s->seq - w->h.rcv_nxt);
	fill_stamps(w, s, flags >> 7);
}

static void step_segment(struct world *w)
{
	struct segment s;
	uint32_t edge;

	make_segment(w, &s);
	tcp_input(&w->c, &s, w->now);
	edge = w->c.snd_una + w->c.snd_wnd;
	w->allowed = seq_before(w->allowed, edge) ? edge : w->allowed;
}

static void step_time(struct world *w)
{
	w->now += (usec_t)fuzz_take_u8(&w->in) * fuzz_take_u8(&w->in) * 100;
}

static void step_deadline(struct world *w)
{
	if (tcp_deadline(&w->c) != USEC_NEVER)
		w->now = tcp_deadline(&w->c);
}

static void step_write(struct world *w)
{
	size_t len = MIN((size_t)fuzz_take_u8(&w->in) * 16, (size_t)MOST_DATA), room = tcp_room(&w->c);
	size_t taken = tcp_write(&w->c, stream_at(w->written), len);

	MUST(taken == MIN(len, room));
	w->written += (uint32_t)taken;
}

static void step_read(struct world *w)
{
	check_received(w, (size_t)fuzz_take_u8(&w->in) * 64);
}

static void step_close(struct world *w)
{
	tcp_close(&w->c, TCP_CLOSE_FIN);
	MUST(!tcp_room(&w->c));
}

static void step_reset(struct world *w)
{
	/* Half of its uses would end the connection before anything has happened. */
	if (fuzz_take_u8(&w->in) & 1)
		tcp_close(&w->c, TCP_CLOSE_RESET);
}

static bool adopt(struct world *w)
{
	uint8_t how = fuzz_take_u8(&w->in);
	struct segment first;
	struct tcp_adoption a = { .handoff = &w->h, .first = &first, .mtu = 1500, .ipv4 = how & 8 };

	w->now = 5 * USEC_PER_SEC;
	w->h = (struct handoff){ .rcv_nxt = (uint32_t)fuzz_take_u8(&w->in) << 24 | 0xfffff0,
				 .snd_nxt = (uint32_t)fuzz_take_u8(&w->in) << 24 | 0xffffff,
				 .snd_wnd = fuzz_take_u16(&w->in),
				 .rcv_wnd = fuzz_take_u16(&w->in),
				 .ts_offset = (uint32_t)fuzz_take_u8(&w->in) << 24,
				 .srtt_us = how & 16 ? 30000 : 0,
				 .mss = fuzz_take_u16(&w->in),
				 .flags = how & 7,
				 .snd_wscale = fuzz_take_u8(&w->in) & 15,
				 .rcv_wscale = fuzz_take_u8(&w->in) & 15 };
	first = (struct segment){ .seq = w->h.rcv_nxt + (how & 32 ? fuzz_take_u8(&w->in) : 0u),
				  .ack = w->h.snd_nxt,
				  .flags = TCP_ACK,
				  .window = fuzz_take_u16(&w->in),
				  .len = fuzz_take_u8(&w->in) };
	first.data = stream_at(first.seq - w->h.rcv_nxt);
	fill_stamps(w, &first, 0);
	w->h.ts_recent = w->peer_ts;
	w->acked = w->h.rcv_nxt;
	w->edge = w->h.rcv_nxt + MIN(w->h.rcv_wnd, (uint32_t)UINT16_MAX << w->h.rcv_wscale);
	if (tcp_adopt(&w->c, &a, w->now))
		return false;
	w->mss = w->c.mss;
	w->allowed = w->h.snd_nxt + MAX(w->h.snd_wnd, w->c.snd_wnd);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const steps[])(
		struct world * w) = { step_segment,  step_segment, step_segment, step_segment, step_time,
				      step_deadline, step_write,   step_read,    step_close,   step_reset };
	static struct world w;

	memset(&w, 0, sizeof(w));
	w.in = reader_of(bytes, len);
	if (!adopt(&w))
		return 0;
	drain(&w);
	for (unsigned i = 0; i < MOST_STEPS && reader_left(&w.in); i++) {
		steps[fuzz_take_u8(&w.in) % ARRAY_SIZE(steps)](&w);
		check_invariants(&w);
		drain(&w);
		check_received(&w, 0);
	}
	return 0;
}
