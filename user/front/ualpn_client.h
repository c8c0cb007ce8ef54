/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection to ualpn's socket: its bytes, and its command with the engine. */
#ifndef ALPNXDP_FRONT_UALPN_CLIENT_H
#define ALPNXDP_FRONT_UALPN_CLIENT_H

#include "front/private.h"
#include "front/ualpn.h"

enum { UALPN_INPUT = 4096 };
#define UALPN_IDLE (5 * USEC_PER_SEC) /* as with ualpn */
#define NOT_POLLED SIZE_MAX

struct ualpn_client {
	int fd;          /* -1: the place is free */
	usec_t progress; /* when bytes last went either way, or a reply came */
	char in[UALPN_INPUT];
	size_t in_len;
	const char *out; /* NULL: nothing is to be written */
	enum ualpn_verb verb;
	bool asking;  /* the engine has its command */
	bool due;     /* a whole line waits for the next turn */
	bool ended;   /* it will send no more */
	bool deaf;    /* it takes no more replies */
	bool leaving; /* to be closed when the reply is written */
	size_t at;    /* its entry for poll(2), or NOT_POLLED */
};

void ualpn_client_drop(struct ualpn_client *c);
void ualpn_client_read(struct front *f, struct ualpn_client *c); /* when there is something to read */
void ualpn_client_serve(struct front *f,
			struct ualpn_client *c); /* what can be done now; it may be gone afterwards */

#endif
