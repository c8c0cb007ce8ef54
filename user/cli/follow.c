/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach --foreground where a daemon runs already: the way of a second instance of the systemd unit. The interface is
 * attached through that daemon, and this process stands for it before the service manager: ready when it is attached,
 * alive while the daemon's engine is, ended with "try again" when nobody serves it any more. Started again then, the first
 * of such instances becomes the daemon, and the others follow it.
 *
 * SIGTERM ends this process only. The interface stays attached, as with a daemon that is stopped.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "cli/command.h"

enum { LOOK_MS = 1000, HEARTBEAT_MS = 1000 };

/* EXIT_DONE: it is attached, and *interface says how (to be released). EXIT_NOT_ATTACHED: it is not; nothing printed. */
static int look(const struct command *c, const char *ifname, json_t **interface)
{
	const char *pairs[] = { "iface", ifname, NULL };
	json_t *reply = NULL;
	int err = ask(c, ASK_MS, "status", pairs, &reply);
	enum control_exit code = EXIT_DONE;

	if (!err && !reply_ok(reply))
		code = reply_failure(reply).code;
	else if (!err)
		*interface = json_incref(json_array_get(json_object_get(reply, "interfaces"), 0));
	json_decref(reply);
	return err ? err : (int)code;
}

/* One that this daemon has already is the rule when only this process was started again. */
static int take(const struct command *c, const struct settings *s, const char *ifname, json_t *interfaces)
{
	json_t *interface = NULL, *reply = NULL;
	struct failure f;
	int err = look(c, ifname, &interface);

	if (err == EXIT_DONE && interface) {
		json_array_append_new(interfaces, interface);
		return EXIT_DONE;
	}
	err = attach_ask(c, s, ifname, &reply);
	if (err)
		return ask_failed(c, err);
	if (reply_ok(reply)) {
		json_array_extend(interfaces, json_object_get(reply, "interfaces"));
	} else {
		f = reply_failure(reply);
		err = failure_tell(c, &f);
	}
	json_decref(reply);
	return err;
}

static int lost(const struct command *c, const char *ifname, int err)
{
	char what[128];

	if (err < 0)
		snprintf(what, sizeof(what), "%s: the daemon that served it has ended", ifname);
	else
		snprintf(what, sizeof(what), "%s: the daemon does not serve it any more", ifname);
	return failure_tell(c, &(struct failure){ EXIT_TRY_AGAIN, what, err < 0 ? strerror(-err) : NULL,
						  "start this again" });
}

/* A daemon that hangs is not fed for, and not left either: whoever watches decides. */
static int check(const struct command *c, const struct settings *s, bool *alive)
{
	*alive = true;
	for (size_t i = 0; i < s->interfaces; i++) {
		json_t *interface = NULL;
		int err = look(c, s->interface[i], &interface);

		if (err == -ETIMEDOUT || (err == EXIT_DONE && !interface)) {
			*alive = false;
			continue;
		}
		if (err)
			return lost(c, s->interface[i], err);
		*alive = *alive && reply_number(interface, "heartbeat_age_ms") < HEARTBEAT_MS;
		json_decref(interface);
	}
	return EXIT_DONE;
}

/* Half of what the service manager waits, as sd_watchdog_enabled(3) advises. */
static int look_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	uint64_t value = usec ? strtoull(usec, NULL, 10) / 2 / USEC_PER_MSEC : 0;

	return value > 0 && value < LOOK_MS ? (int)value : LOOK_MS;
}

static int watch(const struct command *c, const struct settings *s, int signals, int notify)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	bool alive;
	int status = EXIT_DONE;

	while (!status && poll(&fd, 1, look_ms()) == 0) {
		status = check(c, s, &alive);
		if (!status && alive)
			notify_send(notify, "WATCHDOG=1");
	}
	notify_send(notify, "STOPPING=1");
	return status;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int attach_follow(const struct command *c, const struct settings *s)
{
	json_t *interfaces = json_array();
	int signals = open_signals(), notify = notify_open();
	int status = signals < 0 ? EXIT_FAILED : EXIT_DONE;

	for (size_t i = 0; !status && i < s->interfaces; i++)
		status = take(c, s, s->interface[i], interfaces);
	if (!status) {
		attach_print(c->json, json_incref(interfaces));
		notify_send(notify, "READY=1\nSTATUS=served by the daemon that runs already");
		status = watch(c, s, signals, notify);
	}
	json_decref(interfaces);
	close(signals);
	return status;
}
