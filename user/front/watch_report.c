/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is said of a path, and the keeper's answer for it. A name is a stranger's choice: what is not printable in it is
 * written as \xNN. At most REPORTS_MINUTE lines a minute; how many more there were is said after it.
 */
#include <stdio.h>
#include <string.h>
#include "front/watch.h"

enum { REPORTS_MINUTE = 200 };

static void escape(const char *text, char *out, size_t cap)
{
	size_t at = 0;

	for (const uint8_t *s = (const uint8_t *)text; *s && at + 5 < cap; s++) {
		if (*s >= 0x20 && *s < 0x7f && *s != '\\')
			out[at++] = (char)*s;
		else
			at += (size_t)snprintf(out + at, cap - at, "\\x%02x", *s);
	}
	out[at] = '\0';
}

void watch_say(struct front *f, enum log_level level, const struct watch_node *n, const char *what)
{
	const struct settings_watch *watch = &f->options->settings.watch[n->watch];
	char path[FRONT_PATH], whole[SETTINGS_PATH + FRONT_PATH + 1], shown[800];

	if (!watch_path(n, path))
		snprintf(path, sizeof(path), ".../%s", n->name);
	snprintf(whole, sizeof(whole), "%s%s%s", watch->path, *path ? "/" : "", path);
	escape(whole, shown, sizeof(shown));
	log_line(level, "watch: %s: %s", shown, what);
}

void watch_report(struct front *f, const struct watch_node *n, const char *why)
{
	struct watch *w = f->watch;

	if (f->now - w->minute >= 60 * USEC_PER_SEC) {
		if (w->unsaid)
			log_warning("watch: %u more paths could not be used", w->unsaid);
		w->minute = f->now;
		w->reports = w->unsaid = 0;
	}
	if (w->reports == REPORTS_MINUTE) {
		w->unsaid++;
		return;
	}
	w->reports++;
	watch_say(f, LOG_LEVEL_WARNING, n, why);
}
