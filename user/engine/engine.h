/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * engine: frames in, frames out. It joins one adopted flow's TCP and TLS, and decides what is answered, what is given
 * back, and when the kernel's half is silenced.
 *
 * Owns: the flow table, the life of a flow (held hello, adopted, lingering, gone), budgets. Deterministic: the clock is
 * an argument, and everything outside is reached through struct engine_ports, so that a test is a table of frames.
 * Refuses: frames of flows that nobody offered, offers that do not match their frame.
 *
 * A flow is held until the gate has seen its whole hello: nothing is answered, and the kernel's half has missed nothing
 * that the validator would not send again, so a crash gives it back by itself. (If that takes longer than ENGINE_HOLD,
 * the bytes are acknowledged, or a lost segment would never be sent again.) Then it is declined, its bytes handed to the
 * kernel as segments made anew, or adopted: from there on only we can finish it, and the kernel's half is
 * silenced: by the program, with the validator's first ACK, else by us when the flow is over or ENGINE_SILENCE_WAIT has passed.
 *
 * Several engines may share a store and the interfaces, each on a thread of its own. A flow belongs to the one that has the
 * queue of its hello; nothing but the store is touched by two of them.
 *
 * A whole hello for a name that is not pending may wait for somebody who is asked for the challenge (ports.ask), at most
 * ENGINE_ASK_TIME. Meanwhile its bytes are acknowledged after ENGINE_HOLD, and nothing else is said.
 */
#ifndef ALPNXDP_ENGINE_H
#define ALPNXDP_ENGINE_H

#include <alpnxdp/abi.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "ledger/ledger.h"
#include "net/net.h"
#include "tls/tls.h"

enum {
	ENGINE_FLOWS =
		1024, /* held, adopted and lingering at once, all interfaces; who makes room for another: table.c */
	ENGINE_RESERVE = 64, /* of these, not offered to new flows: room for offers already on their way */
	ENGINE_FULL_CREDIT =
		256, /* offered all the same when none is free: who has few neighbours gets a place */
	ENGINE_PER_PREFIX = 256, /* held and adopted at once from one /24 or /56 */
	ENGINE_DECLINED =
		1024, /* declined flows whose entries wait for ENGINE_DECLINE_GRACE; the oldest make room */
	ENGINE_SILENCE_TRIES = 3,
	ENGINE_WAITING = 128, /* flows that wait for a challenge; one more is declined */
	ENGINE_WAITING_PER_NAME =
		16, /* of these, for one name: a CA looks from five places, and tries again */
	ENGINE_WAITING_PER_PREFIX = 64, /* of these, from one /24 or /56 */
	ENGINE_UNANSWERED = 32, /* flows that wait for the end of a turn; with one more all are answered */
	ENGINE_DURATIONS = 14,
	ENGINE_FLOWS_LEAST = 128, /* what one of several engines may be given: an eighth of every budget */
};

#define ENGINE_HOLD (40 * USEC_PER_MSEC)     /* RFC 9293 3.8.6.3: an ACK may be delayed, here for so long */
#define ENGINE_HELLO_TIME (5 * USEC_PER_SEC) /* from adoption to a whole hello; then the flow is declined */
#define ENGINE_ASK_TIME (3 * USEC_PER_SEC)   /* for whoever was asked for a challenge to answer */
#define ENGINE_LIFE (30 * USEC_PER_SEC)      /* of a flow in all */
#define ENGINE_PATIENCE (5 * USEC_PER_SEC)   /* of it, while others find no place */
#define ENGINE_LINGER (2 * USEC_PER_SEC)     /* after both have closed */
#define ENGINE_DECLINE_GRACE \
	(50 * USEC_PER_MSEC) /* for frames of a declined flow that are in the ring already */
#define ENGINE_SILENCE_WAIT \
	(1 * USEC_PER_SEC) /* for an ACK that the program turns into the RST for the kernel's half */
#define ENGINE_REQUEST_WAIT \
	(200 * USEC_PER_MSEC) /* for a request socket to become a socket, before it is silenced */

