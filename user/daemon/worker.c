/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine process: its first thread, whose turns everything else is called from. With `threads` above one there
 * are others, which have some of the queues and nothing else (worker_threads.c).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>
#include "daemon/sandbox.h"
#include "daemon/worker.h"

enum { POLL_MAX = 2 + DAEMON_MAX_INTERFACES * ALPNXDP_MAX_QUEUES + CONTROL_CLIENTS + 2 };

/* All entries within two seconds, four when idle: offers that a full ring has dropped would fill the flow map under a flood. */
#define SWEEP_EVERY (100 * USEC_PER_MSEC)
_Static_assert(ALPNXDP_MAX_FLOWS / XDP_SWEEP < 2 * USEC_PER_SEC / SWEEP_EVERY, "two seconds");

/*
 * While frames keep coming, what nobody waits for (notes, captures, what expires, the sweep) is seen to every so often
 * only. Whoever's descriptor is ready is served at once. Sleeping is in steps of a millisecond.
 */
#define ALL_EVERY (2 * USEC_PER_MSEC)

static void sweep(struct worker *w)
{
	if (w->now < w->swept + SWEEP_EVERY)
		return;
	w->swept = w->now;
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		struct worker_interface *i = &w->interface[n];

		if (i->serving)
			xdp_flow_sweep(&i->attachment.maps, &i->shared, &i->sweep, w->now * 1000);
	}
}

static void take(struct worker *w)
{
	w->thread[0].now = w->now;
	worker_take(&w->thread[0]);
}

/* Interfaces come and go with these words: no other thread may be looking at them. */
static void serve_keeper(struct worker *w)
{
	struct message m;
	int got;

	worker_threads_hold(w);
	while ((got = channel_receive(w->channel, &m)) == 1)
		worker_message(w, &m);
	worker_threads_release(w);
	w->ended = got != -EAGAIN;
}

static usec_t deadline(const struct worker *w)
{
	usec_t due = w->now + WORKER_BEAT;

	due = MIN(due, engine_deadline(w->thread[0].engine));
	due = MIN(due, worker_challenges_due(w));
	due = MIN(due, worker_check_due(w));
	if (w->server)
		due = MIN(due, control_server_deadline(w->server));
	if (w->quick)
		due = MIN(due, w->all_turned + ALL_EVERY);
	return due;
}

static int wait_ms(struct worker *w)
{
	usec_t due = deadline(w);

	if (worker_spin(&w->thread[0], due))
		return 0;
	if (w->busy_poll_us)
		w->now = clock_now();
	return worker_wait_ms(w->now, due);
}

/* Frames came, and nothing else; others: the descriptors of all but the queues and the keeper. */
static bool is_quick(const struct worker *w, const struct pollfd *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (others[i].revents)
			return false;
	return w->thread[0].took && w->now < w->all_turned + ALL_EVERY;
}

static void serve_interfaces(struct worker *w)
{
	worker_check(w);
	worker_publish(&w->thread[0]);
	sweep(w);
	worker_notes(w);
	worker_capture_serve(w);
}

/* False: the loop cannot go on. */
static bool turn(struct worker *w)
{
	static struct pollfd fds[POLL_MAX];
	size_t queues = 1 + worker_queues_poll(&w->thread[0], fds + 1);
	size_t front = worker_front_poll(w, fds + queues), own = queues + front, clients = 0;

	fds[0] = (struct pollfd){ .fd = w->channel, .events = POLLIN };
	if (w->server)
		clients = control_server_poll(w->server, fds + own, POLL_MAX - own);
	w->now = clock_now();
	if (poll(fds, own + clients, wait_ms(w)) < 0 && errno != EINTR)
		return false;
	w->now = clock_now();
	if (fds[0].revents)
		serve_keeper(w);
	if (w->threads > 1 && fds[1].revents)
		worker_thread_woken(&w->thread[0]);
	take(w);
	w->quick = !fds[0].revents && is_quick(w, fds + queues, front + clients);
	if (w->quick) {
		worker_publish(&w->thread[0]);
		return true;
	}
	w->all_turned = w->now;
	serve_interfaces(w);
	if (front && fds[queues].revents)
		worker_front_serve(w);
	if (w->server)
		control_server_serve(w->server, fds + own, clients, w->now);
	worker_challenges_serve(w);
	worker_notify(w);
	return true;
}

