/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and help texts of outcomes, from the rows in engine.h. */
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
