/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The program under test and its maps: conditions are written there, and what came of a packet is read there.
 */
#ifndef TESTS_BPF_BOOKS_H
#define TESTS_BPF_BOOKS_H

#include "bench.h"

enum { BENCH_CREDIT = 5, BENCH_EPOCH = 7, BENCH_MAC = 0x5a, BENCH_CPUS = 512 };

int books_open(const char **why);
void books_close(void);
int books_program(void);

/* Configuration, heartbeat, credit, socket, pending names and budget of a row. */
void books_set_conditions(const struct row *row);
/* The flow map holds a row's entry, or one stranger's, or nothing. */
void books_set_flow(const struct row *row, const struct flow_key *key, const struct peer *p);
/* The flow map holds that many strangers, and nothing else. */
void books_set_flows(unsigned count);

bool books_flow(const struct flow_key *key, struct flow *out); /* false: no such entry */
int books_map(const char *name);                               /* its descriptor */
uint64_t books_counter(unsigned reason);
uint32_t books_live(void);
int32_t books_credit(void);
int32_t books_notes_left(void);
uint64_t books_notes_lost(void); /* since the last row */
unsigned
books_notes(struct note *last); /* takes all out of the ring; how many there were, and the last one */

#endif
