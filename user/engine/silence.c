/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ending the kernel's half without a sound: a RST that enters from the inside (DESIGN: "Silencing the kernel's half").
 *
 * Where the kernel has a socket the validator's ACK of our flight does it: the program makes it that RST, which costs
 * nothing. We learn of the ACK when we would repeat something. We look whether it is done when the flow is over, or after ENGINE_SILENCE_WAIT, and else send a RST of our own.
 *
 * The inject program fills in the sequence number that the kernel expects at that moment: one behind it would be
 * ignored, one ahead of it would bring out a challenge ACK (RFC 5961 3.2) on the wire. A request socket whose last ACK
 * still sits in GRO is left alone until it has become a socket: a RST that overtakes the ACK makes the kernel
 * answer the ACK with a RST of its own. The same holds for segments of the hello that passed before it was offered; until
 * the kernel has them the program drops the RST.
 */
#include <string.h>
#include "engine/flow.h"

#define REQUEST_POLL (5 * USEC_PER_MSEC)

static const usec_t retry_after[ENGINE_SILENCE_TRIES] = { 10 * USEC_PER_MSEC, 50 * USEC_PER_MSEC,
							  200 * USEC_PER_MSEC };

/* The last one asks no more what the kernel has: it may have dropped what passed. */
static size_t build_rst(struct engine *e, const struct engine_flow *f, bool last)
{
	const struct segment rst = { .flags = TCP_RST,
				     .seq = f->entry.handoff.rcv_nxt + (last ? 0 : f->passed) };

	return net_encode(&f->in, &rst, e->frame, sizeof(e->frame));
}

static void finish(struct engine_flow *f, uint64_t *counter)
{
	f->silence = SILENCE_OVER;
	(*counter)++;
}

static enum probe_answer probe(struct engine *e, const struct engine_flow *f, size_t len)
{
	return e->ports.probe(e->ports.context, f->port, e->frame, len);
}

/* True: the kernel knows the connection no more. */
static bool inject(struct engine *e, struct engine_flow *f, size_t len)
{
	e->ports.silence(e->ports.context, f->port, e->frame, len);
	return probe(e, f, len) == PROBE_NONE;
}

/*
 * The program is to do it with the ACK of our flight. Not for a web server behind DNAT, which has no socket here whose number
 * could be asked for; nor when more is to be sent, which an ACK lets out.
 */
static bool leave_to_program(struct engine *e, struct engine_flow *f)
{
	if (f->phase != PHASE_SERVED || f->entry.handoff.source == HANDOFF_CONNTRACK ||
	    !tcp_all_sent(&f->tcp, &f->entry.sent))
		return false;
	f->entry.passed = (uint16_t)f->passed;
	return flow_mark(e, f, FLOW_SERVED);
}

void silence_ask(struct engine *e, struct engine_flow *f, usec_t now)
{
	struct flow entry;

	if (f->entry.state != FLOW_SERVED || !tcp_unacked(&f->tcp))
		return;
	if (!e->ports.flow_get(e->ports.context, f->port, &f->in.key, &entry) || entry.state != FLOW_SILENCED)
		return;
	f->entry.state = FLOW_SILENCED;
	tcp_acknowledged(&f->tcp, entry.sent, entry.window, now);
}

void silence_begin(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (f->silence != SILENCE_NOT_YET)
		return;
	f->silence = SILENCE_DUE;
	f->silence_at = leave_to_program(e, f) ? now + ENGINE_SILENCE_WAIT : now;
	silence_step(e, f, now);
}

void silence_finished(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (f->silence == SILENCE_DUE && !f->silence_tries)
		f->silence_at = now;
	silence_step(e, f, now);
}

void silence_step(struct engine *e, struct engine_flow *f, usec_t now)
{
	enum probe_answer kernel;
	size_t len;

	if (f->silence != SILENCE_DUE || now < f->silence_at)
		return;
	len = build_rst(e, f, f->silence_tries == ENGINE_SILENCE_TRIES);
	kernel = probe(e, f, len);
	if (kernel == PROBE_REQUEST && now - f->born < ENGINE_REQUEST_WAIT) {
		f->silence_at = now + REQUEST_POLL;
		return;
	}
	if (kernel == PROBE_NONE || inject(e, f, len)) {
		finish(f, &e->counters.silenced);
		return;
	}
	if (f->silence_tries == ENGINE_SILENCE_TRIES) {
		finish(f, &e->counters.unsilenced);
		return;
	}
	f->silence_at = now + retry_after[f->silence_tries++];
}

void silence_now(struct engine *e, struct engine_flow *f)
{
	if (f->silence != SILENCE_DUE)
		return;
	finish(f, inject(e, f, build_rst(e, f, true)) ? &e->counters.silenced : &e->counters.unsilenced);
}
