/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Answers wait for the end of a turn: what a validator says in a row, the end of its handshake, close_notify and FIN, is
 * taken out of the ring in one batch when the machine is busy. It is answered by one segment then instead of three,
 * and a segment sent is what a challenge costs most after cryptography.
 *
 * They have a list of their own, not a wake-up at once: that would look at the times of all flows every turn, and ask the
 * flow map for an ACK that has just come.
 */
#include "engine/flow.h"

static void answer(struct engine *e, struct engine_flow *f, usec_t now)
{
	f->unanswered = false;
	serve_flush(e, f, now);
	flow_schedule(e, f);
}

void answer_later(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (!tcp_can_wait(&f->tcp)) {
		answer(e, f, now);
		return;
	}
	if (f->unanswered)
		return;
	if (e->num_unanswered == ENGINE_UNANSWERED)
		answer_all(e, now);
	e->unanswered[e->num_unanswered++] = f->index;
	f->unanswered = true;
}

void answer_all(struct engine *e, usec_t now)
{
	for (unsigned i = 0; i < e->num_unanswered; i++) {
		struct engine_flow *f = &e->flow[e->unanswered[i]];

		if (f->unanswered)
			answer(e, f, now);
	}
	e->num_unanswered = 0;
}
