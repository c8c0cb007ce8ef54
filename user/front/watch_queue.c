/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which node is looked at when: one queue per step, each in order of time by itself. Pure. */
#include "front/watch_table.h"

static const struct {
	usec_t wait;
	enum watch_step next;
} steps[] = {
#define X(symbol, wait_us, next_step) [WATCH_##symbol] = { wait_us, WATCH_##next_step },
	WATCH_STEPS(X)
#undef X
};

enum watch_step watch_step_after(enum watch_step step)
{
	return steps[step].next;
}

void watch_unqueue(struct watch_table *t, struct watch_node *n)
{
	struct watch_steps *q = &t->step[n->step];

	if (n->step == WATCH_IDLE)
		return;
	*(n->queue_previous ? &n->queue_previous->queue_next : &q->first) = n->queue_next;
	*(n->queue_next ? &n->queue_next->queue_previous : &q->last) = n->queue_previous;
	n->step = WATCH_IDLE;
}

void watch_queue(struct watch_table *t, struct watch_node *n, enum watch_step step, usec_t now)
{
	struct watch_steps *q = &t->step[step];

	watch_unqueue(t, n);
	n->step = step;
	if (step == WATCH_IDLE)
		return;
	n->due = now + steps[step].wait;
	n->queue_previous = q->last;
	n->queue_next = NULL;
	*(q->last ? &q->last->queue_next : &q->first) = n;
	q->last = n;
}

/* The one that has waited longest, so that no step starves another. */
static struct watch_node *first(const struct watch_table *t)
{
	struct watch_node *n = NULL;

	for (size_t i = 0; i < WATCH_NUM_STEPS; i++) {
		struct watch_node *head = t->step[i].first;

		if (head && (!n || head->due < n->due))
			n = head;
	}
	return n;
}

struct watch_node *watch_due(const struct watch_table *t, usec_t now)
{
	struct watch_node *n = first(t);

	return n && n->due <= now ? n : NULL;
}

usec_t watch_next(const struct watch_table *t)
{
	const struct watch_node *n = first(t);

	return n ? n->due : USEC_NEVER;
}
