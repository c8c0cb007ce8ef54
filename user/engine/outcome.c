/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and help texts of outcomes, from the rows in engine.h, the steps of the histogram, and the sum of engines. */
#include "engine/engine.h"

static const struct {
	const char *name;
	const char *help;
} text[] = {
#define X(symbol, name, help) [OUTCOME_##symbol] = { name, help },
	ENGINE_OUTCOMES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(text) == NUM_OUTCOMES, "every outcome needs a name");

const char *engine_outcome_name(enum engine_outcome outcome)
{
	return text[outcome].name;
}

const char *engine_outcome_help(enum engine_outcome outcome)
{
	return text[outcome].help;
}

const usec_t engine_duration_bound[ENGINE_DURATIONS] = {
	500,
	1 * USEC_PER_MSEC,
	2 * USEC_PER_MSEC,
	5 * USEC_PER_MSEC,
	10 * USEC_PER_MSEC,
	25 * USEC_PER_MSEC,
	50 * USEC_PER_MSEC,
	100 * USEC_PER_MSEC,
	250 * USEC_PER_MSEC,
	500 * USEC_PER_MSEC,
	1000 * USEC_PER_MSEC,
	2500 * USEC_PER_MSEC,
	5000 * USEC_PER_MSEC,
	10000 * USEC_PER_MSEC,
};

_Static_assert(sizeof(struct engine_counters) % sizeof(uint64_t) == 0,
	       "it is nothing but numbers of this size");

void engine_counters_add(struct engine_counters *sum, const struct engine_counters *c)
{
	const uint64_t *from = (const uint64_t *)c;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*c) / sizeof(*from); i++)
		to[i] += from[i];
}
