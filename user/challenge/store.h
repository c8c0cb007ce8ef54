/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store's insides, shared by store.c and expiry.c. */
#ifndef ALPNXDP_CHALLENGE_STORE_H
#define ALPNXDP_CHALLENGE_STORE_H

#include "challenge/challenge.h"

struct entry {
	struct challenge challenge; /* first: a challenge is its entry */
	struct name *name;
	struct entry *older;       /* of the same name, added before */
	struct entry *prev, *next; /* in order of adding */
	size_t heap_at;
};

/* Entries as a binary heap, the first to expire on top. */
struct expiry_heap {
	struct entry **at;
	size_t count, room;
};

int expiry_heap_add(struct expiry_heap *h, struct entry *e); /* 0, -ENOMEM */
void expiry_heap_remove(struct expiry_heap *h, const struct entry *e);
void expiry_heap_moved(struct expiry_heap *h, const struct entry *e); /* its expiry has changed */
void expiry_heap_free(struct expiry_heap *h);

#endif
