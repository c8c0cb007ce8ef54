/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines to stderr, one write(2) each, so that lines of two processes never mix. Nothing is allocated: a line about lack of
 * memory must come out, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/base.h"

enum { MESSAGE_MAX = 960, LOG_ROOM = 6 * MESSAGE_MAX + 256 }; /* a byte becomes at most six: \u0000 */

static enum log_level most_level = LOG_LEVEL_INFO;
static enum log_format in_format = LOG_FORMAT_TEXT;

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
		[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
	};

	return names[level];
}

/* systemd.exec(5): the variable is inherited, so stderr must still be what it names. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &st) &&
	       st.st_dev == device && st.st_ino == inode;
}

void log_setup(enum log_level most, enum log_format format)
{
	most_level = most;
	if (format == LOG_FORMAT_AUTO)
		format = to_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	in_format = format;
}

/* The second line of a message would be nobody's, and what a terminal obeys is not passed on to it. */
static size_t put_plain(char *out, const char *message)
{
	size_t at = 0;

	for (; *message; message++)
		out[at++] = ((unsigned char)*message < 0x20 && *message != '\t') || *message == 0x7f
				    ? '?'
				    : *message;
	return at;
}

/* RFC 8259 7; bytes that are not UTF-8 become U+FFFD. n: length of the character, 0 when it is none. */
static size_t escape_one(char *out, const char *message, size_t n)
{
	unsigned char c = (unsigned char)*message;

	if (!n)
		return (size_t)sprintf(out, "\\ufffd");
	if (c < 0x20 || c == 0x7f)
		return (size_t)sprintf(out, "\\u%04x", c);
	if (c == '"' || c == '\\')
		return (size_t)sprintf(out, "\\%c", c);
	memcpy(out, message, n);
	return n;
}

static size_t put_escaped(char *out, const char *message)
{
	size_t at = 0, n;

	for (; *message; message += n ? n : 1) {
		n = utf8_length((const uint8_t *)message);
		at += escape_one(out + at, message, n);
	}
	return at;
}

/*
 * RFC 3339, UTC. Not by gmtime_r(3), which looks for a time zone first: in the engine's sandbox no file can be opened.
 * Years are counted from March, so that a leap day is the last of its year.
 */
static size_t put_time(char *out)
{
	struct timespec now = { 0 };
	unsigned days, second, era_day, year, day, month;

	clock_gettime(CLOCK_REALTIME, &now);
	days = (unsigned)(now.tv_sec / 86400) + 719468; /* since 1 March of the year 0 */
	second = (unsigned)(now.tv_sec % 86400);
	era_day = days % 146097; /* of 400 years */
	year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	day = era_day - (365 * year + year / 4 - year / 100);
	month = (5 * day + 2) / 153; /* 0: March */
	return (size_t)sprintf(out, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
			       year + days / 146097 * 400 + (month > 9), month > 9 ? month - 9 : month + 3,
			       day - (153 * month + 2) / 5 + 1, second / 3600, second / 60 % 60, second % 60,
			       (unsigned)(now.tv_nsec / 1000000));
}

static size_t put_json(char *out, enum log_level level, const char *message)
{
	size_t at = (size_t)sprintf(out, "{\"schema\":\"alpnxdp.log/1\",\"time\":\"");

	at += put_time(out + at);
	at += (size_t)sprintf(out + at, "\",\"level\":\"%s\",\"pid\":%d,\"message\":\"",
			      log_level_name(level), (int)getpid());
	at += put_escaped(out + at, message);
	out[at++] = '"';
	out[at++] = '}';
	return at;
}

/* Cut in the middle of a character, the last bytes of a long message are none. */
static void drop_partial(char *message, size_t len)
{
	size_t back = 0;

	while (back < 3 && back < len && ((unsigned char)message[len - back - 1] & 0xc0) == 0x80)
		back++;
	if (back < len && !utf8_length((const uint8_t *)message + len - back - 1))
		message[len - back - 1] = '\0';
}

void log_vline(enum log_level level, const char *format, va_list args)
{
	char message[MESSAGE_MAX], line[LOG_ROOM];
	size_t at = 0;
	int len;

	if (level > most_level)
		return;
	len = vsnprintf(message, sizeof(message), format, args);
	if (len < 0)
		return;
	if (len >= MESSAGE_MAX)
		drop_partial(message, MESSAGE_MAX - 1);
	if (in_format == LOG_FORMAT_JSON) {
		at = put_json(line, level, message);
	} else {
		if (in_format == LOG_FORMAT_JOURNAL)
			at = (size_t)sprintf(line, "<%d>", (int)level);
		at += put_plain(line + at, message);
	}
	line[at++] = '\n';
	/* A log that cannot be written has nowhere to complain. */
	if (write(STDERR_FILENO, line, at) < 0)
		return;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
