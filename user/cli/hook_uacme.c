/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uacme's convention: PROGRAM METHOD TYPE IDENT TOKEN AUTH, one challenge per call.
 *
 * A status above 0 from "begin" declines the challenge, and uacme goes on to the CA's next type; there is no "done" or
 * "failed" then. AUTH of tls-alpn-01 is the digest as base64url. Declining is no mistake and says nothing: a CA offers
 * types that are not ours with every order.
 */
#include <string.h>
#include "cli/hook.h"

enum { METHOD, TYPE, IDENT, TOKEN, AUTH, NUM_WORDS };

int hook_uacme(const struct hook_call *call, struct hook_plan *plan)
{
	static const struct {
		const char *name;
		bool add;
	} methods[] = { { "begin", true }, { "done", false }, { "failed", false } };
	int status;

	if (call->count != NUM_WORDS)
		return hook_misused(plan, "uacme", "METHOD TYPE IDENT TOKEN AUTH");
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(call->word[METHOD], methods[i].name) != 0)
			continue;
		if (strcmp(call->word[TYPE], "tls-alpn-01") != 0) {
			plan->decline = EXIT_FAILED;
			return EXIT_DONE;
		}
		status = hook_reserve(plan, 1);
		return status ? status
			      : hook_append(plan, methods[i].add, call->word[IDENT], call->word[AUTH]);
	}
	return hook_misused(plan, "uacme", "begin, done or failed as METHOD");
}
