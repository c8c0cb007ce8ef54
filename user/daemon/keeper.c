/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keeper: privileged, and deaf to the network. It attaches and takes off, opens sockets for the engine process, starts
 * another when one dies, and writes down what the engine wants kept.
 *
 * When it is told to stop (SIGTERM, SIGINT) the programs stay attached, with nobody behind them: everything passes, no
 * link flaps, and the next daemon takes them over. Only `detach` removes them.
 */
#include <errno.h>
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
	sigaddset(&set, SIGHUP); /* the terminal that started us is gone */
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void serve_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			continue;
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
		keeper_engine_ended(k);
		return;
	}
	for (size_t n = 0; n < k->interfaces && k->channel >= 0; n++) {
		if (!keeper_serve(k, &k->interface[n], &error))
			continue;
		log_error("keeper: %s (%s)", error.what, error.system);
		keeper_engine_ended(k);
		return;
	}
	log_notice("keeper: the new engine process serves %zu interface%s", k->interfaces,
		   k->interfaces == 1 ? "" : "s");
}

static int wait_ms(const struct keeper *k)
{
	usec_t now = clock_now();

	if (k->channel >= 0)
		return CHECK_MS;
	return now >= k->restart_at ? 0 : (int)((k->restart_at - now) / USEC_PER_MSEC) + 1;
}

static void turn(struct keeper *k)
{
	struct pollfd fds[3] = { { .fd = k->signals, .events = POLLIN },
				 { .fd = k->channel, .events = POLLIN },
				 { .fd = k->links, .events = POLLIN } };
	int got;

	poll(fds, 3, wait_ms(k));
	serve_signals(k);
	if (k->stopping)
		return;
	if (k->channel >= 0 && fds[1].revents) {
		got = keeper_hear(k);
		if (got <= 0 && got != -EAGAIN)
			keeper_engine_ended(k);
	}
	if (fds[2].revents || clock_now() >= k->checked + CHECK_MS * USEC_PER_MSEC) {
		keeper_links_drain(k->links);
		k->checked = clock_now();
		keeper_check(k);
	}
	if (k->channel < 0 && !k->stopping && clock_now() >= k->restart_at)
		restart_engine(k);
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
	return err;
}

static int begin(struct keeper *k, struct daemon_report *reports)
{
	int err = xdp_inject_load(&k->inject, &reports[0].error);

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
	keeper_stop_engine(k);
	for (size_t n = 0; n < k->interfaces; n++)
		xdp_attachment_close(&k->interface[n]);
	xdp_inject_close(&k->inject);
	state_clear(k->socket_path, k->interfaces == 0);
	close(k->listen_fd);
	close(k->signals);
	close(k->links);
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
			      .channel = -1,
			      .inject = { -1, -1, -1 } };
	k->signals = open_signals();
	k->links = keeper_links_open();
	err = MIN(k->signals, k->links);
	if (err >= 0)
		err = begin(k, reports);
	for (size_t n = 0; n < o->settings.interfaces; n++)
		if (err && !reports[n].err)
			reports[n].err = err;
	ready(context, reports);
	k->checked = clock_now();
	while (!err && !k->stopping)
		turn(k);
	end(k);
out:
	free(reports);
	free(k);
	return err;
}
