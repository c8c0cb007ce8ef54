/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine process: one thread, one poll(2), everything else is called from here.
 *
 * Each turn reads the clock once, takes a bounded batch from every ring, lets time work on the flows, publishes heartbeat
 * and credit, and sends. The heartbeat is written by this loop and by nothing else: when it hangs, the program sees
 * it within ALPNXDP_HEARTBEAT_MS.
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

/*
 * BATCH: frames of a queue per turn. Each may be a hello, and a hello costs a signature: 0.2 ms, 20 ms on a machine that
 * is short of time. A turn must end well within ALPNXDP_HEARTBEAT_MS all the same, or the program takes us for hung.
 */
/*
 * SKIPS: while frames wait in a ring the loop does without poll(2), 2 us, but not so often that anybody else waits for long.
 */
enum {
	BATCH = 8,
	SKIPS = 4,
	POLL_MAX = 2 + DAEMON_MAX_INTERFACES * ALPNXDP_MAX_QUEUES + CONTROL_CLIENTS + 1
};

#define BEAT (250 * USEC_PER_MSEC)
/* All entries within two seconds: offers that a full ring has dropped would fill the flow map under a flood. */
#define SWEEP_EVERY (100 * USEC_PER_MSEC)
enum { SWEEP_ENTRIES = 256 };

static void receive(struct worker *w, unsigned number, unsigned queue)
{
	struct worker_interface *i = &w->interface[number];
	struct xdp_frame frames[BATCH];
	unsigned count = xdp_rings_receive(i->rings[queue], frames, BATCH);

	for (unsigned n = 0; n < count; n++) {
		const struct engine_frame frame = { .port = number,
						    .queue = queue,
						    .iface = &i->port,
						    .bytes = frames[n].bytes,
						    .len = frames[n].len };

		engine_input(w->engine, &frame, w->now);
	}
	xdp_rings_release(i->rings[queue], frames, count);
}

/*
 * A receive ring that is full drops, it does not pass: no more hellos are offered between two turns of the loop than half
 * of a ring holds. The other half is for flows that are ours already. Under a flood hellos are dropped all the same, for
 * what waits in the ring is not counted, on purpose: a validator says a dropped one again, and is answered then; one
 * that passed for want of credit would have failed (seen: 120 of 120 validated so, 85 of 120 with the count).
 */
static void publish(struct worker *w, struct worker_interface *i)
{
	unsigned credit = MIN(engine_credit(w->engine), (unsigned)XDP_RING_SIZE / 2);

	if (worker_check_alone(w, i))
		credit = 0;
	for (unsigned q = 0; q < i->attachment.queues; q++) {
		struct queue_state *state = &i->shared.queues[q];

		__atomic_store_n(&state->credit, (int32_t)credit, __ATOMIC_RELAXED);
		__atomic_store_n(&state->heartbeat_ns, w->now * 1000, __ATOMIC_RELEASE);
		if (i->kick[q] && i->rings[q])
			xdp_rings_kick(i->rings[q]);
		i->kick[q] = false;
	}
}

static void sweep(struct worker *w)
{
	if (w->now < w->swept + SWEEP_EVERY)
		return;
	w->swept = w->now;
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		struct worker_interface *i = &w->interface[n];

		if (i->serving)
			xdp_flow_sweep(&i->attachment.maps, &i->shared, &i->sweep, SWEEP_ENTRIES,
				       w->now * 1000);
	}
}

static void serve_interfaces(struct worker *w)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		for (unsigned q = 0; w->interface[n].serving && q < w->interface[n].attachment.queues; q++)
			receive(w, n, q);
	engine_tick(w->engine, w->now);
	worker_check(w);
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			publish(w, &w->interface[n]);
	sweep(w);
}

static void serve_keeper(struct worker *w)
{
	struct message m;
	int got;

	while ((got = channel_receive(w->channel, &m)) == 1)
		worker_message(w, &m);
	w->ended = got != -EAGAIN;
}

static int wait_ms(const struct worker *w)
{
	usec_t due = w->now + BEAT;

	due = MIN(due, engine_deadline(w->engine));
	due = MIN(due, worker_challenges_due(w));
	due = MIN(due, worker_check_due(w));
	if (w->server)
		due = MIN(due, control_server_deadline(w->server));
	return due <= w->now ? 0 : (int)((due - w->now + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static size_t collect(struct worker *w, struct pollfd *fds)
{
	size_t count = 0;

	fds[count++] = (struct pollfd){ .fd = w->channel, .events = POLLIN };
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		struct worker_interface *i = &w->interface[n];

		for (unsigned q = 0; i->serving && q < i->attachment.queues; q++)
			fds[count++] = (struct pollfd){ .fd = xdp_rings_fd(i->rings[q]), .events = POLLIN };
	}
	return count;
}

static bool frames_wait(const struct worker *w)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		for (unsigned q = 0; i->serving && q < i->attachment.queues; q++)
			if (xdp_rings_pending(i->rings[q]))
				return true;
	}
	return false;
}

/* A turn for all. False: the loop cannot go on. */
static bool turn(struct worker *w)
{
	static struct pollfd fds[POLL_MAX];
	size_t own = collect(w, fds), front = worker_front_poll(w, fds + own), clients = 0;

	own += front;
	if (w->server)
		clients = control_server_poll(w->server, fds + own, POLL_MAX - own);
	w->now = clock_now();
	if (poll(fds, own + clients, wait_ms(w)) < 0 && errno != EINTR)
		return false;
	w->now = clock_now();
	if (fds[0].revents)
		serve_keeper(w);
	serve_interfaces(w);
	if (front && fds[own - 1].revents)
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
		for (unsigned n = 0; n < SKIPS && frames_wait(w); n++) {
			w->now = clock_now();
			serve_interfaces(w);
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

static int prepare(struct worker *w)
{
	struct engine_options options = { .ports = worker_ports(w) };

	w->now = w->started = clock_now();
	w->started_unix = (int64_t)time(NULL);
	w->store = challenge_store_new();
	if (!w->store)
		return -ENOMEM;
	challenge_watch(w->store, worker_names_changed, w);
	options.store = w->store;
	options.unix_at_zero_s = (int64_t)time(NULL) - (int64_t)(w->now / USEC_PER_SEC);
	if (getrandom(options.hash_key, sizeof(options.hash_key), 0) != sizeof(options.hash_key))
		return -EIO;
	return engine_new(&options, &w->engine);
}

int worker_run(int channel)
{
	static struct worker worker;
	struct worker *w = &worker;
	int err;

	w->channel = channel;
	w->front.fd = w->notify.fd = -1;
	signal(SIGPIPE, SIG_IGN);
	/* What a terminal or a service manager sends to all of us is for the keeper; we end when it does. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	w->owner = geteuid();
	err = sandbox_enter(SANDBOX_ENGINE);
	if (!err)
		err = prepare(w);
	if (err) {
		log_error("engine: cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	loop(w);
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		worker_withdraw(&w->interface[n]);
	say_goodbye(w);
	return EXIT_DONE;
}
