/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a held flow to a finished one: the gate's question, then TLS over TCP until both sides have closed.
 */
#include <string.h>
#include "engine/flow.h"

/* TLS and TCP exchange bytes until neither has more for the other. */
static enum tls_state exchange(struct engine *e, struct engine_flow *f)
{
	enum tls_state state;
	struct tls_io io;

	do {
		io = (struct tls_io){ .out = e->flight,
				      .out_cap = MIN(tcp_room(&f->tcp), sizeof(e->flight)) };
		io.in_len = tcp_read(&f->tcp, 0, &io.in);
		state = tls_drive(f->tls, &io);
		tcp_write(&f->tcp, e->flight, io.produced);
		tcp_read(&f->tcp, io.consumed, &io.in);
	} while (io.consumed || io.produced);
	return state;
}

static enum engine_outcome failure_of(const struct engine_flow *f)
{
	struct tls_report report;

	tls_report(f->tls, &report);
	/* 0 is close_notify: a validator that leaves, not one that complains. */
	if (report.alert_in > 0)
		return OUTCOME_TLS_ALERT_IN;
	return report.alert_out > 0 ? OUTCOME_TLS_ALERT_OUT : OUTCOME_STOPPED;
}

static void count_duration(struct engine *e, struct engine_flow *f, usec_t now)
{
	unsigned bucket = 0;

	if (f->counted)
		return;
	record_finished(f, now);
	while (bucket < ENGINE_DURATIONS && now - f->born > engine_duration_bound[bucket])
		bucket++;
	e->counters.duration[bucket]++;
	e->counters.duration_sum_us += now - f->born;
}

void serve_drive(struct engine *e, struct engine_flow *f, usec_t now)
{
	enum tls_state state = exchange(e, f);

	switch (state) {
	case TLS_HANDSHAKING:
		if (!tcp_peer_closed(&f->tcp))
			break;
		flow_count(e, f, OUTCOME_STOPPED);
		tcp_close(&f->tcp, TCP_CLOSE_FIN);
		break;
	case TLS_ESTABLISHED:
	case TLS_CLOSED:
		count_duration(e, f, now);
		flow_count(e, f, OUTCOME_VALIDATED);
		tls_close(f->tls);
		exchange(e, f);
		tcp_close(&f->tcp, TCP_CLOSE_FIN);
		break;
	case TLS_FAILED:
		flow_count(e, f, failure_of(f));
		tcp_close(&f->tcp, TCP_CLOSE_FIN);
		break;
	}
}

static void finish(struct engine *e, struct engine_flow *f, usec_t now)
{
	static const enum engine_outcome outcome[] = {
		[TCP_ALIVE] = OUTCOME_STOPPED,
		[TCP_RESET_BY_PEER] = OUTCOME_RESET,
		[TCP_TIMED_OUT] = OUTCOME_TIMED_OUT,
		[TCP_ABORTED] = OUTCOME_TIMED_OUT,
	};

	flow_count(e, f, outcome[f->tcp.end]);
	record_closed(e, f, now);
	e->counters.retransmits += f->tcp.stats.retransmits;
	tls_free(f->tls);
	f->tls = NULL;
	f->lingers_until = now + ENGINE_LINGER;
	flow_mark(e, f, FLOW_LINGER);
	table_linger(e, f);
	silence_finished(e, f, now);
}

void serve_flush(struct engine *e, struct engine_flow *f, usec_t now)
{
	struct segment seg;

	while (tcp_output(&f->tcp, &seg, now)) {
		size_t len = net_encode(&f->out, &seg, e->frame, sizeof(e->frame));

		if (len && e->ports.transmit(e->ports.context, f->port, f->queue, e->frame, len))
			e->counters.transmitted++;
		else
			e->counters.transmit_failed++;
	}
	if (f->phase == PHASE_SERVED && tcp_finished(&f->tcp))
		finish(e, f, now);
}

void serve_put_out(struct engine *e, struct engine_flow *f, usec_t now)
{
	flow_count(e, f, OUTCOME_PUT_OUT);
	tcp_close(&f->tcp, TCP_CLOSE_RESET);
	serve_flush(e, f, now);
	flow_schedule(e, f);
}

