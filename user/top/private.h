/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to top: a view while it is being written. */
#ifndef ALPNXDP_TOP_PRIVATE_H
#define ALPNXDP_TOP_PRIVATE_H

#include "top/top.h"

struct view {
	const struct top_sample *before; /* NULL: no rates */
	const struct top_sample *now;
	const struct top_event *events;
	struct top_screen screen;
	struct top_text *out;
};

struct line {
	size_t len;
	char text[512];
};

void line_begin(struct line *l);
__attribute__((format(printf, 2, 3))) void line_add(struct line *l, const char *format, ...);
void view_put(struct view *v, const struct line *l);
void view_put_text(struct view *v, const char *text);

/* interfaces.c */
void interfaces_put(struct view *v, size_t event_count); /* leaves room for as many of them as must be */

/* rate.c: right in `width` columns; 0: as wide as it is. */
void put_rate(const struct view *v, struct line *l, int width, uint64_t before, uint64_t now);

#endif
