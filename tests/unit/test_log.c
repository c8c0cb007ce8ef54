/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The log: what is said, and nothing that a message smuggles in; a line is a line in each format. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/base.h"

static char got[16384];

/* What a line of this message becomes on standard error. */
static const char *logged(enum log_level level, const char *message)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	dup2(pipes[1], STDERR_FILENO);
	log_line(level, "%s", message);
	dup2(saved, STDERR_FILENO);
	n = read(pipes[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	assert_true(read(pipes[0], got + sizeof(got) - 1, 1) <= 0);
	close(saved);
	close(pipes[0]);
	close(pipes[1]);
	return got;
}

static void test_levels(void **state)
{
	(void)state;
	for (enum log_level most = LOG_LEVEL_ERROR; most <= LOG_LEVEL_DEBUG; most++) {
		log_setup(most, LOG_FORMAT_TEXT);
		for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
			assert_string_equal(logged(level, "x"), level <= most ? "x\n" : "");
	}
	assert_string_equal(log_level_name(LOG_LEVEL_NOTICE), "notice");
}

static void test_prefix(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JOURNAL);
	assert_string_equal(logged(LOG_LEVEL_ERROR, "x"), "<3>x\n");
	assert_string_equal(logged(LOG_LEVEL_DEBUG, "x"), "<7>x\n");
	assert_string_equal(logged(LOG_LEVEL_INFO, "a\n<0>b"), "<6>a?<0>b\n");
}

/* The variable alone is not enough: standard error may be elsewhere by now. */
static void test_auto(void **state)
{
	char stream[64];
	struct stat st;
	int pipes[2], saved = dup(STDERR_FILENO);

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	assert_string_equal(logged(LOG_LEVEL_INFO, "x"), "x\n");
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	assert_string_equal(logged(LOG_LEVEL_INFO, "x"), "x\n");
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	dup2(saved, STDERR_FILENO);
	assert_string_equal(logged(LOG_LEVEL_INFO, "x"), "<6>x\n");
	unsetenv("JOURNAL_STREAM");
	close(pipes[0]);
	close(pipes[1]);
	close(saved);
}

static const struct {
	const char *message, *plain, *json;
} hostile[] = {
	{ "plain", "plain", "plain" },
	{ "a\nb\r\tc", "a?b?\tc", "a\nb\r\tc" },
	{ "\"quoted\" \\ back", "\"quoted\" \\ back", "\"quoted\" \\ back" },
	{ "\x1b[31mred\x7f\x01", "?[31mred??", "\x1b[31mred\x7f\x01" },
	{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8d", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8d",
	  "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8d" },
	{ "\xff\xc0\x80 \xed\xa0\x80", NULL,
	  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "cut \xe2\x82", NULL, "cut \xef\xbf\xbd\xef\xbf\xbd" },
	{ "%s %n", "%s %n", "%s %n" },
	{ "", "", "" },
};

static void test_hostile_text(void **state)
{
	char expected[256];

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		snprintf(expected, sizeof(expected), "%s\n",
			 hostile[i].plain ? hostile[i].plain : hostile[i].message);
		assert_string_equal(logged(LOG_LEVEL_INFO, hostile[i].message), expected);
	}
}

static json_t *parsed(const char *line)
{
	json_t *object = json_loads(line, 0, NULL);

	assert_true(strlen(line) > 0 && strchr(line, '\n') == line + strlen(line) - 1);
	if (!object)
		fail_msg("no JSON: %s", line);
	return object;
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_json(void **state)
{
	time_t now = time(NULL);
	struct tm utc;
	char minute[32];
	json_t *o;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		o = parsed(logged(LOG_LEVEL_WARNING, hostile[i].message));
		assert_string_equal(member(o, "schema"), "alpnxdp.log/1");
		assert_string_equal(member(o, "level"), "warning");
		assert_string_equal(member(o, "message"), hostile[i].json);
		assert_int_equal(json_integer_value(json_object_get(o, "pid")), getpid());
		assert_int_equal(json_object_size(o), 5);
		assert_int_equal(strlen(member(o, "time")), strlen("2026-11-23T18:40:00.123Z"));
		json_decref(o);
	}
	/* The same as the C library's, which the daemon cannot ask. */
	o = parsed(logged(LOG_LEVEL_ERROR, "x"));
	strftime(minute, sizeof(minute), "%Y-%m-%dT%H:", gmtime_r(&now, &utc));
	if (utc.tm_min < 59) /* else the hour may have passed */
		assert_memory_equal(member(o, "time"), minute, strlen(minute));
	json_decref(o);
}

/* Long messages are cut between characters, whatever comes of each byte. */
static void test_long(void **state)
{
	static const struct {
		const char *unit;
		size_t most; /* of the message's bytes in JSON, parsed */
	} rows[] = { { "x", 959 },  { "\x01", 959 },         { "\xff", 3 * 958 },
		     { "\"", 959 }, { "\xe2\x82\xac", 957 }, { "\xf0\x9f\x8c\x8d", 956 } };
	char message[4096 * 4 + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *line;
		json_t *o;

		*message = '\0';
		for (size_t n = 0; n < 2000; n++)
			strcat(message, rows[i].unit);
		log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
		o = parsed(logged(LOG_LEVEL_INFO, message));
		assert_int_equal(strlen(member(o, "message")), rows[i].most);
		json_decref(o);
		log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JOURNAL);
		line = logged(LOG_LEVEL_INFO, message);
		assert_true(strlen(line) <= 3 + 959 + 1 && line[strlen(line) - 1] == '\n');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels), cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_auto),   cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_json),   cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
