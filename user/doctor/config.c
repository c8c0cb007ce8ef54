// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One line of a web server's configuration: does it make the port speak PROXY protocol? A hint, no parser: variables,
 * includes and directives over several lines are not followed. Pure.
 */
#include <string.h>
#include "doctor/findings.h"

enum { LINE_WORDS = 24, WORD_LEN = 80 };

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Words up to ';', '#' or the end of the line; those that are too long are cut. */
static size_t split(const char *line, char words[LINE_WORDS][WORD_LEN])
{
	size_t count = 0, len;

	while (count < LINE_WORDS) {
		while (is_space(*line))
			line++;
		len = strcspn(line, " \t\r\n;#{");
		if (!len)
			break;
		memcpy(words[count], line, MIN(len, (size_t)WORD_LEN - 1));
		words[count++][MIN(len, (size_t)WORD_LEN - 1)] = '\0';
		line += len;
	}
	return count;
}

/* "443", "*:443", "10.0.0.1:443", "[::]:443", ":443". haproxy puts commas between several. */
static bool address_has_port(const char *word, uint16_t port)
{
	const char *digits = strrchr(word, ':');
	unsigned value = 0;

	if (strchr(word, '['))
		digits = strstr(word, "]:") ? strstr(word, "]:") + 1 : NULL;
	else if (!digits)
		digits = word - 1;
	if (!digits || !*++digits)
		return false;
	for (; *digits >= '0' && *digits <= '9' && value <= UINT16_MAX; digits++)
		value = value * 10 + (unsigned)(*digits - '0');
	return value == port && (!*digits || *digits == ',');
}

bool config_line_proxies(const char *line, uint16_t port)
{
	static const struct {
		const char *directive, *option;
	} rows[] = { { "listen", "proxy_protocol" }, { "bind", "accept-proxy" } };
	char words[LINE_WORDS][WORD_LEN];
	size_t count = split(line, words);

	for (size_t i = 0; i < ARRAY_SIZE(rows) && count > 1; i++) {
		if (strcmp(words[0], rows[i].directive) || !address_has_port(words[1], port))
			continue;
		for (size_t w = 2; w < count; w++)
			if (!strcmp(words[w], rows[i].option))
				return true;
	}
	return false;
}
