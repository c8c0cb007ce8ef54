/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ledger: what became of every connection that offered acme-tls/1, one record each, in a ring of fixed size.
 *
 * Owns: the record, the closed list of causes, the ring and its index by name, and the words in which a record is told to
 * somebody who knows nothing of TLS (pure: ledger_words() and the names).
 * Refuses: to grow. The oldest record makes room for the newest; a reader is told how many it has missed.
 *
 * Locking: a ledger has a mutex of its own, held for the copy of one record or the walk over those of one name. Every
 * function may be called by any thread; nothing is handed out by pointer.
 */
#ifndef ALPNXDP_LEDGER_H
#define ALPNXDP_LEDGER_H

#include <alpnxdp/abi.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "tls/tls.h"

enum {
	LEDGER_RECORDS = 2048,
	LEDGER_IFNAME = 16,
	LEDGER_PERSPECTIVES = 64, /* addresses that a summary tells apart; older ones are left out */
};

/* X(symbol, name, help): how it ended. Closed list; exactly one per connection. The names are those of "outcome" in JSON. */
#define LEDGER_CAUSES(X)                                                                                    \
	X(VALIDATED, "validated", "the handshake was finished: the validator has our certificate")          \
	X(HELLO_INCOMPLETE, "hello-incomplete", "never sent the rest of its hello")                         \
	X(STOPPED_AFTER_CERTIFICATE, "stopped-after-certificate", "closed after our certificate, silently") \
	X(NO_CHANGE_CIPHER_SPEC, "no-change-cipher-spec", "TLS 1.2: its ChangeCipherSpec never came")       \
	X(NO_FINISHED, "no-finished", "everything but its Finished came")                                   \
	X(ALERT_RECEIVED, "alert-received", "the validator sent an alert")                                  \
	X(ALERT_SENT, "alert-sent", "what the validator sent was wrong, and we said so")                    \
	X(RESET, "reset", "the validator, or something on the way, reset the connection")                   \
	X(TIMED_OUT, "timed-out", "the validator fell silent")                                              \
	X(NOT_PENDING, "not-pending", "no challenge for this name: passed to the web server")               \
	X(GATE, "gate", "a hello that we do not answer: passed to the web server")                          \
	X(BUDGET, "budget", "over a budget: passed to the web server")                                      \
	X(KERNEL, "kernel", "the kernel's state did not match: passed to the web server")                   \
	X(ENGINE_ERROR, "engine-error", "no certificate could be made, or no memory: to the web server")    \
	X(TAKEN_BACK, "taken-back", "we had been silent for too long: the web server has it")               \
	X(PUT_OUT, "put-out", "reset by us: there was no room, and others needed it more")                  \
	X(NOT_ANSWERED, "not-answered", "nobody who was asked had a challenge: passed to the web server")   \
	X(CLOSED_BEFORE_HELLO, "closed-before-hello", "closed or reset before its hello could be answered")

enum ledger_cause {
#define X(symbol, name, help) LEDGER_##symbol,
	LEDGER_CAUSES(X)
#undef X
		NUM_LEDGER_CAUSES
};

/* X(symbol, name, help): how far the validator had come. */
#define LEDGER_PHASES(X)                                                                                \
	X(HELLO, "hello", "its hello was not whole")                                                    \
	X(DECISION, "decision", "its hello was whole, and not answered")                                \
	X(RETRY, "retry", "we had asked for another hello (HelloRetryRequest)")                         \
	X(SENT, "sent", "our certificate was on its way, and not acknowledged")                         \
	X(RECEIVED, "received", "all of our answer was acknowledged, and nothing said")                 \
	X(KEY_EXCHANGE, "key-exchange", "its ClientKeyExchange had come (TLS 1.2)")                     \
	X(CHANGE_CIPHER_SPEC, "change-cipher-spec", "its ChangeCipherSpec had come")                    \
	X(LAST_MESSAGE, "last-message", "its last, encrypted message had come, at least the beginning") \
	X(FINISHED, "finished", "the handshake was finished")

enum ledger_phase {
#define X(symbol, name, help) LEDGER_PHASE_##symbol,
	LEDGER_PHASES(X)
#undef X
		NUM_LEDGER_PHASES
};

#define LEDGER_NEVER UINT32_MAX /* of a time: it did not happen */
enum { LEDGER_NO_DETAIL = -1 };

