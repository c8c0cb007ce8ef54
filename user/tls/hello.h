/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The body of a ClientHello, between gate.c (records) and hello.c (its fields). */
#ifndef ALPNXDP_TLS_HELLO_H
#define ALPNXDP_TLS_HELLO_H

#include "tls/tls.h"

/* Walks all of a ClientHello's body (behind the handshake header). False: out->why says why not. Pure. */
bool hello_read(struct reader body, struct tls_hello *out);

#endif
