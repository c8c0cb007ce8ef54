/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks of ACME clients: the words of each convention as requests, and what becomes of them when the daemon, here a
 * thread with a script, refuses one of several.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "cli/cli.h"
#include "cli/hook.h"

/* One digest, SHA-256 of "test", in the spellings that clients have. */
#define B64 "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"
#define B64_TAIL "4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg" /* base64url may begin with a hyphen */
#define COLON \
	"9f:86:d0:81:88:4c:7d:65:9a:2f:ea:a0:c5:5a:d0:15:a3:bf:4f:1b:2b:0b:82:2c:d1:5d:6c:15:b0:f0:0a:08"
#define DER "critical,DER:04:20:" COLON
#define OID "1.3.6.1.5.5.7.1.31="
#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define THUMBPRINT "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
#define ARPA4 "7.113.0.203.in-addr.arpa"
#define ARPA6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

enum { WORDS_MAX = 16 };

/* Splits at single spaces, so that a word may be empty. */
static size_t split(const char *line, char *copy, char *word[WORDS_MAX])
{
	size_t count = 0;
	char *rest = strcpy(copy, line);

	while (*line && rest && count < WORDS_MAX)
		word[count++] = strsep(&rest, " ");
	return count;
}

/* What a plan comes to: "add a.example B64; remove b.example *". */
static void plan_text(const struct hook_plan *plan, char out[2048])
{
	int at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < plan->count; i++)
		at += snprintf(out + at, 2048 - (size_t)at, "%s%s %s %s", i ? "; " : "",
			       plan->step[i].add ? "add" : "remove", plan->step[i].ident.text,
			       plan->step[i].every ? "*" : plan->step[i].digest);
}

struct row {
	const char *line;
	const char *plan;
	int status;       /* of the reader, or for nothing to do the status of declining */
	const char *what; /* somewhere in what is told; NULL: nothing is told */
	const char *type; /* $CHALLENGETYPE */
};

static void check_rows(int (*read)(const struct hook_call *, struct hook_plan *), const struct row *rows,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char copy[2048], *word[WORDS_MAX], text[2048];
		struct hook_call call = { .word = word, .challenge_type = rows[i].type };
		struct hook_plan plan = { 0 };
		int status;

		call.count = split(rows[i].line, copy, word);
		status = read(&call, &plan);
		if (!status)
			status = (int)plan.decline;
		plan_text(&plan, text);
		if (status != rows[i].status)
			fail_msg("'%s': status %d, %s", rows[i].line, status, plan.what);
		if (!rows[i].status && strcmp(text, rows[i].plan) != 0)
			fail_msg("'%s': plan '%s'", rows[i].line, text);
		if (!plan.what[0] != !rows[i].what || (rows[i].what && !strstr(plan.what, rows[i].what)))
			fail_msg("'%s': said '%s'", rows[i].line, plan.what);
		free(plan.step);
	}
}

static void test_uacme(void **state)
{
	static const struct row rows[] = {
		{ "begin tls-alpn-01 www.example.org " TOKEN " " B64, .plan = "add www.example.org " B64 },
		{ "done tls-alpn-01 www.example.org " TOKEN " " B64, .plan = "remove www.example.org " B64 },
		{ "failed tls-alpn-01 WWW.Example.org. " TOKEN " " B64,
		  .plan = "remove www.example.org " B64 },
		{ "begin tls-alpn-01 203.0.113.7 " TOKEN " " B64, .plan = "add 203.0.113.7 " B64 },
		{ "begin tls-alpn-01 2001:DB8::1 " TOKEN " " B64, .plan = "add 2001:db8::1 " B64 },
		{ "begin tls-alpn-01 a.example -t -" B64_TAIL, .plan = "add a.example -" B64_TAIL },
		/* Another type: declined, whatever its value looks like, and not a word. */
		{ "begin http-01 a.example " TOKEN " " TOKEN "." THUMBPRINT, .status = EXIT_FAILED },
		{ "begin dns-01 a.example " TOKEN " " B64, .status = EXIT_FAILED },
		{ "begin dns-account-01 a.example x y", .status = EXIT_FAILED },
		{ "begin tls-alpn-01 *.example.org t " B64, .status = EXIT_REFUSED,
		  .what = "'*.example.org'" },
		{ "begin tls-alpn-01 a.example t " TOKEN "." THUMBPRINT, .status = EXIT_REFUSED,
		  .what = "key authorization" },
		{ "begin tls-alpn-01 a.example t", .status = EXIT_USAGE, .what = "METHOD TYPE" },
		{ "begin tls-alpn-01 a.example t " B64 " x", .status = EXIT_USAGE, .what = "METHOD TYPE" },
		{ "", .status = EXIT_USAGE, .what = "METHOD TYPE" },
		{ "BEGIN tls-alpn-01 a.example t " B64, .status = EXIT_USAGE, .what = "METHOD" },
	};

	(void)state;
	check_rows(hook_uacme, rows, ARRAY_SIZE(rows));
}

