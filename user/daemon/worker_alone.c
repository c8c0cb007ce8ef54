/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * That nobody else is redirected to an interface's queues while the self-check talks there: no credit is given, and no
 * flow is there.
 */
#include "daemon/worker.h"

#define ALONE_AFTER \
	(5 *        \
	 USEC_PER_MSEC) /* by then the program has done with what it was at when the credit was withdrawn */

bool worker_check_alone(const struct worker *w, const struct worker_interface *i)
{
	return __atomic_load_n(&w->check.alone, __ATOMIC_RELAXED) == i;
}

/* The other threads see it in their next turn. */
void worker_alone_end(struct worker *w)
{
	bool waited = w->check.alone;

	__atomic_store_n(&w->check.alone, NULL, __ATOMIC_RELAXED);
	for (unsigned n = 1; n < w->threads && waited; n++)
		worker_thread_wake(&w->thread[n]);
}

/* A thread that has given its credit of this turn gives no more, and what it has given is taken back. */
static void withdraw_credit(struct worker *w, struct worker_interface *i)
{
	worker_threads_hold(w);
	__atomic_store_n(&w->check.alone, i, __ATOMIC_RELAXED);
	for (unsigned q = 0; q < i->attachment.queues; q++)
		__atomic_store_n(&i->shared.queues[q].credit, 0, __ATOMIC_SEQ_CST);
	worker_threads_release(w);
}

/* The credit of this turn is given after this. */
bool worker_alone(struct worker *w, struct worker_interface *i)
{
	if (w->now < w->check.next)
		return false;
	if (__atomic_load_n(&i->shared.live->flows, __ATOMIC_SEQ_CST)) {
		worker_alone_end(w);
		w->check.next = w->now + WORKER_ALONE_AGAIN;
		return false;
	}
	if (w->check.alone)
		return true;
	withdraw_credit(w, i);
	w->check.next = w->now + ALONE_AFTER;
	return false;
}
