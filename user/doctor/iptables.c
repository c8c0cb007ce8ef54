// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Rules of iptables, from the text of iptables-save. Its lines are options as they are typed; of those that narrow a rule
 * only ports, states and TCP flags are followed. Pure.
 */
#include <stdio.h>
#include <string.h>
#include "doctor/findings.h"

enum { RULE_WORDS = 64 };

static enum firewall_effect target_effect(const char *target)
{
	static const struct {
		const char *target;
		enum firewall_effect effect;
	} rows[] = {
		{ "DROP", FIREWALL_DROP },         { "REJECT", FIREWALL_DROP }, { "TPROXY", FIREWALL_TPROXY },
		{ "SYNPROXY", FIREWALL_SYNPROXY }, { "DNAT", FIREWALL_DNAT },   { "REDIRECT", FIREWALL_DNAT },
		{ "TEE", FIREWALL_DUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(target, rows[i].target))
			return rows[i].effect;
	return FIREWALL_NONE;
}

/* A decimal number; *text moves behind it. */
static unsigned number_take(const char **text)
{
	unsigned value = 0;

	for (; **text >= '0' && **text <= '9' && value <= UINT16_MAX; (*text)++)
		value = value * 10 + (unsigned)(**text - '0');
	return value;
}

/* "443", "400:500", "80,443". */
static bool ports_have(const char *text, uint16_t port)
{
	while (*text) {
		unsigned first = number_take(&text), last = first;

		if (*text == ':') {
			text++;
			last = number_take(&text);
		}
		if (port >= first && port <= last)
			return true;
		text += strcspn(text, ",");
		text += *text == ',';
	}
	return false;
}

struct option {
	const char *name;
	const char *value[2]; /* "" where there is none */
	bool negated;
};

/* What a rule says so far. */
struct reading {
	struct firewall_rule rule;
	uint16_t port;
	bool other; /* it does not concern our port */
};

static bool option_narrows(const char *name)
{
	static const char *const harmless[] = {
		"-m",    "-i",       "--comment",   "--dst-type",  "--reject-with", "--on-port",    "--on-ip",
		"--mss", "--wscale", "--timestamp", "--sack-perm", "--ecn",         "--tproxy-mark"
	};

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(name, harmless[i]))
			return false;
	return true;
}

static void option_take(struct reading *s, const struct option *o)
{
	if (!strcmp(o->name, "-j")) {
		s->rule.effect = target_effect(o->value[0]);
	} else if (!strcmp(o->name, "-p")) {
		s->other |= !strcmp(o->value[0], "tcp") == o->negated;
	} else if (!strcmp(o->name, "--dport") || !strcmp(o->name, "--dports")) {
		s->rule.port = true;
		s->other |= ports_have(o->value[0], s->port) == o->negated;
	} else if (!strcmp(o->name, "--ctstate") || !strcmp(o->name, "--state")) {
		s->rule.invalid = strstr(o->value[0], "INVALID") && !o->negated;
		s->rule.narrowed |= !s->rule.invalid;
	} else if (!strcmp(o->name, "--tcp-flags")) {
		s->rule.rst = !strcmp(o->value[1], "RST") && !o->negated;
		s->rule.narrowed |= !s->rule.rst;
	} else if (!strcmp(o->name, "-i") && !strcmp(o->value[0], "lo")) {
		s->other |= !o->negated;
	} else if (!strcmp(o->name, "--to-destination") || !strcmp(o->name, "--to-ports") ||
		   !strcmp(o->name, "--gateway")) {
		snprintf(s->rule.target, sizeof(s->rule.target), "%s", o->value[0]);
	} else {
		s->rule.narrowed |= option_narrows(o->name);
	}
}

/* Words of a line, in place; a quoted one is one word. */
static size_t words_split(char *line, char *words[RULE_WORDS])
{
	size_t count = 0;

	while (count < RULE_WORDS) {
		char end = ' ';

		while (*line == ' ')
			line++;
		if (*line == '"') {
			end = '"';
			line++;
		}
		if (!*line)
			break;
		words[count++] = line;
		while (*line && *line != end)
			line++;
		if (*line)
			*line++ = '\0';
	}
	return count;
}

/* words: behind "-A CHAIN". */
static void rule_read(struct reading *s, char *const *words, size_t count)
{
	struct option o = { .value = { "", "" } };
	size_t i = 0;

	while (i < count) {
		o.negated = !strcmp(words[i], "!");
		i += o.negated;
		if (i == count)
			break;
		o.name = words[i++];
		o.value[0] = o.value[1] = "";
		for (size_t v = 0; i < count && words[i][0] != '-' && strcmp(words[i], "!") != 0; i++, v++)
			if (v < ARRAY_SIZE(o.value))
				o.value[v] = words[i];
		option_take(s, &o);
	}
}

static void line_take(char *line, const char *family, const char *table, uint16_t port,
		      struct firewall_facts *out)
{
	struct reading s = { .port = port };
	char *words[RULE_WORDS];
	size_t count;

	if (strncmp(line, "-A ", 3) != 0)
		return;
	snprintf(s.rule.rule, sizeof(s.rule.rule), "%s", line + 3);
	count = words_split(line, words);
	if (count < 3 || !firewall_chain_inward(words[1]))
		return;
	snprintf(s.rule.family, sizeof(s.rule.family), "%s", family);
	snprintf(s.rule.table, sizeof(s.rule.table), "%s", table);
	snprintf(s.rule.chain, sizeof(s.rule.chain), "%s", words[1]);
	rule_read(&s, words + 2, count - 2);
	if (!s.other && firewall_matters(&s.rule))
		firewall_take(out, &s.rule);
}

void iptables_parse(char *text, const char *family, uint16_t port, struct firewall_facts *out)
{
	char table[32] = "filter";

	while (*text) {
		char *line = text, *end = text + strcspn(text, "\n");

		text = *end ? end + 1 : end;
		*end = '\0';
		if (*line == '*')
			snprintf(table, sizeof(table), "%s", line + 1);
		else
			line_take(line, family, table, port, out);
	}
}
