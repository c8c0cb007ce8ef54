/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table's insides, shared by watch_table.c and watch_queue.c. */
#ifndef ALPNXDP_FRONT_WATCH_TABLE_H
#define ALPNXDP_FRONT_WATCH_TABLE_H

#include "front/watch.h"

enum { WATCH_BUCKETS = 16384 };

struct watch_steps {
	struct watch_node *first, *last;
};

struct watch_table {
	uint8_t key[16]; /* names of files are a stranger's choice, too */
	struct watch_node *named[WATCH_BUCKETS];
	struct watch_node *digested[WATCH_BUCKETS];
	struct watch_steps step[WATCH_NUM_STEPS + 1]; /* WATCH_IDLE: nobody */
	struct watch_node *directory[WATCH_DIRECTORIES];
	size_t directories, files;
};

void watch_unqueue(struct watch_table *t, struct watch_node *n);

#endif
