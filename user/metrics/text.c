/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines of OpenMetrics 1.0, and of the older exposition format where they differ: there a counter's family has the name
 * of its samples, info and unit are unknown, and comments end nothing.
 */
#include "metrics/rows.h"

static const struct {
	const char *type, *older, *suffix;
} kinds[] = {
	[METRIC_COUNTER] = { "counter", "counter", "_total" },
	[METRIC_GAUGE] = { "gauge", "gauge", "" },
	[METRIC_INFO] = { "info", "gauge", "_info" },
	[METRIC_HISTOGRAM] = { "histogram", "histogram", "" },
};

void text_head(FILE *out, const struct metric *m, enum metrics_format format)
{
	bool older = format == METRICS_TEXTFILE;
	const char *suffix = older ? kinds[m->kind].suffix : "";

	fprintf(out, "# HELP alpnxdp_%s%s %s\n", m->name, suffix, m->help);
	fprintf(out, "# TYPE alpnxdp_%s%s %s\n", m->name, suffix,
		older ? kinds[m->kind].older : kinds[m->kind].type);
	if (m->unit && !older)
		fprintf(out, "# UNIT alpnxdp_%s %s\n", m->name, m->unit);
}

void text_name(FILE *out, const struct metric *m, const char *suffix)
{
	fprintf(out, "alpnxdp_%s%s", m->name, *suffix ? suffix : kinds[m->kind].suffix);
}

/* OpenMetrics 1.0, "Escaping": these three, and nothing else. */
void text_label(FILE *out, const char *separator, const char *label, const char *value)
{
	fprintf(out, "%s%s=\"", separator, label);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

void text_integer(FILE *out, json_int_t value)
{
	fprintf(out, " %" JSON_INTEGER_FORMAT "\n", value);
}

/* No locale may put a comma there; and "2.5", not "2.500000", is the one right form of a le label. */
void text_format_seconds(json_int_t usec, char out[SECONDS_TEXT_LEN])
{
	unsigned long long all = usec < 0 ? 0 : (unsigned long long)usec;
	int end = snprintf(out, SECONDS_TEXT_LEN, "%llu.%06llu", all / USEC_PER_SEC, all % USEC_PER_SEC);

	while (out[end - 1] == '0' && out[end - 2] != '.')
		out[--end] = '\0';
}

void text_seconds(FILE *out, json_int_t usec)
{
	char text[SECONDS_TEXT_LEN];

	text_format_seconds(usec, text);
	fprintf(out, " %s\n", text);
}
