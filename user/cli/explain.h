/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to the verb explain: its facts, between explain.c and the files that gather them. */
#ifndef ALPNXDP_CLI_EXPLAIN_H
#define ALPNXDP_CLI_EXPLAIN_H

#include "cli/command.h"
#include "explain/explain.h"

/* All that this host knows about the problem's identifier; what cannot be had is left out. */
void explain_facts_gather(const struct command *c, const char *ident, struct explain_facts *out);

#endif
