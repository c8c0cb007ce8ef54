/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Settings: every key, every mistake in a file with the words for it, and who wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/control.h"
#include "settings/private.h"

/* What problem() was told, a line each. */
static char told[16384];

static void note(void *context, const char *line)
{
	size_t len = strlen(told);

	assert_ptr_equal(context, told);
	assert_non_null(line);
	assert_true(strlen(line) < SETTINGS_PROBLEM && !strchr(line, '\n'));
	snprintf(told + len, sizeof(told) - len, "%s\n", line);
}

static int parse_bytes(const char *text, size_t len, const struct settings_given *given, struct settings *out)
{
	const struct settings_source from = { .path = "f", .given = given };
	char *exact = malloc(len ? len : 1); /* so that the sanitizer sees a read past the end */
	int problems;

	assert_non_null(exact);
	memcpy(exact, text, len);
	*told = '\0';
	problems = settings_parse(&from, exact, len, out, note, told);
	free(exact);
	return problems;
}

static int parse(const char *text, struct settings *out)
{
	return parse_bytes(text, strlen(text), NULL, out);
}

static void check(const char *text, const char *expected)
{
	struct settings out = { .port = 7 };
	int problems = parse(text, &out), lines = 0;

	for (const char *c = told; *c; c++)
		lines += *c == '\n';
	assert_int_equal(problems, lines);
	if (strcmp(told, expected) != 0)
		fail_msg("of:\n%s\ntold:\n%s\nexpected:\n%s", text, told, expected);
	assert_int_equal(out.port == 7, problems != 0); /* written only when all is right */
}

static void test_defaults(void **state)
{
	struct settings out;

	(void)state;
	assert_int_equal(parse("", &out), 0);
	assert_int_equal(out.interfaces, 0);
	assert_int_equal(out.watches, 0);
	assert_int_equal(out.mode, XDP_MODE_AUTO);
	assert_int_equal(out.port, 443);
	assert_string_equal(out.socket, CONTROL_SOCKET_DEFAULT);
	assert_true(!*out.ualpn_socket && !*out.harvest && !*out.metrics_socket && !*out.metrics_textfile);
	assert_int_equal(out.log_format, LOG_FORMAT_AUTO);
	assert_int_equal(out.log_level, LOG_LEVEL_INFO);
	assert_true(out.self_check);
	assert_int_equal(out.threads, 1);
	assert_int_equal(out.busy_poll_us, 0);
	assert_int_equal(out.own_names, 0);
	assert_string_equal(out.probe_hook, "");
}

static void test_every_key(void **state)
{
	static const char text[] = "\xef\xbb\xbfinterface = eth0\r\n"
				   "interface=eth1   ; the second\r\n"
				   "# a comment\n"
				   "   \t# and one behind blanks\n"
				   ";another\n"
				   "\n \t \n"
				   "mode = generic # for now\n"
				   "port\t=\t8443\n"
				   "socket = /run/a#b;c.sock\n"
				   "ualpn-socket = /run/ualpn.sock\n"
				   "watch = dehydrated:/etc/dehydrated/alpn-certs\n"
				   "watch = certmagic:/var/lib/caddy/x y\n"
				   "watch = mod_md:/var/lib/apache2/md:2\n"
				   "harvest = [::1]:8444\n"
				   "metrics-socket = /run/m\n"
				   "metrics-textfile = /var/lib/node/a=b.prom\n"
				   "log-format = json\n"
				   "log-level = debug\n"
				   "self-check = no\n"
				   "threads = 16\n"
				   "busy-poll = 10000\n"
				   "own-names = Example.org.,  192.0.2.7\n"
				   "own-names = 2001:DB8::1\n"
				   "probe-hook = /usr/local/sbin/probe";
	struct settings out;

	(void)state;
	if (parse(text, &out))
		fail_msg("%s", told);
	assert_int_equal(out.interfaces, 2);
	assert_string_equal(out.interface[0], "eth0");
	assert_string_equal(out.interface[1], "eth1");
	assert_int_equal(out.mode, XDP_MODE_GENERIC);
	assert_int_equal(out.port, 8443);
	assert_string_equal(out.socket, "/run/a#b;c.sock");
	assert_string_equal(out.ualpn_socket, "/run/ualpn.sock");
	assert_int_equal(out.watches, 3);
	assert_int_equal(out.watch[0].kind, WATCH_DEHYDRATED);
	assert_string_equal(out.watch[0].path, "/etc/dehydrated/alpn-certs");
	assert_int_equal(out.watch[1].kind, WATCH_CERTMAGIC);
	assert_string_equal(out.watch[1].path, "/var/lib/caddy/x y");
	assert_int_equal(out.watch[2].kind, WATCH_MOD_MD);
	assert_string_equal(out.watch[2].path, "/var/lib/apache2/md:2");
	assert_string_equal(out.harvest, "[::1]:8444");
	assert_string_equal(out.metrics_socket, "/run/m");
	assert_string_equal(out.metrics_textfile, "/var/lib/node/a=b.prom");
	assert_int_equal(out.log_format, LOG_FORMAT_JSON);
	assert_int_equal(out.log_level, LOG_LEVEL_DEBUG);
	assert_false(out.self_check);
	assert_int_equal(out.threads, 16);
	assert_int_equal(out.busy_poll_us, 10000);
	assert_int_equal(out.own_names, 3);
	assert_string_equal(out.own_name[0], "example.org");
	assert_string_equal(out.own_name[1], "192.0.2.7");
	assert_string_equal(out.own_name[2], "2001:db8::1");
	assert_string_equal(out.probe_hook, "/usr/local/sbin/probe");
}

