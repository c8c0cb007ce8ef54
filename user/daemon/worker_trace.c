/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `trace`: what the programs did with every hello, while somebody asks. The programs write notes of all hellos only as long as
 * that lasts (WORKER_LEASE after the last question), and look at hellos even when nothing is pending; then all of it is
 * forgotten. So a client that was killed leaves nothing on.
 *
 * Who asks for one address has the programs write of that one alone, unless somebody else asks for another at the same time.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/worker.h"

enum { TRACE_ROWS = 1024, TRACE_PAGE = 256 };

struct trace_row {
	struct ledger_record record;
	uint8_t reason;
};

static bool is_set(const struct worker_trace *t)
{
	return t->all_until || t->one_until;
}

static void tell_programs(struct worker *w)
{
	const struct worker_trace *t = &w->trace;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			xdp_notes_trace(&w->interface[n].shared, is_set(t), t->all_until ? NULL : t->one);
	worker_arm(w);
}

void worker_trace_interface(struct worker *w, struct worker_interface *i)
{
	xdp_notes_trace(&i->shared, is_set(&w->trace), w->trace.all_until ? NULL : w->trace.one);
}

bool worker_tracing(const struct worker *w)
{
	return is_set(&w->trace);
}

void worker_trace_serve(struct worker *w)
{
	struct worker_trace *t = &w->trace;
	bool ended = (t->all_until && w->now >= t->all_until) || (t->one_until && w->now >= t->one_until);

	if (!ended)
		return;
	if (w->now >= t->all_until)
		t->all_until = 0;
	if (w->now >= t->one_until)
		t->one_until = 0;
	tell_programs(w);
	if (is_set(t))
		return;
	free(t->row);
	t->row = NULL;
}

void worker_trace_take(struct worker *w, const struct note *n, const struct ledger_record *r)
{
	struct worker_trace *t = &w->trace;
	struct trace_row *row;

	if (!is_set(t) || !t->row)
		return;
	row = &t->row[t->next % TRACE_ROWS];
	*row = (struct trace_row){ .record = *r, .reason = n->reason };
	row->record.number = t->next++;
}

/* 0: everybody. */
static void lease(struct worker *w, const uint8_t *from)
{
	struct worker_trace *t = &w->trace;
	bool other = from && t->one_until && memcmp(t->one, from, sizeof(t->one)) != 0;
	usec_t *until = !from || other ? &t->all_until : &t->one_until;
	bool fresh = !*until;

	if (!t->row) {
		t->row = calloc(TRACE_ROWS, sizeof(*t->row));
		t->oldest = t->next;
	}
	if (from && !other)
		memcpy(t->one, from, sizeof(t->one));
	*until = w->now + WORKER_LEASE;
	if (fresh)
		tell_programs(w);
}

/* ------------------------------------------------------------------- reply */

static const char *verdict(enum reason reason)
{
	return reason == REASON_OFFERED ? "taken" : "passed";
}

static void put_row(struct jsonw *j, const struct trace_row *row)
{
	const struct ledger_record *r = &row->record;

	jsonw_open_object(j, NULL);
	jsonw_unsigned(j, "number", r->number);
	worker_put_hello(j, r);
	jsonw_string(j, "verdict", verdict((enum reason)row->reason));
	jsonw_string(j, "reason", xdp_reason_name((enum reason)row->reason));
	jsonw_string(j, "text", xdp_reason_help((enum reason)row->reason));
	jsonw_close_object(j);
}

static char *answer(struct worker *w, uint64_t at, const uint8_t *from)
{
	struct worker_trace *t = &w->trace;
	uint64_t oldest = t->next > TRACE_ROWS ? MAX(t->oldest, t->next - TRACE_ROWS) : t->oldest, lost = 0;
	unsigned left = TRACE_PAGE;
	char number[24];
	struct jsonw j;

	if (at < oldest) {
		lost = oldest - at;
		at = oldest;
	}
	worker_reply_begin(&j);
	jsonw_open_array(&j, "hellos");
	for (; t->row && at < t->next && left; at++) {
		const struct trace_row *row = &t->row[at % TRACE_ROWS];

		if (from && memcmp(row->record.key.saddr, from, sizeof(row->record.key.saddr)) != 0)
			continue;
		put_row(&j, row);
		left--;
	}
	jsonw_close_array(&j);
	snprintf(number, sizeof(number), "%" PRIu64, at);
	jsonw_string(&j, "next", number);
	jsonw_unsigned(&j, "lost", lost);
	jsonw_unsigned(&j, "notes_lost", worker_notes_lost(w));
	return worker_reply_end(&j);
}

char *worker_trace(struct worker *w, const struct control_request *r)
{
	const char *from_text = control_value(r, "from"), *addr_text = control_value(r, "addr");
	uint64_t at = w->trace.next;
	uint8_t address[16];

	if (from_text && !worker_parse_number(from_text, 1, UINT64_MAX, &at))
		return control_refusal(EXIT_USAGE, "from is not the number of a hello", NULL, NULL);
	if (addr_text && !address_parse(addr_text, address))
		return control_refusal(EXIT_REFUSED, "addr is neither an IPv4 nor an IPv6 address", NULL,
				       NULL);
	lease(w, addr_text ? address : NULL);
	/* Numbers from before this engine: it goes on with what comes now. */
	return answer(w, MIN(at, w->trace.next), addr_text ? address : NULL);
}