static void test_dehydrated(void **state)
{
	static const struct row rows[] = {
		{ "deploy_challenge a.example t " COLON, .plan = "add a.example " B64,
		  .type = "tls-alpn-01" },
		{ "deploy_challenge a.example t " COLON, .plan = "add a.example " B64 }, /* --signcsr */
		{ "clean_challenge a.example t " COLON, .plan = "remove a.example " B64 },
		{ "deploy_challenge " ARPA4 " t " COLON, .plan = "add 203.0.113.7 " B64 },
		{ "deploy_challenge " ARPA6 " t " COLON, .plan = "add 2001:db8::1 " B64 },
		{ "deploy_challenge a.example t " COLON " b.example u " COLON " c.example v " COLON,
		  .plan = "add a.example " B64 "; add b.example " B64 "; add c.example " B64 },
		{ "clean_challenge a.example t " COLON " b.example u " COLON,
		  .plan = "remove a.example " B64 "; remove b.example " B64 },
		{ "invalid_challenge a.example {\"type\":\"urn:ietf:params:acme:error:tls\"}",
		  .plan = "remove a.example *" },
		{ "invalid_challenge ip:203.0.113.7 {}", .plan = "remove 203.0.113.7 *" },
		{ "invalid_challenge *.example {}", .plan = "" },
		{ "invalid_challenge", .plan = "" },
		{ "invalid_challenge a.example {}", .plan = "", .type = "dns-01" },
		/* Of another type: no failure, for dehydrated or another hook sees to it. */
		{ "deploy_challenge a.example t t." THUMBPRINT, .plan = "", .what = "left alone",
		  .type = "http-01" },
		{ "deploy_challenge a.example t " B64, .plan = "", .what = "left alone", .type = "dns-01" },
		{ "deploy_challenge a.example t t." THUMBPRINT, .plan = "", .what = "left alone" },
		{ "deploy_challenge a.example t " B64, .plan = "", .what = "left alone" },
		{ "clean_challenge a.example t " B64, .plan = "", .type = "dns-01" },
		/* Nothing is planned of a call of which one part cannot be right. */
		{ "deploy_challenge a.example t " COLON " b_.exa$mple u " COLON, .status = EXIT_REFUSED,
		  .what = "b_.exa$mple" },
		{ "deploy_challenge a.example t 9d:c8", .status = EXIT_REFUSED, .what = "'9d:c8'",
		  .type = "tls-alpn-01" },
		{ "deploy_challenge a.example t", .status = EXIT_USAGE, .what = "KEYAUTH" },
		{ "deploy_challenge a.example t " COLON " b.example", .status = EXIT_USAGE,
		  .what = "KEYAUTH" },
		{ "clean_challenge", .status = EXIT_USAGE, .what = "KEYAUTH" },
		{ "", .status = EXIT_USAGE, .what = "verb" },
		/* Every other verb of 0.7.0, and what it tries. */
		{ "startup_hook", .plan = "" },
		{ "exit_hook", .plan = "" },
		{ "exit_hook an error", .plan = "" },
		{ "generate_csr a.example /certs a.example b.example", .plan = "" },
		{ "deploy_cert a.example key cert fullchain chain 1", .plan = "" },
		{ "sync_cert key cert fullchain chain csr", .plan = "" },
		{ "unchanged_cert a.example key cert fullchain chain", .plan = "" },
		{ "deploy_ocsp a.example ocsp 1", .plan = "" },
		{ "request_failure 400 reason post --json", .plan = "" },
		{ "this_hookscript_is_broken__dehydrated_is_working_fine__please_ignore_unknown_hooks_in_your_script",
		  .plan = "" },
	};

	(void)state;
	check_rows(hook_dehydrated, rows, ARRAY_SIZE(rows));
}

