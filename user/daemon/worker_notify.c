/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The service manager's watchdog, fed by the packet loop and by nothing else: when the loop hangs, the service is started
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

void worker_notify(struct worker *w)
{
	char line[sizeof(w->notify.line)] = "";
	size_t at = 0;

	if (w->notify.fd < 0 || w->now < w->notify.fed + FEED_EVERY)
		return;
	w->notify.fed = w->now;
	notify_send(w->notify.fd, "WATCHDOG=1");
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			at = append(line, sizeof(line), at, &w->interface[n]);
	snprintf(line + at, sizeof(line) - at, "; %zu pending, %u flow%s", challenge_count(w->store),
		 engine_flow_count(w->engine), engine_flow_count(w->engine) == 1 ? "" : "s");
	if (!at || !strcmp(line, w->notify.line))
		return;
	strcpy(w->notify.line, line);
	notify_send(w->notify.fd, "STATUS=%s", line);
}
