/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the service manager hears, all of it from the keeper, which is the main process of the service.
 *
 * Ready: when every interface has been through a self-check, whatever its result, or when they take too long. A failed one
 * is no reason not to start: what is wrong may be outside (no web server yet), and everything passes meanwhile. It is
 * told in the log and by `status`.
 *
 * The watchdog is fed by the engine's packet loop, over a socket of ours, so that it can say nothing else: a keeper that
 * hangs does not pass it on, and a loop that hangs has nothing to pass on.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/keeper.h"

#define READY_WAIT (3 * USEC_PER_SEC)
enum { FEED_MOST = 16 }; /* words in one turn: an engine that has been taken over could go on for ever */

void keeper_started(struct keeper *k)
{
	k->ready_by = k->settings.self_check ? clock_now() + READY_WAIT : 0;
}

void keeper_checked(struct keeper *k, const struct message *m)
{
	const struct xdp_error *e = &m->report.error;

	if (m->report.ok)
		log_info("keeper: self-check: %.*s", (int)sizeof(e->what), e->what);
	else
		log_warning("keeper: self-check: %.*s%s%.*s", (int)sizeof(e->what), e->what,
			    *e->fix ? "; " : "", (int)sizeof(e->fix), e->fix);
	if (++k->checked_interfaces >= k->interfaces && !k->ready)
		k->ready_by = 0;
}

usec_t keeper_ready_due(const struct keeper *k)
{
	return k->ready || k->notify < 0 ? USEC_NEVER : k->ready_by;
}

void keeper_tell_ready(struct keeper *k)
{
	k->ready = true;
	notify_send(k->notify, "READY=1");
}

int keeper_feed_open(struct keeper *k)
{
	int pair[2];

	keeper_feed_close(k);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return -errno;
	k->feed = pair[0];
	return pair[1];
}

void keeper_feed_close(struct keeper *k)
{
	if (k->feed >= 0)
		close(k->feed);
	k->feed = -1;
}

void keeper_feed(struct keeper *k)
{
	static const char status[] = "STATUS=";
	char line[256];
	ssize_t len;

	for (int n = 0; n < FEED_MOST && k->feed >= 0; n++) {
		len = recv(k->feed, line, sizeof(line) - 1, 0);
		if (len <= 0)
			break;
		line[len] = '\0';
		if (!strcmp(line, "WATCHDOG=1") ||
		    (!strncmp(line, status, strlen(status)) && !strchr(line, '\n')))
			notify_send(k->notify, "%s", line);
	}
}
