/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines to stderr, one write(2) each, so that lines of two processes never mix. */
#include <stdio.h>
#include <unistd.h>
#include "base/base.h"

static enum log_level most_level = LOG_LEVEL_INFO;
static bool with_prefix;

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
		[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
	};

	return names[level];
}

void log_setup(enum log_level most, enum log_format format)
{
	most_level = most;
	with_prefix = format == LOG_FORMAT_JOURNAL;
}

void log_vline(enum log_level level, const char *format, va_list args)
{
	char line[1000];
	int at = 0, more;

	if (level > most_level)
		return;
	if (with_prefix)
		at = snprintf(line, sizeof(line), "<%d>", (int)level);
	more = vsnprintf(line + at, sizeof(line) - (size_t)at - 1, format, args);
	if (more < 0)
		return;
	at += MIN(more, (int)sizeof(line) - at - 2);
	line[at++] = '\n';
	/* A log that cannot be written has nowhere to complain. */
	if (write(STDERR_FILENO, line, (size_t)at) < 0)
		return;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
