/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * list: page by page, as the daemon gives it, and printed as it comes: a million challenges do not have to be held here. In
 * JSON "ok" stands behind the rows, for only then it is known.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

struct listing {
	size_t rows;
	size_t width; /* of the first page's identifiers */
};

static void print_heading(struct listing *l, const json_t *rows)
{
	const json_t *row;
	size_t i;

	l->width = strlen("IDENTIFIER");
	json_array_foreach(rows, i, row) l->width = MAX(l->width, strlen(reply_string(row, "identifier")));
	printf("%-*s  %-4s  %-43s  %-10s  %s\n", (int)l->width, "IDENTIFIER", "TYPE", "DIGEST", "EXPIRES IN",
	       "HITS");
}

/* What the others came to, after "1 " or "2 ": of the last, in few words. */
static const char *short_words(const char *outcome)
{
	static const struct {
		const char *outcome, *words;
	} rows[] = {
		{ "hello-incomplete", "never sent the rest of its hello" },
		{ "stopped-after-certificate", "stopped after our certificate" },
		{ "no-change-cipher-spec", "sent no ChangeCipherSpec" },
		{ "no-finished", "sent no Finished" },
		{ "alert-received", "sent an alert" },
		{ "alert-sent", "sent what was wrong" },
		{ "reset", "was reset" },
		{ "timed-out", "fell silent" },
		{ "gate", "sent a hello that we do not answer" },
		{ "closed-before-hello", "closed before its hello was whole" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].outcome, outcome))
			return rows[i].words;
	return outcome;
}

/* "4 of 5 perspectives finished, 1 stopped after our certificate (203.0.113.7, IPv6)" */
static void print_perspectives(const json_t *p)
{
	uint64_t finished = reply_number(p, "finished"), others = reply_number(p, "others");
	const json_t *last = json_object_get(p, "last");
	const char *client = reply_string(last, "client"), *detail = reply_string(last, "detail");

	if (!p)
		return;
	printf("  %" PRIu64 " of %" PRIu64 " perspective%s finished", finished, finished + others,
	       finished + others == 1 ? "" : "s");
	if (others)
		printf(", %" PRIu64 " %s%s%s%s (%s, %s)", others, others == 1 ? "" : "did not, the last ",
		       short_words(reply_string(last, "outcome")), *detail ? ": " : "", detail, client,
		       strchr(client, ':') ? "IPv6" : "IPv4");
	putchar('\n');
}

static void print_row(const struct listing *l, const json_t *row)
{
	char left[DURATION_TEXT_LEN];

	text_format_duration(reply_number(row, "expires_s"), left);
	printf("%-*s  %-4s  %-43s  %-10s  %" PRIu64 "\n", (int)l->width, reply_string(row, "identifier"),
	       reply_string(row, "type"), reply_string(row, "digest"), left, reply_number(row, "hits"));
	print_perspectives(json_object_get(row, "perspectives"));
}

static void print_row_json(const struct listing *l, const json_t *row)
{
	char *text = json_dumps(row, JSON_COMPACT);

	if (text)
		printf("%s%s", l->rows ? "," : "", text);
	free(text);
}

static void print_page(const struct command *c, struct listing *l, const json_t *rows)
{
	const json_t *row;
	size_t i;

	if (!c->json && !l->rows && json_array_size(rows))
		print_heading(l, rows);
	json_array_foreach(rows, i, row)
	{
		(c->json ? print_row_json : print_row)(l, row);
		l->rows++;
	}
}

/* Asks for a page. NULL: an error has been told; *status says which. */
static json_t *ask_page(const struct command *c, const char *from, int *status)
{
	struct failure f = { .code = EXIT_FAILED, .what = "the daemon did not give the rest of the list" };
	json_t *reply;
	int err;

	if (!from)
		return ask_or_fail(c, "list", (const char *[]){ NULL }, status);
	err = ask(c, ASK_MS, "list", (const char *[]){ "from", from, NULL }, &reply);
	if (!err && reply_ok(reply))
		return reply;
	if (!err)
		f = reply_failure(reply);
	else
		f.system = strerror(-err);
	failure_print(&f);
	*status = (int)f.code;
	if (!err)
		json_decref(reply);
	return NULL;
}

static int end(const struct command *c, const struct listing *l, int status)
{
	if (c->json)
		printf("],\"ok\":%s}\n", status ? "false" : "true");
	else if (!l->rows)
		puts("no challenges are pending");
	return status;
}

int run_list(const struct command *c)
{
	struct listing l = { 0 };
	int status = EXIT_DONE;
	json_t *reply = ask_page(c, NULL, &status);
	char next[24];

	if (!reply)
		return status;
	if (c->json)
		printf("{\"schema\":\"alpnxdp.list/1\",\"challenges\":[");
	do {
		print_page(c, &l, json_object_get(reply, "challenges"));
		snprintf(next, sizeof(next), "%s", reply_string(reply, "next"));
		json_decref(reply);
		reply = *next ? ask_page(c, next, &status) : NULL;
	} while (reply);
	return end(c, &l, status);
}
