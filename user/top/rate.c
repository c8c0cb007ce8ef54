/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters to rates, and rates to text of at most eight columns. */
#include <stdio.h>
#include "top/private.h"

bool top_comparable(const struct top_sample *before, const struct top_sample *now)
{
	return before->up && now->up && before->at < now->at && before->engine_pid == now->engine_pid &&
	       before->epoch == now->epoch && before->uptime_s <= now->uptime_s;
}

double top_rate(uint64_t before, uint64_t now, usec_t apart)
{
	return now > before ? (double)(now - before) * USEC_PER_SEC / (double)apart : 0;
}

/* "0", "0.3", "12", "3456", "123.5k", "2.1M" */
static void rate_format(double rate, char out[16])
{
	static const struct {
		double from, unit;
		const char *format;
	} steps[] = { { 999.95e3, 1e6, "%.1fM" }, { 9999.5, 1e3, "%.1fk" }, { 9.95, 1, "%.0f" },
		      { 0.05, 1, "%.1f" },        { 0.0005, 1, "%.2f" },    { 0, 1, "%.0f" } };
	unsigned i = 0;

	while (rate < steps[i].from)
		i++;
	snprintf(out, 16, steps[i].format, rate / steps[i].unit);
}

void put_rate(const struct view *v, struct line *l, int width, uint64_t before, uint64_t now)
{
	char text[16] = "-";

	if (v->before)
		rate_format(top_rate(before, now, v->now->at - v->before->at), text);
	line_add(l, "%*s", width, text);
}