/* One connection. A flat value; all zero but for what says so is a record of which nothing is known. */
struct ledger_record {
	uint64_t number; /* of the ledger: 1, 2, ... */
	int64_t time_us; /* wall clock of its first frame, since 1970 */
	usec_t began;    /* the same by CLOCK_MONOTONIC */
	char ifname[LEDGER_IFNAME];
	uint16_t queue;
	struct flow_key key;     /* as the host receives it: source is the validator */
	char sni[IDENT_MAX + 1]; /* struct identifier.sni; "": none was seen */

	/* Its hello, as far as it came. */
	struct tls_offered offered;
	uint16_t hello_bytes;
	uint16_t hello_segments;

	/* What was negotiated, as in struct tls_report; 0: nothing. */
	uint16_t version, cipher, group;

	/* Microseconds from the first frame, by the clock of the wake-up that saw it; LEDGER_NEVER. */
	uint32_t hello_us;    /* the hello was whole */
	uint32_t answer_us;   /* we first answered */
	uint32_t finished_us; /* the handshake was finished */
	uint32_t
		closed_us; /* both had closed, or it was reset, or given up; not of what passed to the web server */

	uint32_t retransmits; /* segments that we sent again */
	uint32_t rtt_us;      /* 0: unknown */
	uint8_t cause;        /* enum ledger_cause */
	uint8_t phase;        /* enum ledger_phase */
	/*
	 * ALERT_*: the alert's number. GATE: enum gate_reject. KERNEL, and BUDGET, NOT_PENDING and TAKEN_BACK where the program decided:
	 * enum reason. Else LEDGER_NO_DETAIL.
	 */
	int16_t detail;
	bool closed_by_fin; /* the validator closed its side */
	bool unsolicited;   /* for a name of ours while no challenge was pending for it */
};

/* A record to be filled: sentinels set, the rest zero. */
void ledger_record_init(struct ledger_record *r);

/* ---------------------------------------------------------- words (pure) */

const char *ledger_cause_name(enum ledger_cause cause);
const char *ledger_cause_help(enum ledger_cause cause);
bool ledger_cause_find(const char *name, enum ledger_cause *out); /* false: no such name */
const char *ledger_phase_name(enum ledger_phase phase);
const char *ledger_phase_help(enum ledger_phase phase);

/* Numbers of IANA's registries as names; text is used, and given back, where there is no name: "0x1a2b". */
enum { LEDGER_NUMBER_TEXT = 8 };
const char *ledger_version_name(uint16_t version, char text[LEDGER_NUMBER_TEXT]); /* "1.3" */
const char *ledger_group_name(uint16_t group, char text[LEDGER_NUMBER_TEXT]);     /* "X25519MLKEM768" */
const char *ledger_cipher_name(uint16_t cipher, char text[LEDGER_NUMBER_TEXT]);
const char *ledger_alert_name(unsigned alert); /* RFC 8446 6: "bad_certificate"; "unknown" */

/* What a record says to a person. No byte of it comes from the wire. */
struct ledger_words {
	char detail[48]; /* "bad_certificate (42)", "alpn", "kernel-listener", or "" */
	char text[256];  /* one sentence, without a full stop */
	char fix[256];   /* what to do; "": nothing needs to be done */
};
void ledger_words(const struct ledger_record *r, struct ledger_words *out);

/* -------------------------------------------------------------- the ring */

struct ledger;

struct ledger *ledger_new(const uint8_t hash_key[16]); /* random: names are a stranger's. NULL: no memory */
void ledger_free(struct ledger *l);

/* Takes a copy and gives it its number, which is returned. */
uint64_t ledger_add(struct ledger *l, const struct ledger_record *r);

uint64_t ledger_next(struct ledger *l); /* the number that the next record will have */

/*
 * The record *at, or the oldest that is there if that one is gone already: *lost is then increased by how many were. *at
 * becomes the number behind it. False: there is none yet, and *at is the number of the next one (lower than it was if
 * it came from another ledger).
 */
bool ledger_read(struct ledger *l, uint64_t *at, uint64_t *lost, struct ledger_record *out);

/*
 * What became of a name's connections that began at `since` or later. A perspective is an address: one that was finished
 * once counts as finished. Of the newest LEDGER_PERSPECTIVES.
 */
struct ledger_summary {
	unsigned finished, others;
	struct ledger_record last; /* of the others, the newest; only if there are any */
};
bool ledger_summarize(struct ledger *l, const char *sni, usec_t since,
		      struct ledger_summary *out); /* false: nothing is known */

#endif
