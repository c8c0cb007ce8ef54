/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions to the daemon, and the reading of its replies: what it says is checked for form, never trusted to
 * have it.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

/*
 * A daemon that is ending: how often, and after how long, it is looked whether it is gone or another one
 * answers.
 */
enum { RETRIES = 100, RETRY_MS = 20 };

static int call(const struct command *c, const char *line, int timeout_ms, char **text)
{
	int err = control_call(c->socket, line, timeout_ms, text);

	for (int i = 0; i < RETRIES && err == -ECONNRESET; i++) {
		poll(NULL, 0, RETRY_MS);
		err = control_call(c->socket, line, timeout_ms, text);
	}
	return err;
}

int ask(const struct command *c, int timeout_ms, const char *verb, const char *const *pairs, json_t **reply)
{
	char *line = control_format(verb, pairs), *text;
	json_t *object;
	int err;

	if (!line)
		return -ENOMEM;
	err = call(c, line, timeout_ms, &text);
	explicit_bzero(line, strlen(line)); /* there may be a key in it */
	free(line);
	if (err)
		return err;
	object = json_loads(text, 0, NULL);
	free(text);
	if (!json_is_object(object) || !json_is_boolean(json_object_get(object, "ok"))) {
		json_decref(object);
		return -EPROTO;
	}
	*reply = object;
	return 0;
}

bool ask_nobody(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED;
}

int ask_failed(const struct command *c, int err)
{
	static const struct {
		int err;
		enum control_exit code;
		const char *what, *fix;
	} rows[] = {
		{ -ENOENT, EXIT_NOT_ATTACHED, "no daemon runs: there is no %s", "sudo alpnxdp attach IFACE" },
		{ -ECONNREFUSED, EXIT_NOT_ATTACHED, "no daemon runs: nobody answers on %s",
		  "sudo alpnxdp attach IFACE" },
		{ -EACCES, EXIT_FAILED, "you may not use %s",
		  "use sudo, or once: sudo usermod -aG " CONTROL_GROUP " $USER, and log in again" },
		{ -ETIMEDOUT, EXIT_TRY_AGAIN, "the daemon of %s does not answer in time",
		  "try again; if it hangs: sudo alpnxdp detach --all, then attach" },
		{ -ECONNRESET, EXIT_TRY_AGAIN, "the daemon of %s ends without an answer", NULL },
		{ -EPROTO, EXIT_FAILED, "what answers on %s is not our daemon", NULL },
		{ 0, EXIT_FAILED, "the daemon of %s could not be asked", NULL },
	};
	const char *fix;
	char what[256];
	size_t i = 0;

	while (rows[i].err && rows[i].err != err)
		i++;
	snprintf(what, sizeof(what), rows[i].what, c->socket);
	fix = err == -EACCES && c->verb->run == run_reload ? "sudo alpnxdp reload" : rows[i].fix;
	return failure_tell(c, &(struct failure){ rows[i].code, what, strerror(-err), fix });
}

json_t *ask_or_fail(const struct command *c, const char *verb, const char *const *pairs, int *status)
{
	struct failure f;
	json_t *reply;
	int err = ask(c, ASK_MS, verb, pairs, &reply);

	if (err) {
		*status = ask_failed(c, err);
		return NULL;
	}
	if (reply_ok(reply))
		return reply;
	f = reply_failure(reply);
	*status = failure_tell(c, &f);
	json_decref(reply);
	return NULL;
}

bool reply_ok(const json_t *reply)
{
	return reply_true(reply, "ok");
}

struct failure reply_failure(const json_t *reply)
{
	uint64_t code = reply_number(reply, "code");

	return (struct failure){
		.code = code > 0 && code < 256 ? (enum control_exit)code : EXIT_FAILED,
		.what = *reply_string(reply, "error") ? reply_string(reply, "error") : "the daemon refused",
		.system = reply_string(reply, "system"),
		.fix = reply_string(reply, "fix"),
	};
}

uint64_t reply_number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

const char *reply_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool reply_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
