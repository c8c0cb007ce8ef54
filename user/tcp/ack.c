/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ACK field: what the peer has taken, and what it offers to take. RFC 9293 3.10.7.4, fifth step. */
#include <string.h>
#include "tcp/internal.h"

/* RFC 7323 4.1, or the one segment that is being timed (Karn's rule stopped it if it was sent twice). */
static void measure(struct tcp_conn *c, const struct segment *seg, usec_t now)
{
	if (c->flags & HANDOFF_TIMESTAMPS) {
		uint32_t ticks = tcp_timestamp(c, now) - seg->tsecr;

		tcp_timer_sample(c, c->flags & HANDOFF_TS_USEC ? ticks : ticks * USEC_PER_MSEC);
	} else if (c->timing && !seq_before(seg->ack, c->timed_end)) {
		c->timing = false;
		tcp_timer_sample(c, now - c->timed_at);
	}
}

/* seg: that acknowledges, to measure by; NULL: it was not seen. */
static void advance(struct tcp_conn *c, uint32_t ack, const struct segment *seg, usec_t now)
{
	uint32_t acked = ack - c->snd_una;
	size_t bytes = MIN(acked, c->tx_len);

	memmove(c->tx, c->tx + bytes, c->tx_len - bytes);
	c->tx_len -= bytes;
	c->fin_acked = acked > bytes;
	c->snd_una = ack;
	if (seq_before(c->snd_at, c->snd_una))
		c->snd_at = c->snd_una;
	if (seg)
		measure(c, seg, now);
	tcp_congestion_acked(c, acked);
	if (c->tail_probed && !seq_before(c->snd_una, c->tail_end)) {
		c->tail_probed = false;
		tcp_congestion_probed(c);
	}
	tcp_timer_restart(c, now);
}

/* RFC 5681 2; the answers to probes of a closed window say nothing about loss. */
static bool is_duplicate(const struct tcp_conn *c, const struct segment *seg, uint32_t window)
{
	return c->snd_una != c->snd_nxt && segment_span(seg) == 0 && window == c->snd_wnd && window != 0;
}

/* Only from a segment that is not older than the one that set the window last. */
static void update_window(struct tcp_conn *c, const struct segment *seg, uint32_t window)
{
	bool newer = seq_before(c->snd_wl1, seg->seq);

	if (!newer && !(c->snd_wl1 == seg->seq && !seq_before(seg->ack, c->snd_wl2)))
		return;
	/* What the probes had timed is over; the segment that can go now starts the timer anew. */
	if (c->snd_wnd == 0 && window > 0) {
		c->backoff = 0;
		c->rto_at = USEC_NEVER;
	}
	c->snd_wnd = window;
	c->max_wnd = MAX(c->max_wnd, window);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
}

bool tcp_ack_input(struct tcp_conn *c, const struct segment *seg, usec_t now)
{
	uint32_t window = (uint32_t)seg->window << c->snd_wscale;

	/* RFC 5961 5.2 */
	if (!seq_between(c->snd_una - c->max_wnd, seg->ack, c->snd_nxt)) {
		tcp_challenge(c, now);
		return false;
	}
	/* An old ACK acknowledges nothing, but what travels with it may be new. */
	if (seq_before(seg->ack, c->snd_una))
		return true;
	if (seg->ack != c->snd_una)
		advance(c, seg->ack, seg, now);
	else if (is_duplicate(c, seg, window))
		tcp_congestion_duplicate(c);
	update_window(c, seg, window);
	/* RFC 9293 3.8.6.1: a peer that answers our probes may keep its window closed. */
	if (c->snd_wnd == 0)
		c->progress_at = now;
	return true;
}

void tcp_acknowledged(struct tcp_conn *c, uint32_t ack, uint16_t window, usec_t now)
{
	const struct segment seen = { .seq = c->rcv_nxt, .ack = ack };

	if (c->end != TCP_ALIVE || ack == c->snd_una || !seq_between(c->snd_una, ack, c->snd_nxt))
		return;
	c->timing = false;
	advance(c, ack, NULL, now);
	update_window(c, &seen, (uint32_t)window << c->snd_wscale);
}
