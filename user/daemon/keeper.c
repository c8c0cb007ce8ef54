/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keeper: privileged, and deaf to the network. It attaches and takes off, opens sockets for the engine process, starts
 * another when one dies, and writes down what the engine wants kept.
 *
 * When it is told to stop (SIGTERM, SIGINT) the programs stay attached, with nobody behind them: everything passes, no
 * link flaps, and the next daemon takes them over. Only `detach` removes them.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "daemon/keeper.h"
#include "daemon/state.h"

enum { CHECK_MS = 2000 }; /* a look at the interfaces, even if no message came */

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void hang_up(struct keeper *k)
{
	struct daemon_report report = { .ok = false };

	if (keeper_reload(k, &report))
		log_error("keeper: reload: %s", report.error.what);
}

static void serve_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			hang_up(k);
			continue;
		}
		log_notice(
			"keeper: stopping; programs stay attached and pass everything (alpnxdp detach --all removes them)");
		k->stopping = true;
	}
}

/* A new engine gets everything again; the programs never leave their interfaces. */
static void restart_engine(struct keeper *k)
{
	struct xdp_error error = { .what = "" };

	if (keeper_start_engine(k)) {
		child_ended(&k->engine);
		return;
	}
	for (size_t n = 0; n < k->interfaces && k->engine.channel >= 0; n++) {
		if (!keeper_serve(k, &k->interface[n], &error))
			continue;
		log_error("keeper: %s (%s)", error.what, error.system);
		child_ended(&k->engine);
		return;
	}
	log_notice("keeper: the new engine process serves %zu interface%s", k->interfaces,
		   k->interfaces == 1 ? "" : "s");
}

/* A front without an engine has nobody to tell: it waits for the next one. */
static bool front_missing(const struct keeper *k)
{
	return k->front.channel < 0 && k->engine.channel >= 0 && keeper_front_wanted(k);
}

static void restart_front(struct keeper *k)
{
	int err = keeper_front_start(k);

	if (!err)
		return;
	log_error("keeper: the front ends do not start: %s", strerror(-err));
	child_ended(&k->front);
}

static int wait_ms(const struct keeper *k)
{
	usec_t now = clock_now(), due = now + CHECK_MS * USEC_PER_MSEC;

	if (k->engine.channel < 0)
		due = MIN(due, k->engine.restart_at);
	if (front_missing(k))
		due = MIN(due, k->front.restart_at);
	due = MIN(due, keeper_ready_due(k));
	due = MIN(due, keeper_hooks_due(k, now));
	return now >= due ? 0 : (int)((due - now) / USEC_PER_MSEC) + 1;
}

static void serve_children(struct keeper *k, short engine, short front)
{
	int got;

	if (k->engine.channel >= 0 && engine) {
		got = keeper_hear(k);
		if (got <= 0 && got != -EAGAIN)
			child_ended(&k->engine);
	}
	/* What the engine has just asked for may have ended the front. */
	if (k->front.channel >= 0 && front) {
		got = keeper_front_hear(k);
		if (got <= 0 && got != -EAGAIN) {
			child_ended(&k->front);
			keeper_front_stop(k);
		}
	}
}

static void start_missing(struct keeper *k)
{
	usec_t now = clock_now();

	if (k->stopping)
		return;
	if (child_due(&k->engine, now))
		restart_engine(k);
	if (front_missing(k) && child_due(&k->front, now))
		restart_front(k);
}

static void turn(struct keeper *k)
{
	struct pollfd fds[5] = { { .fd = k->signals, .events = POLLIN },
				 { .fd = k->engine.channel, .events = POLLIN },
				 { .fd = k->links, .events = POLLIN },
				 { .fd = k->front.channel, .events = POLLIN },
				 { .fd = k->feed, .events = POLLIN } };

	poll(fds, 5, wait_ms(k));
	serve_signals(k);
	if (k->stopping)
		return;
	keeper_feed(k);
	serve_children(k, fds[1].revents, fds[3].revents);
	if (fds[2].revents || clock_now() >= k->checked + CHECK_MS * USEC_PER_MSEC) {
		keeper_links_drain(k->links);
		k->checked = clock_now();
		keeper_check(k);
	}
	if (clock_now() >= keeper_ready_due(k))
		keeper_tell_ready(k);
	keeper_hooks(k);
	start_missing(k);
}

static void undo(struct keeper *k)
{
	struct xdp_error ignored;

	for (size_t n = 0; n < k->interfaces; n++)
		if (!k->interface[n].taken_over)
			xdp_detach(k->interface[n].ifname, &ignored);
}

static int attach_all(struct keeper *k, struct daemon_report *reports)
{
	int err = 0;

	for (size_t n = 0; !err && n < k->settings.interfaces; n++) {
		const struct xdp_attach_options options = { .ifname = k->settings.interface[n],
							    .mode = k->settings.mode,
							    .port = k->settings.port };

		err = keeper_attach(k, &options, &reports[n]);
	}
	malloc_trim(0); /* loading has read the kernel's types, 10 MiB of them, and needs them no more */
	return err;
}

static int begin(struct keeper *k, struct daemon_report *reports)
{
	int err = keeper_hook_check(&k->settings, &reports[0].error);

	if (!err)
		err = keeper_front_listen(k, &k->settings, &reports[0].error);
	if (!err)
		err = xdp_inject_load(&k->inject, &reports[0].error);
	if (!err)
		err = keeper_start_engine(k);
	if (!err)
		err = attach_all(k, reports);
	if (!err)
		err = state_write_pid(k->socket_path);
	if (err)
		undo(k);
	return err;
}

static void end(struct keeper *k)
{
	notify_send(k->notify, "STOPPING=1");
	keeper_front_close(k);
	keeper_hooks_end(k);
	child_stop(&k->engine);
	for (size_t n = 0; n < k->interfaces; n++)
		xdp_attachment_close(&k->interface[n]);
	xdp_inject_close(&k->inject);
	state_clear(k->socket_path, k->interfaces == 0);
	close(k->listen_fd);
	close(k->signals);
	close(k->links);
	keeper_feed_close(k);
	if (k->notify >= 0)
		close(k->notify);
}

int keeper_run(const struct daemon_options *o, int listen_fd, keeper_ready *ready, void *context)
{
	struct daemon_report *reports = calloc(DAEMON_MAX_INTERFACES, sizeof(*reports));
	struct keeper *k = calloc(1, sizeof(*k));
	int err = -ENOMEM;

	if (!reports || !k)
		goto out;
	*k = (struct keeper){ .socket_path = o->settings.socket,
			      .settings = o->settings,
			      .source = &o->source,
			      .listen_fd = listen_fd,
			      .notify = notify_open(),
			      .feed = -1,
			      .inotify = -1,
			      .engine = { .name = "engine", .channel = -1 },
			      .front = { .name = "front", .channel = -1 },
			      .ualpn = { .fd = -1 },
			      .metrics = { .fd = -1 },
			      .inject = { -1, -1, -1 } };
	log_setup(k->settings.log_level, k->settings.log_format);
	k->signals = open_signals();
	k->links = keeper_links_open();
	err = MIN(k->signals, k->links);
	if (err >= 0)
		err = begin(k, reports);
	for (size_t n = 0; n < o->settings.interfaces; n++)
		if (err && !reports[n].err)
			reports[n].err = err;
	ready(context, reports);
	if (!err)
		keeper_started(k);
	k->checked = clock_now();
	while (!err && !k->stopping)
		turn(k);
	end(k);
out:
	free(reports);
	free(k);
	return err;
}
