/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much may be on its way: RFC 6928's initial window, slow start, fast retransmit and recovery (RFC 5681,
 * 6582). What we send is a few segments, so this decides little except how gently we come back after a loss.
 */
#include "tcp/internal.h"

enum {
	DUPLICATES = 3,      /* RFC 5681 3.2 */
	MOST_CWND = 1 << 17, /* keeps the sums far from overflow; the buffer is smaller anyway */
};

static void set_cwnd(struct tcp_conn *c, uint32_t bytes)
{
	c->cwnd = MAX(MIN(bytes, (uint32_t)MOST_CWND), c->mss);
}

/* RFC 5681 3.1 (4) */
static uint32_t half_of_flight(const struct tcp_conn *c)
{
	return MAX((c->snd_nxt - c->snd_una) / 2, 2u * c->mss);
}

void tcp_congestion_init(struct tcp_conn *c)
{
	/* RFC 6928 2 */
	set_cwnd(c, MIN(10u * c->mss, MAX(2u * c->mss, 14600u)));
	c->ssthresh = MOST_CWND;
	c->recover = c->snd_nxt;
}

/* RFC 5681 3.1 (2) and (3): slow start, then congestion avoidance. */
static uint32_t growth(const struct tcp_conn *c, uint32_t acked)
{
	if (c->cwnd < c->ssthresh)
		return MIN(acked, c->mss);
	return MAX((uint32_t)c->mss * c->mss / c->cwnd, 1u);
}

void tcp_congestion_acked(struct tcp_conn *c, uint32_t acked)
{
	c->dup_acks = 0;
	c->timeouts = 0;
	c->rexmit_due = false;
	if (!c->recovering) {
		set_cwnd(c, c->cwnd + growth(c, acked));
		return;
	}
	/* RFC 6582 3.2 (3): a partial ACK says that the next segment is lost too. */
	if (seq_before(c->snd_una, c->recover)) {
		c->rexmit_due = true;
		set_cwnd(c, c->cwnd > acked ? c->cwnd - acked + c->mss : c->mss);
		return;
	}
	c->recovering = false;
	set_cwnd(c, c->ssthresh);
}

void tcp_congestion_duplicate(struct tcp_conn *c)
{
	if (c->recovering) {
		set_cwnd(c, c->cwnd + c->mss);
		return;
	}
	/* RFC 6582 3.2 (2): what was out when the last recovery began is through, or one loss counts twice. */
	if (seq_before(c->snd_una, c->recover) || ++c->dup_acks < DUPLICATES)
		return;
	c->recovering = true;
	c->recover = c->snd_nxt;
	c->rexmit_due = true;
	c->ssthresh = half_of_flight(c);
	set_cwnd(c, c->ssthresh + DUPLICATES * c->mss);
}

void tcp_congestion_timeout(struct tcp_conn *c)
{
	/* RFC 5681 3.1: one full segment, as large as it was: what was cut up for a black hole leaves in one go. */
	uint32_t full = c->mss;

	/* RFC 5681 3.1: held while the same segment is sent again and again. */
	if (c->timeouts++ == 0)
		c->ssthresh = half_of_flight(c);
	/* RFC 4821 7.7, without probing: perhaps only large packets are lost. */
	if (c->timeouts == 2)
		c->mss = MIN(c->mss, c->mss_small);
	c->dup_acks = 0;
	c->recovering = false;
	c->recover = c->snd_nxt;
	set_cwnd(c, full);
}

/* RFC 8985 7.4.2, without asking whether the original has come too: a flight that needs a probe has lost something. */
void tcp_congestion_probed(struct tcp_conn *c)
{
	c->ssthresh = MAX(c->cwnd / 2, 2u * c->mss);
	set_cwnd(c, c->ssthresh);
}
