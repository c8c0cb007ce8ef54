/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection whose segments go through the steering program and then, if they pass, really to the kernel: now, later
 * (as where GRO holds them), or never.
 */
#ifndef TESTS_BPF_FOLLOW_H
#define TESTS_BPF_FOLLOW_H

#include "books.h"

enum { FOLLOW_ROOM = 8192 };

struct follow {
	struct peer peer;
	struct flow_key key;
	const uint8_t *bytes; /* what the client has to say */
	size_t len;
	bool shown[FOLLOW_ROOM];     /* the program has seen this byte */
	bool delivered[FOLLOW_ROOM]; /* the kernel has got this byte */
	size_t received;             /* so many of them the kernel has without a gap */
	uint64_t counters[NUM_REASONS];
};

/* The connection, with the conditions of the row: kind, timestamps, syn_seen, pending, the engine. */
void follow_open(struct follow *f, const struct row *row, int family, const uint8_t *bytes, size_t len);
void follow_close(struct follow *f);

/* Bytes [from, to) of the stream as a segment to be altered. */
struct frame follow_segment(const struct follow *f, size_t from, size_t to);
/* Through the program: the one counter that moved. The verdict and the two books are checked. */
enum reason follow_show(struct follow *f, const struct frame *segment);
/* Bytes [from, to) to the kernel; returns when it has them. */
void follow_give(struct follow *f, size_t from, size_t to);

#endif
