/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The service manager's watchdog, fed by the packet loops and by nothing else: when one of them hangs, the service is started
 * again. The status line goes the same way, when it has changed.
 */
#include <stdio.h>
#include <string.h>
#include "daemon/worker.h"

#define FEED_EVERY (1 * USEC_PER_SEC)

static size_t append(char *line, size_t cap, size_t at, const struct worker_interface *i)
{
	int put = snprintf(line + at, cap - at, "%s%s: %s, %u queue%s", at ? "; " : "", i->attachment.ifname,
			   xdp_mode_name(i->attachment.mode), i->attachment.queues,
			   i->attachment.queues == 1 ? "" : "s");

	return MIN(at + (size_t)put, cap - 1);
}

static unsigned count_flows(struct worker *w)
{
	unsigned count = 0;

	worker_threads_hold(w);
	for (unsigned n = 0; n < w->threads; n++)
		count += engine_flow_count(w->thread[n].engine);
	worker_threads_release(w);
	return count;
}

void worker_notify(struct worker *w)
{
	char line[sizeof(w->notify.line)] = "";
	unsigned flows;
	size_t at = 0;

	if (w->notify.fd < 0 || w->now < w->notify.fed + FEED_EVERY || !worker_threads_turn(w))
		return;
	w->notify.fed = w->now;
	notify_send(w->notify.fd, "WATCHDOG=1");
	flows = count_flows(w);
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			at = append(line, sizeof(line), at, &w->interface[n]);
	snprintf(line + at, sizeof(line) - at, "; %zu pending, %u flow%s", challenge_count(w->store), flows,
		 flows == 1 ? "" : "s");
	if (!at || !strcmp(line, w->notify.line))
		return;
	strcpy(w->notify.line, line);
	notify_send(w->notify.fd, "STATUS=%s", line);
}
