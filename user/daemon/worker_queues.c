/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A turn of the packet loop: what one thread does with its queues, those whose number leaves its own as the remainder of a
 * division by the number of threads. Nothing here is another thread's but the letters (worker_letters.c).
 *
 * Each turn reads the clock once, takes a bounded batch from every ring, lets time work on the flows, publishes heartbeat
 * and credit, and sends. The heartbeat is written by this and by nothing else: when a thread hangs, the program sees it
 * within ALPNXDP_HEARTBEAT_MS, and passes what comes by its queues.
 */
#include <poll.h>
#include "daemon/worker.h"

/*
 * Frames of a queue per turn. Each may be a hello, and a hello costs a signature: 0.2 ms, 20 ms on a machine that
 * is short of time. A turn must end well within ALPNXDP_HEARTBEAT_MS all the same, or the program takes us for hung.
 */
enum { BATCH = 8 };

/* While frames wait in a ring the loop does without poll(2), 2 us, but not so often that anybody else waits for long. */
enum { SKIPS = 4 };

static void receive(struct worker_thread *t, unsigned number, unsigned queue)
{
	struct worker_interface *i = &t->worker->interface[number];
	struct xdp_frame frames[BATCH];
	unsigned count = xdp_rings_receive(i->rings[queue], frames, BATCH);

	for (unsigned n = 0; n < count; n++) {
		const struct engine_frame frame = { .port = number,
						    .queue = queue,
						    .iface = &i->port,
						    .bytes = frames[n].bytes,
						    .len = frames[n].len };

		if (worker_capturing(t->worker))
			worker_capture_take(t, &(struct capture_packet){ .interface = number,
									 .queue = queue,
									 .direction = CAPTURE_IN,
									 .bytes = frame.bytes,
									 .len = frame.len });
		engine_input(t->engine, &frame, t->now);
	}
	xdp_rings_release(i->rings[queue], frames, count);
	t->took += count;
}

void worker_take(struct worker_thread *t)
{
	const struct worker *w = t->worker;

	t->took = 0;
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		for (unsigned q = t->number; w->interface[n].serving && q < w->interface[n].attachment.queues;
		     q += w->threads)
			receive(t, n, q);
	if (w->threads > 1)
		worker_letters(t);
	engine_tick(t->engine, t->now);
}

/*
 * A receive ring that is full drops, it does not pass: no more hellos are offered between two turns of the loop than half
 * of a ring holds. The other half is for flows that are ours already. Under a flood hellos are dropped all the same, for
 * what waits in the ring is not counted, on purpose: a validator says a dropped one again, and is answered then; one
 * that passed for want of credit would have failed (seen: 120 of 120 validated so, 85 of 120 with the count).
 */
static void publish(struct worker_thread *t, unsigned number)
{
	struct worker_interface *i = &t->worker->interface[number];
	unsigned credit = MIN(engine_credit(t->engine), (unsigned)XDP_RING_SIZE / 2);

	if (worker_check_alone(t->worker, i))
		credit = 0;
	for (unsigned q = t->number; q < i->attachment.queues; q += t->worker->threads) {
		struct queue_state *state = &i->shared.queues[q];

		__atomic_store_n(&state->credit, (int32_t)credit, __ATOMIC_RELAXED);
		__atomic_store_n(&state->heartbeat_ns, t->now * 1000, __ATOMIC_RELEASE);
		if (t->kick[number] >> q & 1 && i->rings[q])
			xdp_rings_kick(i->rings[q]);
	}
	t->kick[number] = 0;
}

void worker_publish(struct worker_thread *t)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (t->worker->interface[n].serving)
			publish(t, n);
	__atomic_store_n(&t->turned, t->now, __ATOMIC_RELAXED);
}

size_t worker_queues_poll(const struct worker_thread *t, struct pollfd *fds)
{
	const struct worker *w = t->worker;
	size_t count = 0;

	if (w->threads > 1)
		fds[count++] = (struct pollfd){ .fd = t->wake, .events = POLLIN };
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		for (unsigned q = t->number; i->serving && q < i->attachment.queues; q += w->threads)
			fds[count++] = (struct pollfd){ .fd = xdp_rings_fd(i->rings[q]), .events = POLLIN };
	}
	return count;
}

static bool is_pending(const struct worker_thread *t)
{
	const struct worker *w = t->worker;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		for (unsigned q = t->number; i->serving && q < i->attachment.queues; q += w->threads)
			if (xdp_rings_pending(i->rings[q]))
				return true;
	}
	return false;
}

bool worker_skips_poll(struct worker_thread *t)
{
	t->skipped = t->skipped < SKIPS && is_pending(t) ? t->skipped + 1 : 0;
	return t->skipped;
}

static bool has_come(const struct worker_thread *t)
{
	const struct worker *w = t->worker;
	bool come = false;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		for (unsigned q = t->number; i->serving && q < i->attachment.queues; q += w->threads)
			come |= xdp_rings_look(i->rings[q]);
	}
	return come;
}

bool worker_spin(const struct worker_thread *t, usec_t due)
{
	usec_t end;

	if (!t->worker->busy_poll_us)
		return false;
	end = MIN(due, clock_now() + t->worker->busy_poll_us);
	while (!__atomic_load_n(&t->wanted, __ATOMIC_RELAXED) && clock_now() < end)
		if (has_come(t))
			return true;
	return false;
}
