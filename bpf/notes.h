/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes: what became of a hello, for people. Which ones are written is said at struct note in <alpnxdp/abi.h>.
 *
 * A flood must not pay for them: each queue has a credit that the engine gives again from time to time, and behind it a
 * hello costs a look at the queue's state and one addition. Nobody is woken; the engine looks several times a second.
 */
#ifndef ALPNXDP_NOTES_H
#define ALPNXDP_NOTES_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "maps.h"
#include "offer.h"
#include "undecided.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ALPNXDP_NOTES_BYTES);
} notes SEC(".maps");

static __always_inline bool note_is_from(const struct config *cfg, const struct scratch *s)
{
	const __u32 *a = (const void *)cfg->trace_from, *b = (const void *)s->packet.key.saddr;

	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

static __always_inline bool note_is_wanted(const struct config *cfg, const struct scratch *s, int reason)
{
	__u32 flags = cfg->flags & (CONFIG_TRACE | CONFIG_TRACE_FROM);

	if (s->walked.acme && reason != REASON_OFFERED)
		return true;
	if (!flags || reason == REASON_NOT_HELLO)
		return false;
	return flags & CONFIG_TRACE || note_is_from(cfg, s);
}

/*
 * Not atomic, unlike the credit for offers: a queue is one CPU's, and where two meet all the same a note more or less is
 * written.
 */
static __always_inline bool note_take(__u32 queue)
{
	struct queue_state *q = bpf_map_lookup_elem(&queues, &queue);

	if (!q)
		return false;
	if (q->notes > 0) {
		q->notes--;
		return true;
	}
	q->notes_lost++;
	return false;
}

static __always_inline void note_lost(__u32 queue)
{
	struct queue_state *q = bpf_map_lookup_elem(&queues, &queue);

	if (q)
		q->notes_lost++;
}

static __always_inline void note_fill(struct note *n, const struct xdp_md *ctx, const struct scratch *s)
{
	const struct packet *p = &s->packet;

	n->time_ns = bpf_ktime_get_ns();
	n->name = s->name;
	n->key = p->key;
	n->ifindex = ctx->ingress_ifindex;
	n->data_len = p->data_len;
	n->stream = s->walked.len;
	n->first = p->seq;
	n->queue = ctx->rx_queue_index;
	n->hello_len = s->walked.len < ALPNXDP_NOTE_HELLO ? s->walked.len : ALPNXDP_NOTE_HELLO;
	n->flags = 0;
	if (s->walked.acme)
		n->flags = s->walk.name_len ? NOTE_ACME | NOTE_NAME : NOTE_ACME;
	__builtin_memset(n->reserved, 0, sizeof(n->reserved));
}

/*
 * Eight bytes at a time, and in two halves: one alone would be too long for the compiler, which has no memcpy() to call. All
 * three places are aligned.
 */
static __always_inline void note_copy(struct note *n, const __u8 *bytes)
{
	struct half {
		__u64 words[ALPNXDP_NOTE_HELLO / 2 / 8];
	} *to = (void *)n->hello;
	const struct half *from = (const void *)bytes;

	to[0] = from[0];
	to[1] = from[1];
}

/* Into the ring itself: there is no room for a note on the stack. A global function, which the verifier looks at once. */
__noinline int note_write(struct xdp_md *ctx, __u32 reason, __u32 kernel)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	const struct hello_slot *slot;
	struct note *n;
	__u32 index;

	if (!s)
		return 0;
	index = s->walked.slot;
	slot = bpf_map_lookup_elem(&hellos, &index); /* none for ALPNXDP_NO_SLOT */
	n = bpf_ringbuf_reserve(&notes, sizeof(*n), 0);
	if (!n) {
		note_lost(ctx->rx_queue_index);
		return 0;
	}
	note_fill(n, ctx, s);
	n->reason = reason;
	n->kernel = kernel;
	note_copy(n, slot ? slot->bytes : s->hello);
	bpf_ringbuf_submit(n, BPF_RB_NO_WAKEUP);
	return 0;
}

/*
 * A note, if there is credit for one: beyond it a flood costs a look at the queue. "Not pending" is said before the kernel is
 * asked, so it is asked here: whoever reads the note wants to know whether the client is who it says.
 */
static __always_inline void note_hello(struct xdp_md *ctx, struct scratch *s, int reason)
{
	int kernel = reason;

	if (!note_take(ctx->rx_queue_index))
		return;
	if (reason == REASON_NOT_PENDING && s->walked.slot != ALPNXDP_NO_SLOT) {
		kernel = REASON_NONE; /* it vouched for every segment */
	} else if (reason == REASON_NOT_PENDING) {
		s->start = (struct hello_start){ .first = s->packet.seq, .known = true };
		kernel = vouch(ctx, &s->packet, s, &s->start, &s->unused);
	}
	note_write(ctx, reason, kernel);
}

#endif
