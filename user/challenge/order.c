/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Challenges in the order of adding, and cursors that walk them over several turns of the caller's loop: a challenge that
 * goes is taken from under them, one that comes is still ahead.
 */
#include "challenge/store.h"

void order_append(struct challenge_store *s, struct challenge *c)
{
	c->prev = s->last;
	c->next = NULL;
	*(s->last ? &s->last->next : &s->first) = c;
	s->last = c;
	for (struct challenge_cursor *at = s->cursors; at; at = at->other)
		if (!at->next)
			at->next = c;
}

void order_remove(struct challenge_store *s, struct challenge *c)
{
	for (struct challenge_cursor *at = s->cursors; at; at = at->other)
		if (at->next == c)
			at->next = c->next;
	*(c->prev ? &c->prev->next : &s->first) = c->next;
	*(c->next ? &c->next->prev : &s->last) = c->prev;
}

void challenge_cursor_open(struct challenge_store *s, struct challenge_cursor *cursor)
{
	*cursor = (struct challenge_cursor){ .next = s->first, .other = s->cursors, .open = true };
	s->cursors = cursor;
}

struct challenge *challenge_cursor_next(struct challenge_cursor *cursor)
{
	struct challenge *c = cursor->next;

	if (c)
		cursor->next = c->next;
	return c;
}

void challenge_cursor_close(struct challenge_store *s, struct challenge_cursor *cursor)
{
	struct challenge_cursor **link = &s->cursors;

	if (!cursor->open)
		return;
	while (*link != cursor)
		link = &(*link)->other;
	*link = cursor->other;
	*cursor = (struct challenge_cursor){ 0 };
}

void challenge_each(struct challenge_store *s, bool (*visit)(struct challenge *c, void *context),
		    void *context)
{
	for (struct challenge *c = s->first; c; c = c->next)
		if (!visit(c, context))
			return;
}

usec_t challenge_oldest(const struct challenge_store *s)
{
	return s->first ? s->first->added : USEC_NEVER;
}
