/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `list`, page by page: a page of a long list takes a millisecond or two, and packets wait meanwhile.
 *
 * Behind "next" stands a cursor of ours, which stays right while challenges come and go. Those that nobody comes back for
 * give way to new ones, the oldest first.
 */
#include <inttypes.h>
#include <stdio.h>
#include "daemon/worker.h"

enum { LIST_ROWS = 1000 };

static void put_row(struct worker *w, struct jsonw *j, const struct challenge *c)
{
	char digest[DIGEST_TEXT_LEN];

	digest_format(c->digest, digest);
	jsonw_open_object(j, NULL);
	jsonw_string(j, "identifier", c->text);
	jsonw_string(j, "type", c->kind == IDENT_DNS ? "dns" : "ip");
	jsonw_string(j, "digest", digest);
	jsonw_unsigned(j, "added_s", (w->now - c->added) / USEC_PER_SEC);
	jsonw_unsigned(j, "expires_s", (c->expires - MIN(c->expires, w->now)) / USEC_PER_SEC);
	jsonw_unsigned(j, "hits", challenge_hits(c));
	jsonw_string(j, "source", challenge_source_name((enum challenge_source)c->source));
	worker_put_perspectives(w, j, c);
	jsonw_close_object(j);
}

static struct worker_listing *find(struct worker *w, uint64_t number)
{
	for (size_t i = 0; i < WORKER_LISTINGS; i++)
		if (number && w->listing[i].number == number)
			return &w->listing[i];
	return NULL;
}

static void end(struct worker *w, struct worker_listing *l)
{
	challenge_cursor_close(w->store, &l->cursor);
	l->number = 0;
}

/* Numbers grow, and the least is the one that waits longest; 0 is free. */
static struct worker_listing *begin(struct worker *w)
{
	struct worker_listing *l = &w->listing[0];

	for (size_t i = 1; i < WORKER_LISTINGS; i++)
		if (w->listing[i].number < l->number)
			l = &w->listing[i];
	end(w, l);
	challenge_cursor_open(w->store, &l->cursor);
	return l;
}

static char *page(struct worker *w, struct worker_listing *l, uint64_t limit)
{
	const struct challenge *c;
	char number[24];
	struct jsonw j;

	worker_reply_begin(&j);
	jsonw_unsigned(&j, "total", challenge_count(w->store));
	jsonw_open_array(&j, "challenges");
	while (limit-- && (c = challenge_cursor_next(&l->cursor)))
		put_row(w, &j, c);
	jsonw_close_array(&j);
	if (l->cursor.next) {
		l->number = ++w->listings;
		snprintf(number, sizeof(number), "%" PRIu64, l->number);
		jsonw_string(&j, "next", number);
	} else {
		end(w, l);
	}
	return worker_reply_end(&j);
}

char *worker_list(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	const char *from_text = control_value(r, "from"), *limit_text = control_value(r, "limit");
	uint64_t number = 0, limit = LIST_ROWS;
	struct worker_listing *l;

	(void)from;
	if (limit_text && !worker_parse_number(limit_text, 1, UINT32_MAX, &limit))
		return control_refusal(EXIT_USAGE, "the limit is not a number of rows", NULL, NULL);
	if (from_text && !worker_parse_number(from_text, 1, UINT64_MAX, &number))
		return control_refusal(EXIT_USAGE, "there is no such page", NULL, NULL);
	l = from_text ? find(w, number) : begin(w);
	if (!l)
		return control_refusal(EXIT_TRY_AGAIN, "this page was not asked for in time", NULL,
				       "begin the list again");
	return page(w, l, MIN(limit, LIST_ROWS));
}
