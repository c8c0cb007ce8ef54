/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of a flow, for the ledger: kept beside the flow, and handed out once, at its end. The cause is read from what
 * has come and what has not, at the moment when the engine counts the outcome; later, our own FIN would be among what is
 * acknowledged.
 */
#include <string.h>
#include "engine/flow.h"

static uint32_t elapsed(const struct ledger_record *r, usec_t now)
{
	return (uint32_t)MIN(now - r->began, (usec_t)(LEDGER_NEVER - 1));
}

/* The program saw the first frame a little before us. Its word is taken if it can be true. */
static usec_t beginning(const struct flow *entry, usec_t now)
{
	usec_t offered = entry->offered_ns / 1000;

	return offered <= now && now - offered < ENGINE_HELLO_TIME ? offered : now;
}

static void put_hello(struct ledger_record *r, const struct tls_hello *hello)
{
	memcpy(r->sni, hello->sni, sizeof(r->sni));
	r->offered = hello->offered;
	r->hello_bytes = (uint16_t)hello->length;
}

void record_begin(struct engine_flow *f, usec_t now)
{
	struct ledger_record *r = &f->record;

	ledger_record_init(r);
	r->began = beginning(&f->entry, now);
	r->queue = (uint16_t)f->queue;
	r->key = f->in.key;
	r->hello_segments = 1;
}

void record_hello(struct engine_flow *f, const struct tls_hello *hello, usec_t now)
{
	put_hello(&f->record, hello);
	f->record.hello_us = elapsed(&f->record, now);
}

void record_answer(struct engine_flow *f, usec_t now)
{
	f->record.answer_us = elapsed(&f->record, now);
}

void record_finished(struct engine_flow *f, usec_t now)
{
	f->record.finished_us = elapsed(&f->record, now);
}

/* --------------------------------------------------------------- evidence */

/* The program may have taken the ACK of our answer for its RST (silence.c); then only the map knows. */
static bool has_answer(struct engine *e, const struct engine_flow *f)
{
	struct flow entry;

	return tcp_delivered(&f->tcp) || (f->entry.state == FLOW_SERVED &&
					  e->ports.flow_get(e->ports.context, f->port, &f->in.key, &entry) &&
					  entry.state == FLOW_SILENCED);
}

static enum ledger_phase phase_of(struct engine *e, const struct engine_flow *f,
				  const struct tls_report *report)
{
	/* A close_notify is encrypted, too. */
	if (report->seen & TLS_SEEN_LAST && report->alert_in)
		return LEDGER_PHASE_LAST_MESSAGE;
	if (report->seen & TLS_SEEN_CHANGE_CIPHER_SPEC)
		return LEDGER_PHASE_CHANGE_CIPHER_SPEC;
	if (report->seen & TLS_SEEN_KEY_EXCHANGE)
		return LEDGER_PHASE_KEY_EXCHANGE;
	if (report->retrying)
		return LEDGER_PHASE_RETRY;
	return has_answer(e, f) ? LEDGER_PHASE_RECEIVED : LEDGER_PHASE_SENT;
}

/* It closed, or fell silent: what is missing says more than that. */
static enum ledger_cause missing(const struct ledger_record *r, enum ledger_cause otherwise)
{
	if (r->phase == LEDGER_PHASE_KEY_EXCHANGE)
		return LEDGER_NO_CHANGE_CIPHER_SPEC;
	if (r->phase == LEDGER_PHASE_CHANGE_CIPHER_SPEC || r->phase == LEDGER_PHASE_LAST_MESSAGE)
		return LEDGER_NO_FINISHED;
	return otherwise;
}

