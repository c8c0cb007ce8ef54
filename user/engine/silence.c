/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ending the kernel's half without a sound: a RST that enters from the inside (DESIGN: "Silencing the kernel's half").
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
	const struct segment rst = { .flags = TCP_RST, .seq = f->handoff.rcv_nxt + (last ? 0 : f->passed) };

	return net_encode(&f->in, &rst, e->frame, sizeof(e->frame));
}

static void finish(struct engine_flow *f, uint64_t *counter)
{
	f->silence = SILENCE_OVER;
	(*counter)++;
}

/* True: the kernel knows the connection no more. */
static bool inject(struct engine *e, struct engine_flow *f, size_t len)
{
	e->ports.silence(e->ports.context, f->port, e->frame, len);
	return e->ports.probe(e->ports.context, f->port, e->frame, len) == PROBE_NONE;
}

void silence_begin(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (f->silence != SILENCE_NOT_YET)
		return;
	f->silence = SILENCE_DUE;
	f->silence_at = now;
	silence_step(e, f, now);
}

void silence_step(struct engine *e, struct engine_flow *f, usec_t now)
{
	size_t len;

	if (f->silence != SILENCE_DUE || now < f->silence_at)
		return;
	len = build_rst(e, f, f->silence_tries == ENGINE_SILENCE_TRIES);
	if (f->handoff.source == HANDOFF_REQUEST && now - f->born < ENGINE_REQUEST_WAIT &&
	    e->ports.probe(e->ports.context, f->port, e->frame, len) == PROBE_REQUEST) {
		f->silence_at = now + REQUEST_POLL;
		return;
	}
	if (inject(e, f, len)) {
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
