/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words to values and back. Pure. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "cli/command.h"

/* As dev_valid_name() of the kernel has it. */
bool text_is_ifname(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IF_NAMESIZE || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (; *text; text++) {
		if (*text == '/' || *text == ':' || isspace((unsigned char)*text))
			return false;
	}
	return true;
}

/* Decimal digits only, to *rest; false when there are none or the value is above UINT32_MAX. */
static bool parse_digits(const char *text, uint64_t *value, const char **rest)
{
	uint64_t v = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*value = v;
	*rest = text;
	return true;
}

const char *text_parse_port(const char *text, uint16_t *port)
{
	uint64_t value;
	const char *rest;

	if (!parse_digits(text, &value, &rest) || *rest || value < 1 || value > UINT16_MAX)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)value;
	return NULL;
}

const char *text_parse_ttl(const char *text, uint32_t *seconds)
{
	static const struct {
		const char *suffix;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 24 * 3600 } };
	uint64_t value;
	const char *rest;

	if (!parse_digits(text, &value, &rest))
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

enum { WORD_MAX = 15 };

/* Levenshtein's distance of two words of at most WORD_MAX characters. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], cols = strlen(b);

	for (size_t j = 0; j <= cols; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < cols; j++) {
			size_t change = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = MIN(change, MIN(row[j], row[j + 1]) + 1);
		}
	}
	return row[cols];
}

const char *text_nearest_verb(const char *text)
{
	const char *nearest = NULL;
	size_t least = 3; /* two slips of the finger are near */

	if (strlen(text) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < verb_count; i++) {
		size_t d = distance(text, verbs[i].name);

		if (d < least && d < strlen(text)) {
			least = d;
			nearest = verbs[i].name;
		}
	}
	return nearest;
}
