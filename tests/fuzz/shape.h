/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mutation that knows what a ClientHello is. A fuzzer that changes bytes breaks one of four nested lengths at once and
 * never comes back; this changes one extension and writes the lengths anew. Inputs of another shape are mutated blindly.
 */
#ifndef TESTS_FUZZ_SHAPE_H
#define TESTS_FUZZ_SHAPE_H

#include "fuzz.h"

enum { SHAPE_MOST = 80, SHAPE_BODY = 1024, SHAPE_SNI = 0, SHAPE_ALPN = 16 };

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t room); /* libFuzzer's own */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t room, unsigned seed);

struct shape_extension {
	uint16_t type;
	uint16_t len;
	uint8_t body[SHAPE_BODY];
};

struct shape {
	size_t list_at; /* the length of the list of extensions */
	size_t count;
	struct shape_extension extension[SHAPE_MOST + 1];
};

/* False: not one whole hello in one record, with extensions small enough to play with. */
static inline bool shape_read(const uint8_t *bytes, size_t len, struct shape *s)
{
	struct reader r = reader_of(bytes, len), body;
	struct shape_extension *e = s->extension;
	uint8_t short_len;
	uint16_t long_len;

	if (!read_skip(&r, 43) || !read_u8(&r, &short_len) || !read_skip(&r, short_len))
		return false;
	if (!read_u16(&r, &long_len) || !read_skip(&r, long_len))
		return false;
	if (!read_u8(&r, &short_len) || !read_skip(&r, short_len))
		return false;
	s->list_at = (size_t)(r.at - bytes);
	s->count = 0;
	if (!read_skip(&r, 2))
		return false;
	for (; reader_left(&r); e++) {
		if (s->count++ == SHAPE_MOST || !read_u16(&r, &e->type) || !read_u16(&r, &e->len) ||
		    e->len > SHAPE_BODY || !read_span(&r, e->len, &body))
			return false;
		memcpy(e->body, body.at, e->len);
	}
	return s->count > 0;
}

static inline void shape_put(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The new length of the hello, all lengths in it right; 0: no room. */
static inline size_t shape_write(const struct shape *s, uint8_t *bytes, size_t room)
{
	size_t at = s->list_at + 2;

	for (size_t i = 0; i < s->count; i++) {
		const struct shape_extension *e = &s->extension[i];

		if (at + 4 + e->len > room)
			return 0;
		shape_put(bytes + at, e->type);
		shape_put(bytes + at + 2, e->len);
		memcpy(bytes + at + 4, e->body, e->len);
		at += 4 + (size_t)e->len;
	}
	shape_put(bytes + s->list_at, at - s->list_at - 2);
	shape_put(bytes + 7, at - 9);
	bytes[6] = 0;
	shape_put(bytes + 3, at - 5);
	return at;
}

/* Mutates what stands behind `head` bytes of the body, and says the new length in fields that lie before it. */
static inline void shape_mutate_body(struct shape_extension *e, size_t head)
{
	size_t len;

	if (e->len <= head)
		head = 0;
	len = LLVMFuzzerMutate(e->body + head, e->len - head, SHAPE_BODY - head);
	e->len = (uint16_t)(head + len);
	if (head >= 2)
		shape_put(e->body, e->len - 2u);
	if (head == 3)
		e->body[2] = (uint8_t)len;
	if (head == 5)
		shape_put(e->body + 3, len);
}

static inline void shape_change(struct shape *s, unsigned seed)
{
	struct shape_extension *e = &s->extension[seed % s->count], copy = *e;
	size_t head = 0;

	if (e->type == SHAPE_SNI)
		head = (seed >> 8) % 4 ? 5 : 0;
	else if (e->type == SHAPE_ALPN)
		head = (seed >> 8) % 4 ? 3 : 2;
	switch ((seed >> 16) % 8) {
	case 0: /* leave it out */
		*e = s->extension[--s->count];
		break;
	case 1: /* twice, or at another place */
		s->extension[s->count++] = copy;
		break;
	case 2:
		*e = s->extension[0];
		s->extension[0] = copy;
		break;
	case 3:
		e->type = (uint16_t)((seed >> 19) % 64);
		break;
	default:
		shape_mutate_body(e, head);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t room, unsigned seed)
{
	static struct shape s;
	size_t changed = 0;

	if (seed % 4 && shape_read(bytes, len, &s)) {
		shape_change(&s, seed / 4);
		changed = shape_write(&s, bytes, room);
	}
	return changed ? changed : LLVMFuzzerMutate(bytes, len, room);
}

#endif
