/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames that came by a queue of one thread and belong to a flow of another: copied into its box, and taken out by itself.
 * Rare, as a device spreads flows by their addresses; a box that is full loses the frame, and TCP repeats it.
 */
#include <string.h>
#include "daemon/worker.h"

bool worker_pass_on(struct worker_thread *from, const struct engine_frame *frame, unsigned queue)
{
	struct worker_thread *t = &from->worker->thread[queue % from->worker->threads];
	struct worker_letters *box = &t->letters;

	if (t == from)
		return false;
	pthread_mutex_lock(&box->lock);
	if (box->count < ARRAY_SIZE(box->letter) && frame->len <= sizeof(box->letter[0].bytes)) {
		struct worker_letter *l = &box->letter[box->count++];

		l->port = frame->port;
		l->queue = queue;
		l->len = frame->len;
		memcpy(l->bytes, frame->bytes, frame->len);
	}
	pthread_mutex_unlock(&box->lock);
	worker_thread_wake(t);
	return true;
}

static bool take(struct worker_letters *box, struct worker_letter *out)
{
	bool taken;

	pthread_mutex_lock(&box->lock);
	taken = box->taken < box->count;
	if (taken)
		*out = box->letter[box->taken++];
	else
		box->taken = box->count = 0;
	pthread_mutex_unlock(&box->lock);
	return taken;
}

/* No more than the box holds: who writes meanwhile may write on. An interface that has gone has taken its flows along. */
void worker_letters(struct worker_thread *t)
{
	struct worker_letter l;

	for (unsigned n = 0; n <= ARRAY_SIZE(t->letters.letter) && take(&t->letters, &l); n++) {
		struct worker_interface *i = &t->worker->interface[l.port];
		const struct engine_frame frame = {
			.port = l.port, .queue = l.queue, .iface = &i->port, .bytes = l.bytes, .len = l.len
		};

		if (i->serving && l.queue < i->attachment.queues)
			engine_input(t->engine, &frame, t->now);
	}
}
