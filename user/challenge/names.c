/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of identifiers. Keyed, because some front ends take names that strangers have chosen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "challenge/store.h"

enum { BUCKETS_MIN = 64 };

int name_table_init(struct name_table *t)
{
	*t = (struct name_table){ .room = BUCKETS_MIN, .mask = BUCKETS_MIN - 1 };
	if (getrandom(t->key, sizeof(t->key), 0) != sizeof(t->key))
		return -EIO;
	t->bucket = calloc(t->room, sizeof(struct challenge *));
	return t->bucket ? 0 : -ENOMEM;
}

void name_table_free(struct name_table *t)
{
	free(t->bucket);
	*t = (struct name_table){ 0 };
}

uint32_t name_table_hash(const struct name_table *t, enum identifier_kind kind, const char *text)
{
	return (uint32_t)hash_keyed(t->key, text, strlen(text)) ^ kind;
}

static struct challenge **bucket_of(struct name_table *t, uint32_t hash)
{
	size_t at = hash & t->mask;

	return &t->bucket[at < t->split ? hash & (2 * t->mask + 1) : at];
}

struct challenge **name_table_find(struct name_table *t, uint32_t hash, enum identifier_kind kind,
				   const char *text)
{
	struct challenge **link = bucket_of(t, hash);

	while (*link && ((*link)->hash != hash || (*link)->kind != kind || strcmp((*link)->text, text)))
		link = &(*link)->collides;
	return link;
}

static void put(struct name_table *t, struct challenge *c)
{
	struct challenge **bucket = bucket_of(t, c->hash);

	c->collides = *bucket;
	*bucket = c;
}

/* One bucket becomes two. Without memory the chains get longer, which costs time and nothing else. */
static void grow(struct name_table *t)
{
	size_t buckets = t->mask + 1 + t->split;
	struct challenge *c, *next;

	if (buckets == t->room) {
		struct challenge **bucket = reallocarray(t->bucket, 2 * t->room, sizeof(*bucket));

		if (!bucket)
			return;
		t->bucket = bucket;
		t->room *= 2;
	}
	c = t->bucket[t->split];
	t->bucket[t->split++] = t->bucket[buckets] = NULL;
	for (; c; c = next) {
		next = c->collides;
		put(t, c);
	}
	if (t->split <= t->mask)
		return;
	t->mask = 2 * t->mask + 1;
	t->split = 0;
}

void name_table_add(struct name_table *t, struct challenge *c)
{
	put(t, c);
	if (++t->count > t->mask + 1 + t->split)
		grow(t);
}

void name_table_remove(struct name_table *t, struct challenge **link)
{
	*link = (*link)->collides;
	t->count--;
}
