/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of the view, top to bottom. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "top/private.h"

void line_begin(struct line *l)
{
	*l = (struct line){ .len = 0 };
}

void line_add(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->len, room, format, args);
	va_end(args);
	l->len += n < 0 ? 0 : MIN((size_t)n, room - 1);
}

/* Cut at the width of the screen, without blanks at its end. */
void view_put(struct view *v, const struct line *l)
{
	struct top_text *t = v->out;
	size_t len = MIN(l->len, (size_t)v->screen.columns);

	if (t->lines == v->screen.lines)
		return;
	for (size_t i = 0; i < len; i++)
		t->bytes[t->len + i] = l->text[i] >= ' ' && l->text[i] <= '~' ? l->text[i] : '?';
	while (len && t->bytes[t->len + len - 1] == ' ')
		len--;
	t->len += len;
	t->bytes[t->len++] = '\n';
	t->bytes[t->len] = '\0';
	t->lines++;
}

void view_put_text(struct view *v, const char *text)
{
	struct line l;

	line_begin(&l);
	line_add(&l, "%s", text);
	view_put(v, &l);
}

/* -------------------------------------------------------------------- head */

static void put_uptime(struct line *l, uint64_t s)
{
	if (s >= 86400)
		line_add(l, "%llud %lluh", (unsigned long long)s / 86400, (unsigned long long)s / 3600 % 24);
	else if (s >= 3600)
		line_add(l, "%lluh %llum", (unsigned long long)s / 3600, (unsigned long long)s / 60 % 60);
	else
		line_add(l, "%llum %llus", (unsigned long long)s / 60, (unsigned long long)s % 60);
}

static void put_head(struct view *v)
{
	const struct top_sample *now = v->now;
	unsigned day = (unsigned)(now->unix_s % 86400);
	struct line l;

	line_begin(&l);
	line_add(&l, "alpnxdp %s - %02u:%02u:%02u UTC, ", now->version, day / 3600, day / 60 % 60, day % 60);
	if (!now->up) {
		line_add(&l, "no daemon answers");
		view_put(v, &l);
		return;
	}
	line_add(&l, "up ");
	put_uptime(&l, now->uptime_s);
	line_add(&l, ", engine %llu (number %llu)", (unsigned long long)now->engine_pid,
		 (unsigned long long)now->epoch);
	view_put(v, &l);
	line_begin(&l);
	line_add(&l, "pending %llu; flows %llu held, %llu waiting, %llu served, %llu lingering",
		 (unsigned long long)now->pending, (unsigned long long)now->held,
		 (unsigned long long)now->waiting, (unsigned long long)now->served,
		 (unsigned long long)now->lingering);
	view_put(v, &l);
	line_begin(&l);
	line_add(&l, "validations ");
	put_rate(v, &l, 0, v->before ? v->before->validated : 0, now->validated);
	line_add(&l, "/s, not finished ");
	put_rate(v, &l, 0, v->before ? v->before->failed : 0, now->failed);
	line_add(&l, "/s; since the engine began %llu and %llu", (unsigned long long)now->validated,
		 (unsigned long long)now->failed);
	view_put(v, &l);
}

/* -------------------------------------------------------------- validations */

/* A text in a field of its own: what does not fit is cut, and '~' says so. */
static void put_field(struct line *l, const char *text, unsigned width)
{
	size_t len = strlen(text);

	if (len <= width)
		line_add(l, "%-*s ", (int)width, text);
	else
		line_add(l, "%.*s~ ", (int)width - 1, text);
}

static unsigned widest(const struct view *v, size_t at, size_t rows, unsigned least, unsigned most)
{
	size_t width = least;

	for (size_t i = 0; i < rows; i++)
		width = MAX(width, strlen((const char *)&v->events[i] + at));
	return (unsigned)MIN(width, (size_t)most);
}

static void put_events(struct view *v, size_t rows)
{
	unsigned room = v->screen.columns - 11, outcome, client, name;
	struct line l;

	client = widest(v, offsetof(struct top_event, client), rows, 6, room / 3);
	name = widest(v, offsetof(struct top_event, name), rows, 9, room / 3);
	outcome = widest(v, offsetof(struct top_event, outcome), rows, 7, room - client - name);
	name = room - client - outcome;
	line_begin(&l);
	line_add(&l, "%-8s ", "TIME");
	put_field(&l, "CLIENT", client);
	put_field(&l, "NAME", name);
	put_field(&l, "OUTCOME", outcome);
	view_put(v, &l);
	for (size_t i = 0; i < rows; i++) {
		line_begin(&l);
		line_add(&l, "%-8s ", v->events[i].time);
		put_field(&l, v->events[i].client, client);
		put_field(&l, *v->events[i].name ? v->events[i].name : "(no name)", name);
		put_field(&l, v->events[i].outcome, outcome);
		view_put(v, &l);
	}
}

void top_layout(const struct top_sample *before, const struct top_sample *now, const struct top_event *events,
		size_t event_count, struct top_screen screen, struct top_text *out)
{
	struct view v = { .now = now, .events = events, .out = out };
	unsigned left;

	if (before && top_comparable(before, now))
		v.before = before;
	v.screen.columns = MIN(MAX(screen.columns, (unsigned)TOP_COLUMNS_LEAST), (unsigned)TOP_COLUMNS);
	v.screen.lines = MIN(MAX(screen.lines, 6u), (unsigned)TOP_LINES);
	out->len = out->lines = 0;
	out->bytes[0] = '\0';
	put_head(&v);
	if (!now->up)
		return;
	view_put_text(&v, "");
	interfaces_put(&v, event_count);
	view_put_text(&v, "");
	left = v.screen.lines - out->lines;
	if (left < 2)
		return;
	if (event_count)
		put_events(&v, MIN(event_count, (size_t)left - 1));
	else
		view_put_text(&v, "no validation has been seen since the engine began");
}
