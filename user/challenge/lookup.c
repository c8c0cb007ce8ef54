/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What other threads than the owner's may do with a store: find a challenge, under the lock. */
#include <string.h>
#include "challenge/store.h"

void challenge_lock(struct challenge_store *s)
{
	pthread_mutex_lock(&s->lock);
}

void challenge_unlock(struct challenge_store *s)
{
	pthread_mutex_unlock(&s->lock);
}

static struct challenge *find_text(struct challenge_store *s, enum identifier_kind kind, const char *text)
{
	return *name_table_find(&s->names, name_table_hash(&s->names, kind, text), kind, text);
}

/* Only an address has a server name that is not its text, and only in one form. */
struct challenge *challenge_find(struct challenge_store *s, const char *sni)
{
	static const char arpa[] = ".arpa";
	size_t len = strlen(sni), tail = strlen(arpa);
	struct identifier ident;
	const char *why;

	if (len <= tail || strcmp(sni + len - tail, arpa))
		return find_text(s, IDENT_DNS, sni);
	if (identifier_parse(sni, &ident, &why) || strcmp(ident.sni, sni))
		return NULL;
	return find_text(s, ident.kind, ident.text);
}

void challenge_sni(const struct challenge *c, char out[IDENT_MAX + 1])
{
	struct identifier ident;
	const char *why;

	if (c->kind == IDENT_DNS)
		strcpy(out, c->text);
	else if (!identifier_parse(c->text, &ident, &why))
		strcpy(out, ident.sni);
}
