/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hook: the verb that ACME clients call, each in its own convention. Nothing is printed when all is well, for some
 * clients read their hook's output, and cron sends it by mail.
 *
 * Of several challenges in one call all are added or none: what was new is taken back when a later one is refused.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/hook.h"

static const struct {
	const char *name;
	int (*read)(const struct hook_call *call, struct hook_plan *plan);
} clients[] = {
	{ "uacme", hook_uacme },
	{ "dehydrated", hook_dehydrated },
	{ "acmed", hook_acmed },
};

int hook_reserve(struct hook_plan *plan, size_t count)
{
	plan->step = calloc(count, sizeof(*plan->step));
	if (plan->step)
		return EXIT_DONE;
	snprintf(plan->what, sizeof(plan->what), "out of memory");
	return EXIT_FAILED;
}

int hook_append(struct hook_plan *plan, bool add, const char *ident, const char *digest)
{
	struct hook_step *step = &plan->step[plan->count];
	uint8_t bytes[DIGEST_LEN];
	const char *why;

	if (identifier_parse(ident, &step->ident, &why)) {
		snprintf(plan->what, sizeof(plan->what), "'%.260s': %s", ident, why);
		return EXIT_REFUSED;
	}
	step->add = add;
	step->every = !digest;
	if (digest && digest_parse(digest, bytes, &why)) {
		snprintf(plan->what, sizeof(plan->what), "'%.130s': %s", digest, why);
		return EXIT_REFUSED;
	}
	if (digest)
		digest_format(bytes, step->digest);
	plan->count++;
	return EXIT_DONE;
}

int hook_misused(struct hook_plan *plan, const char *client, const char *form)
{
	snprintf(plan->what, sizeof(plan->what), "%s calls its hook with %s; this is something else", client,
		 form);
	return EXIT_USAGE;
}

static json_t *ask_step(const struct command *c, const struct hook_step *step, int *status)
{
	char ttl[16];

	snprintf(ttl, sizeof(ttl), "%" PRIu32, c->ttl_s);
	return ask_or_fail(c, step->add ? "add" : "remove",
			   (const char *[]){ "ident", step->ident.text, "digest",
					     step->every ? NULL : step->digest, "ttl", step->add ? ttl : NULL,
					     "source", step->add ? "hook" : NULL, NULL },
			   status);
}

/* What was pending before this call stays: it is another order's. */
static void take_back(const struct command *c, const struct hook_plan *plan, const bool *new, size_t count)
{
	while (count-- > 0) {
		const struct hook_step *step = &plan->step[count];
		json_t *reply = NULL;

		if (!new[count])
			continue;
		if (ask(c, ASK_MS, "remove",
			(const char *[]){ "ident", step->ident.text, "digest", step->digest, NULL },
			&reply) == 0)
			json_decref(reply);
	}
}

static int carry_out(const struct command *c, const struct hook_plan *plan, json_t *done)
{
	bool *new = calloc(plan->count, sizeof(*new));
	int status = new ? EXIT_DONE : EXIT_FAILED;
	size_t i;

	for (i = 0; !status && i < plan->count; i++) {
		json_t *reply = ask_step(c, &plan->step[i], &status);

		if (!reply)
			break;
		new[i] = plan->step[i].add &&reply_true(reply, "new");
		json_array_append_new(done, json_string(plan->step[i].ident.text));
		json_decref(reply);
	}
	if (status)
		take_back(c, plan, new, i);
	free(new);
	return status && plan->forgiving ? EXIT_DONE : status;
}

static int finish(const struct command *c, const struct hook_plan *plan)
{
	json_t *done = json_array();
	int status = plan->count ? carry_out(c, plan, done) : (int)plan->decline;

	if (!status && c->json && plan->count)
		print_json("hook", json_pack("{s:b,s:s,s:O}", "ok", 1, "did",
					     plan->step[0].add ? "add" : "remove", "identifiers", done));
	json_decref(done);
	return status;
}

static int unknown_client(const struct command *c)
{
	char what[160];
	int at = snprintf(what, sizeof(what), "there is no hook for '%.40s', but for", c->operand[0]);

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		at += snprintf(what + at, sizeof(what) - (size_t)at, "%s %s", i ? "," : "", clients[i].name);
	return failure_tell(c, &(struct failure){ .code = EXIT_USAGE,
						  .what = what,
						  .fix = "others run: alpnxdp add, alpnxdp remove" });
}

int run_hook(const struct command *c)
{
	const struct hook_call call = { c->rest_count, c->rest, getenv("CHALLENGETYPE") };
	const char *socket = getenv("ALPNXDP_SOCKET");
	struct command own = *c;
	struct hook_plan plan = { 0 };
	size_t i = 0;
	int status;

	while (i < ARRAY_SIZE(clients) && strcmp(c->operand[0], clients[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(clients))
		return unknown_client(c);
	if (!c->socket_given && socket && *socket)
		own.socket = socket;
	status = clients[i].read(&call, &plan);
	if (status)
		failure_tell(c, &(struct failure){ .code = (enum control_exit)status, .what = plan.what });
	else if (plan.what[0])
		fprintf(stderr, "alpnxdp: %s\n", plan.what);
	if (!status)
		status = finish(&own, &plan);
	free(plan.step);
	return status;
}
