/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The store of pending challenges: by server name for the engine, by expiry for the clock, in order of adding for people.
 *
 * Several digests may be pending for one name; they hang from it, the newest first. The hash needs no secret key: only
 * operators put names in, strangers merely ask.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an answer, not the end of the process. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)((element)->refused = true))
#include <uthash.h>
#include <utlist.h>
#include "challenge/store.h"

struct name {
	char sni[IDENT_MAX + 1];
	struct entry *newest;
	bool refused; /* there was no memory to put it into the table */
	UT_hash_handle hh;
};

struct challenge_store {
	struct name *names;
	struct entry *entries; /* in order of adding */
	struct expiry_heap heap;
	size_t of[NUM_CHALLENGE_SOURCES];
	void (*changed)(const char *sni, bool pending, void *context);
	void *context;
};

struct challenge_store *challenge_store_new(void)
{
	return calloc(1, sizeof(struct challenge_store));
}

static struct name *find_name(struct challenge_store *s, const char *sni)
{
	struct name *name;

	HASH_FIND_STR(s->names, sni, name);
	return name;
}

static struct name *add_name(struct challenge_store *s, const char *sni)
{
	struct name *name = calloc(1, sizeof(*name));

	if (!name)
		return NULL;
	memcpy(name->sni, sni, strlen(sni) + 1);
	HASH_ADD_STR(s->names, sni, name);
	if (name->refused) {
		free(name);
		return NULL;
	}
	return name;
}

static void drop_name(struct challenge_store *s, struct name *name)
{
	HASH_DEL(s->names, name);
	free(name);
}

static void tell(const struct challenge_store *s, const char *sni, bool pending)
{
	if (s->changed)
		s->changed(sni, pending, s->context);
}

static void free_entry(struct entry *e)
{
	certificate_free(&e->challenge.certificate);
	free(e);
}

static void remove_entry(struct challenge_store *s, struct entry *e)
{
	struct name *name = e->name;
	struct entry **link = &name->newest;

	while (*link != e)
		link = &(*link)->older;
	*link = e->older;
	DL_DELETE(s->entries, e);
	s->of[e->challenge.source]--;
	expiry_heap_remove(&s->heap, e);
	free_entry(e);
	if (!name->newest) {
		tell(s, name->sni, false);
		drop_name(s, name);
	}
}

void challenge_store_free(struct challenge_store *s)
{
	if (!s)
		return;
	s->changed = NULL;
	while (s->entries)
		remove_entry(s, s->entries);
	expiry_heap_free(&s->heap);
	free(s);
}

static struct entry *find_digest(const struct name *name, const uint8_t digest[DIGEST_LEN])
{
	struct entry *e;

	for (e = name->newest; e; e = e->older) {
		if (!memcmp(e->challenge.digest, digest, DIGEST_LEN))
			break;
	}
	return e;
}

static void change(struct challenge_store *s, struct entry *e, const struct challenge_order *order)
{
	s->of[e->challenge.source]--;
	s->of[order->source]++;
	e->challenge.source = order->source;
	e->challenge.expires = order->expires;
	expiry_heap_moved(&s->heap, e);
}

int challenge_add(struct challenge_store *s, const struct challenge_order *order, usec_t now)
{
	struct name *name = find_name(s, order->ident->sni);
	struct entry *e = name ? find_digest(name, order->digest) : NULL;

	if (e) {
		change(s, e, order);
		return -EEXIST;
	}
	if (s->heap.count >= CHALLENGE_MAX)
		return -ENOSPC;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->challenge = (struct challenge){
		.ident = *order->ident, .source = order->source, .added = now, .expires = order->expires
	};
	memcpy(e->challenge.digest, order->digest, DIGEST_LEN);
	if (expiry_heap_add(&s->heap, e))
		goto err_entry;
	if (!name)
		name = add_name(s, order->ident->sni);
	if (!name)
		goto err_heap;
	e->name = name;
	e->older = name->newest;
	name->newest = e;
	DL_APPEND(s->entries, e);
	s->of[order->source]++;
	if (!e->older)
		tell(s, name->sni, true);
	return 0;

err_heap:
	expiry_heap_remove(&s->heap, e);
err_entry:
	free(e);
	return -ENOMEM;
}

size_t challenge_remove(struct challenge_store *s, const struct identifier *ident, const uint8_t *digest)
{
	struct name *name = find_name(s, ident->sni);
	struct entry *e, *older;
	size_t removed = 0;

	/* The name goes with its last entry: it is not looked at again. */
	for (e = name ? name->newest : NULL; e; e = older) {
		older = e->older;
		if (digest && memcmp(e->challenge.digest, digest, DIGEST_LEN))
			continue;
		remove_entry(s, e);
		removed++;
	}
	return removed;
}

struct challenge *challenge_find(struct challenge_store *s, const char *sni)
{
	struct name *name = find_name(s, sni);

	return name ? &name->newest->challenge : NULL;
}

const struct certificate *challenge_certificate(struct challenge *c, int64_t now_unix)
{
	if (!c->certificate.cert && certificate_make(&c->ident, c->digest, now_unix, &c->certificate))
		return NULL;
	return &c->certificate;
}

size_t challenge_expire(struct challenge_store *s, usec_t now)
{
	size_t removed = 0;

	while (challenge_next_expiry(s) <= now) {
		remove_entry(s, s->heap.at[0]);
		removed++;
	}
	return removed;
}

usec_t challenge_next_expiry(const struct challenge_store *s)
{
	return s->heap.count ? s->heap.at[0]->challenge.expires : USEC_NEVER;
}

size_t challenge_count(const struct challenge_store *s)
{
	return s->heap.count;
}

size_t challenge_count_of(const struct challenge_store *s, enum challenge_source source)
{
	return s->of[source];
}

usec_t challenge_oldest(const struct challenge_store *s)
{
	return s->entries ? s->entries->challenge.added : USEC_NEVER;
}

void challenge_each(struct challenge_store *s, bool (*visit)(struct challenge *c, void *context),
		    void *context)
{
	struct entry *e;

	DL_FOREACH(s->entries, e)
	{
		if (!visit(&e->challenge, context))
			return;
	}
}

void challenge_watch(struct challenge_store *s, void (*changed)(const char *sni, bool pending, void *context),
		     void *context)
{
	s->changed = changed;
	s->context = context;
}
