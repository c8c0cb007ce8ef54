/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Self-checks, one at a time: what selfcheck/ wants done is done here, between two turns of the packet loop.
 *
 * The kernel's way into an AF_XDP socket has no lock, since a queue has one reader; our frames come in beside it. So while
 * we talk nobody else may be redirected to the queue: no credit is given (hellos pass to the web server for these few
 * milliseconds, as they did before we began to serve), and it begins only when no flow is there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include "daemon/worker.h"

#define CHALLENGE_LIFE (2 * SELFCHECK_TIME)

enum { STEPS = 32, FIRST_QUEUE = 0 };

static struct worker_interface *interface_of(struct worker *w)
{
	return &w->interface[w->check.port];
}

/* ------------------------------------------------------------ begin and end */

static void close_programs(struct worker_interface *i)
{
	if (!i->check.due)
		return;
	i->check.due = false;
	close(i->check.main_fd);
	close(i->check.peek_fd);
}

void worker_check_want(struct worker *w, struct worker_interface *i, const struct message *m)
{
	if (w->check.running && i == interface_of(w))
		worker_check_gone(w, i);
	close_programs(i);
	i->check.host = m->host;
	i->check.main_fd = m->fd[0];
	i->check.peek_fd = m->fd[1];
	i->check.due = true;
	snprintf(i->check.text, sizeof(i->check.text), "not over yet");
}

static int open_check(struct worker *w, struct worker_interface *i)
{
	struct selfcheck_options options = { .host = &i->check.host,
					     .port = i->attachment.port,
					     .mtu = i->port.mtu };
	int err = w->check.tls ? 0 : tls_context_new(&w->check.tls);

	if (err)
		return err;
	options.tls = w->check.tls;
	memcpy(options.own_mac, i->port.own_mac, sizeof(options.own_mac));
	if (getrandom(options.random, sizeof(options.random), 0) != sizeof(options.random))
		return -1;
	return selfcheck_new(&options, w->now, &w->check.running);
}

static void tell(struct worker *w, const struct worker_interface *i, bool passed, const char *fix)
{
	struct message m = { .type = MESSAGE_CHECKED, .ifindex = i->attachment.ifindex };

	m.report.ok = passed;
	snprintf(m.report.error.what, sizeof(m.report.error.what), "%s: %.140s", i->attachment.ifname,
		 i->check.text);
	snprintf(m.report.error.fix, sizeof(m.report.error.fix), "%s", fix);
	channel_send(w->channel, &m);
}

static void fail_open(struct worker *w, struct worker_interface *i)
{
	close_programs(i);
	snprintf(i->check.text, sizeof(i->check.text), "not done: no memory, or no random numbers");
	tell(w, i, false, "");
}

static void begin(struct worker *w, struct worker_interface *i)
{
	w->check.port = (unsigned)(i - w->interface);
	worker_alone_end(w);
	w->check.next = w->now;
	if (open_check(w, i)) {
		fail_open(w, i);
		return;
	}
	w->check.before = *engine_counters(w->thread[0].engine);
}

/* Pending for as long as the connection lasts: some milliseconds. A file that was written meanwhile is written again. */
static void set_pending(struct worker *w, bool pending)
{
	const struct challenge_order order = { .ident = selfcheck_identifier(w->check.running),
					       .digest = selfcheck_digest(w->check.running),
					       .expires = w->now + CHALLENGE_LIFE };

	if (pending == w->check.pending)
		return;
	w->check.pending = pending;
	if (pending)
		challenge_add(w->store, &order, w->now);
	else
		challenge_remove(w->store, order.ident, NULL);
	if (pending)
		w->check.began = w->now;
	else if (w->save.begun || w->saved >= w->check.began)
		w->unsaved = true;
	worker_arm(w);
}

/* The connection is over: others may be offered again. */
static void let_go(struct worker *w)
{
	set_pending(w, false);
	worker_alone_end(w);
}

static void forget(struct worker *w)
{
	struct worker_interface *i = interface_of(w);

	let_go(w);
	selfcheck_free(w->check.running);
	w->check.running = NULL;
	close_programs(i);
}

void worker_check_gone(struct worker *w, struct worker_interface *i)
{
	if (w->check.running && i == interface_of(w))
		forget(w);
	close_programs(i);
}

/* How the engine counted the end of the connection, if it was not what was hoped for. */
static const char *engine_says(const struct worker *w)
{
	const struct engine_counters *now = engine_counters(w->thread[0].engine);

	for (unsigned o = 0; o < NUM_OUTCOMES; o++)
		if (o != OUTCOME_VALIDATED && now->outcome[o] != w->check.before.outcome[o])
			return engine_outcome_name((enum engine_outcome)o);
	return NULL;
}

