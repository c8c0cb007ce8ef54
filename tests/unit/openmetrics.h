/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A reader of OpenMetrics 1.0 and of the older exposition format, as strict as their grammars, for what we write:
 * every line is a comment of a family or a sample of the family above it, names and labels are in their alphabets, a value
 * is a plain decimal, no series comes twice, the text ends where it says so. Every breach is a failed assertion.
 */
#ifndef TESTS_UNIT_OPENMETRICS_H
#define TESTS_UNIT_OPENMETRICS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "metrics/metrics.h"

enum { OM_SERIES = 2048, OM_LABELS = 4, OM_TEXT = 512 };

struct om_label {
	char name[64];
	char value[OM_TEXT]; /* unescaped */
};

struct om_series {
	char name[128];
	size_t labels;
	struct om_label label[OM_LABELS];
	double value;
};

struct om {
	enum metrics_format format;
	char family[128], type[32];
	unsigned families;
	char seen[128][128]; /* families, in their order */
	size_t count;
	struct om_series series[OM_SERIES];
};

static inline const char *om_word(const char *at, const char *extra, char *out, size_t cap)
{
	size_t len = 0;

	while ((*at >= 'a' && *at <= 'z') || *at == '_' || (len && *at >= '0' && *at <= '9') ||
	       (*at && strchr(extra, *at))) {
		assert_true(len + 1 < cap);
		out[len++] = *at++;
	}
	assert_true(len > 0);
	out[len] = '\0';
	return at;
}

static inline const char *om_value(const char *at, char *out)
{
	size_t len = 0;

	assert_true(*at++ == '"');
	for (; *at != '"'; at++) {
		char c = *at;

		assert_true(c != '\0' && c != '\n' && len + 1 < OM_TEXT);
		if (c == '\\') {
			c = *++at;
			assert_true(c == '\\' || c == '"' || c == 'n');
			c = c == 'n' ? '\n' : c;
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return at + 1;
}

static inline void om_check_name(const struct om *om, const struct om_series *s)
{
	size_t len = strlen(om->family);
	const char *suffix = s->name + len;

	assert_int_equal(strncmp(s->name, om->family, len), 0);
	if (om->format == METRICS_TEXTFILE && strcmp(om->type, "histogram"))
		assert_string_equal(suffix, "");
	else if (!strcmp(om->type, "counter"))
		assert_string_equal(suffix, "_total");
	else if (!strcmp(om->type, "info"))
		assert_string_equal(suffix, "_info");
	else if (!strcmp(om->type, "gauge"))
		assert_string_equal(suffix, "");
	else
		assert_true(!strcmp(suffix, "_bucket") || !strcmp(suffix, "_sum") ||
			    !strcmp(suffix, "_count"));
}

static inline void om_sample(struct om *om, const char *line)
{
	struct om_series *s = &om->series[om->count];
	const char *at = om_word(line, "", s->name, sizeof(s->name));
	char *end;

	assert_true(om->count < OM_SERIES);
	om_check_name(om, s);
	s->labels = 0;
	while (*at == '{' || *at == ',') {
		assert_true((*at == '{') == !s->labels && s->labels < OM_LABELS);
		at = om_word(at + 1, "", s->label[s->labels].name, sizeof(s->label->name));
		assert_true(*at++ == '=');
		at = om_value(at, s->label[s->labels++].value);
	}
	if (s->labels)
		assert_true(*at++ == '}');
	assert_true(*at++ == ' ' && strspn(at, "0123456789.") == strlen(at));
	s->value = strtod(at, &end);
	assert_true(end > at && !*end);
	for (size_t i = 0; i < om->count; i++)
		if (!strcmp(om->series[i].name, s->name) && om->series[i].labels == s->labels)
			assert_true(memcmp(om->series[i].label, s->label, s->labels * sizeof(*s->label)) !=
				    0);
	om->count++;
}

static inline void om_comment(struct om *om, const char *line)
{
	char what[16], name[128];
	const char *at = line + 2;

	assert_memory_equal(line, "# ", 2);
	at += strcspn(at, " ");
	snprintf(what, sizeof(what), "%.*s", (int)(at - line - 2), line + 2);
	at = om_word(at + 1, "", name, sizeof(name));
	assert_true(*at++ == ' ' && *at && !strchr(at, '\\'));
	if (!strcmp(what, "HELP")) {
		for (unsigned i = 0; i < om->families; i++)
			assert_string_not_equal(om->seen[i], name);
		strcpy(om->seen[om->families++], name);
		strcpy(om->family, name);
		assert_int_equal(at[strlen(at) - 1], '.');
		return;
	}
	assert_string_equal(name, om->family);
	if (!strcmp(what, "UNIT")) {
		assert_int_equal(om->format, METRICS_OPENMETRICS);
		assert_string_equal(name + strlen(name) - strlen(at), at);
		return;
	}
	assert_string_equal(what, "TYPE");
	snprintf(om->type, sizeof(om->type), "%s", at);
	/* promtool: a counter's name ends in _total; in OpenMetrics its family's must not. */
	assert_true((om->format == METRICS_TEXTFILE && !strcmp(at, "counter")) ==
		    (strlen(name) > 6 && !strcmp(name + strlen(name) - 6, "_total")));
}

/* Takes the text apart. */
static inline void om_read(struct om *om, const char *text, enum metrics_format format)
{
	char *copy = strdup(text), *line = copy, *end;
	bool ended = false;

	memset(om, 0, sizeof(*om));
	om->format = format;
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		assert_false(ended);
		if (!strcmp(line, "# EOF"))
			ended = true;
		else if (*line == '#')
			om_comment(om, line);
		else
			om_sample(om, line);
		line = end + 1;
	}
	assert_int_equal(*line, '\0');
	assert_int_equal(ended, format == METRICS_OPENMETRICS);
	free(copy);
}

/* The value of NAME with these labels (name, value, ..., NULL), in this order. */
static inline double om_get(const struct om *om, const char *name, const char *const *labels)
{
	for (size_t i = 0; i < om->count; i++) {
		const struct om_series *s = &om->series[i];
		size_t n = 0;

		while (n < s->labels && labels[2 * n] && !strcmp(s->label[n].name, labels[2 * n]) &&
		       !strcmp(s->label[n].value, labels[2 * n + 1]))
			n++;
		if (!strcmp(s->name, name) && n == s->labels && !labels[2 * n])
			return s->value;
	}
	fail_msg("there is no such %s", name);
	return 0;
}

#define OM(om, ...) om_get(om, OM_NAME(__VA_ARGS__, NULL), (const char *const[]){ __VA_ARGS__, NULL } + 1)
#define OM_NAME(name, ...) name

#endif
