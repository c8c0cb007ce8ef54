/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keeper's side of the engine process: birth, messages, death, and another one after it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "daemon/keeper.h"
#include "daemon/state.h"
#include "daemon/worker.h"

enum { READY_WAIT_MS = 5000 };

static int run(const int *fd, const void *context)
{
	const struct settings *s = context;

	if (fcntl(fd[0], F_SETFL, O_NONBLOCK))
		return EXIT_FAILED;
	return worker_run(fd[0], s->threads, s->busy_poll_us);
}

/*
 * An engine that reads nothing any more hangs: it is ended, and another one starts. Whoever waited for it would be deaf
 * to signals and links.
 */
int keeper_tell(struct keeper *k, const struct message *m)
{
	int err = k->engine.channel < 0 ? -EPIPE : channel_send(k->engine.channel, m);

	if (err == -EAGAIN) {
		log_error("keeper: the engine process does not read what it is told: it is ended");
		kill(k->engine.pid, SIGKILL);
	}
	return err;
}

static int send_start(struct keeper *k)
{
	struct message m = { .type = MESSAGE_START, .fd_count = 4 };
	int saved = state_open(k->socket_path);
	int err;

	m.fd[0] = k->inject.frame_fd;
	m.fd[1] = k->inject.rst_fd;
	m.fd[2] = k->inject.probe_fd;
	m.fd[3] = k->listen_fd;
	if (saved >= 0)
		m.fd[m.fd_count++] = saved;
	err = keeper_tell(k, &m);
	if (saved >= 0)
		close(saved);
	return err;
}

int keeper_tell_settings(struct keeper *k)
{
	const struct settings *s = &k->settings;
	const struct message m = { .type = MESSAGE_SETTINGS,
				   .settings = { .log_format = s->log_format,
						 .log_level = s->log_level,
						 .harvest = *s->harvest != '\0',
						 .self_check = s->self_check,
						 .probe_hook = *s->probe_hook != '\0' } };
	int err = keeper_tell(k, &m);

	return err ? err : keeper_tell_names(k);
}

static int send_watchdog(struct keeper *k)
{
	struct message m = { .type = MESSAGE_WATCHDOG, .fd_count = 1 };
	int err;

	if (k->notify < 0)
		return 0;
	m.fd[0] = keeper_feed_open(k);
	if (m.fd[0] < 0)
		return m.fd[0];
	err = keeper_tell(k, &m);
	close(m.fd[0]);
	return err;
}

int keeper_start_engine(struct keeper *k)
{
	const struct child_birth birth = { .run = run, .context = &k->settings };
	int err = child_start(&k->engine, &birth);

	if (!err)
		err = send_start(k);
	if (!err)
		err = keeper_tell_settings(k);
	if (!err)
		err = send_watchdog(k);
	if (err)
		child_stop(&k->engine);
	return err;
}

static bool is_sane(struct request *r)
{
	r->ifname[sizeof(r->ifname) - 1] = '\0';
	return r->mode <= XDP_MODE_GENERIC && r->port;
}

static void answer_request(struct keeper *k, struct message *m)
{
	struct message result = { .type = MESSAGE_RESULT, .client = m->client };
	const struct xdp_attach_options options = { .ifname = m->request.ifname,
						    .mode = m->request.mode,
						    .port = m->request.port };

	if (k->waiting) {
		result.report.err = -EAGAIN;
		strcpy(result.report.error.what, "an interface is being attached just now");
		strcpy(result.report.error.fix, "try again");
	} else if (m->request.verb == REQUEST_DETACH) {
		m->request.ifname[sizeof(m->request.ifname) - 1] = '\0';
		keeper_detach(k, m->request.ifname, &result.report);
	} else if (m->request.verb == REQUEST_RELOAD) {
		keeper_reload(k, &result.report);
	} else if (!is_sane(&m->request)) {
		result.report.err = -EINVAL;
		strcpy(result.report.error.what, "no such mode, or no port");
	} else {
		keeper_attach(k, &options, &result.report);
	}
	result.report.ok = result.report.err == 0;
	keeper_tell(k, &result);
	if (m->request.verb == REQUEST_DETACH && !k->interfaces)
		k->stopping = true;
}

int keeper_hear(struct keeper *k)
{
	struct message m;
	int got = channel_receive(k->engine.channel, &m);
	int err;

	if (got != 1)
		return got;
	if (m.type == MESSAGE_SAVE && m.fd_count == 1) {
		err = state_save(k->socket_path, m.fd[0]);
		if (err)
			log_error("keeper: the challenges are not saved: %s", strerror(-err));
	} else if (m.type == MESSAGE_REQUEST) {
		answer_request(k, &m);
	} else if (m.type == MESSAGE_READY) {
		k->serving = m.ifindex;
	} else if (m.type == MESSAGE_CHECKED) {
		keeper_checked(k, &m);
	} else if (m.type == MESSAGE_PROBE) {
		keeper_probe(k, &m);
	}
	for (size_t n = 0; n < m.fd_count; n++)
		close(m.fd[n]);
	return 1;
}

static bool wait_ready(struct keeper *k, unsigned ifindex)
{
	usec_t end = clock_now() + READY_WAIT_MS * USEC_PER_MSEC;

	while (k->engine.channel >= 0 && clock_now() < end) {
		struct pollfd fd = { .fd = k->engine.channel, .events = POLLIN };
		int got;

		if (poll(&fd, 1, 100) <= 0)
			continue;
		got = keeper_hear(k);
		if (got <= 0 && got != -EAGAIN)
			return false;
		if (k->serving == ifindex)
			return true;
	}
	return false;
}

bool keeper_wait_ready(struct keeper *k, unsigned ifindex)
{
	bool ready;

	k->serving = 0;
	k->waiting = true;
	ready = wait_ready(k, ifindex);
	k->waiting = false;
	return ready;
}
