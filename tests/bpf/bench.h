/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One packet through the steering program: a row says under which conditions, and what must come of it.
 */
#ifndef TESTS_BPF_BENCH_H
#define TESTS_BPF_BENCH_H

#include <alpnxdp/abi.h>
#include "frame.h"
#include "peer.h"

/* What happened to the connection before. */
enum bench_event {
	EVENT_NONE,
	EVENT_SERVER_WROTE,
	EVENT_CLIENT_SENT,
	EVENT_CLIENT_CLOSED,
	EVENT_TIME_WAIT,
	EVENT_MD5
};

/* Zero everywhere means: the hello of a validator, whole, armed, all well; but no connection behind it. */
struct row {
	const char *name;
	enum peer_kind kind;
	enum bench_event event;
	bool no_timestamps; /* not negotiated */

	/*
	 * What differs from the connection's next segment: seq, ack and timestamps are added to its own; flags 0 is
	 * ACK and PSH; addresses are the connection's. family 0 is IPv4.
	 */
	struct frame frame;
	bool strip_timestamps; /* negotiated, but not in this segment */
	const char *hello;     /* of the corpus; NULL: DEFAULT_HELLO */
	unsigned segment;      /* of that hello, from 1; 0: all bytes */
	size_t bytes;          /* only that many; 0: all */
	const char *text;      /* instead of a hello */
	bool no_data;
	bool syn_seen; /* the connection's SYN has gone through the program, too */

	bool unarmed, generic, no_slot, no_credit;
	bool unmarked_spent;       /* as many hellos without a SYN have been looked at as may be */
	int notes;                 /* how many may be written */
	bool trace;                /* of every hello */
	const uint8_t *trace_from; /* of this client's, as in struct flow_key */
	int heartbeat_age_ms;      /* -1: never */
	const char *pending;       /* the only pending name; NULL: any name will do */
	enum flow_state state;     /* of an entry of this flow; 0: none */
	bool old_epoch;            /* that entry is of an earlier engine */
	int unacknowledged;        /* with FLOW_SERVED: bytes that the segment does not acknowledge */
	int passed;      /* with FLOW_SERVED: bytes more than the kernel has received, that passed to it */
	bool other_flow; /* there is a flow, but not this one */
	bool of_crowd;   /* and one that only the flow map tells from this one */

	enum reason reason;
	enum flow_state after; /* of this flow's entry; 0: none. OFFERED for an offer is understood */
};

#define DEFAULT_HELLO "boulder-va-go1.26-nomlkem"

extern const struct row rows_headers[], rows_flows[], rows_hellos[], rows_kernel[];
extern const size_t num_rows_headers, num_rows_flows, num_rows_hellos, num_rows_kernel;

/* The namespace, the program, the maps. 0 or -errno, with *why. */
int bench_setup(const char **why);
void bench_teardown(void);

/* Runs a row; every expectation is a cmocka assertion. *flow: the entry afterwards, if not NULL. */
void bench_run(const struct row *row, struct flow *flow);
/* The same over a connection that the caller has opened. */
void bench_run_over(const struct row *row, const struct peer *p, struct flow *flow);

struct flow_key bench_key(const struct peer *p);
/* The row's frame over the connection's numbers. */
void bench_make_frame(const struct row *row, const struct peer *p, struct frame_bytes *out);
/* The verdict on one frame, which must come out as it went in. */
int bench_run_frame(const struct frame_bytes *in);
/* The SYN of a connection goes through the program, as it does where the program was there before. */
void bench_show_syn(const struct peer *p);

/* How often a reason was reached by all rows together. */
uint64_t bench_reached(enum reason reason);
unsigned bench_rows(void);

#endif