/* Each row: the file, and all that is told of it. */
static void test_form(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "[main]\nport = 1", "f:1: there are no sections in this file: leave this line out\n" },
		{ "port = 1\n  mode = auto",
		  "f:2: a line must not begin with a blank: no line is continued, each value has its key\n" },
		{ "watch = mod_md:/a\n\tmod_md:/b",
		  "f:2: a line must not begin with a blank: no line is continued, each value has its key\n" },
		{ "port", "f:1: this is not of the form key = value\n" },
		{ "port 443", "f:1: this is not of the form key = value\n" },
		{ "port: 443", "f:1: this is not of the form key = value\n" },
		{ "watch dehydrated:/a=b", "f:1: this is not of the form key = value\n" },
		{ "port # = 443", "f:1: this is not of the form key = value\n" },
		{ "= 443", "f:1: there is no key in front of the =\n" },
		{ "port = 4\x01", "f:1: there is a control character in this line\n" },
		{ "port = 4\rmode = auto\r", "f:1: there is a control character in this line\n" },
		{ "\x1b[31mport = 4", "f:1: there is a control character in this line\n" },
		{ "port =", "f:1: port: '': a value is needed\n" },
		{ "harvest = 127.0.0.1:443",
		  "harvest: '127.0.0.1:443': this is the web server's own port\n" },
		{ "port = 8443\nharvest = [::1]:8443",
		  "harvest: '[::1]:8443': this is the web server's own port\n" },
		{ "port = # 443", "f:1: port: '': a value is needed\n" },
		{ "colour = red", "f:1: colour: there is no such key\n" },
		{ "Port = 443", "f:1: Port: there is no such key; port is meant?\n" },
		{ "log_level = info", "f:1: log_level: there is no such key; log-level is meant?\n" },
		{ "metrics-textfil = /a.prom",
		  "f:1: metrics-textfil: there is no such key; metrics-textfile is meant?\n" },
		{ "port = 1\nport = 2\nport = 3",
		  "f:2: port: it is given already on line 1\nf:3: port: it is given already on line 1\n" },
		/* All of them, in order; what is right among them is no problem. */
		{ "[x]\nport = 0\n\nmode = auto\nfoo = 1\n y\nharvest = localhost:1\n",
		  "f:1: there are no sections in this file: leave this line out\n"
		  "f:2: port: '0': a port is a number from 1 to 65535\n"
		  "f:5: foo: there is no such key\n"
		  "f:6: a line must not begin with a blank: no line is continued, each value has its key\n"
		  "f:7: harvest: 'localhost:1': a number is needed instead of a name: 127.0.0.1:PORT or "
		  "[::1]:PORT\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].text, rows[i].told);
}

