/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's private picture of a flow, and of itself. */
#ifndef ALPNXDP_ENGINE_FLOW_H
#define ALPNXDP_ENGINE_FLOW_H

#include "engine/engine.h"
#include "tcp/tcp.h"

enum { NO_FLOW = ENGINE_FLOWS, ENGINE_BUCKETS = 2 * ENGINE_FLOWS, ENGINE_CROWDS = 8 * ENGINE_FLOWS };

/*
 * HELD: the gate has not seen the whole hello. WAITING: it has, and somebody was asked for the challenge. SERVED: ours
 * alone. LINGER: over, stragglers are answered.
 */
enum flow_phase { PHASE_FREE, PHASE_HELD, PHASE_WAITING, PHASE_SERVED, PHASE_LINGER };

/* How far the kernel's half is from silence. */
enum silence_step { SILENCE_NOT_YET, SILENCE_DUE, SILENCE_OVER };

struct engine_flow {
	uint16_t index;
	uint16_t next;        /* in its bucket, or in the list of free ones */
	uint16_t linger_next; /* in the queue of lingering ones, oldest first */
	enum flow_phase phase;
	uint8_t waiter; /* PHASE_WAITING: its place among those who wait */
	unsigned port;
	unsigned queue;
	struct engine_port iface;
	struct path in; /* as the validator's frames come; source MAC is the one of our own frames */
	struct path out;
	usec_t born;
	usec_t lingers_until;
	bool acknowledged; /* held for longer than ENGINE_HOLD: the validator has heard from us */
	bool counted;      /* its outcome */
	bool unanswered;   /* what TCP has due goes out with the next engine_tick() */

	struct ledger_record record; /* of it, as far as it has gone */
	struct flow entry;           /* as it is in the flow map */
	struct segment
		last; /* the validator's latest: timestamps and window for what is given back; no data */
	struct tcp_conn tcp;
	struct tls *tls;

	uint32_t passed; /* bytes of the hello that the program let pass to the kernel, in order */
	enum silence_step silence;
	uint8_t silence_tries;
	usec_t silence_at;
};

/* A flow that waits for a challenge, and what the gate has read of its hello. */
struct waiter {
	uint16_t flow; /* NO_FLOW: free */
	usec_t until;
	struct tls_hello hello;
};

/* A frame and what it says. */
struct arrival {
	const struct engine_frame *frame;
	struct segment seg;
	struct path path;
};

/* A declined flow whose entry in the flow map is to be deleted. */
struct declined {
	usec_t due;
	unsigned port;
	struct flow_key key;
};

struct engine {
	struct engine_ports ports;
	struct challenge_store *store;
	struct tls_context *tls;
	int64_t unix_at_zero_s;
	uint8_t hash_key[16];
	struct engine_counters counters;
	unsigned room; /* of the tables: this many places of ENGINE_FLOWS, and of the others in proportion */

	unsigned flows;     /* not free */
	unsigned lingering; /* of these */
	unsigned held;      /* of these: each can be given up for a newer one */
	unsigned waiting;   /* of these: bounded in number and time, nobody takes their place */
	uint16_t free;
	uint16_t linger_first, linger_last;
	uint16_t bucket[ENGINE_BUCKETS];
	usec_t earliest;                   /* none of wake is sooner */
	usec_t wake[ENGINE_FLOWS];         /* apart from the flows: scanned when earliest has come */
	usec_t held_since[ENGINE_FLOWS];   /* USEC_NEVER: not held */
	usec_t served_since[ENGINE_FLOWS]; /* when it began; USEC_NEVER: not served */
	/* Hashes of where held, waiting and served flows come from, else 0; and how many come from there. */
	uint64_t prefix[ENGINE_FLOWS];
	uint64_t address[ENGINE_FLOWS];
	uint16_t crowd[ENGINE_CROWDS]; /* by either hash; few share one */
	struct engine_flow flow[ENGINE_FLOWS];
	struct waiter waiter[ENGINE_WAITING];

	unsigned num_unanswered;
	uint16_t unanswered[ENGINE_UNANSWERED]; /* those that are not any more are passed over */

	unsigned declined_first, declined_count;
	struct declined declined[ENGINE_DECLINED];

	struct hello_slot hello; /* a copy that nobody else writes */
	uint8_t frame[ALPNXDP_MAX_FRAME];
	uint8_t flight[TCP_TX_BUFFER];
};

/* What a budget comes to in an engine that has not been given all of it. */
static inline unsigned engine_share(const struct engine *e, unsigned budget)
{
	return budget * e->room / ENGINE_FLOWS;
}

/* table.c */
void table_init(struct engine *e);
struct engine_flow *table_find(struct engine *e, unsigned port, const struct flow_key *key);
/* A free flow, entered under its key and held; another may make room for it. NULL: a budget is spent. */
struct engine_flow *table_take(struct engine *e, unsigned port, const struct flow_key *key, usec_t now);
void table_wait(struct engine *e, struct engine_flow *f, struct waiter *place);
void table_serve(struct engine *e, struct engine_flow *f); /* held no more: nobody takes its place */
void table_linger(struct engine *e,
		  struct engine_flow *f); /* at the end of the queue; out of its prefix's budget */
