/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Harvest: a hello for a name that nobody added makes the front ends ask a local listener for it. Which names are asked
 * for is decided here, since strangers choose them.
 *
 * A name is asked for at most once in HARVEST_EVERY; what comes back is pending for no longer than that, so that the next
 * challenge of the same name is never answered with the digest of the last. At most HARVEST_OUTSTANDING are asked for at
 * once, and no more than HARVEST_NAMES different ones within HARVEST_EVERY. When nobody listens, nothing is asked for
 * HARVEST_EVERY. All beyond that goes to the web server at once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/worker.h"

#define HARVEST_EVERY (1 * USEC_PER_SEC)

static unsigned outstanding(const struct worker_harvest *h)
{
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(h->name); i++)
		count += h->name[i].outstanding;
	return count;
}

static struct harvest_name *find(struct worker_harvest *h, const char *sni)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->name); i++)
		if (!strcmp(h->name[i].sni, sni))
			return &h->name[i];
	return NULL;
}

/* One that may be forgotten: a name is remembered for as long as it must not be asked for again. */
static struct harvest_name *find_room(struct worker_harvest *h, usec_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->name); i++)
		if (!h->name[i].outstanding && now >= h->name[i].asked + HARVEST_EVERY)
			return &h->name[i];
	return NULL;
}

/* The front has not answered in all this time: it is a new one, or does not work. */
static void give_up(struct worker_harvest *h, usec_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->name); i++)
		if (h->name[i].outstanding && now >= h->name[i].asked + ENGINE_ASK_TIME)
			h->name[i].outstanding = false;
}

static bool tell_front(struct worker *w, const char *sni)
{
	char line[IDENT_MAX + 32];

	snprintf(line, sizeof(line), "harvest ident=%s", sni);
	return worker_front_tell(w, line);
}

/* Its answer may have come while the one who asks now was looking at the store; then all are told of it, him included. */
static bool has_come(struct worker *w, const char *sni)
{
	bool come;

	challenge_lock(w->store);
	come = challenge_find(w->store, sni);
	challenge_unlock(w->store);
	return come;
}

static enum engine_ask ask(struct worker *w, const char *sni, usec_t now)
{
	struct worker_harvest *h = &w->harvest;
	struct harvest_name *name;

	if (!h->on || w->front.fd < 0 || now < h->nobody_until)
		return ENGINE_ASK_NOBODY;
	give_up(h, now);
	name = find(h, sni);
	if (name && name->outstanding)
		return ENGINE_ASK_WAIT;
	if (name && now < name->asked + HARVEST_EVERY)
		return has_come(w, sni) ? ENGINE_ASK_WAIT : ENGINE_ASK_NOBODY;
	if (!name && outstanding(h) < HARVEST_OUTSTANDING)
		name = find_room(h, now);
	if (!name || outstanding(h) >= HARVEST_OUTSTANDING || !tell_front(w, sni)) {
		h->counters.refused++;
		return ENGINE_ASK_NOBODY;
	}
	snprintf(name->sni, sizeof(name->sni), "%s", sni);
	name->asked = now;
	name->outstanding = true;
	h->counters.asked++;
	return ENGINE_ASK_WAIT;
}

enum engine_ask worker_harvest_ask(void *thread, const char *sni)
{
	struct worker_thread *t = thread;
	struct worker *w = t->worker;
	enum engine_ask answer;

	pthread_mutex_lock(&w->harvest.lock);
	answer = ask(w, sni, t->now);
	pthread_mutex_unlock(&w->harvest.lock);
	return answer;
}

void worker_harvest_again(struct worker *w)
{
	struct worker_harvest *h = &w->harvest;

	pthread_mutex_lock(&h->lock);
	give_up(h, w->now);
	for (size_t i = 0; i < ARRAY_SIZE(h->name); i++)
		if (h->name[i].outstanding)
			tell_front(w, h->name[i].sni);
	pthread_mutex_unlock(&h->lock);
}

static bool add(struct worker *w, const struct identifier *ident, const char *digest_text)
{
	uint8_t digest[DIGEST_LEN];
	const char *why;
	int err;

	if (!digest_text || digest_parse(digest_text, digest, &why))
		return false;
	if (challenge_find(w->store, ident->sni)) /* somebody has added it meanwhile: theirs stays as it is */
		return true;
	err = challenge_add(w->store,
			    &(struct challenge_order){ .ident = ident,
						       .digest = digest,
						       .expires = w->now + HARVEST_EVERY,
						       .source = CHALLENGE_SOURCE_HARVEST },
			    w->now);
	if (err && err != -EEXIST)
		return false;
	worker_arm(w);
	return true;
}

/* False: nobody has asked, or too long ago. */
static bool was_asked(struct worker_harvest *h, const char *sni)
{
	struct harvest_name *name = find(h, sni);

	if (!name || !name->outstanding)
		return false;
	name->outstanding = false;
	return true;
}

/* All who asked wait for the same answer, on whichever thread. */
static void tell_engines(struct worker *w, const char *sni)
{
	worker_threads_hold(w);
	for (unsigned n = 0; n < w->threads; n++)
		engine_answered(w->thread[n].engine, sni, w->now);
	worker_threads_release(w);
}

void worker_harvested(struct worker *w, const struct control_request *r)
{
	const char *text = control_value(r, "ident"), *error = control_value(r, "error"), *why;
	struct worker_harvest *h = &w->harvest;
	struct identifier ident;
	bool asked;

	if (!text || identifier_parse(text, &ident, &why))
		return;
	pthread_mutex_lock(&h->lock);
	asked = was_asked(h, ident.sni);
	if (asked && add(w, &ident, control_value(r, "digest")))
		h->counters.answered++;
	else if (asked)
		h->counters.failed++;
	if (asked && error && !strcmp(error, "refused"))
		h->nobody_until = w->now + HARVEST_EVERY;
	pthread_mutex_unlock(&h->lock);
	if (asked)
		tell_engines(w, ident.sni);
}

void worker_harvest_set(struct worker *w, bool on)
{
	pthread_mutex_lock(&w->harvest.lock);
	w->harvest.on = on;
	pthread_mutex_unlock(&w->harvest.lock);
	worker_names_any(w);
	worker_arm(w);
}
