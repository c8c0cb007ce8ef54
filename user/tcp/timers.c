/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The retransmission timer (RFC 6298), which is also the probe of a closed window (RFC 9293 3.8.6.1), and giving up: it
 * runs exactly while something written is not acknowledged. Before its first expiry the last segment is sent once more
 * (RFC 8985 7): a flight of ours is one or two segments, whose loss no later segment would bring to light.
 */
#include "tcp/internal.h"

#define RTO_MAX (60 * USEC_PER_SEC) /* RFC 6298 2.5 */
#define GRANULARITY USEC_PER_MSEC   /* of the timestamps by which we measure */

#define TAIL_ACK_DELAY (200 * USEC_PER_MSEC) /* RFC 8985 7.2, TLP.max_ack_delay */
#define TAIL_INITIAL USEC_PER_SEC

enum { MOST_BACKOFF = 6 };

static void set_rto(struct tcp_conn *c)
{
	usec_t rto = c->srtt + MAX(GRANULARITY, 4 * c->rttvar);

	c->rto = MIN(MAX(rto, TCP_RTO_MIN), RTO_MAX);
	c->stats.srtt_us = (uint32_t)c->srtt;
}

void tcp_timer_init(struct tcp_conn *c, uint32_t srtt_us, usec_t now)
{
	c->rto_at = USEC_NEVER;
	c->tail_at = USEC_NEVER;
	c->progress_at = now;
	c->rto = TCP_RTO_INITIAL;
	if (srtt_us)
		tcp_timer_sample(c, srtt_us);
}

/* RFC 6298 2.2 and 2.3. */
void tcp_timer_sample(struct tcp_conn *c, usec_t rtt)
{
	/* A time that we would not have waited is not a measurement but an echo of something else. */
	if (rtt > TCP_GIVE_UP)
		return;
	rtt = MAX(rtt, (usec_t)1);
	if (c->srtt == 0) {
		c->srtt = rtt;
		c->rttvar = rtt / 2;
	} else {
		c->rttvar = (3 * c->rttvar + (c->srtt > rtt ? c->srtt - rtt : rtt - c->srtt)) / 4;
		c->srtt = (7 * c->srtt + rtt) / 8;
	}
	c->backoff = 0;
	set_rto(c);
}

static void arm(struct tcp_conn *c, usec_t now)
{
	c->rto_at = now + (c->rto << c->backoff);
}

void tcp_timer_start(struct tcp_conn *c, usec_t now)
{
	if (c->rto_at != USEC_NEVER || !tcp_unacked(c))
		return;
	c->progress_at = now;
	arm(c, now);
}

/* RFC 6298 5.2 and 5.3. What is still unsent starts it again when it is sent. */
void tcp_timer_restart(struct tcp_conn *c, usec_t now)
{
	c->progress_at = now;
	if (c->snd_una == c->snd_nxt)
		c->rto_at = USEC_NEVER;
	else
		arm(c, now);
	tcp_timer_tail(c, now);
}

/* RFC 8985 7.2 */
static usec_t tail_timeout(const struct tcp_conn *c)
{
	if (c->srtt == 0)
		return TAIL_INITIAL;
	return 2 * c->srtt + (c->snd_nxt - c->snd_una <= c->mss ? TAIL_ACK_DELAY : 0);
}

/* One probe for one tail, and none while a loss is being repaired or the window is closed: RFC 8985 7.2 and 7.3. */
static bool may_probe_tail(const struct tcp_conn *c)
{
	uint32_t out = c->snd_nxt - c->snd_una;

	if (!(c->flags & HANDOFF_SACK) || c->tail_probed || c->recovering || c->timeouts || c->backoff)
		return false;
	return out > 0 && c->snd_at == c->snd_nxt && out <= c->snd_wnd && out <= c->cwnd;
}

void tcp_timer_tail(struct tcp_conn *c, usec_t now)
{
	c->tail_at = may_probe_tail(c) ? MIN(now + tail_timeout(c), c->rto_at) : USEC_NEVER;
}

static void probe_tail(struct tcp_conn *c, usec_t now)
{
	c->tail_at = USEC_NEVER;
	c->tail_probed = true;
	c->tail_end = c->snd_nxt;
	c->tail_due = true;
	arm(c, now);
}

/* RFC 6298 5.4 to 5.6. */
static void expire(struct tcp_conn *c, usec_t now)
{
	c->backoff = (uint8_t)MIN(c->backoff + 1, MOST_BACKOFF);
	c->timing = false;
	c->rexmit_due = false;
	c->tail_at = USEC_NEVER;
	c->snd_at = c->snd_una;
	arm(c, now);
	if (c->snd_wnd == 0)
		c->probe_due = true;
	else
		tcp_congestion_timeout(c);
}

void tcp_timer_run(struct tcp_conn *c, usec_t now)
{
	if (now < tcp_deadline(c))
		return;
	if (now >= c->progress_at + TCP_GIVE_UP)
		tcp_conn_end(c, TCP_TIMED_OUT);
	else if (now >= c->tail_at && may_probe_tail(c))
		probe_tail(c, now);
	else if (now >= c->rto_at)
		expire(c, now);
	else
		c->tail_at = USEC_NEVER;
}

usec_t tcp_deadline(const struct tcp_conn *c)
{
	if (c->rto_at == USEC_NEVER)
		return USEC_NEVER;
	return MIN(MIN(c->rto_at, c->tail_at), c->progress_at + TCP_GIVE_UP);
}
