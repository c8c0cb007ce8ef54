/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What wolfSSL has written and the connection has not taken yet. It lets wolfSSL always write at once: its own
 * way of waiting for room forgets an alert that did not fit.
 */
#ifndef ALPNXDP_TLS_OUTBOX_H
#define ALPNXDP_TLS_OUTBOX_H

#include "base/base.h"

enum { OUTBOX_MAX = 64 * 1024 }; /* a flight with a long chain of a user's own certificate is below it */

struct outbox {
	uint8_t *bytes;
	size_t at, len, room; /* bytes[at..len) wait */
};

bool outbox_put(struct outbox *b, const void *bytes, size_t len); /* false: above the limit, or no memory */
size_t outbox_take(struct outbox *b, uint8_t *out, size_t room);
void outbox_free(struct outbox *b);

#endif
