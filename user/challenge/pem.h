/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blocks of PEM, for certificates and keys. */
#ifndef ALPNXDP_CHALLENGE_PEM_H
#define ALPNXDP_CHALLENGE_PEM_H

#include "challenge/challenge.h"

struct pem {
	uint8_t *der; /* of the caller, cap bytes */
	size_t cap;
	size_t len;          /* written */
	struct reader label; /* of the block, in the text: "CERTIFICATE" */
};

/* The first block whose label is wanted. 0; -ENOENT: there is none; -EINVAL with *why. */
int pem_decode(struct reader text, bool (*wanted)(struct reader label), struct pem *out, const char **why);
bool pem_is(struct reader label, const char *name);

#endif
