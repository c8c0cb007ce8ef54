/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ephemeral: one X25519 key pair for the handshakes of a minute, instead of one for each.
 *
 * Making a pair takes a third of a handshake's public-key time. RFC 8446 4.2.8 leaves it to a server how long it uses one:
 * what is lost is forward secrecy within that minute, and over these connections no secret ever travels (RFC 8737 3: a
 * certificate that everybody may see, then the connection is closed). Each handshake's traffic keys still differ, by the
 * validator's share and both randoms.
 *
 * wolfSSL has no hook for the key shares of TLS 1.3, so its wc_curve25519_make_key() is wrapped by the linker
 * (-Wl,--wrap in the Makefile). Outside ephemeral_use() the wrapper is the function itself.
 */
#ifndef ALPNXDP_TLS_EPHEMERAL_H
#define ALPNXDP_TLS_EPHEMERAL_H

#include "base/base.h"

enum { X25519_LEN = 32 };

#define EPHEMERAL_LIFE (60 * USEC_PER_SEC)

struct ephemeral {
	bool made;
	usec_t made_at;                                  /* of the handshake before which it was made */
	uint8_t private[X25519_LEN], public[X25519_LEN]; /* little endian, RFC 7748 5 */
};

/* Before a handshake: wipes a pair that is older than EPHEMERAL_LIFE, or from a clock that ran ahead. */
void ephemeral_refresh(struct ephemeral *e, usec_t now);
void ephemeral_wipe(struct ephemeral *e);

/* From now on this thread's X25519 key pairs are this one, made when the first is asked for; NULL: each is new. */
void ephemeral_use(struct ephemeral *e);

#endif
