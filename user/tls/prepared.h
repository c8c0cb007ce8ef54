/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prepared: the WOLFSSL_CTX of the certificates shown last. Making one, with the certificate and the key parsed and the
 * suites and groups read from their names, takes as long as a signature; a CA looks from five places at once.
 *
 * A certificate has a context of its own: what it can do would stick to the connections of all others. Connections have
 * their own reference to theirs, so one can be dropped at any time.
 */
#ifndef ALPNXDP_TLS_PREPARED_H
#define ALPNXDP_TLS_PREPARED_H

#include "challenge/challenge.h"

struct WOLFSSL_CTX;

enum { PREPARED_MAX = 8 };

struct prepared {
	struct prepared_entry {
		struct WOLFSSL_CTX *wolf; /* NULL: free */
		struct certificate copy;  /* what it was made of */
		uint64_t used;            /* the larger, the later */
	} entry[PREPARED_MAX];
	uint64_t uses;
};

/* The context of this very certificate and key, byte by byte; NULL: none is kept. */
struct WOLFSSL_CTX *prepared_find(struct prepared *p, const struct certificate *cert);

/* Keeps one, in the place of the one used longest ago; takes the reference, also when there is no memory to keep it. */
void prepared_keep(struct prepared *p, const struct certificate *cert, struct WOLFSSL_CTX *wolf);

void prepared_clear(struct prepared *p); /* the copies of keys are wiped */

#endif
