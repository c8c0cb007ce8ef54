/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * harvest: the challenges of clients that can only listen themselves. The engine asks for a name; their listener on this
 * host is asked what it would answer a validator (ALPN acme-tls/1, the same SNI); the digest in its certificate goes to the
 * engine, which answers under a key of its own.
 *
 * Owns: at most HARVEST_AT_ONCE connections to one loopback address, HARVEST_TIME each from beginning to answer.
 * Refuses: a certificate that is no answer to a challenge of just this name (certificate_read()). Whose listener it is
 * cannot be seen: who can listen at that address speaks for every name of this host.
 *
 * A listener of `openssl s_server` serves one connection after the other: ours are closed as soon as there is an answer,
 * with close_notify, and our end of the stream before we read to its.
 */
#ifndef ALPNXDP_FRONT_HARVEST_H
#define ALPNXDP_FRONT_HARVEST_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "challenge/challenge.h"
#include "front/private.h"
#include "tls/tls.h"

enum { HARVEST_AT_ONCE = 16 };
#define HARVEST_TIME (2 * USEC_PER_SEC)
#define HARVEST_PARTING (200 * USEC_PER_MSEC) /* for the listener's end, after ours */

enum harvest_error {
#define X(symbol, name, help) HARVEST_##symbol,
	FRONT_HARVEST_ERRORS(X)
#undef X
		NUM_HARVEST_ERRORS
};

/* One connection. */
struct harvest_talk {
	struct tls_client *tls;
	int fd;
	bool connected;
	bool ended; /* nothing more is said to the listener: our end of the stream has gone out */
	size_t in_len, out_len;
	uint8_t in[4096], out[4096];
};

/* Begins a connection. 0; -ECONNREFUSED and the like; -ENOMEM; -EIO. */
int harvest_talk_open(struct harvest_talk *t, const struct sockaddr_storage *to, struct tls_context *tls,
		      const char *sni);
void harvest_talk_close(struct harvest_talk *t);
short harvest_talk_events(const struct harvest_talk *t); /* for poll(2) */

enum harvest_state {
	HARVEST_TALKING,
	HARVEST_HEARD,   /* all that will come for an answer has come: look at the client */
	HARVEST_UNHEARD, /* nobody listens */
	HARVEST_OVER,    /* the connection is done with */
};
/* Goes on as far as the socket lets it. HARVEST_HEARD may come again and again. */
enum harvest_state harvest_talk_go_on(struct harvest_talk *t);
/* There is an answer: takes leave of the listener. */
void harvest_talk_part(struct harvest_talk *t);

#endif
