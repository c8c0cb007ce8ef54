/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The threads of the engine process. Number 0 is the one that it was born with: it has queues like the others, and all that
 * there is once: keeper, control socket, front, self-check, saving. With one thread nothing here does anything.
 *
 * Each has its own engine and its own queues. Two of them meet in the store (challenge_lock()), at the front that is asked
 * for names (worker_harvest.c), in the box of letters (worker_letters.c), and in the frames of a
 * capture (worker_capture.c). Everything else of a thread's is its own during a turn, and thread 0's between two turns, after
 * worker_threads_hold(): so interfaces come and go, engines are counted, and answers are delivered while nobody looks at
 * them.
 *
 * Locks are taken in this order, and never a second of one row: a turn (by thread 0: all, in order of their numbers);
 * harvest, letters or capture; the store.
 *
 * A thread that hangs lets the heartbeat of its queues go stale, and the service manager's watchdog starve. When thread 0 has
 * to wait for it longer than HUNG, the process ends, and the keeper starts another.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "daemon/worker.h"

#define HUNG (3 * USEC_PER_SEC)
#define LATELY (ALPNXDP_HEARTBEAT_MS * USEC_PER_MSEC) /* four beats of a thread */

enum { QUEUES_MAX = DAEMON_MAX_INTERFACES * ALPNXDP_MAX_QUEUES };

/* ------------------------------------------------------------------- turns */

/*
 * A mutex goes to whoever comes first when it is free, and a busy thread is always first: so there are two, and who has
 * `next` is the next to have `turn`.
 */
static void turn_begin(struct worker_thread *t)
{
	pthread_mutex_lock(&t->next);
	pthread_mutex_lock(&t->turn);
	pthread_mutex_unlock(&t->next);
}

static void lock_until(pthread_mutex_t *lock, const struct worker_thread *t, usec_t end)
{
	const struct timespec at = { .tv_sec = (time_t)(end / USEC_PER_SEC),
				     .tv_nsec = (long)(end % USEC_PER_SEC) * 1000 };

	if (!pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &at))
		return;
	log_error("engine: thread %u hangs", t->number);
	abort();
}

void worker_threads_hold(struct worker *w)
{
	usec_t end = w->threads > 1 ? clock_now() + HUNG : 0;

	for (unsigned n = 1; n < w->threads; n++) {
		struct worker_thread *t = &w->thread[n];

		__atomic_store_n(&t->wanted, true, __ATOMIC_RELAXED);
		lock_until(&t->next, t, end);
		lock_until(&t->turn, t, end);
		__atomic_store_n(&t->wanted, false, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&t->next);
	}
}

void worker_threads_release(struct worker *w)
{
	for (unsigned n = 1; n < w->threads; n++) {
		pthread_mutex_unlock(&w->thread[n].turn);
		worker_thread_wake(&w->thread[n]);
	}
}

void worker_thread_wake(struct worker_thread *t)
{
	const uint64_t one = 1;

	/* A number that is at its end wakes, too. */
	if (write(t->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("engine: thread %u cannot be woken: %s", t->number, strerror(errno));
}

void worker_thread_woken(const struct worker_thread *t)
{
	uint64_t times;

	if (read(t->wake, &times, sizeof(times)) < 0 && errno != EAGAIN)
		log_error("engine: thread %u: %s", t->number, strerror(errno));
}

bool worker_threads_turn(const struct worker *w)
{
	for (unsigned n = 1; n < w->threads; n++)
		if (__atomic_load_n(&w->thread[n].turned, __ATOMIC_RELAXED) + LATELY < w->now)
			return false;
	return true;
}

int worker_wait_ms(usec_t now, usec_t due)
{
	return due <= now ? 0 : (int)((due - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

/* --------------------------------------------------------- all but number 0 */

/* Returns how long to sleep, in milliseconds. */
static int turn(struct worker_thread *t, struct pollfd *fds, size_t *count)
{
	usec_t due;

	t->now = clock_now();
	worker_take(t);
	worker_publish(t);
	due = MIN(t->now + WORKER_BEAT, engine_deadline(t->engine));
	*count = worker_queues_poll(t, fds);
	return worker_spin(t, due) ? 0 : worker_wait_ms(clock_now(), due);
}

static void *live(void *thread)
{
	struct pollfd fds[1 + QUEUES_MAX];
	struct worker_thread *t = thread;
	char name[16];

	snprintf(name, sizeof(name), "alpnxdp-eng-%u", t->number);
	prctl(PR_SET_NAME, name);
	pthread_barrier_wait(&t->worker->born);
	for (;;) {
		size_t count;
		int wait_ms;
		bool again;

		turn_begin(t);
		wait_ms = turn(t, fds, &count);
		again = worker_skips_poll(t);
		pthread_mutex_unlock(&t->turn);
		if (!again && poll(fds, count, wait_ms) > 0 && fds[0].revents)
			worker_thread_woken(t);
	}
	return NULL;
}

/* ------------------------------------------------------------------- birth */

static int prepare(struct worker_thread *t)
{
	pthread_mutex_init(&t->letters.lock, NULL);
	t->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return t->wake < 0 ? -errno : 0;
}

/* In its first turn once thread 0 releases it; by then there is an engine. */
static int begin(struct worker_thread *t)
{
	pthread_mutex_init(&t->next, NULL);
	pthread_mutex_init(&t->turn, NULL);
	pthread_mutex_lock(&t->turn);
	return -pthread_create(&t->id, NULL, live, t);
}

int worker_threads_start(void *worker)
{
	struct worker *w = worker;
	int err = 0;

	if (w->threads == 1)
		return 0;
	/* One heap for each; or malloc(3) would open a file to count processors. */
	mallopt(M_ARENA_MAX, (int)w->threads);
	for (unsigned n = 0; n < w->threads && !err; n++)
		err = prepare(&w->thread[n]);
	if (!err)
		err = -pthread_barrier_init(&w->born, NULL, w->threads);
	for (unsigned n = 1; n < w->threads && !err; n++)
		err = begin(&w->thread[n]);
	/* What a thread does before its first line is not in the filter of system calls. */
	if (!err)
		pthread_barrier_wait(&w->born);
	return err;
}
