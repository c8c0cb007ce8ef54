// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program's reasons: their names, their help, their counters. */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include "xdp/xdp.h"

enum { MAX_CPUS = 8192 };

static const struct {
	const char *name;
	const char *help;
} reasons[] = {
#define X(symbol, name, help) [REASON_##symbol] = { name, help },
	ALPNXDP_REASONS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(reasons) == NUM_REASONS, "every reason needs a name");

const char *xdp_reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *xdp_reason_help(enum reason reason)
{
	return reasons[reason].help;
}

/*
 * The kernel writes one value per possible CPU. How many those are is written in /sys, which the engine cannot read, so
 * there is room for as many as Linux can be built for (CONFIG_NR_CPUS); what it does not write stays zero.
 */
int xdp_counters_read(const struct xdp_maps *m, uint64_t out[NUM_REASONS])
{
	uint64_t *values = calloc(MAX_CPUS, sizeof(*values));
	uint32_t reason;
	size_t cpu;
	int err = 0;

	if (!values)
		return -ENOMEM;
	for (reason = 0; reason < NUM_REASONS && !err; reason++) {
		if (bpf_map_lookup_elem(m->counters, &reason, values))
			err = -errno;
		out[reason] = 0;
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			out[reason] += values[cpu];
	}
	free(values);
	return err;
}
