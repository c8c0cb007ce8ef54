/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hellos whose ALPN list came in a later segment. The earlier ones have passed to the kernel, which has acknowledged them
 * or is about to; the program kept a copy of their bytes. TCP is given that copy as received data.
 *
 * The slot may be taken by another flow at any time: it is copied first, and then judged by the copy.
 */
#include <string.h>
#include "engine/flow.h"

static bool copy_slot(struct engine *e, const struct arrival *a, const struct flow *entry)
{
	const struct hello_slot *slot = e->ports.hello_get(e->ports.context, a->frame->port, entry->slot);

	if (!slot)
		return false;
	memcpy(&e->hello, slot, sizeof(e->hello));
	return !memcmp(&e->hello.key, &a->path.key, sizeof(a->path.key)) &&
	       e->hello.first == entry->handoff.rcv_nxt;
}

bool remembered_fits(struct engine *e, const struct arrival *a, const struct flow *entry)
{
	if (entry->slot == ALPNXDP_NO_SLOT)
		return a->seg.seq == entry->handoff.rcv_nxt;
	return a->seg.seq - entry->handoff.rcv_nxt < ALPNXDP_MAX_HELLO && copy_slot(e, a, entry);
}

static bool has(const struct hello_slot *slot, size_t at)
{
	return slot->have[at / 64] >> (at % 64) & 1;
}

uint32_t remembered_passed(const struct engine *e, const struct segment *seg)
{
	uint32_t passed = 0;

	while (passed < seg->seq - e->hello.first && has(&e->hello, passed))
		passed++;
	return passed;
}

/* Every unbroken run of bytes is a segment with the timestamps of the one that has just come. */
void remembered_input(struct engine *e, struct engine_flow *f, const struct segment *seg, usec_t now)
{
	const struct hello_slot *slot = &e->hello;
	struct segment run = *seg;
	size_t from = 0, to;

	run.flags = TCP_ACK;
	while (from < ALPNXDP_MAX_HELLO) {
		for (to = from; to < ALPNXDP_MAX_HELLO && has(slot, to); to++)
			;
		if (to > from) {
			run.seq = slot->first + (uint32_t)from;
			run.data = slot->bytes + from;
			run.len = to - from;
			tcp_input(&f->tcp, &run, now);
			f->record.hello_segments++;
		}
		from = to + 1;
	}
}
