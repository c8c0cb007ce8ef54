/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t meter_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* proc(5): cpuN user nice system idle iowait ..., in ticks of USER_HZ. */
static uint64_t cpu_idle_us(int cpu)
{
	unsigned long long idle, iowait;
	FILE *f = fopen("/proc/stat", "re");
	uint64_t ticks = 0;
	char line[512];
	int number;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%d %*u %*u %*u %llu %llu", &number, &idle, &iowait) == 3 &&
		    number == cpu)
			ticks = idle + iowait;
	if (f)
		fclose(f);
	return ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* cgroup-v2, cpu.stat: with those that have ended meanwhile. */
static uint64_t group_ran_us(const char *path)
{
	unsigned long long us = 0;
	FILE *f = path ? fopen(path, "re") : NULL;

	if (f) {
		if (fscanf(f, "usage_usec %llu", &us) != 1)
			us = 0;
		fclose(f);
	}
	return us;
}

static uint64_t thread_ran_us(int pid)
{
	unsigned long long ran_ns = 0;
	char path[40];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%llu", &ran_ns) != 1)
			ran_ns = 0;
		fclose(f);
	}
	return ran_ns / 1000;
}

static uint64_t tasks_ran_us(const struct meter *m)
{
	uint64_t sum = group_ran_us(m->group);

	for (size_t i = 0; i < m->num_pids; i++)
		sum += thread_ran_us(m->pids[i]);
	return sum;
}

void meter_go_on(struct meter *m)
{
	m->tasks_at_us = tasks_ran_us(m);
	m->begun_us = meter_now_us();
	m->idle_at_us = m->cpu >= 0 ? cpu_idle_us(m->cpu) : 0;
}

void meter_begin(struct meter *m)
{
	m->done = 0;
	m->wall_us = m->idle_us = m->tasks_us = 0;
	meter_go_on(m);
}

void meter_pause(struct meter *m)
{
	m->wall_us += meter_now_us() - m->begun_us;
	m->idle_us += m->cpu >= 0 ? cpu_idle_us(m->cpu) - m->idle_at_us : 0;
	m->tasks_us += tasks_ran_us(m) - m->tasks_at_us;
}

void meter_add(struct meter *m, uint64_t took_us)
{
	if (m->done == m->room) {
		m->room = m->room ? 2 * m->room : 65536;
		m->took_us = realloc(m->took_us, m->room * sizeof(*m->took_us));
		if (!m->took_us)
			abort();
	}
	m->took_us[m->done++] = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
}

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

void meter_print(struct meter *m)
{
	uint64_t busy = m->cpu >= 0 && m->wall_us > m->idle_us ? m->wall_us - m->idle_us : 0;
	size_t n = m->done;

	if (n)
		qsort(m->took_us, n, sizeof(*m->took_us), by_size);
	printf("{\"done\":%zu,\"wrong\":%llu,\"seconds\":%.3f,\"busy_us\":%llu,\"tasks_us\":%llu,"
	       "\"median_us\":%u,\"p99_us\":%u,\"longest_us\":%u}\n",
	       n, (unsigned long long)m->wrong, (double)m->wall_us / 1e6, (unsigned long long)busy,
	       (unsigned long long)m->tasks_us, n ? m->took_us[n / 2] : 0, n ? m->took_us[n * 99 / 100] : 0,
	       n ? m->took_us[n - 1] : 0);
}