static void test_values(void **state)
{
	static const char path[] = "an absolute path is needed, without quotes";
	static const char watch[] = "KIND:DIR is needed; the kinds are dehydrated, certmagic and mod_md";
	static const char harvest[] =
		"a loopback address with a port is needed: 127.0.0.1:PORT or [::1]:PORT";
	static const struct {
		const char *key, *value, *wrong; /* NULL: nothing */
	} rows[] = {
		{ "interface", "a/b", "this is not the name of an interface" },
		{ "interface", "sixteen-letters-", "this is not the name of an interface" },
		{ "interface", "eth0 eth1", "this is not the name of an interface" },
		{ "interface", "fifteen-letters", NULL },
		{ "mode", "skb", "the modes are auto, native and generic" },
		{ "mode", "Native", "the modes are auto, native and generic" },
		{ "port", "65536", "a port is a number from 1 to 65535" },
		{ "port", "https", "a port is a number from 1 to 65535" },
		{ "port", "-1", "a port is a number from 1 to 65535" },
		{ "port", "65535", NULL },
		{ "socket", "control.sock", path },
		{ "socket", "\"/run/x\"", path },
		{ "ualpn-socket", "yes", path },
		{ "metrics-socket", "@abstract", path },
		{ "metrics-textfile", "x.prom", path },
		{ "metrics-textfile", "/x.txt",
		  "the file's name must end in .prom, or node_exporter does not read it" },
		{ "metrics-textfile", "/.prom",
		  "the file's name must end in .prom, or node_exporter does not read it" },
		{ "metrics-textfile", ".prom",
		  "the file's name must end in .prom, or node_exporter does not read it" },
		{ "watch", "/etc/dehydrated", watch },
		{ "watch", "lego:/x", watch },
		{ "watch", ":/x", watch },
		{ "watch", "dehydrate:/x", watch },
		{ "watch", "dehydrated", watch },
		{ "watch", "dehydrated:x", path },
		{ "watch", "dehydrated:", path },
		{ "harvest", "8443", harvest },
		{ "harvest", "127.0.0.1", harvest },
		{ "harvest", "127.0.0.1:", harvest },
		{ "harvest", "127.0.0.1:0", harvest },
		{ "harvest", "127.0.0.1:65536", harvest },
		{ "harvest", "127.0.0.1:443x", harvest },
		{ "harvest", "127.1:443", harvest },
		{ "harvest", "192.0.2.1:8443", harvest },
		{ "harvest", "0.0.0.0:8443", harvest },
		{ "harvest", "::1:8443", harvest },
		{ "harvest", "[::1]", harvest },
		{ "harvest", "[::1:8443", harvest },
		{ "harvest", "[", harvest },
		{ "harvest", ":", harvest },
		{ "harvest", ":1", harvest },
		{ "harvest", "[]:1", harvest },
		{ "harvest", "[::]:8443", harvest },
		{ "harvest", "[::ffff:127.0.0.1]:8443", harvest },
		{ "harvest", "[127.0.0.1]:8443", harvest },
		{ "harvest", "[::1%lo]:8443", harvest },
		{ "harvest", "127.255.0.9:65535", NULL },
		{ "harvest", "[0:0::1]:1", NULL },
		{ "log-format", "syslog", "the formats are auto, text, journal and json" },
		{ "log-level", "warn", "the levels are error, warning, notice, info and debug" },
		{ "log-level", "7", "the levels are error, warning, notice, info and debug" },
		{ "self-check", "true", "yes or no" },
		{ "self-check", "0", "yes or no" },
		{ "threads", "0", "a number from 1 to 16 is needed" },
		{ "threads", "17", "a number from 1 to 16 is needed" },
		{ "threads", "-1", "a number from 1 to 16 is needed" },
		{ "threads", "2 threads", "a number from 1 to 16 is needed" },
		{ "threads", "18446744073709551617", "a number from 1 to 16 is needed" },
		{ "threads", "1", NULL },
		{ "busy-poll", "10001", "microseconds are needed, from 0 (off) to 10000" },
		{ "busy-poll", "50us", "microseconds are needed, from 0 (off) to 10000" },
		{ "busy-poll", "0", NULL },
		{ "own-names", "example.org, example.org.", "it is named twice" },
		{ "own-names", ",", "a name or an address is needed" },
		{ "own-names", "xn--bcher-kva.example", NULL },
		{ "own-names", "7.2.0.192.in-addr.arpa 2001:db8::1", NULL },
		{ "probe-hook", "probe", "an absolute path is needed, without quotes" },
	};
	char text[256], expected[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "# one\n%s = %s\n", rows[i].key, rows[i].value);
		snprintf(expected, sizeof(expected), "f:2: %s: '%s': %s\n", rows[i].key, rows[i].value,
			 rows[i].wrong);
		check(text, rows[i].wrong ? expected : "");
	}
}

