/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program remembers of hellos that it cannot judge yet: its slots, and the marks of flows. */
#ifndef TESTS_BPF_UNDECIDED_H
#define TESTS_BPF_UNDECIDED_H

#include <alpnxdp/abi.h>
#include <stdbool.h>
#include <stddef.h>

/* Empties every slot and every mark; returns how many flows were marked. */
unsigned undecided_clear(void);
unsigned undecided_mark(void);      /* the index of the only mark there is */
unsigned undecided_under_way(void); /* hellos that wait to be decided */

struct hello_slot *undecided_slot(unsigned index); /* the program's own memory */
int undecided_find(const struct flow_key *key);    /* the slot of this flow, or ALPNXDP_NO_SLOT */
bool undecided_has(const struct hello_slot *slot, size_t at);
void undecided_expire(const struct flow_key *key); /* its slot is older than a hello may be */

#endif
