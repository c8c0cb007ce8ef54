/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: what is understood, what is refused and with which status, and help that fits a terminal.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "cli/command.h"

static void test_ttl(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds; /* 0: refused */
		const char *why;
	} rows[] = {
		{ "1", 1, "" },
		{ "90s", 90, "" },
		{ "5m", 300, "" },
		{ "1h", 3600, "" },
		{ "2d", 172800, "" },
		{ "30d", 2592000, "" },
		{ "2592000", 2592000, "" },
		{ "0", 0, "expired" },
		{ "0d", 0, "expired" },
		{ "31d", 0, "30 days" },
		{ "2592001", 0, "30 days" },
		{ "4294967295d", 0, "30 days" },
		{ "4294967296", 0, "number" },
		{ "99999999999999999999", 0, "number" },
		{ "", 0, "number" },
		{ "-1", 0, "number" },
		{ "+1", 0, "number" },
		{ "1w", 0, "number" },
		{ "1h30m", 0, "number" },
		{ "h", 0, "number" },
		{ "1 h", 0, "number" },
		{ " 1", 0, "number" },
		{ "1H", 0, "number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t seconds = 77;
		const char *why = text_parse_ttl(rows[i].text, &seconds);

		if (!why != !!rows[i].seconds || (why && !strstr(why, rows[i].why)))
			fail_msg("'%s': %s", rows[i].text, why ? why : "accepted");
		assert_int_equal(seconds, why ? 77 : rows[i].seconds);
	}
}

static void test_port(void **state)
{
	static const char *const bad[] = { "", "0", "65536", "-1", "443x", "x", "0x1bb", "4 3" };
	uint16_t port = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(text_parse_port(bad[i], &port));
	assert_int_equal(port, 7);
	assert_null(text_parse_port("65535", &port));
	assert_int_equal(port, 65535);
	assert_null(text_parse_port("1", &port));
	assert_int_equal(port, 1);
}

static void test_ifname(void **state)
{
	static const char *const good[] = { "eth0", "a", "wg-1.2", "fifteen-letters", "ünï" };
	static const char *const bad[] = {
		"", ".", "..", "a/b", "eth0:1", "a b", "a\nb", "sixteen-letters-"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(text_is_ifname(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_is_ifname(bad[i]));
}

static void test_duration(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" },         { 59, "59s" },
		{ 60, "1m" },        { 61, "1m 1s" },
		{ 3599, "59m 59s" }, { 3600, "1h" },
		{ 3659, "1h" },      { 86400, "1d" },
		{ 90000, "1d 1h" },  { 2592000 - 1, "29d 23h" },
	};
	char text[DURATION_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_format_duration(rows[i].seconds, text);
		assert_string_equal(text, rows[i].text);
	}
	text_format_duration(UINT64_MAX, text);
	assert_string_equal(text, "213503982334601d 7h");
}

static void test_nearest(void **state)
{
	static const struct {
		const char *typed, *meant;
	} rows[] = {
		{ "stat", "status" },
		{ "atach", "attach" },
		{ "detatch", "detach" },
		{ "lst", "list" },
		{ "lists", "list" },
		{ "ad", "add" },
		{ "rmove", "remove" },
		{ "verison", "version" },
		{ "relaod", "reload" },
		{ "x", NULL },
		{ "", NULL },
		{ "challenge", NULL },
		{ "zz", NULL },
		{ "a-very-long-word-that-is-none", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *nearest = text_nearest_verb(rows[i].typed);

		if (!nearest != !rows[i].meant || (nearest && strcmp(nearest, rows[i].meant) != 0))
			fail_msg("'%s' became %s", rows[i].typed, nearest ? nearest : "nothing");
	}
}

/* Verb NULL: the program's. */
static void check_help(const struct verb *v)
{
	size_t size, lines = 0;
	char *text;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	if (v)
		help_verb(to, v);
	else
		help_program(to);
	fclose(to);
	for (size_t i = 0; !v && i < verb_count; i++)
		assert_non_null(strstr(text, verbs[i].name));
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest; lines++) {
		if (strlen(line) > 80 || (*line && line[strlen(line) - 1] == ' '))
			fail_msg("%s: '%s'", v ? v->name : "help", line);
	}
	assert_in_range(lines, 5, 24);
	assert_int_equal(strncmp(text, "Usage: alpnxdp ", 15), 0);
	free(text);
}

static void test_help(void **state)
{
	(void)state;
	check_help(NULL);
	for (size_t i = 0; i < verb_count; i++)
		check_help(&verbs[i]);
}

enum { WORDS_MAX = 24 };

static int parse(const char *line, struct command *c)
{
	static char copy[1024];
	char *argv[WORDS_MAX + 1] = { "alpnxdp" };
	char *rest = copy;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while (*line && rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, " ");
	return command_parse(argc, argv, c);
}

static void test_understood(void **state)
{
	static const char *const same[] = {
		"attach eth0 eth1 --mode native --port 8443 --json --socket /s",
		"--json --socket /s attach --port=8443 --mode=native eth0 eth1",
		"--socket=/s attach eth0 --mode native eth1 --json --port 8443",
		"--json attach --mode native --port 8443 --socket /s -- eth0 eth1",
	};
	struct command c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		assert_int_equal(parse(same[i], &c), EXIT_DONE);
		assert_string_equal(c.verb->name, "attach");
		assert_string_equal(c.socket, "/s");
		assert_int_equal(c.operands, 2);
		assert_string_equal(c.operand[0], "eth0");
		assert_string_equal(c.operand[1], "eth1");
		assert_int_equal(c.typed.mode, XDP_MODE_NATIVE);
		assert_int_equal(c.typed.port, 8443);
		assert_true(c.json && !c.foreground && !c.help);
	}
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_int_equal(parse(same[0], &c), EXIT_DONE);
	unsetenv("POSIXLY_CORRECT");
	assert_int_equal(parse("add a.example --digest -x --ttl 2h", &c), EXIT_DONE);
	assert_string_equal(c.digest, "-x"); /* base64url may begin with a hyphen */
	assert_int_equal(c.ttl_s, 7200);
	assert_int_equal(parse("--json hook --socket /s uacme begin --socket --json -- x --help", &c),
			 EXIT_DONE);
	assert_string_equal(c.socket, "/s");
	assert_true(c.json && !c.help && c.operands == 1 && c.rest_count == 6);
	assert_string_equal(c.rest[3], "--");
	assert_int_equal(parse("hook uacme --json", &c), EXIT_DONE);
	assert_true(!c.json && c.rest_count == 1);
	assert_int_equal(parse("hook --help", &c), EXIT_DONE);
	assert_true(c.help);
	assert_int_equal(parse("list", &c), EXIT_DONE);
	assert_string_equal(c.socket, CONTROL_SOCKET_DEFAULT);
	assert_int_equal(parse("--help", &c), EXIT_DONE);
	assert_true(c.help && !c.verb);
	assert_int_equal(parse("attach --help", &c), EXIT_DONE);
	assert_true(c.help && c.verb);
	assert_int_equal(parse("--version", &c), EXIT_DONE);
	assert_true(c.version);
}