/* From here on only we can finish the flow. False: the kernel has it again, and we forget it. */
bool serve_claim(struct engine *e, struct engine_flow *f)
{
	if (flow_mark(e, f, FLOW_ADOPTED))
		return true;
	flow_count(e, f, OUTCOME_TAKEN_BACK);
	record_declined(e, f);
	flow_forget(e, f);
	return false;
}

void serve_acknowledge(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (!f->acknowledged && !serve_claim(e, f))
		return;
	f->acknowledged = true;
	serve_flush(e, f, now);
}

bool serve_knows(struct engine *e, const char *sni)
{
	bool found;

	challenge_lock(e->store);
	found = challenge_find(e->store, sni);
	challenge_unlock(e->store);
	return found;
}

static bool open_tls(struct engine *e, struct engine_flow *f, struct challenge *challenge, usec_t now)
{
	const struct certificate *certificate =
		challenge_certificate(challenge, e->unix_at_zero_s + (int64_t)(now / USEC_PER_SEC));

	return certificate && !tls_open(e->tls, certificate, now, &f->tls);
}

static bool can_verify(const struct tls_hello *hello, const struct challenge *challenge)
{
	return challenge_is_rsa(challenge) ? hello->rsa : hello->ecdsa_p256;
}

void serve_reject(struct engine *e, struct engine_flow *f, enum gate_reject why, usec_t now)
{
	e->counters.gate[why]++;
	f->record.detail = (int16_t)why;
	decline_flow(e, f, OUTCOME_DECLINED_GATE, now);
}

enum chance { NOT_KNOWN, NOT_VERIFIABLE, NOT_OPENED, NOT_OURS, OPENED };

/* All that is asked of the challenge, which may be gone a moment later. What may fail comes before the flow is ours alone. */
static enum chance open_flow(struct engine *e, struct engine_flow *f, const struct tls_hello *hello,
			     usec_t now)
{
	struct challenge *challenge = challenge_find(e->store, hello->sni);

	if (!challenge)
		return NOT_KNOWN;
	if (!can_verify(hello, challenge))
		return NOT_VERIFIABLE;
	if (!open_tls(e, f, challenge, now))
		return NOT_OPENED;
	if (!serve_claim(e, f))
		return NOT_OURS;
	challenge_hit(challenge);
	return OPENED;
}

void serve_hello(struct engine *e, struct engine_flow *f, const struct tls_hello *hello, usec_t now)
{
	enum chance chance;

	challenge_lock(e->store);
	chance = open_flow(e, f, hello, now);
	challenge_unlock(e->store);
	if (chance == NOT_KNOWN && f->phase == PHASE_HELD) {
		waiting_begin(e, f, hello, now);
	} else if (chance == NOT_KNOWN) {
		decline_flow(e, f, OUTCOME_DECLINED_NAME, now);
	} else if (chance == NOT_VERIFIABLE) {
		serve_reject(e, f, GATE_SIGNATURE, now);
	} else if (chance == NOT_OPENED) {
		decline_flow(e, f, OUTCOME_DECLINED_ERROR, now);
	} else if (chance == OPENED) {
		table_serve(e, f);
		record_answer(f, now);
		serve_drive(e, f, now);
		serve_flush(e, f, now);
		silence_begin(e, f, now);
	}
}

void serve_held(struct engine *e, struct engine_flow *f, usec_t now)
{
	const uint8_t *bytes;
	size_t len = tcp_read(&f->tcp, 0, &bytes);
	struct tls_hello hello;

	switch (tls_gate(bytes, len, &hello)) {
	case GATE_ACCEPT:
		record_hello(f, &hello, now);
		serve_hello(e, f, &hello, now);
		return;
	case GATE_REJECT:
		record_hello(f, &hello, now);
		serve_reject(e, f, hello.why, now);
		return;
	case GATE_MORE:
		break;
	}
	if (f->tcp.end != TCP_ALIVE || tcp_peer_closed(&f->tcp))
		decline_flow(e, f, OUTCOME_GONE_BEFORE_HELLO, now);
	else if (f->acknowledged)
		serve_flush(e, f, now);
}
