/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach: through the daemon that runs, or by starting one. All interfaces or none: what this call attached
 * before the one that failed is detached again.
 */
#include <errno.h>
#include <string.h>
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

static int check_root(const struct command *c)
{
	char fix[64];

	if (xdp_permitted())
		return EXIT_DONE;
	snprintf(fix, sizeof(fix), "sudo alpnxdp attach%s%s", c->operands ? " " : "",
		 c->operands ? c->operand[0] : "");
	return failure_tell(c,
			    &(struct failure){ EXIT_FAILED, "only root may attach", strerror(EPERM), fix });
}

static int check_count(const struct command *c, const struct settings *s, const char *path)
{
	char what[320], fix[320];

	if (s->interfaces)
		return EXIT_DONE;
	snprintf(what, sizeof(what), "this needs the name of an interface, and %s has none", path);
	snprintf(fix, sizeof(fix), "alpnxdp attach IFACE, or a line in %s: interface = IFACE", path);
	return failure_tell(c, &(struct failure){ EXIT_USAGE, what, NULL, fix });
}

int attach_ask(const struct command *c, const struct settings *s, const char *ifname, json_t **reply)
{
	char port[8];
	const char *pairs[] = { "iface", ifname, "mode", xdp_mode_name(s->mode), "port", port, NULL };

	snprintf(port, sizeof(port), "%u", s->port);
	return ask(c, ASK_ATTACH_MS, "attach", pairs, reply);
}

/*
 * Takes back what was attached before interface number `count`; nothing more can be done about what fails here.
 */
static void undo(const struct command *c, const struct settings *s, size_t count)
{
	while (count-- > 0) {
		const char *pairs[] = { "iface", s->interface[count], NULL };
		json_t *reply = NULL;

		if (ask(c, ASK_DETACH_MS, "detach", pairs, &reply) == 0)
			json_decref(reply);
	}
}

/* What belongs to the whole daemon, and is not attach's to change while it runs; NULL: nothing. */
static const char *given_to_daemon(const struct command *c)
{
	static const char *const attachs[] = { "interface", "mode", "port", "socket" };

	for (size_t i = 0; i < c->given.count; i++) {
		size_t n = 0;

		while (n < ARRAY_SIZE(attachs) && strcmp(attachs[n], c->given.pair[i].key) != 0)
			n++;
		if (n == ARRAY_SIZE(attachs))
			return c->given.pair[i].key;
	}
	return NULL;
}

/* What reload does not put into force. */
static bool needs_start(const char *key)
{
	return !strcmp(key, "threads") || !strcmp(key, "busy-poll");
}

static int refuse_given(const struct command *c, const char *key)
{
	char what[128], fix[320];

	snprintf(what, sizeof(what), "a daemon runs already, and --%s is for one that is being started", key);
	if (needs_start(key))
		snprintf(fix, sizeof(fix), "sudo alpnxdp detach --all, then attach with --%s", key);
	else
		snprintf(fix, sizeof(fix), "put %s into %s, then: sudo alpnxdp reload", key,
			 c->config ? c->config : SETTINGS_FILE_DEFAULT);
	return failure_tell(c, &(struct failure){ EXIT_FAILED, what, NULL, fix });
}

/* -ENOENT or -ECONNREFUSED with nothing printed: there is no daemon to ask. Otherwise an exit status. */
static int attach_by_daemon(const struct command *c, const struct settings *s)
{
	json_t *interfaces = json_array();
	int status = EXIT_DONE;

	for (size_t i = 0; i < s->interfaces && !status; i++) {
		json_t *reply = NULL;
		int err = attach_ask(c, s, s->interface[i], &reply);

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
			undo(c, s, i);
	}
	if (status)
		json_decref(interfaces);
	else
		attach_print(c->json, interfaces);
	return status;
}

/* The same, after a look whether the daemon would have to be told more than attach can. */
static int attach_running(const struct command *c, const struct settings *s)
{
	const char *key = given_to_daemon(c);
	json_t *reply = NULL;
	int err;

	if (!key)
		return attach_by_daemon(c, s);
	err = ask(c, ASK_MS, "list", (const char *const[]){ NULL }, &reply);
	json_decref(reply);
	return ask_nobody(err) ? err : refuse_given(c, key);
}

static int attach_or_follow(const struct command *c, const struct settings *s,
			    const struct settings_source *source)
{
	const char *key = given_to_daemon(c);
	int status = attach_start(c, s, source);

	if (status != -EADDRINUSE)
		return status;
	if (key)
		fprintf(stderr, "alpnxdp: a daemon runs already; --%s has no effect on it\n", key);
	return attach_follow(c, s);
}

int run_attach(const struct command *c)
{
	struct command with = *c; /* operands are settings, too, when reload reads the file again */
	struct settings_source source;
	struct settings s;
	int status = check_names(c);

	for (size_t i = 0; i < c->operands; i++) {
		with.given.pair[with.given.count].key = "interface";
		with.given.pair[with.given.count++].value = c->operand[i];
	}
	if (!status)
		status = check_root(c);
	if (!status)
		status = config_load(&with, &s, &source);
	if (!status)
		status = check_count(c, &s, source.path);
	if (status)
		return status;
	with.socket = s.socket;
	if (c->foreground)
		return attach_or_follow(&with, &s, &source);
	status = attach_running(&with, &s);
	if (status < 0)
		status = attach_start(&with, &s, &source);
	if (status == -EADDRINUSE) /* somebody else was faster */
		status = attach_running(&with, &s);
	return status < 0 ? ask_failed(&with, status) : status;
}
