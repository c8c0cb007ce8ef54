/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A binary heap of pending challenges by expiry: the event loop asks for the first at every wake-up. */
#include <errno.h>
#include <stdlib.h>
#include "challenge/store.h"

enum { ROOM_MIN = 64 };

static void place(struct expiry_heap *h, size_t at, struct challenge *c)
{
	h->at[at] = c;
	c->heap_at = (uint32_t)at;
}

static bool sooner(const struct challenge *a, const struct challenge *b)
{
	return a->expires < b->expires;
}

static void rise(struct expiry_heap *h, size_t at)
{
	struct challenge *c = h->at[at];

	while (at && sooner(c, h->at[(at - 1) / 2])) {
		place(h, at, h->at[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(h, at, c);
}

static void sink(struct expiry_heap *h, size_t at)
{
	struct challenge *c = h->at[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < h->count && sooner(h->at[child + 1], h->at[child]))
			child++;
		if (child >= h->count || !sooner(h->at[child], c))
			break;
		place(h, at, h->at[child]);
		at = child;
	}
	place(h, at, c);
}

int expiry_heap_add(struct expiry_heap *h, struct challenge *c)
{
	if (h->count == h->room) {
		size_t room = h->room ? 2 * h->room : ROOM_MIN;
		struct challenge **at = reallocarray(h->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		h->at = at;
		h->room = room;
	}
	place(h, h->count++, c);
	rise(h, c->heap_at);
	return 0;
}

void expiry_heap_remove(struct expiry_heap *h, const struct challenge *c)
{
	struct challenge *last = h->at[--h->count];

	if (last == c)
		return;
	place(h, c->heap_at, last);
	expiry_heap_moved(h, last);
}

void expiry_heap_moved(struct expiry_heap *h, const struct challenge *c)
{
	sink(h, c->heap_at);
	rise(h, c->heap_at);
}

void expiry_heap_free(struct expiry_heap *h)
{
	free(h->at);
	*h = (struct expiry_heap){ 0 };
}