static void test_acmed(void **state)
{
	static const struct row rows[] = {
		{ "add a.example " B64, .plan = "add a.example " B64 },
		{ "remove a.example " B64, .plan = "remove a.example " B64 },
		{ "add " ARPA4 " " OID DER, .plan = "add 203.0.113.7 " B64 },
		{ "add 203.0.113.7 " DER, .plan = "add 203.0.113.7 " B64 },
		{ "remove a.example " OID DER, .plan = "remove a.example " B64 },
		{ "add a.example", .status = EXIT_USAGE, .what = "RAW_PROOF" },
		{ "add a.example " B64 " x", .status = EXIT_USAGE, .what = "RAW_PROOF" },
		{ "true a.example " B64, .status = EXIT_USAGE, .what = "add or remove" },
		{ "add a.example {{ raw_proof }}", .status = EXIT_USAGE, .what = "RAW_PROOF" },
		{ "add a.example critical," COLON, .status = EXIT_REFUSED, .what = "DER" },
		{ "add  " B64, .status = EXIT_REFUSED, .what = "''" },
	};

	(void)state;
	check_rows(hook_acmed, rows, ARRAY_SIZE(rows));
}

/* ------------------------------------------------------------------ the daemon */

struct daemon {
	char folder[32], path[64];
	int listen_fd;
	const char *const *replies; /* one per request, NULL behind the last */
	char heard[4096];           /* the requests */
	pthread_t thread;
};

static void *daemon_serve(void *context)
{
	struct daemon *d = context;
	size_t at = 0;

	for (size_t i = 0; d->replies[i]; i++) {
		struct pollfd p = { .fd = d->listen_fd, .events = POLLIN };
		int fd = poll(&p, 1, 5000) > 0 ? accept(d->listen_fd, NULL, NULL) : -1;
		ssize_t got = fd < 0 ? -1 : recv(fd, d->heard + at, sizeof(d->heard) - at - 1, 0);

		if (got < 0)
			return "a request did not come";
		at += (size_t)got;
		if (send(fd, d->replies[i], strlen(d->replies[i]), MSG_NOSIGNAL) < 0)
			return "a reply did not go";
		close(fd);
	}
	return NULL;
}

static void daemon_start(struct daemon *d, const char *const *replies)
{
	*d = (struct daemon){ .folder = "/tmp/alpnxdp-test.XXXXXX", .replies = replies };
	assert_non_null(mkdtemp(d->folder));
	snprintf(d->path, sizeof(d->path), "%s/control.sock", d->folder);
	d->listen_fd = control_listen(d->path);
	assert_true(d->listen_fd >= 0);
	assert_int_equal(pthread_create(&d->thread, NULL, daemon_serve, d), 0);
}

/* Joins the thread: every request of the script has come. */
static void daemon_stop(struct daemon *d)
{
	void *problem;

	pthread_join(d->thread, &problem);
	close(d->listen_fd);
	unlink(d->path);
	rmdir(d->folder);
	if (problem)
		fail_msg("%s", (const char *)problem);
}

