/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The store of pending challenges: by server name for the engine, by expiry for the clock, in order of adding for people.
 *
 * A challenge is one allocation: 112 bytes and its name, and in the tables that lead to it at most 32 more. Several digests
 * may be pending for one name; they hang from it, the newest first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "challenge/store.h"

enum { EXPIRE_MOST = 500 }; /* in one call: each costs its name in every program's map */

struct challenge_store *challenge_store_new(void)
{
	struct challenge_store *s = calloc(1, sizeof(*s));

	if (s && name_table_init(&s->names)) {
		free(s);
		return NULL;
	}
	if (s)
		pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void tell(const struct challenge_store *s, const struct challenge *c, bool pending)
{
	char sni[IDENT_MAX + 1];

	if (!s->changed)
		return;
	challenge_sni(c, sni);
	s->changed(sni, pending, s->context);
}

static void free_certificate(struct challenge *c)
{
	if (c->certificate)
		certificate_free(c->certificate);
	free(c->certificate);
	c->certificate = NULL;
}

/* Another of its name takes its place, or the name is pending no more. */
static void remove_name(struct challenge_store *s, struct challenge *c)
{
	struct challenge **link = name_table_find(&s->names, c->hash, c->kind, c->text);
	struct challenge *newest = *link;

	if (newest != c) {
		while (newest->older != c)
			newest = newest->older;
		newest->older = c->older;
	} else if (c->older) {
		c->older->collides = c->collides;
		*link = c->older;
	} else {
		name_table_remove(&s->names, link);
		tell(s, c, false);
	}
}

static void remove_challenge(struct challenge_store *s, struct challenge *c)
{
	remove_name(s, c);
	order_remove(s, c);
	expiry_heap_remove(&s->heap, c);
	s->of[c->source]--;
	free_certificate(c);
	free(c);
}

void challenge_store_free(struct challenge_store *s)
{
	if (!s)
		return;
	s->changed = NULL;
	while (s->first)
		remove_challenge(s, s->first);
	expiry_heap_free(&s->heap);
	name_table_free(&s->names);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* *others: how many there are of the name, when it is none of them. */
static struct challenge *find_digest(struct challenge *newest, const uint8_t digest[DIGEST_LEN],
				     unsigned *others)
{
	struct challenge *c;

	*others = 0;
	for (c = newest; c; c = c->older, ++*others)
		if (!memcmp(c->digest, digest, DIGEST_LEN))
			break;
	return c;
}

/* Takes a given certificate over, in place of the one that is there. */
static int give_certificate(struct challenge *c, struct certificate *given)
{
	struct certificate *own;

	if (!given)
		return 0;
	own = malloc(sizeof(*own));
	if (!own)
		return -ENOMEM;
	free_certificate(c);
	*own = *given;
	*given = (struct certificate){ 0 };
	c->certificate = own;
	return 0;
}

static int change(struct challenge_store *s, struct challenge *c, const struct challenge_order *order)
{
	int err = give_certificate(c, order->given);

	if (err)
		return err;
	s->of[c->source]--;
	s->of[order->source]++;
	c->source = (uint8_t)order->source;
	c->expires = order->expires;
	expiry_heap_moved(&s->heap, c);
	return -EEXIST;
}

static struct challenge *new_challenge(const struct challenge_order *order, usec_t now)
{
	size_t size = strlen(order->ident->text) + 1;
	struct challenge *c = malloc(sizeof(*c) + size);

	if (!c)
		return NULL;
	*c = (struct challenge){ .added = now,
				 .hits = order->hits,
				 .expires = order->expires,
				 .source = (uint8_t)order->source,
				 .kind = (uint8_t)order->ident->kind };
	memcpy(c->digest, order->digest, DIGEST_LEN);
	memcpy(c->text, order->ident->text, size);
	return c;
}

/* In front of those of its name. */
static void add_name(struct challenge_store *s, struct challenge *c, struct challenge **link)
{
	c->older = *link;
	if (!c->older) {
		name_table_add(&s->names, c);
		tell(s, c, true);
		return;
	}
	c->collides = c->older->collides;
	*link = c;
}

/* One of several: its name stays in the table. */
static void remove_oldest(struct challenge_store *s, struct challenge *newest)
{
	while (newest->older)
		newest = newest->older;
	remove_challenge(s, newest);
}

static int add(struct challenge_store *s, const struct challenge_order *order, usec_t now)
{
	const struct identifier *ident = order->ident;
	uint32_t hash = name_table_hash(&s->names, ident->kind, ident->text);
	struct challenge **link = name_table_find(&s->names, hash, ident->kind, ident->text);
	unsigned others;
	struct challenge *c = find_digest(*link, order->digest, &others);
	int err = -ENOMEM;

	if (c)
		return change(s, c, order);
	if (s->heap.count >= CHALLENGE_MAX)
		return -ENOSPC;
	c = new_challenge(order, now);
	if (!c)
		return -ENOMEM;
	c->hash = hash;
	err = expiry_heap_add(&s->heap, c);
	if (err)
		goto err_free;
	err = give_certificate(c, order->given);
	if (err)
		goto err_heap;
	if (others >= CHALLENGE_PER_NAME)
		remove_oldest(s, *link);
	order_append(s, c);
	s->of[c->source]++;
	add_name(s, c, link);
	return 0;

err_heap:
	expiry_heap_remove(&s->heap, c);
err_free:
	free(c);
	return err;
}

int challenge_add(struct challenge_store *s, const struct challenge_order *order, usec_t now)
{
	int err;

	challenge_lock(s);
	err = add(s, order, now);
	challenge_unlock(s);
	return err;
}

size_t challenge_remove(struct challenge_store *s, const struct identifier *ident, const uint8_t *digest)
{
	uint32_t hash = name_table_hash(&s->names, ident->kind, ident->text);
	struct challenge *c = *name_table_find(&s->names, hash, ident->kind, ident->text), *older;
	size_t removed = 0;

	challenge_lock(s);
	for (; c; c = older) {
		older = c->older;
		if (digest && memcmp(c->digest, digest, DIGEST_LEN))
			continue;
		remove_challenge(s, c);
		removed++;
	}
	challenge_unlock(s);
	return removed;
}

size_t challenge_expire(struct challenge_store *s, usec_t now)
{
	size_t removed = 0;

	if (challenge_next_expiry(s) > now)
		return 0;
	challenge_lock(s);
	while (removed < EXPIRE_MOST && challenge_next_expiry(s) <= now) {
		remove_challenge(s, s->heap.at[0]);
		removed++;
	}
	challenge_unlock(s);
	return removed;
}

usec_t challenge_next_expiry(const struct challenge_store *s)
{
	return s->heap.count ? s->heap.at[0]->expires : USEC_NEVER;
}

size_t challenge_count(const struct challenge_store *s)
{
	return s->heap.count;
}

size_t challenge_names(const struct challenge_store *s)
{
	return s->names.count;
}

size_t challenge_count_of(const struct challenge_store *s, enum challenge_source source)
{
	return s->of[source];
}

void challenge_watch(struct challenge_store *s, void (*changed)(const char *sni, bool pending, void *context),
		     void *context)
{
	s->changed = changed;
	s->context = context;
}