/* What the daemon is told does not depend on where this was typed. */
static void test_given(void **state)
{
	char cwd[256], expected[512];
	struct command c;

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(
		parse("attach eth0 --watch certmagic:a:b --watch mod_md:/m --socket s --port 1 --config f",
		      &c),
		EXIT_DONE);
	assert_int_equal(c.given.count, 4);
	snprintf(expected, sizeof(expected), "certmagic:%s/a:b", cwd);
	assert_string_equal(c.given.pair[0].value, expected);
	assert_string_equal(c.given.pair[1].value, "mod_md:/m");
	snprintf(expected, sizeof(expected), "%s/s", cwd);
	assert_string_equal(c.given.pair[2].value, expected);
	assert_string_equal(c.given.pair[3].key, "port");
	assert_string_equal(c.socket, "s"); /* as typed, in what a client prints */
	snprintf(expected, sizeof(expected), "%s/f", cwd);
	assert_string_equal(c.config, expected);
	assert_true(command_given(&c, "port") && !command_given(&c, "mode"));
}

/* Every option that is a setting is one, and no setting has been left out: an interface is an operand. */
static void test_settings(void **state)
{
	size_t settings = 0;

	(void)state;
	for (int id = 0; id < NUM_OPTIONS; id++) {
		assert_non_null(option_rows[id].name);
		assert_non_null(option_help((enum option_id)id));
		settings += settings_find(option_rows[id].name) != NULL;
		assert_true(option_rows[id].set || settings_find(option_rows[id].name));
	}
	assert_int_equal(settings, settings_key_count - 1);
	assert_int_equal(NUM_OPTIONS <= 64, 1); /* bits of struct verb */
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *line;
		int status;
	} rows[] = {
		{ "", EXIT_USAGE },
		{ "--json", EXIT_USAGE },
		{ "stat", EXIT_USAGE },
		{ "attach", EXIT_DONE }, /* the configuration may name interfaces */
		{ "attach eth0 --config=", EXIT_REFUSED },
		{ "attach eth0 --harvest localhost:1", EXIT_REFUSED },
		{ "attach eth0 --watch /x", EXIT_REFUSED },
		{ "attach eth0 --watch mod_md:/x --watch mod_md:/x", EXIT_REFUSED },
		{ "attach eth0 --log-level loud", EXIT_REFUSED },
		{ "attach eth0 --self-check", EXIT_USAGE },
		{ "attach eth0 --interface eth1", EXIT_USAGE },
		{ "status --watch mod_md:/x", EXIT_USAGE },
		{ "attach eth0 --colour", EXIT_USAGE },
		{ "attach eth0 -x", EXIT_USAGE },
		{ "attach eth0 -xyz", EXIT_USAGE },
		{ "attach eth0 --port", EXIT_USAGE },
		{ "attach eth0 --foreground=yes", EXIT_USAGE },
		{ "attach eth0 --digest x", EXIT_USAGE },
		{ "attach eth0 --port 0", EXIT_REFUSED },
		{ "attach eth0 --mode fast", EXIT_REFUSED },
		{ "attach 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", EXIT_USAGE },
		{ "status eth0 eth1", EXIT_USAGE },
		{ "add", EXIT_USAGE },
		{ "add a b --digest x", EXIT_USAGE },
		{ "add a --digest x --ttl soon", EXIT_REFUSED },
		{ "list a", EXIT_USAGE },
		{ "list --socket=", EXIT_REFUSED },
		{ "list --version", EXIT_USAGE },
		{ "hook", EXIT_USAGE },
		{ "hook --colour uacme", EXIT_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command c;
		int status = parse(rows[i].line, &c);

		if (status != rows[i].status)
			fail_msg("'%s' gave %d", rows[i].line, status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ttl),        cmocka_unit_test(test_port),
		cmocka_unit_test(test_ifname),     cmocka_unit_test(test_duration),
		cmocka_unit_test(test_nearest),    cmocka_unit_test(test_help),
		cmocka_unit_test(test_understood), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_given),      cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
