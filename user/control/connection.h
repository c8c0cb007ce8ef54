/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One client of the control socket: its line, its reply, its bytes. */
#ifndef ALPNXDP_CONTROL_CONNECTION_H
#define ALPNXDP_CONTROL_CONNECTION_H

#include "control/control.h"

struct client {
	int fd; /* -1: the place is free */
	uint64_t number;
	uid_t uid;
	char in[CONTROL_LINE_MAX + 1];
	size_t in_len;
	char *out;
	size_t out_len, out_at;
	usec_t progress; /* when bytes last went either way */
	bool working;    /* a reply is due from the answerer */
	bool replied;    /* it came since the last control_server_serve(), which alone knows the time */
	bool due;        /* a whole line waits for the next call */
	bool ended;      /* the client will send no more */
	bool leaving;    /* to be closed when its reply is written */
};

void client_drop(struct client *c);
/* Takes the line; without memory for one, the client is told nothing and leaves. */
void client_reply(struct client *c, char *line);
void client_read(struct client *c, usec_t now);
/* True: the reply, if there was one, is gone, and the client is still there. */
bool client_flush(struct client *c, usec_t now);

#endif
