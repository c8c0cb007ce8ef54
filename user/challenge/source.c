/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of who may ask for a challenge. */
#include <string.h>
#include "challenge/challenge.h"

static const char *const source_name[] = {
#define X(symbol, name, help) [CHALLENGE_SOURCE_##symbol] = (name),
	CHALLENGE_SOURCES(X)
#undef X
};

static const char *const source_help[] = {
#define X(symbol, name, help) [CHALLENGE_SOURCE_##symbol] = (help),
	CHALLENGE_SOURCES(X)
#undef X
};

const char *challenge_source_name(enum challenge_source source)
{
	return source_name[source];
}

const char *challenge_source_help(enum challenge_source source)
{
	return source_help[source];
}

bool challenge_source_find(const char *name, enum challenge_source *out)
{
	for (enum challenge_source source = 0; source < NUM_CHALLENGE_SOURCES; source++) {
		if (strcmp(name, source_name[source]))
			continue;
		*out = source;
		return true;
	}
	return false;
}