static void test_several(void **state)
{
	char text[2048] = "", line[64];

	(void)state;
	check("interface = a\ninterface = b\ninterface = a\n", "f:3: interface: 'a': it is named twice\n");
	check("watch = mod_md:/a\nwatch = dehydrated:/a\n",
	      "f:2: watch: 'dehydrated:/a': this directory is watched already\n");
	check("ualpn-socket = /run/alpnxdp/control.sock\n",
	      "ualpn-socket: '/run/alpnxdp/control.sock': this is the path of socket, too\n");
	check("metrics-socket = /a\nualpn-socket = /a\n",
	      "metrics-socket: '/a': this is the path of ualpn-socket, too\n");
	for (int i = 0; i <= SETTINGS_INTERFACES; i++) {
		snprintf(line, sizeof(line), "interface = eth%d\n", i);
		strcat(text, line);
	}
	check(text, "f:17: interface: 'eth16': at most 16 interfaces can be attached\n");
	*text = '\0';
	for (int i = 0; i <= SETTINGS_WATCHES; i++) {
		snprintf(line, sizeof(line), "watch = mod_md:/%d\n", i);
		strcat(text, line);
	}
	check(text, "f:17: watch: 'mod_md:/16': at most 16 directories can be watched\n");
}

/* libinih would cut such lines in two, or end them early. */
static void test_lengths(void **state)
{
	static const char nul[] = "port = 4\0mode = native\nport = 8\n";
	static const char after[] = "\nport = 0\n";
	char text[1200], expected[600], wide[SETTINGS_SOCKET_PATH + 1];
	struct settings out;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "watch = mod_md:/", 16);
	strcpy(text + SETTINGS_LINE_MAX, "\n");
	assert_int_equal(parse(text, &out), 0);
	assert_int_equal(strlen(out.watch[0].path), SETTINGS_LINE_MAX - 15);
	for (size_t len = SETTINGS_LINE_MAX + 1; len < 1100; len++) {
		memset(text + 16, 'x', len - 16);
		strcpy(text + len, after);
		check(text,
		      "f:1: a line has at most 197 bytes\nf:2: port: '0': a port is a number from 1 to 65535\n");
	}
	*text = '#'; /* a comment may be as long as it likes */
	check(text, "f:2: port: '0': a port is a number from 1 to 65535\n");
	assert_int_equal(parse_bytes(nul, sizeof(nul) - 1, NULL, &out), 1);
	assert_string_equal(told, "f:1: there is a NUL byte in this line\n");
	memset(wide, 'y', sizeof(wide));
	wide[0] = '/';
	wide[SETTINGS_SOCKET_PATH] = '\0';
	snprintf(text, sizeof(text), "socket = %s", wide);
	snprintf(expected, sizeof(expected), "f:1: socket: '%.80s': a socket's path has at most 107 bytes\n",
		 wide);
	check(text, expected);
	wide[SETTINGS_SOCKET_PATH - 1] = '\0';
	snprintf(text, sizeof(text), "socket = %s", wide);
	check(text, "");
}

static void test_command_line_wins(void **state)
{
	static const char text[] = "interface = eth0\nport = 80\nwatch = mod_md:/a\nlog-level = debug\n";
	static const struct settings_given given = { 4,
						     { { "port", "8443" },
						       { "interface", "eth1" },
						       { "interface", "eth2" },
						       { "watch", "dehydrated:/b" } } };
	static const struct settings_given bad = {
		3, { { "port", "0" }, { "socket", "x\ny" }, { "colour", "red" } }
	};
	struct settings out;

	(void)state;
	assert_int_equal(parse_bytes(text, strlen(text), &given, &out), 0);
	assert_int_equal(out.port, 8443);
	assert_int_equal(out.interfaces, 2);
	assert_string_equal(out.interface[0], "eth1");
	assert_string_equal(out.interface[1], "eth2");
	assert_int_equal(out.watches, 1);
	assert_string_equal(out.watch[0].path, "/b");
	assert_int_equal(out.log_level, LOG_LEVEL_DEBUG);
	/* What is wrong in the file stays wrong. */
	assert_int_equal(parse_bytes("port = 0", 8, &given, &out), 1);
	assert_string_equal(told, "f:1: port: '0': a port is a number from 1 to 65535\n");
	assert_int_equal(parse_bytes("x = y", 5, &bad, &out), 4);
	assert_string_equal(told, "f:1: x: there is no such key\n"
				  "--port '0': a port is a number from 1 to 65535\n"
				  "--socket 'x?y': an absolute path is needed, without quotes\n"
				  "--colour 'red': there is no such key\n");
}

/* ------------------------------------------------------------------ files */

