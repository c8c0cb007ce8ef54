/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One segment in: RFC 9293 3.10.7.4 for a synchronised connection, its steps in their order. Urgent data
 * (sixth step) is ordinary data here. Nothing is sent; what is due is marked.
 */
#include "tcp/internal.h"

void tcp_challenge(struct tcp_conn *c, usec_t now)
{
	if (now - c->challenge_from >= USEC_PER_SEC) {
		c->challenge_from = now;
		c->challenges = 0;
	}
	if (c->challenges == TCP_CHALLENGES_PER_SEC)
		return;
	c->challenges++;
	c->stats.challenge_acks++;
	c->ack_due = c->ack_at_once = true;
}

/* RFC 9293 3.10.7.4, the table of the first step. */
static bool in_window(const struct tcp_conn *c, const struct segment *seg)
{
	uint32_t window = c->rcv_edge - c->rcv_nxt;
	uint32_t span = segment_span(seg);

	/* Nothing can be taken, but the text below the table lets valid ACKs and RSTs count. */
	if (window == 0)
		return seg->seq == c->rcv_nxt;
	if (seg->seq - c->rcv_nxt < window)
		return true;
	return span > 0 && seg->seq + span - 1 - c->rcv_nxt < window;
}

/*
 * A segment that we do not take is answered with an ACK: the peer has lost one. Empty ones only so often, or
 * two ends that disagree would answer each other's answers for ever.
 */
static void answer_unacceptable(struct tcp_conn *c, const struct segment *seg, usec_t now)
{
	if (seg->flags & TCP_RST)
		return;
	if (segment_span(seg) == 0 || seg->flags & TCP_SYN) {
		tcp_challenge(c, now);
		return;
	}
	c->stats.duplicates_in++;
	c->ack_due = c->ack_at_once = true;
}

/* RFC 7323 3.2, 5.3 R1 and R2, then the first step. */
static bool acceptable(struct tcp_conn *c, const struct segment *seg, usec_t now)
{
	bool stamped = c->flags & HANDOFF_TIMESTAMPS && !(seg->flags & TCP_RST);

	/* Once negotiated, they are in every segment: one without is not the peer's. */
	if (stamped && !seg->has_ts)
		return false;
	if ((stamped && seq_before(seg->tsval, c->ts_recent)) || !in_window(c, seg)) {
		answer_unacceptable(c, seg, now);
		return false;
	}
	return true;
}

/*
 * RFC 7323 4.3 (2). After the ACK was found good, not before as in 5.3 R3: a blind segment with a high value
 * in it would otherwise turn all of the peer's into old ones.
 */
static void remember_timestamp(struct tcp_conn *c, const struct segment *seg)
{
	if (c->flags & HANDOFF_TIMESTAMPS && !seq_before(c->last_ack_sent, seg->seq))
		c->ts_recent = seg->tsval;
}

void tcp_input(struct tcp_conn *c, const struct segment *seg, usec_t now)
{
	c->stats.segments_in++;
	if (c->end != TCP_ALIVE || !acceptable(c, seg, now))
		return;
	/* RFC 5961 3.2: only the exact number resets. After both FINs there is nothing to reset. */
	if (seg->flags & TCP_RST) {
		if (seg->seq != c->rcv_nxt)
			tcp_challenge(c, now);
		else if (!tcp_finished(c))
			tcp_conn_end(c, TCP_RESET_BY_PEER);
		return;
	}
	/* RFC 5961 4.2 */
	if (seg->flags & TCP_SYN) {
		tcp_challenge(c, now);
		return;
	}
	if (!(seg->flags & TCP_ACK) || !tcp_ack_input(c, seg, now))
		return;
	remember_timestamp(c, seg);
	tcp_text_input(c, seg);
}
