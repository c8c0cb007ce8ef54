// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program's reasons: their names, their help, their counters. */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "xdp/xdp.h"

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

int xdp_counters_read(const struct xdp_maps *m, uint64_t out[NUM_REASONS])
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values;
	uint32_t reason;
	int cpu, err = 0;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (reason = 0; reason < NUM_REASONS && !err; reason++) {
		if (bpf_map_lookup_elem(m->counters, &reason, values))
			err = -errno;
		out[reason] = 0;
		for (cpu = 0; cpu < cpus; cpu++)
			out[reason] += values[cpu];
	}
	free(values);
	return err;
}
