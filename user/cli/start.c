/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* attach where no daemon runs: starting one. */
#include <errno.h>
#include <string.h>
#include "cli/command.h"

void attach_print(bool json, json_t *interfaces)
{
	size_t i;
	json_t *interface;

	if (json) {
		print_json("attach", json_pack("{s:b,s:o}", "ok", 1, "interfaces", interfaces));
	} else {
		json_array_foreach(interfaces, i, interface)
		{
			printf("%s: attached, ", reply_string(interface, "name"));
			attachment_print_facts(interface);
		}
		json_decref(interfaces);
	}
	fflush(stdout); /* in the foreground nothing else is printed for a long time */
}

static void print_started(bool json, const struct daemon_options *o, const struct daemon_report *reports)
{
	json_t *interfaces = json_array();

	for (size_t i = 0; i < o->settings.interfaces; i++)
		json_array_append_new(interfaces, attachment_json(&reports[i].attachment));
	attach_print(json, interfaces);
}

static void started_text(const struct daemon_options *o, const struct daemon_report *reports)
{
	print_started(false, o, reports);
}

static void started_json(const struct daemon_options *o, const struct daemon_report *reports)
{
	print_started(true, o, reports);
}

static int start_failed(const struct command *c, int err, const struct daemon_options *o,
			const struct daemon_report *reports)
{
	static const struct {
		int err;
		enum control_exit code;
		const char *what, *fix;
	} rows[] = {
		{ -EEXIST, EXIT_FAILED, "%s is there already, and is no socket", NULL },
		{ -ENOENT, EXIT_FAILED, "the directory of %s cannot be made, the one above it is missing",
		  "make it with mkdir -p" },
		{ 0, EXIT_FAILED, "the daemon did not start (its socket: %s)", NULL },
	};
	char what[256];
	size_t row = 0;

	for (size_t i = 0; i < o->settings.interfaces; i++) {
		const struct xdp_error *e = &reports[i].error;

		if (!reports[i].ok && e->what[0])
			return failure_tell(c, &(struct failure){ control_exit_of(reports[i].err), e->what,
								  e->system, e->fix });
	}
	while (rows[row].err && rows[row].err != err)
		row++;
	snprintf(what, sizeof(what), rows[row].what, o->settings.socket);
	return failure_tell(c, &(struct failure){ rows[row].code, what, strerror(-err), rows[row].fix });
}

int attach_start(const struct command *c, const struct settings *s, const struct settings_source *source)
{
	const struct daemon_options o = { .settings = *s, .source = *source, .foreground = c->foreground };
	struct daemon_report reports[DAEMON_MAX_INTERFACES] = { 0 };
	void (*started)(const struct daemon_options *, const struct daemon_report *) =
		c->json ? started_json : started_text;
	int err;

	config_warn(s);
	err = daemon_start(&o, reports, started);
	if (err == -EADDRINUSE)
		return err;
	if (err)
		return start_failed(c, err, &o, reports);
	if (!c->foreground)
		started(&o, reports);
	return EXIT_DONE;
}
