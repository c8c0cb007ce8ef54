/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace: a line for every hello, as it comes, and what the program did with it. The daemon has the programs tell of them only
 * as long as it is asked, ten times a second.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

enum { TRACE_MS = 100 };

struct trace {
	uint64_t next;  /* to ask from; 0: from now on */
	uint64_t notes; /* that the programs have lost so far, by the last reply */
	bool away;      /* the daemon is; it has been said */
};

static void note(const char *text)
{
	fprintf(stderr, "alpnxdp: %s\n", text);
}

static void print_protocols(const json_t *alpn)
{
	const json_t *protocol;
	size_t i;

	json_array_foreach(alpn, i, protocol) printf("%s%s", i ? "," : "", json_string_value(protocol));
	printf("%s  ", json_array_size(alpn) ? "" : "(no ALPN)");
}

static void print_hello(const json_t *hello)
{
	const char *time = reply_string(hello, "time"), *name = reply_string(hello, "identifier");

	printf("%.15s  %s/%" PRIu64 "  %s  %s  ", strlen(time) > 11 ? time + 11 : time,
	       reply_string(hello, "interface"), reply_number(hello, "queue"), reply_string(hello, "client"),
	       *name ? name : "(no name)");
	print_protocols(json_object_get(json_object_get(hello, "hello"), "alpn"));
	printf("%s  %s: %s\n", reply_string(hello, "verdict"), reply_string(hello, "reason"),
	       reply_string(hello, "text"));
}

static void say_lost(struct trace *t, const json_t *reply, bool first)
{
	uint64_t notes = reply_number(reply, "notes_lost"), lost = reply_number(reply, "lost");
	char text[96];

	if (!first && notes > t->notes)
		lost += notes - t->notes;
	t->notes = notes;
	if (!lost)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " hellos more came than can be told of at this rate", lost);
	note(text);
}

/* Takes the reply. */
static int print_reply(const struct command *c, struct trace *t, json_t *reply)
{
	json_t *hellos = json_object_get(reply, "hellos"), *hello;
	int status = EXIT_DONE;
	struct failure f;
	size_t i;

	if (!reply_ok(reply)) {
		f = reply_failure(reply);
		status = failure_tell(c, &f);
		json_decref(reply);
		return status;
	}
	json_array_foreach(hellos, i, hello)
	{
		if (c->json)
			print_json("trace", json_incref(hello));
		else
			print_hello(hello);
	}
	say_lost(t, reply, !t->next || t->away);
	t->next = strtoull(reply_string(reply, "next"), NULL, 10);
	json_decref(reply);
	fflush(stdout);
	return status;
}

/* 0, an exit status, or the errno of ask(). */
static int ask_once(const struct command *c, struct trace *t)
{
	char number[24];
	json_t *reply;
	int err;

	snprintf(number, sizeof(number), "%" PRIu64, t->next);
	err = ask(c, ASK_MS, "trace",
		  (const char *[]){ "from", t->next ? number : NULL, "addr", c->from, NULL }, &reply);
	return err ? err : print_reply(c, t, reply);
}

int run_trace(const struct command *c)
{
	struct trace t = { 0 };
	int err = ask_once(c, &t), signals;

	if (err)
		return err < 0 ? ask_failed(c, err) : err;
	signals = signals_open();
	if (signals < 0)
		return EXIT_FAILED;
	if (!c->json)
		note("every hello from now on; end with Ctrl-C");
	while (!ferror(stdout) && !signals_come(signals, TRACE_MS)) {
		err = ask_once(c, &t);
		if (err > 0)
			return err;
		if (err && !t.away)
			note("the daemon does not answer: waiting for it");
		t.away = err != 0;
	}
	return EXIT_DONE;
}
