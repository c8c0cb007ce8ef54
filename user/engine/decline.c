/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Giving a flow back to the kernel: its bytes, in order, as segments that enter from the inside.
 *
 * The flow is marked first, so that the program lets its later segments pass; then what we hold is handed over. Frames
 * that were in the ring at that moment follow one by one (decline_frame() with the entry found DECLINED). The entry stays
 * for ENGINE_DECLINE_GRACE for their sake; afterwards the kernel has received data on the connection, and the program
 * does not offer it again.
 */
#include <string.h>
#include "engine/flow.h"

enum {
	GIVE_BACK_DATA = 1400
}; /* bytes of one segment: below any MTU of today, so that nothing on the way in minds */

static void give_back(struct engine *e, unsigned port, const uint8_t *frame, size_t len)
{
	if (len && !e->ports.give_back(e->ports.context, port, frame, len))
		e->counters.given_back_frames++;
	else
		e->counters.give_back_failed++;
}

void decline_frame(struct engine *e, const struct engine_frame *frame, const struct flow_key *key,
		   struct flow *entry)
{
	entry->state = FLOW_DECLINED;
	e->ports.flow_set(e->ports.context, frame->port, key, entry);
	net_complete(frame->bytes, frame->len, frame->iface->own_mac);
	give_back(e, frame->port, frame->bytes, frame->len);
}

static void give_back_segment(struct engine *e, struct engine_flow *f, const struct segment *seg)
{
	give_back(e, f->port, e->frame, net_encode(&f->in, seg, e->frame, sizeof(e->frame)));
}

/*
 * What has been received in order, acknowledging nothing of ours but the handshake. The timestamp is one that TCP has
 * accepted: anybody may have sent the latest segment, and a kernel that believed its value would take all that the
 * validator sends for old (RFC 7323 5.3).
 */
static void give_back_bytes(struct engine *e, struct engine_flow *f)
{
	const uint8_t *bytes;
	size_t left = tcp_read(&f->tcp, 0, &bytes);
	bool fin = tcp_peer_closed(&f->tcp);
	struct segment seg = f->last;

	seg.seq = f->entry.handoff.rcv_nxt;
	seg.ack = f->entry.handoff.snd_nxt;
	seg.has_ts = f->entry.handoff.flags & HANDOFF_TIMESTAMPS;
	seg.tsval = f->tcp.ts_recent;
	do {
		seg.data = bytes;
		seg.len = MIN(left, (size_t)GIVE_BACK_DATA);
		seg.flags = TCP_ACK | TCP_PSH;
		if (fin && seg.len == left)
			seg.flags |= TCP_FIN;
		give_back_segment(e, f, &seg);
		bytes += seg.len;
		seg.seq += (uint32_t)seg.len;
		left -= seg.len;
	} while (left);
}

void decline_remember(struct engine *e, unsigned port, const struct flow_key *key, usec_t now)
{
	if (e->declined_count == engine_share(e, ENGINE_DECLINED))
		decline_expire(e, e->declined[e->declined_first].due);
	e->declined[(e->declined_first + e->declined_count++) % ENGINE_DECLINED] =
		(struct declined){ .due = now + ENGINE_DECLINE_GRACE, .port = port, .key = *key };
}

void decline_flow(struct engine *e, struct engine_flow *f, enum engine_outcome outcome, usec_t now)
{
	const struct segment rst = { .flags = TCP_RST, .seq = f->entry.handoff.rcv_nxt };

	flow_mark(e, f, FLOW_DECLINED);
	if (f->tcp.end == TCP_RESET_BY_PEER)
		e->ports.silence(e->ports.context, f->port, e->frame,
				 net_encode(&f->in, &rst, e->frame, sizeof(e->frame)));
	else
		give_back_bytes(e, f);
	flow_count(e, f, outcome);
	record_declined(e, f);
	decline_remember(e, f->port, &f->in.key, now);
	flow_forget(e, f);
}

void decline_expire(struct engine *e, usec_t now)
{
	while (e->declined_count && e->declined[e->declined_first].due <= now) {
		const struct declined *d = &e->declined[e->declined_first];

		flow_end_entry(e, d->port, &d->key, FLOW_DECLINED);
		e->declined_first = (e->declined_first + 1) % ENGINE_DECLINED;
		e->declined_count--;
	}
}

/* The port's number may name another interface soon, and its maps are closed. */
void decline_port_gone(struct engine *e, unsigned port)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < e->declined_count; i++) {
		const struct declined *d = &e->declined[(e->declined_first + i) % ENGINE_DECLINED];

		if (d->port != port)
			e->declined[(e->declined_first + kept++) % ENGINE_DECLINED] = *d;
	}
	e->declined_count = kept;
}

usec_t decline_deadline(const struct engine *e)
{
	return e->declined_count ? e->declined[e->declined_first].due : USEC_NEVER;
}
