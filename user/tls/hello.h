/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A ClientHello between gate.c (records), hello.c (its fields) and offer.c (what they mean for us). All pure. */
#ifndef ALPNXDP_TLS_HELLO_H
#define ALPNXDP_TLS_HELLO_H

#include "tls/tls.h"

enum { SEEN_WORDS = (UINT16_MAX + 1) / 64 };

/* What the fields say. Lists are what is in them; .at is NULL where there was no such extension. */
struct offer {
	struct tls_hello *hello;
	uint16_t legacy_version;
	struct reader suites, compressions;
	struct reader versions, groups, signatures, shares;
	bool sni, alpn;
	bool refused; /* hello->why is set, and stays */
	bool partial; /* only the beginning is there */
	/* Extensions by type, a bit each. 8 kB, of which a hello needs a few words: those that are begun have been cleared. */
	uint64_t begun[SEEN_WORDS / 64];
	uint64_t seen[SEEN_WORDS]; /* last: not initialised */
};

/* Walks all of a ClientHello's body (behind the handshake header). False: out->why says why not. */
bool hello_read(struct reader body, struct tls_hello *out);

/* Reads what is whole of a body that is not. */
void hello_glimpse(struct reader body, struct tls_hello *out);

bool offer_judge(struct offer *o);
bool offer_refuse(struct offer *o, enum gate_reject why); /* always false; the first one counts */

/* For people: hello->offered. */
void offer_note(struct offer *o); /* versions and groups */
void offer_note_alpn(struct offer *o, struct reader protocol);

#endif
