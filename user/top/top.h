/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top: what a live view shows, as lines of text: a function of two samples, the latest validations and the size of the
 * screen. Pure: knows no terminal, clock, heap or daemon.
 *
 * Owns: the layout, what is left out first where lines are few (queues, then rare reasons, then interfaces; the
 * validations keep at least TOP_LEAST_EVENTS), and how counters become rates.
 * Refuses: bytes that a terminal might obey: whatever comes from the wire is printed as '?' unless it is printable ASCII.
 */
#ifndef ALPNXDP_TOP_H
#define ALPNXDP_TOP_H

#include <alpnxdp/abi.h>
#include "base/base.h"
#include "xdp/xdp.h"

enum {
	TOP_INTERFACES = 16,
	TOP_EVENTS = 64, /* that are kept for tall screens */
	TOP_LEAST_EVENTS = 5,
	TOP_COLUMNS_LEAST = 60, /* narrower screens are written to as if they had so many */
	TOP_COLUMNS = 160,      /* no line is longer */
	TOP_LINES = 200,
};

/* A queue's part of the engine's traffic; counters from the engine's start. */
struct top_queue {
	uint64_t heartbeat_age_ms;
	uint64_t received, sent; /* frames */
};

struct top_interface {
	char name[16];
	char mode[12];
	unsigned queues;
	uint64_t heartbeat_age_ms; /* of the oldest queue */
	uint64_t sent;
	uint64_t reason[NUM_REASONS];
	struct top_queue queue[ALPNXDP_MAX_QUEUES];
};

/* What was known at a moment. */
struct top_sample {
	usec_t at;      /* CLOCK_MONOTONIC */
	int64_t unix_s; /* the wall clock then */
	bool up;        /* false: no daemon answered, and the rest is nothing */
	char version[24];
	uint64_t uptime_s, epoch, engine_pid;
	uint64_t pending;
	uint64_t held, waiting, served, lingering; /* flows */
	uint64_t validated, failed;                /* counters: outcomes of flows that were answered */
	unsigned interfaces;
	struct top_interface interface[TOP_INTERFACES];
};

/* A validation that ended. */
struct top_event {
	char time[9]; /* "23:57:48" */
	char client[46];
	char name[256];
	char outcome[80]; /* with its detail behind a colon, where there is one */
};

struct top_screen {
	unsigned columns, lines;
};

/* Text of at most `lines` lines, each with its newline. */
struct top_text {
	size_t len;
	unsigned lines;
	char bytes[TOP_LINES * (TOP_COLUMNS + 1) + 1];
};

/*
 * Counters of a sample per second since the one before. That must be of the same engine process and earlier; else nothing
 * is known, and false returned. What grew smaller all the same counts as 0.
 */
bool top_comparable(const struct top_sample *before, const struct top_sample *now);
double top_rate(uint64_t before, uint64_t now, usec_t apart); /* apart > 0 */

/*
 * Fills *out with the view. before: NULL, or a sample that is not comparable: "-" stands where a rate would. events: the newest
 * first. A screen is at least TOP_COLUMNS_LEAST by 6, and at most TOP_COLUMNS by TOP_LINES: other sizes are taken for those.
 */
void top_layout(const struct top_sample *before, const struct top_sample *now, const struct top_event *events,
		size_t event_count, struct top_screen screen, struct top_text *out);

#endif
