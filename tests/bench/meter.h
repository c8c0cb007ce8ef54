/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the load generator measures with: latencies of a window of time, what a core was busy meanwhile, and what some
 * processes ran.
 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { METER_MAX_TASKS = 64 };

struct meter {
	int cpu; /* -1: none */
	int pids[METER_MAX_TASKS];
	size_t num_pids;
	uint64_t begun_us, idle_us, tasks_us;
	uint32_t *took_us;
	size_t done, room;
	uint64_t wrong;
};

uint64_t meter_now_us(void);

/* Forgets what was before: the window begins. */
void meter_begin(struct meter *m);

/* One right answer that took so long. */
void meter_add(struct meter *m, uint64_t took_us);

/*
 * One line of JSON to stdout. busy_us: wall-clock time less the core's idle time, which the kernel keeps exactly for
 * a core whose tick is stopped, in steps of 10 ms; all that ran there counts, interrupts too. tasks_us: what the
 * threads of the given processes and of their children ran, on any core, by the scheduler's own books; interrupts that hit
 * them may count. Of children that have ended in steps of 10 ms.
 */
void meter_print(struct meter *m);

#endif
