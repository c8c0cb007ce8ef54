/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to the verb explain: its facts, between explain.c and the files that gather them. */
#ifndef ALPNXDP_CLI_EXPLAIN_H
#define ALPNXDP_CLI_EXPLAIN_H

#include "cli/command.h"
#include "explain/explain.h"

/* All that this host knows about the problem's identifier; what cannot be had is left out. */
void explain_facts_gather(const struct command *c, const char *ident, struct explain_facts *out);

/* explain_dns.c: by the system's resolver, at most three seconds. False: no answer, or no address. */
bool explain_resolve(const char *name, struct explain_facts *out);

bool explain_map_address(const struct sockaddr *from, struct in6_addr *out); /* false: another family */

#endif