void table_release(struct engine *e, struct engine_flow *f);

/* engine.c */
void flow_schedule(struct engine *e, const struct engine_flow *f); /* after anything that happened to it */
void flow_count(struct engine *e, struct engine_flow *f, enum engine_outcome outcome); /* once per flow */
void flow_forget(struct engine *e,
		 struct engine_flow *f); /* its TLS, its place in the table; not its map entry */
/* Changes the state in the flow map, too. False: the entry is gone. */
bool flow_mark(struct engine *e, struct engine_flow *f, enum flow_state state);
/* Deletes an entry of the flow map that still is what it was: a SYN may have ended it, and a new offer begun. */
void flow_end_entry(struct engine *e, unsigned port, const struct flow_key *key, enum flow_state state);

/* record.c */
void record_begin(struct engine_flow *f, usec_t now);
void record_hello(struct engine_flow *f, const struct tls_hello *hello, usec_t now); /* whole */
void record_answer(struct engine_flow *f, usec_t now);
void record_finished(struct engine_flow *f, usec_t now);
/* Decides on the cause, at the moment that shows it. */
void record_outcome(struct engine *e, struct engine_flow *f, enum engine_outcome outcome);
void record_declined(struct engine *e, struct engine_flow *f); /* hands it out */
void record_closed(struct engine *e, struct engine_flow *f, usec_t now);
/* Of an offer that never became a flow. */
void record_refused(struct engine *e, const struct arrival *a, const struct flow *entry,
		    enum engine_outcome outcome, usec_t now);

/* waiting.c */
void waiting_init(struct engine *e);
/* No challenge is in the store: asks for one, and waits or declines. */
void waiting_begin(struct engine *e, struct engine_flow *f, const struct tls_hello *hello, usec_t now);
void waiting_input(struct engine *e, struct engine_flow *f, usec_t now); /* after TCP has taken a segment */
void waiting_time(struct engine *e, struct engine_flow *f, usec_t now);
usec_t waiting_wake(const struct engine *e, const struct engine_flow *f);

/* remembered.c */
/* Is this frame the one that the entry was made for? */
bool remembered_fits(struct engine *e, const struct arrival *a, const struct flow *entry);
/* How many bytes before the frame's own have passed to the kernel, without a gap. */
uint32_t remembered_passed(const struct engine *e, const struct segment *seg);
/* Hands TCP what passed to the kernel before the flow was offered. */
void remembered_input(struct engine *e, struct engine_flow *f, const struct segment *seg, usec_t now);

/* answer.c */
void answer_later(struct engine *e, struct engine_flow *f, usec_t now); /* at once where TCP cannot wait */
void answer_all(struct engine *e, usec_t now);

/* decline.c */
void decline_frame(struct engine *e, const struct engine_frame *frame, const struct flow_key *key,
		   struct flow *entry);
void decline_flow(struct engine *e, struct engine_flow *f, enum engine_outcome outcome, usec_t now);
void decline_expire(struct engine *e, usec_t now);
void decline_remember(struct engine *e, unsigned port, const struct flow_key *key, usec_t now);
void decline_port_gone(struct engine *e, unsigned port);
usec_t decline_deadline(const struct engine *e);

/* silence.c */
void silence_begin(struct engine *e, struct engine_flow *f, usec_t now);
void silence_step(struct engine *e, struct engine_flow *f, usec_t now);
/* Before TCP repeats anything: has the program seen the ACK? */
void silence_ask(struct engine *e, struct engine_flow *f, usec_t now);
void silence_finished(struct engine *e, struct engine_flow *f,
		      usec_t now);                         /* no ACK is waited for any more */
void silence_now(struct engine *e, struct engine_flow *f); /* the flow is about to go: one last try */

/* serve.c */
bool serve_claim(struct engine *e,
		 struct engine_flow *f); /* marks it ADOPTED; false: it is gone, and so is f */
/* Acknowledges what has come, after ENGINE_HOLD; f may be gone then. */
void serve_acknowledge(struct engine *e, struct engine_flow *f, usec_t now);
void serve_held(struct engine *e, struct engine_flow *f, usec_t now); /* asks the gate */
bool serve_knows(struct engine *e, const char *sni);                  /* is there a challenge for it? */
/* The gate has accepted it: it is answered if there is a challenge for its name. */
void serve_hello(struct engine *e, struct engine_flow *f, const struct tls_hello *hello, usec_t now);
void serve_reject(struct engine *e, struct engine_flow *f, enum gate_reject why, usec_t now);
void serve_put_out(struct engine *e, struct engine_flow *f, usec_t now); /* with a RST; it lingers then */
/* TLS and TCP as far as they go; sends nothing. */
void serve_drive(struct engine *e, struct engine_flow *f, usec_t now);
void serve_flush(struct engine *e, struct engine_flow *f, usec_t now); /* sends what TCP has due */

#endif