static int load(const char *path, bool may_be_missing, struct settings *out)
{
	const struct settings_source from = { .path = path, .may_be_missing = may_be_missing };

	*told = '\0';
	return settings_load(&from, out, note, told);
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

static void test_files(void **state)
{
	static char big[SETTINGS_FILE_MAX + 1];
	char dir[] = "/tmp/alpnxdp-settings.XXXXXX", path[64];
	struct settings out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/conf", dir);
	assert_int_equal(load(path, true, &out), 0);
	assert_int_equal(load(path, false, &out), 1);
	assert_non_null(strstr(told, "/conf: No such file or directory\n"));
	assert_int_equal(load(NULL, false, &out), 0);
	assert_int_equal(load("", false, &out), 0);
	assert_int_equal(load(dir, true, &out), 1);
	assert_non_null(strstr(told, ": it is not a regular file\n"));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(path, true, &out), 1);
	assert_non_null(strstr(told, ": it is not a regular file\n"));
	unlink(path);
	memset(big, '\n', sizeof(big));
	write_file(path, big, sizeof(big));
	assert_int_equal(load(path, true, &out), 1);
	assert_non_null(strstr(told, ": it has more than 65536 bytes\n"));
	write_file(path, big, sizeof(big) - 1);
	assert_int_equal(load(path, true, &out), 0);
	write_file(path, "port = 8080\n", 12);
	assert_int_equal(load(path, false, &out), 0);
	assert_int_equal(out.port, 8080);
	unlink(path);
	rmdir(dir);
}

/* To root only what root alone may have written. */
static void test_owner(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		mode_t mode;
		const char *words; /* NULL: fine */
	} rows[] = {
		{ 0, 0, 0644, NULL },
		{ 0, 0, 0664, NULL }, /* root's group */
		{ 0, 65534, 0644, NULL },
		{ 65534, 0, 0644,
		  "it belongs to user 65534, who could make root open what it names; sudo chown root " },
		{ 0, 65534, 0664, "(mode 0664), and could make root open what it names; sudo chmod go-w " },
		{ 0, 0, 0646, "(mode 0646), and could make root open what it names; sudo chmod go-w " },
	};
	char path[] = "/tmp/alpnxdp-settings.XXXXXX";
	int fd = mkstemp(path);
	struct settings out;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; geteuid() == 0 && i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(fchown(fd, rows[i].uid, rows[i].gid), 0);
		assert_int_equal(fchmod(fd, rows[i].mode), 0);
		assert_int_equal(load(path, false, &out), rows[i].words ? 1 : 0);
		if (rows[i].words && !strstr(told, rows[i].words))
			fail_msg("row %zu: %s", i, told);
	}
	close(fd);
	unlink(path);
	if (geteuid() != 0)
		skip();
}

/* ------------------------------------------------------------------ table */

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_key_count; i++) {
		const struct settings_key *k = &settings_keys[i];

		assert_ptr_equal(settings_find(k->name), k);
		assert_true(*k->argument && *k->help && k->words && k->set && k->get);
		assert_true(strlen(k->name) < 24); /* as far as text_nearest() reads */
	}
	assert_null(settings_find("colour"));
	assert_string_equal(settings_watch_name(WATCH_MOD_MD), "mod_md");
}

/* Every word that completions offer is one. */
static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_key_count; i++) {
		const struct settings_key *k = &settings_keys[i];
		char words[128], value[160], *rest = words, *word;
		struct settings s;

		snprintf(words, sizeof(words), "%s", k->words);
		while (*words && (word = strsep(&rest, "|"))) {
			const char *behind = k->completes == SETTINGS_DIRECTORY ? ":/x"
					     : strchr(word, ':')                ? "8443"
										: "";

			settings_default(&s);
			snprintf(value, sizeof(value), "%s%s", word, behind);
			if (k->set(&s, value))
				fail_msg("%s '%s'", k->name, value);
		}
	}
}

static void test_harvest_address(void **state)
{
	struct sockaddr_storage to;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	(void)state;
	assert_int_equal(settings_harvest_address("127.0.0.1:8443", &to), sizeof(sin));
	memcpy(&sin, &to, sizeof(sin));
	assert_true(sin.sin_family == AF_INET && ntohs(sin.sin_port) == 8443 &&
		    sin.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	assert_int_equal(settings_harvest_address("[::1]:9", &to), sizeof(sin6));
	memcpy(&sin6, &to, sizeof(sin6));
	assert_true(sin6.sin6_family == AF_INET6 && ntohs(sin6.sin6_port) == 9 &&
		    IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_form),     cmocka_unit_test(test_values),
		cmocka_unit_test(test_several),  cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_files),    cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_owner),    cmocka_unit_test(test_table),
		cmocka_unit_test(test_words),    cmocka_unit_test(test_harvest_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
