/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dehydrated's convention: HOOK VERB ARGUMENT..., of which these are ours:
 *
 *     deploy_challenge NAME TOKEN KEYAUTH      three words for each challenge with HOOK_CHAIN=yes
 *     clean_challenge NAME TOKEN KEYAUTH       the same
 *     invalid_challenge NAME RESPONSE
 *
 * KEYAUTH of tls-alpn-01 is the digest as hex with colons; NAME of an address is its arpa name. Any other verb, known or
 * not, must succeed in silence: dehydrated tries one that nobody knows, and reads a CSR from generate_csr's output.
 *
 * A hook that fails ends dehydrated's run. For deploy_challenge this is right; a clean_challenge that fails would lose
 * an order that the CA has just validated, so there it is only told, and the challenge expires by itself.
 */
#include <stdio.h>
#include <string.h>
#include "cli/hook.h"

enum { NAME, TOKEN, KEYAUTH, TRIPLE, COLON_HEX_LEN = 95 };

static const char OURS[] = "tls-alpn-01";

/*
 * sign_domains exports CHALLENGETYPE, --signcsr does not: then it is told by the form, for those of http-01 and dns-01 are
 * key authorizations and base64url.
 */
static bool is_ours(const struct hook_call *call, const char *key_auth)
{
	if (call->challenge_type)
		return strcmp(call->challenge_type, OURS) == 0;
	return strlen(key_auth) == COLON_HEX_LEN && strchr(key_auth, ':');
}

static int read_triples(const struct hook_call *call, struct hook_plan *plan, bool add)
{
	size_t words = call->count - 1;
	int status;

	if (!words || words % TRIPLE)
		return hook_misused(plan, "dehydrated", "NAME TOKEN KEYAUTH for each challenge");
	plan->forgiving = !add;
	status = hook_reserve(plan, words / TRIPLE);
	for (size_t i = 1; !status && i < call->count; i += TRIPLE) {
		char *const *word = call->word + i;

		if (is_ours(call, word[KEYAUTH]))
			status = hook_append(plan, add, word[NAME], word[KEYAUTH]);
		else if (add)
			snprintf(plan->what, sizeof(plan->what),
				 "left alone: the challenge for %.253s is not of CHALLENGETYPE=%s",
				 word[NAME], OURS);
	}
	return status;
}

/*
 * NAME is the last one of the order, whichever failed (0.7.0, sign_csr), or one with "ip:" in front: clean_challenge
 * follows with what there really was.
 */
static int read_invalid(const struct hook_call *call, struct hook_plan *plan)
{
	const char *name = call->count > 1 ? call->word[1] : "";

	plan->forgiving = true;
	if (call->challenge_type && strcmp(call->challenge_type, OURS) != 0)
		return EXIT_DONE;
	if (strncmp(name, "ip:", 3) == 0)
		name += 3;
	if (hook_reserve(plan, 1))
		return EXIT_FAILED;
	if (hook_append(plan, false, name, NULL))
		plan->what[0] = '\0';
	return EXIT_DONE;
}

int hook_dehydrated(const struct hook_call *call, struct hook_plan *plan)
{
	if (!call->count)
		return hook_misused(plan, "dehydrated", "a verb and its arguments");
	if (strcmp(call->word[0], "deploy_challenge") == 0)
		return read_triples(call, plan, true);
	if (strcmp(call->word[0], "clean_challenge") == 0)
		return read_triples(call, plan, false);
	if (strcmp(call->word[0], "invalid_challenge") == 0)
		return read_invalid(call, plan);
	return EXIT_DONE;
}
