/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reload: the file is read again, and what has changed is put into force. No flow is dropped: attached interfaces are not
 * touched, the engine process goes on, and names that a front end is being asked for are asked for again of the next one.
 *
 * Where the control socket lies, the number of threads and how long they look for frames, and the mode and port of what is
 * attached already, change with the next start.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "daemon/keeper.h"

/* The first is for the one who asked; all are for the log. */
static void tell_problem(void *context, const char *line)
{
	struct xdp_error *error = context;

	log_error("keeper: %s", line);
	if (!error->what[0])
		snprintf(error->what, sizeof(error->what), "%s", line);
}

static bool has(const struct settings *s, const char *ifname)
{
	for (size_t n = 0; n < s->interfaces; n++)
		if (!strcmp(s->interface[n], ifname))
			return true;
	return false;
}

/* All are for the log; the first is told to the one who asked, too. Returns what reload comes to. */
static int tell_failed(const struct daemon_report *failed, int err, struct xdp_error *error)
{
	log_error("keeper: %s%s%s", failed->error.what, *failed->error.system ? ": " : "",
		  failed->error.system);
	if (err)
		return err;
	*error = failed->error;
	snprintf(error->what, sizeof(error->what), "%.*s; all else of the file is in force",
		 (int)sizeof(error->what) - 40, failed->error.what);
	return failed->err;
}

/* An interface that was attached by hand is in neither list, and stays. One that fails leaves k->settings: the next reload
 * tries it again. */
static int follow_interfaces(struct keeper *k, const struct settings *old, struct xdp_error *error)
{
	struct settings *s = &k->settings;
	struct daemon_report report;
	size_t kept = 0, wanted = s->interfaces;
	int err = 0;

	for (size_t n = 0; n < wanted; n++) {
		const struct xdp_attach_options options = { .ifname = s->interface[n],
							    .mode = s->mode,
							    .port = s->port };

		report = (struct daemon_report){ .ok = false };
		if (!has(old, s->interface[n]) && keeper_attach(k, &options, &report) &&
		    report.err != -EEXIST)
			err = tell_failed(&report, err, error);
		else
			memmove(s->interface[kept++], s->interface[n], sizeof(s->interface[n]));
	}
	s->interfaces = kept;
	for (size_t n = 0; n < old->interfaces; n++) {
		report = (struct daemon_report){ .ok = false };
		if (!has(s, old->interface[n]) && keeper_detach(k, old->interface[n], &report) &&
		    report.err != -ENOENT)
			err = tell_failed(&report, err, error);
	}
	return err;
}

static bool front_differs(const struct settings *a, const struct settings *b)
{
	return strcmp(a->ualpn_socket, b->ualpn_socket) || strcmp(a->harvest, b->harvest) ||
	       strcmp(a->metrics_socket, b->metrics_socket) ||
	       strcmp(a->metrics_textfile, b->metrics_textfile) || a->watches != b->watches ||
	       memcmp(a->watch, b->watch, a->watches * sizeof(a->watch[0])) ||
	       a->log_format != b->log_format || a->log_level != b->log_level;
}

/* What is in force only later; error->system has it for the one who asked, as a note. */
static void note_later(const struct settings *old, const struct settings *s, struct xdp_error *error)
{
	const char *note = strcmp(old->socket, s->socket) ? "socket: changes with the next start"
			   : old->threads != s->threads || old->busy_poll_us != s->busy_poll_us
				   ? "threads, busy-poll: change with the next start"
			   : old->mode != s->mode || old->port != s->port
				   ? "mode, port: of what is attached from now on"
				   : "";

	if (*note)
		log_notice("keeper: %s", note);
	snprintf(error->system, sizeof(error->system), "%s", note);
}

static int put_into_force(struct keeper *k, const struct settings *s, struct xdp_error *error)
{
	struct settings old = k->settings;

	k->settings = *s;
	note_later(&old, s, error);
	log_setup(s->log_level, s->log_format);
	keeper_tell_settings(k);
	/* Another front starts within the next turn, if one is wanted. */
	if (front_differs(&old, s)) {
		keeper_front_stop(k);
		k->front.restart_at = 0;
	}
	return follow_interfaces(k, &old, error);
}

int keeper_reload(struct keeper *k, struct daemon_report *report)
{
	static struct settings fresh;
	int problems;

	notify_send(k->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now());
	problems = settings_load(k->source, &fresh, tell_problem, &report->error);
	if (problems > 0) {
		report->err = -EINVAL;
		snprintf(report->error.fix, sizeof(report->error.fix), "alpnxdp config check");
	} else {
		report->err = keeper_hook_check(&fresh, &report->error);
		if (!report->err)
			report->err = keeper_front_listen(k, &fresh, &report->error);
	}
	if (!report->err) {
		report->err = put_into_force(k, &fresh, &report->error);
		log_notice("keeper: reloaded");
	}
	report->ok = !report->err;
	notify_send(k->notify, "READY=1");
	return report->err;
}