/* X(symbol, name, help): how a flow that was offered to us ended. Closed list; exactly one per flow. */
#define ENGINE_OUTCOMES(X)                                                                                   \
	X(VALIDATED, "validated", "handshake complete: the validator has our certificate and proved it")     \
	X(DECLINED_NAME, "declined-name", "no challenge pending for its name: to the web server")            \
	X(DECLINED_GATE, "declined-gate", "a hello that we do not answer: to the web server")                \
	X(DECLINED_HELLO_TIME, "declined-hello-time",                                                        \
	  "its hello was not complete in 5 s: to the web server")                                            \
	X(DECLINED_ASK_TIME, "declined-ask-time",                                                            \
	  "nobody who was asked had a challenge for its name in 3 s: to the web server")                     \
	X(DECLINED_BUDGET, "declined-budget", "over a budget: to the web server")                            \
	X(DECLINED_ERROR, "declined-error", "no certificate could be made, or no memory: to the web server") \
	X(TAKEN_BACK, "taken-back", "we had been silent for too long: the web server has it already")        \
	X(GONE_BEFORE_HELLO, "gone-before-hello",                                                            \
	  "closed or reset before its hello was complete, or its name was answered for")                     \
	X(TLS_ALERT_IN, "alert-received", "the validator sent an alert during the handshake")                \
	X(TLS_ALERT_OUT, "alert-sent", "the handshake failed and we said so")                                \
	X(STOPPED, "stopped", "the validator closed in the middle of the handshake")                         \
	X(RESET, "reset", "the validator reset the connection in the middle of the handshake")               \
	X(PUT_OUT, "put-out",                                                                                \
	  "reset by us in the middle of the handshake: there was no room, and others needed it more")        \
	X(TIMED_OUT, "timed-out", "the validator fell silent in the middle of the handshake")

enum engine_outcome {
#define X(symbol, name, help) OUTCOME_##symbol,
	ENGINE_OUTCOMES(X)
#undef X
		NUM_OUTCOMES
};

/* Names and help texts come from the rows above. */
const char *engine_outcome_name(enum engine_outcome outcome);
const char *engine_outcome_help(enum engine_outcome outcome);

extern const usec_t engine_duration_bound[ENGINE_DURATIONS]; /* ascending */

struct engine_counters {
	uint64_t outcome[NUM_OUTCOMES];
	/*
	 * Of the validated ones: from the first frame to the end of the handshake, how many took at most
	 * engine_duration_bound[i] and more than the one before; the last: longer than all.
	 */
	uint64_t duration[ENGINE_DURATIONS + 1];
	uint64_t duration_sum_us;
	uint64_t gate[NUM_GATE_REJECTS];
	uint64_t net_drop[NUM_NET_DROPS];
	uint64_t
		stray_frames; /* of no flow that was offered: dropped, they were passed or are of a dead engine */
	uint64_t stale_offers;      /* the offer does not match the frame: dropped */
	uint64_t silenced;          /* kernel halves that died without a sound */
	uint64_t unsilenced;        /* those that are still there after ENGINE_SILENCE_TRIES */
	uint64_t given_back_frames; /* injected inwards */
	uint64_t give_back_failed;
	uint64_t transmitted;
	uint64_t transmit_failed; /* no free frame, or the ring is full: TCP will repeat it */
	uint64_t retransmits;
	uint64_t passed_on; /* frames of a flow that another engine has */
};

void engine_counters_add(struct engine_counters *sum, const struct engine_counters *c);

/* Does somebody perhaps know a challenge that is not in the store? */
enum engine_ask {
	ENGINE_ASK_NOBODY, /* the flow is declined */
	ENGINE_ASK_WAIT    /* engine_answered() will be called for the name */
};

struct engine_frame;

/* What the engine needs from outside. `port` is the caller's number for an interface (struct engine_frame). */
struct engine_ports {
	void *context;
	/* The flow map. get: false when there is no entry of this epoch. */
	bool (*flow_get)(void *context, unsigned port, const struct flow_key *key, struct flow *out);
	/* The remembered bytes of an undecided hello, in memory that the program goes on writing. NULL: no such slot. */
	const struct hello_slot *(*hello_get)(void *context, unsigned port, int32_t slot);
	/* False: the entry is gone, the kernel has the flow again. */
	bool (*flow_set)(void *context, unsigned port, const struct flow_key *key, const struct flow *flow);
	void (*flow_delete)(void *context, unsigned port, const struct flow_key *key);
	/* Sends one frame outwards through a queue of the port. False: no room. */
	bool (*transmit)(void *context, unsigned port, unsigned queue, const uint8_t *frame, size_t len);
	/* Hands a frame to the kernel as if it had just arrived. 0 or -errno. */
	int (*give_back)(void *context, unsigned port, const uint8_t *frame, size_t len);
	/*
	 * The same for a RST, whose sequence number is set to what the kernel expects at that moment; dropped if that is
	 * less than the one it has.
	 */
	int (*silence)(void *context, unsigned port, const uint8_t *frame, size_t len);
	enum probe_answer (*probe)(void *context, unsigned port, const uint8_t *frame, size_t len);
	/*
	 * A validator asks for a name (struct identifier.sni) that is not in the store. Called once per name as long as
	 * flows wait for it. NULL: there is nobody to ask. Must not call the engine.
	 */
	enum engine_ask (*ask)(void *context, const char *sni);
	/*
	 * A frame of a flow whose hello came by another queue. True: another engine has that queue, and gets the frame.
	 * NULL: there is none.
	 */
	bool (*pass_on)(void *context, const struct engine_frame *frame, unsigned queue);
	/*
	 * What became of a flow, once for each that was offered: when both sides have closed, when it was reset or given up,
	 * or when it was declined. Interface name, wall clock and number are the receiver's to fill in. Flows of a port that
	 * goes away have none. NULL: nobody wants to know. Must not call the engine.
	 */
	void (*ended)(void *context, unsigned port, const struct ledger_record *record);
	/* As struct tls_keys. NULL: nobody wants secrets, ever. */
	bool (*wants_keys)(void *context);
	void (*key)(void *context, const char *line);
};

