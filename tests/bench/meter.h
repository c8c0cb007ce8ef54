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

enum { METER_MAX_THREADS = 64 };

struct meter {
	int cpu;           /* -1: none */
	const char *group; /* the cpu.stat of a cgroup, or NULL */
	int pids[METER_MAX_THREADS];
	size_t num_pids;
	uint64_t begun_us, idle_at_us, tasks_at_us; /* when it was last told to go on */
	uint64_t wall_us, idle_us, tasks_us;        /* of all that it has gone */
	uint32_t *took_us;
	size_t done, room;
	uint64_t wrong;
};

uint64_t meter_now_us(void);

/* Forgets what was before: the window begins. A window may have pauses, in which it has no answers. */
void meter_begin(struct meter *m);
void meter_pause(struct meter *m);
void meter_go_on(struct meter *m);

/* One right answer that took so long. */
void meter_add(struct meter *m, uint64_t took_us);

/*
 * One line of JSON to stdout; the window is to pause before. busy_us: wall-clock time less the core's idle time, which the kernel keeps exactly for
 * a core whose tick is stopped, in steps of 10 ms; all that ran there counts, interrupts too. tasks_us: what the
 * processes of the group and the threads of pids ran, on any core, by the scheduler's own books; interrupts that hit
 * them may count.
 */
void meter_print(struct meter *m);

#endif