static void end(struct worker *w)
{
	const struct selfcheck_result *r = selfcheck_result(w->check.running);
	struct worker_interface *i = interface_of(w);
	const char *says = r->ok || !r->answered ? NULL : engine_says(w);
	size_t len;

	snprintf(i->check.text, sizeof(i->check.text), "%s%s%s", r->what, says ? "; the engine counted " : "",
		 says ? says : "");
	tell(w, i, r->ok, r->fix);
	len = strlen(i->check.text);
	snprintf(i->check.text + len, sizeof(i->check.text) - len, "%s%s", *r->fix ? "; " : "", r->fix);
	forget(w);
}

/* ------------------------------------------------------------------- steps */

static void set_credit(struct worker *w, struct worker_interface *i, int32_t credit)
{
	struct queue_state *state = &i->shared.queues[FIRST_QUEUE];

	__atomic_store_n(&state->credit, credit, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state->heartbeat_ns, w->now * 1000, __ATOMIC_SEQ_CST);
}

/* Why the program would not take our hello. The reasons before these are counted for bystanders all the time. */
static const char *counted(const uint64_t *before, const uint64_t *after, enum reason *out)
{
	for (enum reason r = REASON_NOT_PENDING; r < NUM_REASONS; r++) {
		if (r == REASON_OFFERED || after[r] == before[r])
			continue;
		*out = r;
		return xdp_reason_help(r);
	}
	return NULL;
}

/* False: not now. The one credit that our hello needs may go to another who comes in this very moment. */
static bool try(struct worker *w, struct worker_interface *i, const struct selfcheck_frame *f)
{
	uint64_t before[NUM_REASONS] = { 0 }, after[NUM_REASONS] = { 0 };
	enum reason reason = NUM_REASONS;
	const char *why;
	int verdict;

	if (!worker_alone(w, i))
		return false;
	set_pending(w, true);
	xdp_counters_read(&i->attachment.maps, before);
	set_credit(w, i, 1);
	verdict = xdp_try(i->check.main_fd, i->attachment.ifindex, f->bytes, f->len);
	set_credit(w, i, 0);
	xdp_counters_read(&i->attachment.maps, after);
	why = counted(before, after, &reason);
	if (reason == REASON_NO_CREDIT) {
		let_go(w);
		w->check.next = w->now + WORKER_ALONE_AGAIN;
		return false;
	}
	selfcheck_tried(w->check.running, verdict, why, w->now);
	return true;
}

/* False: there is nothing to do at the moment. */
static bool act(struct worker *w)
{
	struct worker_interface *i = interface_of(w);
	struct selfcheck *c = w->check.running;
	unsigned ifindex = i->attachment.ifindex;
	struct selfcheck_frame f;
	uint32_t snd_nxt = 0;
	int answer;

	switch (selfcheck_next(c, &f, w->now)) {
	case SELFCHECK_PEEK:
		answer = xdp_peek(i->check.peek_fd, ifindex, f.bytes, f.len, &snd_nxt);
		selfcheck_peeked(c, answer, snd_nxt, w->now);
		return true;
	case SELFCHECK_INJECT:
		xdp_inject_frame(&w->inject, ifindex, f.bytes, f.len);
		return true;
	case SELFCHECK_TRY:
		return try(w, i, &f);
	case SELFCHECK_RUN:
		xdp_run(i->check.main_fd, ifindex, f.bytes, f.len);
		return true;
	case SELFCHECK_RESET:
		xdp_inject_rst(&w->inject, ifindex, f.bytes, f.len);
		return true;
	case SELFCHECK_OVER:
		end(w);
		return false;
	case SELFCHECK_WAIT:
		break;
	}
	return false;
}

void worker_check(struct worker *w)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES && !w->check.running; n++)
		if (w->interface[n].serving && w->interface[n].check.due)
			begin(w, &w->interface[n]);
	for (unsigned n = 0; n < STEPS && w->check.running; n++)
		if (!act(w))
			break;
	if (w->check.running && !selfcheck_talks(w->check.running))
		let_go(w);
}

usec_t worker_check_due(const struct worker *w)
{
	if (!w->check.running)
		return USEC_NEVER;
	return MAX(selfcheck_deadline(w->check.running), w->check.next);
}

/* A frame that the engine sends: true if it is for the pretended validator, and stays here. */
bool worker_check_takes(struct worker *w, unsigned port, const uint8_t *frame, size_t len)
{
	uint8_t mac[6];

	selfcheck_mac(w->interface[port].port.own_mac, mac);
	if (len < sizeof(mac) || memcmp(frame, mac, sizeof(mac)))
		return false;
	if (w->check.running && w->check.port == port)
		selfcheck_input(w->check.running, frame, len, w->now);
	return true;
}
