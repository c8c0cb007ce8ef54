/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The peer's bytes put in order, and the window that we offer for more.
 *
 * Limits: TCP_RX_BUFFER bytes from the first unread one, whatever window the kernel had promised; one island
 * behind one hole. Bytes beyond either are dropped, and the peer sends them again. Of two copies of a byte
 * the first counts.
 */
#include <string.h>
#include "tcp/internal.h"

/* The part of a segment that is new and for which there is room. */
struct piece {
	uint32_t seq;
	const uint8_t *data;
	size_t len;
	bool fin;
};

static uint32_t piece_end(const struct piece *p)
{
	return p->seq + (uint32_t)p->len;
}

static bool has_island(const struct tcp_conn *c)
{
	return c->island_left != c->island_right || c->island_fin;
}

bool tcp_sack_block(const struct tcp_conn *c)
{
	return c->flags & HANDOFF_SACK && c->island_left != c->island_right;
}

/* Cuts what was received before, and what is beyond the window or the buffer. */
static struct piece piece_of(const struct tcp_conn *c, const struct segment *seg)
{
	struct piece p = { .seq = seg->seq, .data = seg->data, .len = seg->len, .fin = seg->flags & TCP_FIN };
	uint32_t window = c->rcv_edge - c->rcv_nxt;
	size_t room = MIN(window, TCP_RX_BUFFER - c->rx_len);
	size_t ahead;

	if (seq_before(p.seq, c->rcv_nxt)) {
		size_t old = MIN(c->rcv_nxt - p.seq, p.len);

		p.seq += (uint32_t)old;
		p.data = old ? p.data + old : p.data;
		p.len -= old;
	}
	ahead = p.seq - c->rcv_nxt;
	if (ahead + p.len > room) {
		p.len = ahead < room ? room - ahead : 0;
		p.fin = false;
	}
	/* The FIN takes up a number of the window, though no room in the buffer. */
	if (ahead + p.len >= window)
		p.fin = false;
	return p;
}

static void copy(struct tcp_conn *c, const struct piece *p, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	memcpy(c->rx + c->rx_len + (from - c->rcv_nxt), p->data + (from - p->seq), to - from);
}

/* Copies what the island does not hold already. */
static void store(struct tcp_conn *c, const struct piece *p)
{
	uint32_t end = piece_end(p);

	if (!has_island(c)) {
		c->island_left = c->rcv_nxt;
		c->island_right = c->rcv_nxt;
	}
	if (seq_before(p->seq, c->island_left))
		copy(c, p, p->seq, seq_before(end, c->island_left) ? end : c->island_left);
	if (seq_before(c->island_right, end))
		copy(c, p, seq_before(p->seq, c->island_right) ? c->island_right : p->seq, end);
}

static void clear_island(struct tcp_conn *c)
{
	c->island_left = c->rcv_nxt;
	c->island_right = c->rcv_nxt;
	c->island_fin = false;
}

static void take_in_order(struct tcp_conn *c, const struct piece *p)
{
	uint32_t end = piece_end(p);
	bool fin = p->fin;

	store(c, p);
	if (has_island(c) && !seq_before(end, c->island_left)) {
		if (seq_before(end, c->island_right)) {
			end = c->island_right;
			fin = false;
		}
		fin = fin || (c->island_fin && end == c->island_right);
	}
	c->rx_len += end - c->rcv_nxt;
	c->rcv_nxt = end;
	if (fin) {
		c->rcv_nxt++;
		c->peer_fin = true;
	}
	if (fin || !seq_before(end, c->island_left))
		clear_island(c);
}

static void take_out_of_order(struct tcp_conn *c, const struct piece *p)
{
	uint32_t end = piece_end(p);

	c->stats.out_of_order_in++;
	if (!has_island(c)) {
		store(c, p);
		c->island_left = p->seq;
		c->island_right = end;
		c->island_fin = p->fin;
		return;
	}
	/* A second island, or bytes behind a FIN. */
	if (seq_before(end, c->island_left) || seq_before(c->island_right, p->seq) ||
	    (c->island_fin && seq_before(c->island_right, end)))
		return;
	store(c, p);
	if (seq_before(p->seq, c->island_left))
		c->island_left = p->seq;
	if (seq_before(c->island_right, end))
		c->island_right = end;
	c->island_fin = c->island_fin || (p->fin && end == c->island_right);
}

void tcp_text_input(struct tcp_conn *c, const struct segment *seg)
{
	struct piece p;

	/* Behind the peer's FIN there can be nothing (RFC 9293 3.10.7.4, seventh step). */
	if (segment_span(seg) == 0 || c->peer_fin)
		return;
	c->ack_due = true;
	c->ack_at_once |= has_island(c) || seg->seq != c->rcv_nxt;
	p = piece_of(c, seg);
	if (p.len == 0 && !p.fin)
		return;
	if (p.seq == c->rcv_nxt)
		take_in_order(c, &p);
	else
		take_out_of_order(c, &p);
}

/* RFC 9293 3.8.6.2.2: the edge moves by whole segments or not at all. */
static uint32_t next_edge(const struct tcp_conn *c)
{
	uint32_t unit = 1u << c->rcv_wscale;
	uint32_t room = (uint32_t)(TCP_RX_BUFFER - c->rx_len);
	/* Rounded up, or a large scale would round our whole buffer down to nothing. */
	uint32_t edge = c->rcv_nxt + (room + unit - 1) / unit * unit;

	if (seq_before(edge, c->rcv_edge + MIN(c->mss, TCP_RX_BUFFER / 2)))
		return c->rcv_edge;
	return edge;
}

uint16_t tcp_window_offer(struct tcp_conn *c)
{
	c->rcv_edge = next_edge(c);
	return (uint16_t)MIN((c->rcv_edge - c->rcv_nxt) >> c->rcv_wscale, UINT16_MAX);
}

size_t tcp_read(struct tcp_conn *c, size_t take, const uint8_t **bytes)
{
	size_t held = c->rx_len + (has_island(c) ? c->island_right - c->rcv_nxt : 0);

	take = MIN(take, c->rx_len);
	memmove(c->rx, c->rx + take, held - take);
	c->rx_len -= take;
	/* A peer that waits for room is told of it. */
	if (take && c->end == TCP_ALIVE && !c->peer_fin && c->rcv_edge - c->rcv_nxt < TCP_RX_BUFFER / 2 &&
	    next_edge(c) != c->rcv_edge)
		c->ack_due = true;
	*bytes = c->rx;
	return c->rx_len;
}
