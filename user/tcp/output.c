/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The only builder of segments. Data and ACK that are both due leave as one segment, and a FIN rides on the
 * last data.
 */
#include "tcp/internal.h"

/* What of the written bytes goes next. */
struct plan {
	uint32_t seq;
	size_t len;
	bool fin;
	bool last; /* nothing written is left behind it */
};

static size_t left_of(uint32_t total, uint32_t used)
{
	return total > used ? total - used : 0;
}

static uint32_t place_of_next(const struct tcp_conn *c, uint32_t full)
{
	uint32_t sent = MIN(c->snd_nxt - c->snd_una, (uint32_t)c->tx_len);

	if (c->probe_due || c->rexmit_due)
		return 0;
	if (c->tail_due)
		return sent - MIN(sent, full);
	return c->snd_at - c->snd_una;
}

static bool plan_next(const struct tcp_conn *c, struct plan *p)
{
	uint32_t full = c->mss - (tcp_sack_block(c) ? TCP_SACK_ROOM : 0u);
	uint32_t at = place_of_next(c, full);
	size_t window = c->probe_due ? 1 : left_of(c->snd_wnd, at);
	size_t left, wanted, len;

	if (at > c->tx_len) /* our FIN has been sent */
		return false;
	left = c->tx_len - at;
	wanted = MIN(left, full);
	len = MIN(wanted, MIN(window, left_of(c->cwnd, at)));
	/* RFC 9293 3.8.6.2.1: no small segment because of a small window, while an ACK may open it. */
	if (len < wanted && at > 0)
		return false;
	*p = (struct plan){ .seq = c->snd_una + at, .len = len, .last = len == left };
	p->fin = p->last && c->fin_queued && !c->fin_acked && window > len;
	return len > 0 || p->fin;
}

static void remember_sent(struct tcp_conn *c, const struct plan *p, usec_t now)
{
	uint32_t end = p->seq + (uint32_t)p->len + p->fin;

	if (seq_before(p->seq, c->snd_nxt)) {
		c->stats.retransmits++;
		c->timing = false; /* Karn: whose ACK it will be cannot be told (RFC 6298 3) */
	} else if (!c->timing) {
		c->timing = true;
		c->timed_end = end;
		c->timed_at = now;
	}
	if (seq_before(c->snd_nxt, end))
		c->snd_nxt = end;
	/* A probe or a single retransmission does not move the place where the rest goes on (a tail ends there). */
	if (!c->probe_due && !c->rexmit_due)
		c->snd_at = end;
	c->probe_due = false;
	c->rexmit_due = false;
	c->tail_due = false;
}

/* What every segment carries. */
static void build(struct tcp_conn *c, struct segment *seg, usec_t now)
{
	*seg = (struct segment){ .seq = c->snd_nxt, .ack = c->rcv_nxt, .flags = TCP_ACK };
	seg->window = tcp_window_offer(c);
	if (c->flags & HANDOFF_TIMESTAMPS) {
		seg->has_ts = true;
		seg->tsval = tcp_timestamp(c, now);
		seg->tsecr = c->ts_recent;
	}
	if (tcp_sack_block(c)) {
		seg->has_sack = true;
		seg->sack_left = c->island_left;
		seg->sack_right = c->island_right;
	}
	c->last_ack_sent = c->rcv_nxt;
	c->ack_due = c->ack_at_once = false;
	c->stats.segments_out++;
}

static void build_data(struct tcp_conn *c, const struct plan *p, struct segment *seg, usec_t now)
{
	bool fresh = !seq_before(p->seq, c->snd_nxt);

	build(c, seg, now);
	seg->seq = p->seq;
	seg->data = c->tx + (p->seq - c->snd_una);
	seg->len = p->len;
	if (p->last)
		seg->flags |= TCP_PSH;
	if (p->fin)
		seg->flags |= TCP_FIN;
	remember_sent(c, p, now);
	tcp_timer_start(c, now);
	if (fresh)
		tcp_timer_tail(c, now);
}

bool tcp_can_wait(const struct tcp_conn *c)
{
	return !c->ack_at_once && !c->rexmit_due;
}

bool tcp_output(struct tcp_conn *c, struct segment *seg, usec_t now)
{
	struct plan p;

	if (c->rst_due) {
		c->rst_due = false;
		build(c, seg, now);
		seg->flags |= TCP_RST;
		seg->has_sack = false;
		return true;
	}
	tcp_timer_run(c, now);
	if (c->end != TCP_ALIVE)
		return false;
	if (plan_next(c, &p)) {
		build_data(c, &p, seg, now);
		return true;
	}
	if (c->ack_due) {
		build(c, seg, now);
		return true;
	}
	/* Something may wait for a closed window. */
	tcp_timer_start(c, now);
	return false;
}
