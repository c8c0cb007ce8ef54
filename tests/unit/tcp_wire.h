/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A simulated wire between two connections: frames on their way, in the order in which they will arrive. */
#ifndef ALPNXDP_TESTS_TCP_WIRE_H
#define ALPNXDP_TESTS_TCP_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tcp/tcp.h"

enum {
	IN_FLIGHT = 128, /* frames in one direction; a full wire drops */
	MOST_DATA = 1500,
};

/* A wire in both directions, in percent and milliseconds. */
struct weather {
	const char *name;
	unsigned int loss, twice, delay_ms, jitter_ms;
	unsigned int bytes;       /* at most, per direction */
	usec_t time;              /* a run may take */
	unsigned int per_segment; /* a run may send so many segments for each that is needed */
	unsigned int lost_runs;   /* of RUNS may end by TCP_GIVE_UP */
};

struct frame {
	bool used;
	usec_t at;
	uint64_t order; /* of departure: what arrives at one moment arrives in it */
	struct segment seg;
	uint8_t data[MOST_DATA];
};

struct side {
	struct tcp_conn c;
	struct frame coming[IN_FLIGHT];
	uint32_t to_write, wrote, read;
	uint8_t salt;
};

struct wire {
	const struct weather *weather;
	struct side side[2];
	usec_t now;
	uint64_t seed, random, departures;
	unsigned int sent;
	bool print;
};

/* As assert_true(), and names the run. */
static inline void demand(const struct wire *w, bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	print_error("%s: not in the run \"%s\" of seed %llu\n", what, w->weather->name,
		    (unsigned long long)w->seed);
	_fail(file, line);
}
#define DEMAND(w, fact) demand(w, fact, #fact, __FILE__, __LINE__)

static inline uint32_t draw(struct wire *w, uint32_t below)
{
	/* xorshift64* */
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static inline void put_on_wire(struct wire *w, struct side *to, const struct segment *seg)
{
	const struct weather *weather = w->weather;

	for (size_t i = 0; i < IN_FLIGHT; i++) {
		struct frame *f = &to->coming[i];

		if (f->used)
			continue;
		DEMAND(w, seg->len <= MOST_DATA);
		f->used = true;
		f->order = w->departures++;
		f->at = w->now + (weather->delay_ms + draw(w, weather->jitter_ms + 1)) * USEC_PER_MSEC;
		f->seg = *seg;
		if (seg->len)
			memcpy(f->data, seg->data, seg->len);
		return;
	}
}

static inline struct frame *earliest(struct side *s)
{
	struct frame *first = NULL;

	for (struct frame *f = s->coming; f < s->coming + IN_FLIGHT; f++) {
		if (f->used &&
		    (!first || f->at < first->at || (f->at == first->at && f->order < first->order)))
			first = f;
	}
	return first;
}

#endif