/* Runs one command line against the script; what it printed on standard output is in out. */
static int hook_run(struct daemon *d, const char *line, char out[512])
{
	char copy[2048], *word[WORDS_MAX], *argv[WORDS_MAX + 3] = { "alpnxdp", "hook" };
	size_t count = split(line, copy, word);
	int saved = dup(STDOUT_FILENO), captured = memfd_create("out", 0), status;
	ssize_t got;

	memcpy(argv + 2, word, count * sizeof(*word));
	setenv("ALPNXDP_SOCKET", d->path, 1);
	fflush(stdout);
	dup2(captured, STDOUT_FILENO);
	status = cli_main((int)count + 2, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	got = pread(captured, out, 511, 0);
	out[MAX(got, 0)] = '\0';
	close(saved);
	close(captured);
	return status;
}

#define NEW "{\"ok\":true,\"new\":true}\n"
#define THERE "{\"ok\":true,\"new\":false}\n"
#define REMOVED "{\"ok\":true,\"removed\":0}\n"
#define FULL "{\"ok\":false,\"code\":75,\"error\":\"no room\"}\n"
#define ADD(name) "add ident=" name " digest=" B64 " ttl=3600 source=hook\n"
#define REMOVE(name) "remove ident=" name " digest=" B64 "\n"

static void test_daemon(void **state)
{
	static const struct {
		const char *line;
		const char *replies[8];
		const char *heard, *out;
		int status;
	} rows[] = {
		{ "uacme begin tls-alpn-01 a.example t " B64, { NEW }, ADD("a.example"), "", 0 },
		{ "uacme done tls-alpn-01 a.example t " B64, { REMOVED }, REMOVE("a.example"), "", 0 },
		{ "uacme failed tls-alpn-01 a.example t " B64, { FULL }, REMOVE("a.example"), "", 75 },
		{ "acmed add a.example " B64, { FULL }, ADD("a.example"), "", 75 },
		{ "dehydrated deploy_challenge a.example t " COLON " b.example t " COLON,
		  { NEW, THERE },
		  ADD("a.example") ADD("b.example"),
		  "",
		  0 },
		/* All or nothing; b.example was another order's. */
		{ "dehydrated deploy_challenge a.example t " COLON " b.example t " COLON
		  " c.example t " COLON,
		  { NEW, THERE, FULL, REMOVED },
		  ADD("a.example") ADD("b.example") ADD("c.example") REMOVE("a.example"),
		  "",
		  75 },
		{ "dehydrated clean_challenge a.example t " COLON, { FULL }, REMOVE("a.example"), "", 0 },
		{ "dehydrated invalid_challenge a.example {}",
		  { REMOVED },
		  "remove ident=a.example\n",
		  "",
		  0 },
		{ "dehydrated generate_csr --json --help", { NULL }, "", "", 0 },
		{ "--json dehydrated generate_csr a.example", { NULL }, "", "", 0 },
		{ "--json acmed remove a.example " B64,
		  { REMOVED },
		  REMOVE("a.example"),
		  "{\"schema\":\"alpnxdp.hook/1\",\"ok\":true,\"did\":\"remove\",\"identifiers\":[\"a.example\"]}\n",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct daemon d;
		char out[512];
		int status;

		daemon_start(&d, rows[i].replies);
		status = hook_run(&d, rows[i].line, out);
		daemon_stop(&d);
		if (status != rows[i].status)
			fail_msg("'%s': status %d", rows[i].line, status);
		assert_string_equal(d.heard, rows[i].heard);
		assert_string_equal(out, rows[i].out);
	}
}

static void test_no_daemon(void **state)
{
	static const struct {
		const char *line;
		int status;
	} rows[] = {
		{ "uacme begin tls-alpn-01 a.example t " B64, EXIT_NOT_ATTACHED },
		{ "uacme begin http-01 a.example t " B64, EXIT_FAILED },
		{ "uacme done tls-alpn-01 a.example t " B64, EXIT_NOT_ATTACHED },
		{ "dehydrated deploy_challenge a.example t " COLON, EXIT_NOT_ATTACHED },
		{ "dehydrated clean_challenge a.example t " COLON,
		  EXIT_DONE }, /* else the order would be lost */
		{ "dehydrated startup_hook", EXIT_DONE },
		{ "acmed add a.example " B64, EXIT_NOT_ATTACHED },
		{ "--socket /nowhere/control.sock acmed add a.example " B64, EXIT_NOT_ATTACHED },
		{ "certbot", EXIT_USAGE },
		{ "", EXIT_USAGE },
	};
	struct daemon d = { .path = "/nowhere/else.sock" };
	char out[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status = hook_run(&d, rows[i].line, out);

		if (status != rows[i].status || *out)
			fail_msg("'%s': status %d, '%s'", rows[i].line, status, out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uacme),     cmocka_unit_test(test_dehydrated),
		cmocka_unit_test(test_acmed),     cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_no_daemon),
	};

	unsetenv("CHALLENGETYPE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
