/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words to values and back. Pure. */
#include <inttypes.h>
#include <string.h>
#include "cli/command.h"

const char *text_parse_ttl(const char *text, uint32_t *seconds)
{
	static const struct {
		const char *suffix;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 24 * 3600 } };
	uint64_t value;
	const char *rest;

	if (!text_parse_digits(text, &value, &rest))
		return "a lifetime is a number with s, m, h or d behind it, as in 90s or 1h";
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].suffix) != 0)
			continue;
		value *= units[i].seconds;
		if (value < CHALLENGE_TTL_MIN_S)
			return "it would have expired at once";
		if (value > CHALLENGE_TTL_MAX_S)
			return "a challenge lives for at most 30 days";
		*seconds = (uint32_t)value;
		return NULL;
	}
	return "a lifetime is a number with s, m, h or d behind it, as in 90s or 1h";
}

void text_format_duration(uint64_t seconds, char out[DURATION_TEXT_LEN])
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = { { 24 * 3600, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;
	uint64_t next;

	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	next = i + 1 < ARRAY_SIZE(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (next)
		snprintf(out, DURATION_TEXT_LEN, "%" PRIu64 "%c %" PRIu64 "%c", seconds / units[i].seconds,
			 units[i].name, next, units[i + 1].name);
	else
		snprintf(out, DURATION_TEXT_LEN, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].name);
}

static const char *verb_name(size_t n)
{
	return n < verb_count ? verbs[n].name : NULL;
}

const char *text_nearest_verb(const char *text)
{
	size_t n = text_nearest(text, verb_name);

	return n == TEXT_NONE ? NULL : verbs[n].name;
}
