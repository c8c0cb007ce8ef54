/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * events: what became of each connection. For people a line of facts and the sentence beneath it, at most 100 columns; with
 * --json an object per line. --follow asks again and again, with the number that the last reply gave, so nothing of ours
 * stays in the daemon. The numbers of another engine begin again: that is said, and it goes on.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "cli/command.h"

enum { AGAIN_MS = 200, INDENT = 2 };

struct stream {
	uint64_t next; /* number to ask from; 0: from the first */
	size_t printed;
	bool away; /* the daemon was; it has been said */
	int signals;
};

/* ------------------------------------------------------------------ printing */

static void print_indented(const char *label, const char *text)
{
	printf("%*s%s", INDENT, "", label);
	print_wrapped(text, INDENT + (int)strlen(label));
}

/* Facts in one line, as far as they are known. */
static void print_event(const json_t *event)
{
	const char *time = reply_string(event, "time"), *outcome = reply_string(event, "outcome");
	const char *detail = reply_string(event, "detail");
	const char *name = reply_string(event, "identifier"), *client = reply_string(event, "client");

	if (!strcmp(detail, outcome)) /* the program's reason has the same name */
		detail = "";
	printf("%.10s %.8s  %s  %s  %s%s%s\n", time, strlen(time) > 19 ? time + 11 : "",
	       *name ? name : "(no name)", client, outcome, *detail ? ": " : "", detail);
	print_indented("", reply_string(event, "text"));
	if (*reply_string(event, "fix"))
		print_indented("fix: ", reply_string(event, "fix"));
}

static void print_event_json(json_t *event)
{
	print_json("event", json_incref(event));
}

static void note(const char *text)
{
	fprintf(stderr, "alpnxdp: %s\n", text);
}

/* The last `most` of them; 0: all. */
static void print_events(const struct command *c, struct stream *s, const json_t *events, size_t most)
{
	size_t count = json_array_size(events), i = most && count > most ? count - most : 0;

	for (; i < count && !ferror(stdout); i++) {
		if (c->json)
			print_event_json(json_array_get(events, i));
		else
			print_event(json_array_get(events, i));
		fflush(stdout);
		s->printed++;
	}
}

/* -------------------------------------------------------------------- asking */

static int ask_events(const struct command *c, uint64_t from, json_t **reply)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, from);
	return ask(c, ASK_MS, "events",
		   (const char *[]){ "from", from ? number : NULL, "ident", c->ident, NULL }, reply);
}

static void say_lost(const json_t *reply)
{
	char text[80];

	if (!reply_number(reply, "lost"))
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " events were overwritten before they could be read",
		 reply_number(reply, "lost"));
	note(text);
}

/* Pages until there are no more, into *events. 0, an exit status after the error has been told, or the errno of ask(). */
static int collect(const struct command *c, struct stream *s, json_t *events)
{
	json_t *reply, *page;
	struct failure f;
	uint64_t next;
	size_t got;
	int err;

	do {
		err = ask_events(c, s->next, &reply);
		if (err)
			return err;
		if (!reply_ok(reply)) {
			f = reply_failure(reply);
			err = failure_tell(c, &f);
			json_decref(reply);
			return err;
		}
		next = strtoull(reply_string(reply, "next"), NULL, 10);
		page = json_object_get(reply, "events");
		got = json_array_size(page);
		if (next < s->next)
			note("the engine was restarted: its events begin again with number 1");
		else
			say_lost(reply);
		/* A restart: what there is from the first one on. */
		got += next < s->next;
		s->next = next < s->next ? 1 : next;
		json_array_extend(events, page);
		json_decref(reply);
	} while (got);
	return EXIT_DONE;
}

bool signals_come(int signals, int wait_ms)
{
	struct pollfd fds[] = { { .fd = signals, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	return poll(fds, ARRAY_SIZE(fds), wait_ms) > 0;
}

/* The daemon may be away for a while: it is waited for. */
static int follow(const struct command *c, struct stream *s)
{
	int err = EXIT_DONE;

	while (!ferror(stdout) && !signals_come(s->signals, AGAIN_MS)) {
		json_t *events = json_array();

		err = collect(c, s, events);
		if (!err)
			print_events(c, s, events, 0);
		json_decref(events);
		if (err > 0)
			return err;
		if (err && !s->away)
			note("the daemon does not answer: waiting for it");
		s->away = err != 0;
	}
	return EXIT_DONE;
}

int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int run_events(const struct command *c)
{
	struct stream s = { .signals = -1 };
	json_t *events = json_array();
	int err = collect(c, &s, events);

	if (err < 0)
		err = ask_failed(c, err);
	else if (!err)
		print_events(c, &s, events, c->limit);
	json_decref(events);
	if (err)
		return err;
	if (!s.printed && !c->json)
		puts(c->ident ? "no validation of this name has been seen"
			      : "no validation has been seen since the daemon started");
	fflush(stdout);
	if (!c->follow)
		return EXIT_DONE;
	s.signals = signals_open();
	err = s.signals < 0 ? EXIT_FAILED : follow(c, &s);
	close(s.signals);
	return err;
}
