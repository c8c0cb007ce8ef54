/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs' notes: what became of hellos that the engine never sees. Those that offered acme-tls/1 and were let pass
 * become records of the ledger, one for each connection; all go to whoever traces.
 *
 * Thread 0 reads them, a bounded batch in each turn, and gives the queues their credit again. What is in a note came from the
 * wire: it is checked, and the hello is read by the gate's own parser.
 */
#include <string.h>
#include "daemon/worker.h"

#define REFILL_EVERY (100 * USEC_PER_MSEC)
#define SAME_FLOW (10 * USEC_PER_SEC) /* a hello again: repeated by TCP, or asked for by the web server */
enum { NOTES_TURN = 64 };             /* of an interface: 2 us each */

/* What the ledger calls it. */
static enum ledger_cause cause_of(enum reason reason)
{
	static const struct {
		enum reason reason;
		enum ledger_cause cause;
	} rows[] = {
		{ REASON_NOT_PENDING, LEDGER_NOT_PENDING }, { REASON_NO_CREDIT, LEDGER_BUDGET },
		{ REASON_TABLE_FULL, LEDGER_BUDGET },       { REASON_ENGINE_SILENT, LEDGER_TAKEN_BACK },
		{ REASON_NO_SOCKET, LEDGER_TAKEN_BACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].reason == reason)
			return rows[i].cause;
	return LEDGER_KERNEL;
}

bool worker_note_read(const struct note *n, struct ledger_record *r)
{
	size_t len = MIN(n->hello_len, n->stream);
	struct tls_hello hello;

	if (n->reason >= NUM_REASONS || n->kernel > NUM_REASONS || len > ALPNXDP_NOTE_HELLO)
		return false;
	ledger_record_init(r);
	tls_glimpse(n->hello, len, &hello);
	memcpy(r->sni, hello.sni, sizeof(r->sni));
	r->offered = hello.offered;
	r->began = n->time_ns / 1000;
	r->queue = n->queue;
	r->key = n->key;
	r->hello_bytes = (uint16_t)MIN(n->stream, (uint32_t)UINT16_MAX);
	r->hello_segments = n->stream > n->data_len ? 2 : 1; /* at least */
	r->phase = LEDGER_PHASE_DECISION;
	r->cause = (uint8_t)cause_of((enum reason)n->reason);
	r->detail = n->reason;
	return true;
}

/*
 * Whoever forges a packet has not done the handshake: only what the kernel has vouched for counts as somebody who asked. The
 * reasons here come after that.
 */
bool worker_note_is_real(const struct note *n)
{
	static const uint8_t real[] = { NUM_REASONS, REASON_KERNEL_FEATURE, REASON_ROUTE, REASON_NO_CREDIT,
					REASON_TABLE_FULL };

	return memchr(real, n->kernel, sizeof(real));
}

/* True: its connection is in the ledger already. */
static bool seen_before(struct worker_notes *notes, const struct flow_key *key, usec_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(notes->seen); i++)
		if (!memcmp(&notes->seen[i].key, key, sizeof(*key)) && now < notes->seen[i].at + SAME_FLOW)
			return true;
	notes->seen[notes->next % ARRAY_SIZE(notes->seen)].key = *key;
	notes->seen[notes->next++ % ARRAY_SIZE(notes->seen)].at = now;
	return false;
}

static void take(struct worker *w, const struct worker_interface *i, const struct note *n)
{
	struct ledger_record r;

	if (!worker_note_read(n, &r) || selfcheck_is_pretended(r.key.saddr))
		return;
	worker_record_place(i, &r, w->now);
	worker_trace_take(w, n, &r);
	if (!(n->flags & NOTE_ACME) || n->reason == REASON_OFFERED || seen_before(&w->notes, &r.key, w->now))
		return;
	if (worker_note_is_real(n))
		r.unsolicited = worker_probe(w, i, &r, w->now);
	ledger_add(w->ledger, &r);
}

void worker_notes_begin(struct worker *w, struct worker_interface *i)
{
	for (unsigned q = 0; q < i->attachment.queues; q++)
		xdp_notes_refill(&i->shared, q);
	worker_trace_interface(w, i);
}

static void serve(struct worker *w, struct worker_interface *i, bool refill)
{
	static struct note note;
	int got = 1;

	for (unsigned n = 0; n < NOTES_TURN && got; n++) {
		got = xdp_note_next(&i->shared, &note);
		if (got == 1)
			take(w, i, &note);
	}
	for (unsigned q = 0; refill && q < i->attachment.queues; q++)
		xdp_notes_refill(&i->shared, q);
}

void worker_notes(struct worker *w)
{
	bool refill = w->now >= w->notes.refilled + REFILL_EVERY;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			serve(w, &w->interface[n], refill);
	if (refill)
		w->notes.refilled = w->now;
	worker_trace_serve(w);
}

uint64_t worker_notes_lost(const struct worker *w)
{
	uint64_t lost = 0;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			lost += xdp_notes_lost(&w->interface[n].shared, w->interface[n].attachment.queues);
	return lost;
}
