/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach: through the daemon that runs, or by starting one. All interfaces or none: what this call attached
 * before the one that failed is detached again.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"

static int check_names(const struct command *c)
{
	char what[128];

	for (size_t i = 0; i < c->operands; i++) {
		snprintf(what, sizeof(what), "'%.40s' is not the name of an interface", c->operand[i]);
		if (!text_is_ifname(c->operand[i]))
			return failure_tell(c,
					    &(struct failure){ EXIT_REFUSED, what, NULL, "ip -brief link" });
		for (size_t j = 0; j < i; j++) {
			snprintf(what, sizeof(what), "%s is named twice", c->operand[i]);
			if (strcmp(c->operand[i], c->operand[j]) == 0)
				return failure_tell(c, &(struct failure){ EXIT_USAGE, what, NULL, NULL });
		}
	}
	return EXIT_DONE;
}

static void print_attached(bool json, json_t *interfaces)
{
	size_t i;
	json_t *interface;

	if (json) {
		print_json("attach", json_pack("{s:b,s:o}", "ok", 1, "interfaces", interfaces));
		return;
	}
	json_array_foreach(interfaces, i, interface)
	{
		printf("%s: attached, ", reply_string(interface, "name"));
		attachment_print_facts(interface);
	}
	json_decref(interfaces);
}

static int ask_attach(const struct command *c, const char *ifname, json_t **reply)
{
	char port[8];
	const char *pairs[] = { "iface", ifname, "mode", xdp_mode_name(c->mode), "port", port, NULL };

	snprintf(port, sizeof(port), "%u", c->port);
	return ask(c, ASK_ATTACH_MS, "attach", pairs, reply);
}

/*
 * Takes back what was attached before operand number `count`; nothing more can be done about what fails here.
 */
static void undo(const struct command *c, size_t count)
{
	while (count-- > 0) {
		const char *pairs[] = { "iface", c->operand[count], NULL };
		json_t *reply = NULL;

		if (ask(c, ASK_DETACH_MS, "detach", pairs, &reply) == 0)
			json_decref(reply);
	}
}

/* -ENOENT or -ECONNREFUSED with nothing printed: there is no daemon to ask. Otherwise an exit status. */
static int attach_by_daemon(const struct command *c)
{
	json_t *interfaces = json_array();
	int status = EXIT_DONE;

	for (size_t i = 0; i < c->operands && !status; i++) {
		json_t *reply = NULL;
		int err = ask_attach(c, c->operand[i], &reply);

		if (ask_nobody(err) && i == 0) {
			status = err;
		} else if (err) {
			status = ask_failed(c, err);
		} else if (!reply_ok(reply)) {
			struct failure f = reply_failure(reply);

			status = failure_tell(c, &f);
		} else {
			json_array_extend(interfaces, json_object_get(reply, "interfaces"));
		}
		json_decref(reply);
		if (status > 0)
			undo(c, i);
	}
	if (status)
		json_decref(interfaces);
	else
		print_attached(c->json, interfaces);
	return status;
}

static void print_started(bool json, const struct daemon_options *o, const struct daemon_report *reports)
{
	json_t *interfaces = json_array();

	for (size_t i = 0; i < o->settings.interfaces; i++)
		json_array_append_new(interfaces, attachment_json(&reports[i].attachment));
	print_attached(json, interfaces);
	fflush(stdout); /* in the foreground nothing else is printed for a long time */
}

static void started_text(const struct daemon_options *o, const struct daemon_report *reports)
{
	print_started(false, o, reports);
}

static void started_json(const struct daemon_options *o, const struct daemon_report *reports)
{
	print_started(true, o, reports);
}

static int start_failed(const struct command *c, int err, const struct daemon_report *reports)
{
	static const struct {
		int err;
		enum control_exit code;
		const char *what, *fix;
	} rows[] = {
		{ -EADDRINUSE, EXIT_TRY_AGAIN, "a daemon answers on %s already",
		  "leave --foreground out to ask it" },
		{ -EEXIST, EXIT_FAILED, "%s is there already, and is no socket", NULL },
		{ -ENAMETOOLONG, EXIT_FAILED, "%s is too long for a socket", NULL },
		{ -ENOENT, EXIT_FAILED, "the directory of %s cannot be made, the one above it is missing",
		  "make it with mkdir -p" },
		{ 0, EXIT_FAILED, "the daemon did not start (its socket: %s)", NULL },
	};
	char what[256];
	size_t row = 0;

	for (size_t i = 0; i < c->operands; i++) {
		const struct xdp_error *e = &reports[i].error;

		if (!reports[i].ok && e->what[0])
			return failure_tell(c, &(struct failure){ control_exit_of(reports[i].err), e->what,
								  e->system, e->fix });
	}
	while (rows[row].err && rows[row].err != err)
		row++;
	snprintf(what, sizeof(what), rows[row].what, c->socket);
	return failure_tell(c, &(struct failure){ rows[row].code, what, strerror(-err), rows[row].fix });
}

/* The daemon leaves this directory; its path must not depend on it. */
static int absolute_path(const char *path, char out[PATH_MAX])
{
	size_t len = 0;

	if (*path != '/') {
		if (!getcwd(out, PATH_MAX))
			return -errno;
		len = strlen(out);
		out[len++] = '/';
	}
	if (len + strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(out + len, path);
	return 0;
}

static int attach_by_starting(const struct command *c)
{
	struct daemon_report reports[DAEMON_MAX_INTERFACES] = { 0 };
	char path[PATH_MAX];
	struct daemon_options o = { .settings = { .mode = c->mode,
						  .port = c->port,
						  .interfaces = c->operands,
						  .log_format = LOG_FORMAT_TEXT,
						  .log_level = LOG_LEVEL_INFO,
						  .self_check = true },
				    .foreground = c->foreground };
	void (*started)(const struct daemon_options *, const struct daemon_report *) =
		c->json ? started_json : started_text;
	char fix[64];
	int err;

	if (!xdp_permitted()) {
		snprintf(fix, sizeof(fix), "sudo alpnxdp attach %s", c->operand[0]);
		return failure_tell(
			c, &(struct failure){ EXIT_FAILED, "only root may attach", strerror(EPERM), fix });
	}
	for (size_t i = 0; i < c->operands; i++)
		snprintf(o.settings.interface[i], sizeof(o.settings.interface[i]), "%s", c->operand[i]);
	err = absolute_path(c->socket, path);
	if (!err && strlen(path) >= sizeof(o.settings.socket))
		err = -ENAMETOOLONG;
	if (!err)
		strcpy(o.settings.socket, path);
	if (!err)
		err = daemon_start(&o, reports, started);
	if (err == -EADDRINUSE && !c->foreground) { /* somebody else was faster */
		err = attach_by_daemon(c);
		return err < 0 ? ask_failed(c, err) : err;
	}
	if (err)
		return start_failed(c, err, reports);
	if (!c->foreground)
		started(&o, reports);
	return EXIT_DONE;
}

int run_attach(const struct command *c)
{
	int status = check_names(c);

	if (status)
		return status;
	if (!c->foreground) {
		status = attach_by_daemon(c);
		if (status >= 0)
			return status;
	}
	return attach_by_starting(c);
}
