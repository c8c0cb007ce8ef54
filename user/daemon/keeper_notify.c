/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ready, for the service manager: when every interface has been through a self-check, whatever its result, or when they take
 * too long. A failed one is no reason not to start: what is wrong may be outside (no web server yet), and everything
 * passes meanwhile. It is told in the log and by `status`.
 */
#include "daemon/keeper.h"

#define READY_WAIT (3 * USEC_PER_SEC)

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
