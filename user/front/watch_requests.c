/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine is told of files. Replies come in the order of the requests; a node may be gone by then. */
#include <stdio.h>
#include "control/control.h"
#include "front/watch.h"

/* Others of this process have a right to the link, too. */
bool watch_may_ask(const struct front *f)
{
	return link_room(f) > LINK_WAITING / 2;
}

static void refused(struct front *f, struct watch_node *n, const char *error)
{
	char why[256];

	if (!n->told) {
		snprintf(why, sizeof(why), "its challenge is refused: %s", error);
		watch_report(f, n, why);
	}
	n->told = true;
	if (n->step == WATCH_RENEW)
		watch_queue(f->watch->table, n, WATCH_REFUSED, f->now);
}

static void done(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	struct watch *w = f->watch;
	struct watch_node *n = w->asked[w->asked_first];

	w->asked_first = (w->asked_first + 1) % LINK_WAITING;
	w->asked_count--;
	if (!n)
		return;
	n->asked--;
	/* To remove what has expired, or what somebody else has removed, is no failure. */
	if (!r->ok && asker->token)
		refused(f, n, r->error);
}

static void ask(struct front *f, struct watch_node *n, const char *verb)
{
	const char *source = challenge_source_name(watch_source(f->options->settings.watch[n->watch].kind));
	struct watch *w = f->watch;
	bool add = verb[0] == 'a';
	const struct link_asker asker = { .done = done, .token = add };
	char digest[DIGEST_TEXT_LEN];
	const char *pairs[] = { "ident", n->ident, "digest", digest, add ? "source" : NULL, source, NULL };

	digest_format(n->digest, digest);
	/* Memory is all that can be missing: watch_may_ask() was asked. The next renewal makes up for it. */
	if (link_ask(f, control_format(verb, pairs), &asker))
		return;
	w->asked[(w->asked_first + w->asked_count++) % LINK_WAITING] = n;
	n->asked++;
}

/* The time to live is the default, an hour: WATCH_RENEW is half of it. */
void watch_ask_add(struct front *f, struct watch_node *n)
{
	ask(f, n, "add");
}

void watch_ask_remove(struct front *f, struct watch_node *n)
{
	ask(f, n, "remove");
}

void watch_unask(struct front *f, struct watch_node *n)
{
	struct watch *w = f->watch;

	for (size_t i = 0; n->asked && i < w->asked_count; i++) {
		struct watch_node **at = &w->asked[(w->asked_first + i) % LINK_WAITING];

		if (*at != n)
			continue;
		*at = NULL;
		n->asked--;
	}
}
