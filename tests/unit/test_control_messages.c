/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request lines: what is understood, and what is refused however it is dressed. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "control/control.h"

/* A copy of exactly len + 1 bytes on the heap, so that a read or write behind it is seen by the sanitizer. */
static char *line_of(const char *text, size_t len)
{
	char *line = malloc(len + 1);

	assert_non_null(line);
	memcpy(line, text, len);
	line[len] = '\n';
	return line;
}

static void test_accepted(void **state)
{
	static const struct {
		const char *line, *verb, *key, *value;
		size_t words;
	} rows[] = {
		{ "list", "list", "ident", NULL, 0 },
		{ "status iface=eth0", "status", "iface", "eth0", 1 },
		{ "add ident=example.org digest=abc ttl=60", "add", "digest", "abc", 3 },
		{ "add ident=2001%3Adb8%3a%3A1", "add", "ident", "2001:db8::1", 1 },
		{ "add ident=2001:db8::1", "add", "ident", "2001:db8::1", 1 },
		{ "add digest=a+b/c=", "add", "digest", "a+b/c=", 1 },
		{ "add ident=", "add", "ident", "", 1 },
		{ "add ident=a%20b%3D%25", "add", "ident", "a b=%", 1 },
		{ "add ident=%C3%A4", "add", "ident", "\xc3\xa4", 1 },
		{ "some-verb some-key2=1", "some-verb", "some-key2", "1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *line = line_of(rows[i].line, strlen(rows[i].line));
		struct control_request r;
		const char *why = "untouched";

		assert_int_equal(control_parse(line, strlen(rows[i].line), &r, &why), 0);
		assert_string_equal(why, "untouched");
		assert_string_equal(r.verb, rows[i].verb);
		assert_int_equal(r.words, rows[i].words);
		if (rows[i].value)
			assert_string_equal(control_value(&r, rows[i].key), rows[i].value);
		else
			assert_null(control_value(&r, rows[i].key));
		assert_null(control_value(&r, "never"));
		free(line);
	}
}

#define BYTES(text) text, sizeof(text) - 1

static void test_refused(void **state)
{
	static const struct {
		const char *line;
		size_t len;
		const char *why; /* a part of it */
	} rows[] = {
		{ BYTES(""), "begin with a verb" },
		{ BYTES(" "), "begin with a verb" },
		{ BYTES(" list"), "begin with a verb" },
		{ BYTES("List"), "begin with a verb" },
		{ BYTES("9list"), "begin with a verb" },
		{ BYTES("-list"), "begin with a verb" },
		{ BYTES("verb=1"), "begin with a verb" },
		{ BYTES("list "), "not key=value" },
		{ BYTES("add  ident=a"), "not key=value" },
		{ BYTES("add ident"), "not key=value" },
		{ BYTES("add ident=a "), "not key=value" },
		{ BYTES("add =a"), "lowercase word" },
		{ BYTES("add Ident=a"), "lowercase word" },
		{ BYTES("add id_ent=a"), "lowercase word" },
		{ BYTES("add %69dent=a"), "lowercase word" },
		{ BYTES("add a=1 b=2 a=3"), "twice" },
		{ BYTES("add a=%"), "percent" },
		{ BYTES("add a=%4"), "percent" },
		{ BYTES("add a=%4g"), "percent" },
		{ BYTES("add a=%g4"), "percent" },
		{ BYTES("add a=%%41"), "percent" },
		{ BYTES("add a=%00"), "percent" },
		{ BYTES("add a=x%0Aremove"), "percent" },
		{ BYTES("add a=%1b[2J"), "percent" },
		{ BYTES("add a=%7f"), "percent" },
		{ BYTES("list\r"), "not printable" },
		{ BYTES("add\ta=b"), "not printable" },
		{ BYTES("list\0"), "not printable" },
		{ BYTES("add a=b\0c=d"), "not printable" },
		{ BYTES("add a=\xc3\xa4"), "not printable" },
		{ BYTES("add a=\x7f"), "not printable" },
		{ BYTES("v a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1"),
		  "too many" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *line = line_of(rows[i].line, rows[i].len);
		struct control_request r = { .verb = "untouched" };
		const char *why = "";

		if (control_parse(line, rows[i].len, &r, &why) != -EINVAL)
			fail_msg("row %zu was accepted: %s", i, rows[i].line);
		if (!strstr(why, rows[i].why))
			fail_msg("row %zu: \"%s\" is not about \"%s\"", i, why, rows[i].why);
		assert_string_equal(r.verb, "untouched");
		free(line);
	}
}

static void test_most_words(void **state)
{
	char line[] = "v a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=last";
	struct control_request r;
	const char *why;

	(void)state;
	assert_int_equal(control_parse(line, strlen(line), &r, &why), 0);
	assert_int_equal(r.words, CONTROL_WORDS);
	assert_string_equal(control_value(&r, "p"), "last");
}

static void test_format(void **state)
{
	static const char *const pairs[] = { "ident", "a b/ä%", "skipped", NULL, "ttl", "~A-z_9.", NULL };
	static const char *const none[] = { NULL };
	char *line = control_format("add", pairs);

	(void)state;
	assert_string_equal(line, "add ident=a%20b%2F%C3%A4%25 ttl=~A-z_9.\n");
	free(line);
	line = control_format("list", none);
	assert_string_equal(line, "list\n");
	free(line);
}

/* Every byte that a value may hold comes back as it was. */
static void test_round_trip(void **state)
{
	char value[256];
	size_t n = 0;
	const char *pairs[] = { "value", value, NULL };
	struct control_request r;
	const char *why;
	char *line;

	(void)state;
	for (int byte = 0x20; byte < 0x100; byte++) {
		if (byte != 0x7f)
			value[n++] = (char)byte;
	}
	value[n] = '\0';
	line = control_format("test", pairs);
	assert_non_null(line);
	assert_int_equal(control_parse(line, strlen(line) - 1, &r, &why), 0);
	assert_string_equal(control_value(&r, "value"), value);
	free(line);
}

static void test_refusal(void **state)
{
	char *line = control_refusal(EXIT_REFUSED, "not \"good\"", "EINVAL", "do better");

	(void)state;
	assert_string_equal(line,
			    "{\"ok\":false,\"code\":4,\"error\":\"not \\\"good\\\"\",\"system\":\"EINVAL\","
			    "\"fix\":\"do better\"}");
	free(line);
	line = control_refusal(EXIT_TRY_AGAIN, "busy", NULL, "");
	assert_string_equal(line, "{\"ok\":false,\"code\":75,\"error\":\"busy\"}");
	free(line);
}

static void test_exit_of(void **state)
{
	(void)state;
	assert_int_equal(control_exit_of(0), EXIT_DONE);
	assert_int_equal(control_exit_of(-ENODEV), EXIT_REFUSED);
	assert_int_equal(control_exit_of(-ENOENT), EXIT_NOT_ATTACHED);
	assert_int_equal(control_exit_of(-EADDRINUSE), EXIT_TRY_AGAIN);
	assert_int_equal(control_exit_of(-EPERM), EXIT_FAILED);
	assert_int_equal(control_exit_of(-EIO), EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_most_words), cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_exit_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