static void loop(struct worker *w)
{
	while (!w->ended && turn(w)) {
		while (worker_skips_poll(&w->thread[0])) {
			w->now = clock_now();
			take(w);
			worker_publish(&w->thread[0]);
		}
	}
}

/* The keeper's last words may be the answer to a request: it still goes out. */
static void say_goodbye(struct worker *w)
{
	struct pollfd fds[CONTROL_CLIENTS + 1];
	size_t count;

	if (!w->server)
		return;
	count = control_server_poll(w->server, fds, ARRAY_SIZE(fds));
	if (poll(fds, count, 0) > 0)
		control_server_serve(w->server, fds, count, w->now);
}

/*
 * Of the flow map's entries half are for flows that engines have, and half for those that they have declined just now.
 * One engine has no use for that much.
 */
_Static_assert(ENGINE_FLOWS + ENGINE_DECLINED <= ALPNXDP_MAX_FLOWS,
	       "what engines have must fit the flow map");
_Static_assert(ALPNXDP_MAX_FLOWS / 2 / SETTINGS_THREADS >= ENGINE_FLOWS_LEAST,
	       "a thread must have its share");

static int prepare_engines(struct worker *w)
{
	struct engine_options options = {
		.store = w->store,
		.flows = MIN((unsigned)ENGINE_FLOWS, ALPNXDP_MAX_FLOWS / 2 / w->threads),
		.unix_at_zero_s = (int64_t)time(NULL) - (int64_t)(w->now / USEC_PER_SEC),
	};
	int err = 0;

	if (getrandom(options.hash_key, sizeof(options.hash_key), 0) != sizeof(options.hash_key))
		return -EIO;
	for (unsigned n = 0; n < w->threads && !err; n++) {
		options.ports = worker_ports(&w->thread[n]);
		err = engine_new(&options, &w->thread[n].engine);
	}
	if (!err && w->threads > 1)
		err = tls_warm_up();
	return err;
}

static int prepare(struct worker *w)
{
	uint8_t hash_key[16];

	w->now = w->started = clock_now();
	w->started_unix = (int64_t)time(NULL);
	w->store = challenge_store_new();
	if (!w->store)
		return -ENOMEM;
	if (getrandom(hash_key, sizeof(hash_key), 0) != sizeof(hash_key))
		return -EIO;
	w->ledger = ledger_new(hash_key);
	if (!w->ledger)
		return -ENOMEM;
	challenge_watch(w->store, worker_names_changed, w);
	return prepare_engines(w);
}

int worker_run(int channel, unsigned threads, unsigned busy_poll_us)
{
	static struct worker worker;
	struct worker *w = &worker;
	int err;

	w->channel = channel;
	w->threads = threads;
	w->busy_poll_us = busy_poll_us;
	for (unsigned n = 0; n < threads; n++) {
		w->thread[n].worker = w;
		w->thread[n].number = n;
	}
	w->front.fd = w->notify.fd = -1;
	pthread_mutex_init(&w->harvest.lock, NULL);
	pthread_mutex_init(&w->probes.lock, NULL);
	pthread_mutex_init(&w->capture.lock, NULL);
	w->trace.next = w->capture.next = 1;
	signal(SIGPIPE, SIG_IGN);
	/* What a terminal or a service manager sends to all of us is for the keeper; we end when it does. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	w->owner = geteuid();
	err = sandbox_enter(SANDBOX_ENGINE, worker_threads_start, w);
	if (!err)
		err = prepare(w);
	if (err) {
		log_error("engine: cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	worker_threads_release(w);
	loop(w);
	worker_threads_hold(w);
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		worker_withdraw(&w->interface[n]);
		w->interface[n].serving = false; /* another thread would publish a heartbeat */
	}
	worker_threads_release(w);
	say_goodbye(w);
	return EXIT_DONE;
}