/* One interface. */
struct engine_port {
	uint8_t own_mac[6];
	uint16_t mtu;
};

struct engine;

struct engine_options {
	struct engine_ports ports;
	struct challenge_store *store;
	unsigned flows;         /* ENGINE_FLOWS_LEAST.. ENGINE_FLOWS, and of each budget this share; 0: all */
	uint8_t hash_key[16];   /* random */
	int64_t unix_at_zero_s; /* wall clock when CLOCK_MONOTONIC was zero, in seconds: for certificates */
};

int engine_new(const struct engine_options *o, struct engine **out); /* 0, -ENOMEM, -EIO */
void engine_free(struct engine *e);

/* Takes a received frame. Nothing of it is kept by pointer; giving it back may change its bytes. */
struct engine_frame {
	unsigned port;
	unsigned queue;
	const struct engine_port *iface;
	uint8_t *bytes;
	size_t len;
};
void engine_input(struct engine *e, const struct engine_frame *f, usec_t now);

/*
 * Does what time demands, and answers what has come since the last call; call it when engine_deadline() has come, and after
 * every batch of engine_input(). Segments of a flow that come in one batch are answered together.
 */
void engine_tick(struct engine *e, usec_t now);
usec_t engine_deadline(const struct engine *e); /* may be sooner than it must; USEC_NEVER: no flow is left */

/*
 * Whoever was asked for sni has done what they can: flows that wait for it are answered if a challenge is in the store
 * now, else declined. For a name that nobody waits for nothing happens.
 */
void engine_answered(struct engine *e, const char *sni, usec_t now);

/* How many more flows may be offered to us now: the credit to publish. */
unsigned engine_credit(const struct engine *e);

/* Forgets every flow of a port that goes away, without a word on it. */
void engine_port_gone(struct engine *e, unsigned port);

/* X(symbol, name, help): what a frame is to the engine at a moment. Closed list. */
#define ENGINE_PLACES(X)                                                                 \
	X(STRAY, "stray", "of no flow that was offered: dropped")                        \
	X(OFFERED, "offered", "offered by the program")                                  \
	X(HELD, "held", "its hello is not whole yet")                                    \
	X(WAITING, "waiting", "somebody was asked for its challenge")                    \
	X(SERVED, "served", "ours")                                                      \
	X(SILENCED, "silenced", "ours; an ACK that is not here ended the kernel's half") \
	X(LINGERING, "lingering", "over: stragglers are answered")                       \
	X(DECLINED, "declined", "the web server's: passed on")                           \
	X(ANOTHERS, "anothers", "another thread has its flow")

enum engine_place {
#define X(symbol, name, help) PLACE_##symbol,
	ENGINE_PLACES(X)
#undef X
		NUM_PLACES
};

const char *engine_place_name(enum engine_place place);
const char *engine_place_help(enum engine_place place);

/*
 * Where a frame finds its flow, before engine_input() has it, or while a port is called for one that goes out or inwards. The key is
 * as the host receives it, for each direction. Looks into the flow map and changes nothing: for who watches, not for every
 * frame.
 */
enum engine_place engine_place(struct engine *e, unsigned port, unsigned queue, const struct flow_key *key);

unsigned engine_flow_count(const struct engine *e); /* held, waiting, adopted and lingering */

struct engine_flows {
	unsigned held, waiting, served, lingering;
};
void engine_flows(const struct engine *e, struct engine_flows *out);
const struct engine_counters *engine_counters(const struct engine *e);

#endif