static enum ledger_cause cause_of(const struct engine_flow *f, enum engine_outcome outcome)
{
	static const enum ledger_cause cause[NUM_OUTCOMES] = {
		[OUTCOME_VALIDATED] = LEDGER_VALIDATED,
		[OUTCOME_DECLINED_NAME] = LEDGER_NOT_PENDING,
		[OUTCOME_DECLINED_GATE] = LEDGER_GATE,
		[OUTCOME_DECLINED_HELLO_TIME] = LEDGER_HELLO_INCOMPLETE,
		[OUTCOME_DECLINED_ASK_TIME] = LEDGER_NOT_ANSWERED,
		[OUTCOME_DECLINED_BUDGET] = LEDGER_BUDGET,
		[OUTCOME_DECLINED_ERROR] = LEDGER_ENGINE_ERROR,
		[OUTCOME_TAKEN_BACK] = LEDGER_TAKEN_BACK,
		[OUTCOME_GONE_BEFORE_HELLO] = LEDGER_CLOSED_BEFORE_HELLO,
		[OUTCOME_TLS_ALERT_IN] = LEDGER_ALERT_RECEIVED,
		[OUTCOME_TLS_ALERT_OUT] = LEDGER_ALERT_SENT,
		[OUTCOME_STOPPED] = LEDGER_STOPPED_AFTER_CERTIFICATE,
		[OUTCOME_RESET] = LEDGER_RESET,
		[OUTCOME_PUT_OUT] = LEDGER_PUT_OUT,
		[OUTCOME_TIMED_OUT] = LEDGER_TIMED_OUT,
	};
	_Static_assert(NUM_OUTCOMES == 15, "every outcome needs a cause");

	if (outcome == OUTCOME_DECLINED_NAME && f->phase == PHASE_WAITING)
		return LEDGER_NOT_ANSWERED;
	if (outcome == OUTCOME_STOPPED || outcome == OUTCOME_TIMED_OUT)
		return missing(&f->record, cause[outcome]);
	return cause[outcome];
}

static void put_tls(struct engine *e, struct engine_flow *f, enum engine_outcome outcome)
{
	struct ledger_record *r = &f->record;
	struct tls_report report;

	tls_report(f->tls, &report);
	r->version = report.version;
	r->cipher = report.cipher;
	r->group = report.group;
	r->phase = LEDGER_PHASE_FINISHED;
	if (outcome != OUTCOME_VALIDATED)
		r->phase = (uint8_t)phase_of(e, f, &report);
	if (outcome == OUTCOME_TLS_ALERT_IN) {
		r->detail = (int16_t)report.alert_in;
		/* It answers what has come; what is not acknowledged is our own alert. */
		if (r->phase == LEDGER_PHASE_SENT)
			r->phase = LEDGER_PHASE_RECEIVED;
	}
	if (outcome == OUTCOME_TLS_ALERT_OUT)
		r->detail = (int16_t)report.alert_out;
}

void record_outcome(struct engine *e, struct engine_flow *f, enum engine_outcome outcome)
{
	struct ledger_record *r = &f->record;

	r->phase = r->hello_us == LEDGER_NEVER ? LEDGER_PHASE_HELLO : LEDGER_PHASE_DECISION;
	r->closed_by_fin = tcp_peer_closed(&f->tcp);
	if (f->phase == PHASE_SERVED && f->tls)
		put_tls(e, f, outcome);
	r->cause = (uint8_t)cause_of(f, outcome);
}

/* ------------------------------------------------------------------- ends */

static void hand_out(struct engine *e, unsigned port, const struct ledger_record *r)
{
	if (e->ports.ended)
		e->ports.ended(e->ports.context, port, r);
}

/* The name of a hello that was not read, or only in part, is worth a look: by it people find the record. */
void record_declined(struct engine *e, struct engine_flow *f)
{
	struct tls_hello hello;
	const uint8_t *bytes;
	size_t len = tcp_read(&f->tcp, 0, &bytes);

	if (!f->record.sni[0] && !f->record.offered.version[0]) {
		tls_glimpse(bytes, len, &hello);
		put_hello(&f->record, &hello);
	}
	hand_out(e, f->port, &f->record);
}

void record_closed(struct engine *e, struct engine_flow *f, usec_t now)
{
	f->record.closed_us = elapsed(&f->record, now);
	f->record.retransmits = f->tcp.stats.retransmits;
	f->record.rtt_us = f->tcp.stats.srtt_us;
	hand_out(e, f->port, &f->record);
}

void record_refused(struct engine *e, const struct arrival *a, const struct flow *entry,
		    enum engine_outcome outcome, usec_t now)
{
	struct ledger_record r;
	struct tls_hello hello;

	ledger_record_init(&r);
	tls_glimpse(a->seg.data, a->seg.len, &hello);
	put_hello(&r, &hello);
	r.began = beginning(entry, now);
	r.queue = (uint16_t)a->frame->queue;
	r.key = a->path.key;
	r.hello_segments = 1;
	r.phase = LEDGER_PHASE_DECISION;
	r.cause = outcome == OUTCOME_DECLINED_BUDGET ? LEDGER_BUDGET : LEDGER_ENGINE_ERROR;
	hand_out(e, a->frame->port, &r);
}
