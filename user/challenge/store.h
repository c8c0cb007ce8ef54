/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store's insides, shared by store.c, lookup.c, order.c, names.c and expiry.c. */
#ifndef ALPNXDP_CHALLENGE_STORE_H
#define ALPNXDP_CHALLENGE_STORE_H

#include <pthread.h>
#include "challenge/challenge.h"

/* Challenges as a binary heap, the first to expire on top. */
struct expiry_heap {
	struct challenge **at;
	size_t count, room;
};

int expiry_heap_add(struct expiry_heap *h, struct challenge *c); /* 0, -ENOMEM */
void expiry_heap_remove(struct expiry_heap *h, const struct challenge *c);
void expiry_heap_moved(struct expiry_heap *h, const struct challenge *c); /* its expiry has changed */
void expiry_heap_free(struct expiry_heap *h);

/*
 * The newest challenge of each identifier, by its text and kind: a hash table that grows by one bucket at a time (linear
 * hashing: Litwin, 1980), so that no addition ever has to move all that is there. It does not shrink.
 */
struct name_table {
	struct challenge **bucket;
	size_t room;  /* of the array */
	size_t mask;  /* mask + 1 is a power of two: buckets of the last full round */
	size_t split; /* how many of those have been split in this round */
	size_t count;
	uint8_t key[16];
};

int name_table_init(struct name_table *t); /* 0, -ENOMEM, -EIO: no random key */
void name_table_free(struct name_table *t);
uint32_t name_table_hash(const struct name_table *t, enum identifier_kind kind, const char *text);
/* Where the newest challenge of an identifier is linked from; *link is NULL where there is none. */
struct challenge **name_table_find(struct name_table *t, uint32_t hash, enum identifier_kind kind,
				   const char *text);
void name_table_add(struct name_table *t, struct challenge *c); /* the first of its identifier */
void name_table_remove(struct name_table *t, struct challenge **link);

struct challenge_store {
	pthread_mutex_t lock; /* without a second thread: a few nanoseconds, and no system call */
	struct name_table names;
	struct expiry_heap heap;
	struct challenge *first, *last; /* in order of adding */
	struct challenge_cursor *cursors;
	size_t of[NUM_CHALLENGE_SOURCES];
	void (*changed)(const char *sni, bool pending, void *context);
	void *context;
};

/* order.c: the list by age, and the cursors on it. */
void order_append(struct challenge_store *s, struct challenge *c);
void order_remove(struct challenge_store *s, struct challenge *c);

#endif
