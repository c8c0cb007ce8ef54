/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * acmed's convention is what its configuration says, acmed.toml(5): hooks of the types challenge-tls-alpn-01 and
 * challenge-tls-alpn-01-clean with our add and remove as first word, then {{ identifier }} (or {{ identifier_tls_alpn }})
 * and {{ raw_proof }} (base64url) or, from versions that have no raw_proof, {{ proof }} (OpenSSL's DER:04:20:...).
 */
#include <string.h>
#include "cli/hook.h"

enum { ACTION, IDENT, PROOF, NUM_WORDS };

int hook_acmed(const struct hook_call *call, struct hook_plan *plan)
{
	bool add;
	int status;

	if (call->count != NUM_WORDS)
		return hook_misused(plan, "acmed", "add|remove IDENTIFIER RAW_PROOF");
	add = strcmp(call->word[ACTION], "add") == 0;
	if (!add && strcmp(call->word[ACTION], "remove") != 0)
		return hook_misused(plan, "acmed", "add or remove as first word");
	status = hook_reserve(plan, 1);
	return status ? status : hook_append(plan, add, call->word[IDENT], call->word[PROOF]);
}
