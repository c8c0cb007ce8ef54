/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words to values, for whoever reads what people type. Pure. */
#include <ctype.h>
#include <net/if.h>
#include <string.h>
#include "base/base.h"

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

bool text_parse_digits(const char *text, uint64_t *value, const char **rest)
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

	if (!text_parse_digits(text, &value, &rest) || *rest || value < 1 || value > UINT16_MAX)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)value;
	return NULL;
}

enum { WORD_MAX = 23 };

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

size_t text_nearest(const char *word, const char *(*name)(size_t n))
{
	size_t nearest = TEXT_NONE, least = 3; /* two slips of the finger are near */

	if (strlen(word) > WORD_MAX)
		return TEXT_NONE;
	for (size_t n = 0; name(n); n++) {
		size_t d = distance(word, name(n));

		if (d < least && d < strlen(word)) {
			least = d;
			nearest = n;
		}
	}
	return nearest;
}
