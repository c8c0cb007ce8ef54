/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Certificates inside the module: what a walk over one finds besides its facts, and how one is kept. */
#ifndef ALPNXDP_CHALLENGE_FACTS_H
#define ALPNXDP_CHALLENGE_FACTS_H

#include "challenge/challenge.h"

/* Whole elements, in the certificate. */
struct certificate_parts {
	struct reader issuer, subject;
	struct reader key; /* SubjectPublicKeyInfo */
};

/* NULL, or what is wrong, as certificate_read() says it. */
const char *certificate_walk(struct reader der, struct challenge_facts *facts,
			     struct certificate_parts *parts);

#endif
