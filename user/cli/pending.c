/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the daemon has pending for one name, for verbs that compare it with something. */
#include <string.h>
#include "cli/command.h"

static void take_rows(const json_t *rows, const struct identifier *ident, struct pending_digests *p)
{
	const json_t *row;
	const char *why;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (strcmp(reply_string(row, "identifier"), ident->text) || p->count == CHALLENGE_PER_NAME)
			continue;
		if (!digest_parse(reply_string(row, "digest"), p->digest[p->count], &why))
			p->count++;
	}
}

bool pending_ask(const struct command *c, const struct identifier *ident, struct pending_digests *p)
{
	char next[24] = "";
	json_t *reply;

	p->count = 0;
	do {
		if (ask(c, ASK_MS, "list", (const char *[]){ "from", *next ? next : NULL, NULL }, &reply))
			return false;
		take_rows(json_object_get(reply, "challenges"), ident, p);
		snprintf(next, sizeof(next), "%s", reply_string(reply, "next"));
		json_decref(reply);
	} while (*next);
	return true;
}
