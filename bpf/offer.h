/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Handing a flow to the engine: does the kernel vouch for the segment, does an engine answer, is there room?
 *
 * Refuses: frames that could not be given back, segments with flags that no hello has, options that forbid adoption.
 */
#ifndef ALPNXDP_OFFER_H
#define ALPNXDP_OFFER_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "handoff.h"
#include "headers.h"
#include "maps.h"
#include "options.h"

/* Copies 0 < len <= room bytes of the packet; room is a power of two. The mask shows the verifier that it is so. */
static __always_inline bool load_bytes(struct xdp_md *ctx, __u32 offset, __u8 *out, __u32 len, __u32 room)
{
	len--;
	barrier_var(len);
	len = (len & (room - 1)) + 1;
	return !bpf_xdp_load_bytes(ctx, offset, out, len);
}

/* A global function: the verifier looks at it once. */
__noinline int walk_options(__u32 len)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);

	return s && options_parse(s->options, len, &s->parsed);
}

static __always_inline bool read_options(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	__u32 from = p->tcp_offset + sizeof(struct tcphdr);

	if (p->options_len && !load_bytes(ctx, from, s->options, p->options_len, OPTIONS_ROOM))
		return false;
	return walk_options(p->options_len);
}

/*
 * Does the kernel vouch for a segment as part of a hello that may be ours? A global function, too: the verifier trusts
 * nobody who calls it, so that pointers are compared with NULL here.
 */
__noinline int vouch(struct xdp_md *ctx, const struct packet *p, struct scratch *s, struct hello_start *start,
		     struct handoff *h)
{
	__u8 wrong = TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST | TCP_FLAG_URG;

	if (!p || !s || !start || !h)
		return REASON_KERNEL_NONE;
	if (p->frame_len > ALPNXDP_MAX_FRAME)
		return REASON_OVERSIZE;
	if ((p->flags & (wrong | TCP_FLAG_ACK)) != TCP_FLAG_ACK)
		return REASON_TCP_FLAGS;
	if (!read_options(ctx, p, s))
		return REASON_TCP_OPTION;
	return handoff_take(ctx, p, &s->parsed, start, h);
}

static __always_inline enum reason engine_answers(__u32 queue)
{
	if (!engine_alive(queue))
		return REASON_ENGINE_SILENT;
	return engine_listens(queue) ? REASON_NONE : REASON_NO_SOCKET;
}

/* The end of step 6: a hello for us, and the kernel's word for it. */
static __always_inline enum reason offer(struct xdp_md *ctx, const struct config *cfg, const struct packet *p,
					 struct flow *flow)
{
	__u32 queue = ctx->rx_queue_index;

	if (!credit_take(queue))
		return REASON_NO_CREDIT;
	flow->offered_ns = bpf_ktime_get_ns();
	flow->epoch = cfg->epoch;
	flow->queue = queue;
	flow->state = FLOW_OFFERED;
	flow_forget(&p->key); /* what a dead engine left */
	if (!flow_remember(&p->key, flow)) {
		credit_return(queue);
		return REASON_TABLE_FULL;
	}
	return REASON_OFFERED;
}

#endif
