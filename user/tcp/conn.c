/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection from the caller's side: taking it over, writing, closing, and the derived facts. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "tcp/internal.h"

/* Bounded by the interface too: what the peer accepts may be more than what we can send. */
static uint16_t bounded_mss(const struct tcp_adoption *a)
{
	int headers = (a->ipv4 ? 20 : 40) + 20 + (a->handoff->flags & HANDOFF_TIMESTAMPS ? TCP_TS_ROOM : 0);
	int room = MAX(a->mtu - headers, 0);

	return (uint16_t)MIN(room, a->handoff->mss);
}

static bool adoptable(const struct tcp_adoption *a)
{
	const struct handoff *h = a->handoff;
	const struct segment *s = a->first;

	if (h->snd_wscale > TCP_MAX_WSCALE || h->rcv_wscale > TCP_MAX_WSCALE || bounded_mss(a) < TCP_MIN_MSS)
		return false;
	if ((s->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK || s->ack != h->snd_nxt)
		return false;
	if (h->flags & HANDOFF_TIMESTAMPS && !s->has_ts)
		return false;
	return seq_between(h->rcv_nxt, s->seq, h->rcv_nxt + h->rcv_wnd);
}

static void continue_receiving(struct tcp_conn *c, const struct handoff *h)
{
	/* No promise of the kernel's is taken back; and what our buffer holds is welcome in any case. */
	uint32_t promised = MIN(h->rcv_wnd, (uint32_t)UINT16_MAX << h->rcv_wscale);

	c->rcv_wscale = h->rcv_wscale;
	c->rcv_nxt = h->rcv_nxt;
	c->rcv_edge = h->rcv_nxt + MAX(promised, (uint32_t)TCP_RX_BUFFER);
	c->last_ack_sent = h->rcv_nxt;
	c->ts_recent = h->ts_recent;
	c->island_left = h->rcv_nxt;
	c->island_right = h->rcv_nxt;
}

static void continue_sending(struct tcp_conn *c, const struct handoff *h)
{
	c->snd_wscale = h->snd_wscale;
	c->ts_offset = h->ts_offset;
	c->snd_una = h->snd_nxt;
	c->snd_at = h->snd_nxt;
	c->snd_nxt = h->snd_nxt;
	c->snd_wnd = h->snd_wnd;
	c->max_wnd = h->snd_wnd;
	c->snd_wl1 = h->rcv_nxt - 1;
	c->snd_wl2 = h->snd_nxt;
}

/*
 * The kernel has not measured a connection that is still a request: the hello is the first ACK of its SYN-ACK, and
 * echoes its timestamp (RFC 7323 4.1). A client that waited before it spoke tells nothing.
 */
static uint32_t round_trip(const struct tcp_conn *c, const struct tcp_adoption *a, usec_t now)
{
	uint32_t ticks = tcp_timestamp(c, now) - a->first->tsecr;
	usec_t took = c->flags & HANDOFF_TS_USEC ? ticks : MAX(ticks, 1u) * USEC_PER_MSEC;

	if (a->handoff->srtt_us || a->handoff->source != HANDOFF_REQUEST ||
	    !(c->flags & HANDOFF_TIMESTAMPS) || took > TCP_RTO_INITIAL / 3)
		return a->handoff->srtt_us;
	return (uint32_t)took;
}

int tcp_adopt(struct tcp_conn *c, const struct tcp_adoption *a, usec_t now)
{
	const struct handoff *h = a->handoff;
	uint16_t small = a->ipv4 ? 536 : 1220; /* RFC 9293 3.7.1: what every path carries */

	if (!adoptable(a))
		return -EINVAL;
	memset(c, 0, offsetof(struct tcp_conn, rx));
	c->flags = h->flags;
	c->mss = bounded_mss(a);
	c->mss_small = (uint16_t)(small - (h->flags & HANDOFF_TIMESTAMPS ? TCP_TS_ROOM : 0));
	c->challenge_from = now;
	continue_receiving(c, h);
	continue_sending(c, h);
	tcp_congestion_init(c);
	tcp_timer_init(c, round_trip(c, a, now), now);
	tcp_input(c, a->first, now);
	return 0;
}

uint32_t tcp_timestamp(const struct tcp_conn *c, usec_t now)
{
	return (uint32_t)(c->flags & HANDOFF_TS_USEC ? now : now / USEC_PER_MSEC) + c->ts_offset;
}

size_t tcp_write(struct tcp_conn *c, const void *bytes, size_t len)
{
	size_t fits = MIN(len, tcp_room(c));

	if (!fits)
		return 0;
	memcpy(c->tx + c->tx_len, bytes, fits);
	c->tx_len += fits;
	return fits;
}

void tcp_close(struct tcp_conn *c, enum tcp_close_how how)
{
	if (tcp_finished(c))
		return;
	if (how == TCP_CLOSE_FIN) {
		c->fin_queued = true;
		return;
	}
	tcp_conn_end(c, TCP_ABORTED);
	c->rst_due = true;
}

/* What was received can still be read; nothing is sent any more. */
void tcp_conn_end(struct tcp_conn *c, enum tcp_end how)
{
	c->end = how;
	c->tx_len = 0;
	c->ack_due = false;
	c->probe_due = false;
	c->rexmit_due = false;
	c->tail_due = false;
	c->rto_at = USEC_NEVER;
	c->tail_at = USEC_NEVER;
}

bool tcp_peer_closed(const struct tcp_conn *c)
{
	return c->peer_fin;
}

bool tcp_finished(const struct tcp_conn *c)
{
	return c->end != TCP_ALIVE || (c->peer_fin && c->fin_acked);
}

size_t tcp_room(const struct tcp_conn *c)
{
	return c->end != TCP_ALIVE || c->fin_queued ? 0 : TCP_TX_BUFFER - c->tx_len;
}

bool tcp_delivered(const struct tcp_conn *c)
{
	return !c->tx_len && c->snd_una == c->snd_nxt;
}

bool tcp_unacked(const struct tcp_conn *c)
{
	return c->end == TCP_ALIVE && (c->tx_len > 0 || (c->fin_queued && !c->fin_acked));
}

bool tcp_all_sent(const struct tcp_conn *c, uint32_t *end)
{
	if (c->end != TCP_ALIVE || c->snd_at != c->snd_nxt ||
	    c->snd_nxt - c->snd_una != c->tx_len + (c->fin_queued && !c->fin_acked))
		return false;
	*end = c->snd_nxt;
	return true;
}
