/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one timer: retransmission (RFC 6298), which is also the probe of a closed window (RFC 9293 3.8.6.1),
 * and giving up. It runs exactly while something written is not acknowledged.
 */
#include "tcp/internal.h"

#define RTO_MAX (60 * USEC_PER_SEC) /* RFC 6298 2.5 */
#define GRANULARITY USEC_PER_MSEC   /* of the timestamps by which we measure */

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
}

/* RFC 6298 5.4 to 5.6. */
static void expire(struct tcp_conn *c, usec_t now)
{
	c->backoff = (uint8_t)MIN(c->backoff + 1, MOST_BACKOFF);
	c->timing = false;
	c->rexmit_due = false;
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
	else
		expire(c, now);
}

usec_t tcp_deadline(const struct tcp_conn *c)
{
	if (c->rto_at == USEC_NEVER)
		return USEC_NEVER;
	return MIN(c->rto_at, c->progress_at + TCP_GIVE_UP);
}
