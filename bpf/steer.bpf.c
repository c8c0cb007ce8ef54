// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alpnxdp_steer: which packets go to the engine.
 *
 * Owns: the ladder of questions, cheapest first; the maps are in maps.h. One exit, one counter per reason; whatever
 * is not positively ours is XDP_PASS. It adjusts no frame, and changes no packet but one of a flow of ours (silence_by_ack()).
 *
 * The path of a bystander (headers, "config" and "live", one read of "marks", the first data byte) uses direct packet
 * access only. Bytes are copied, and the kernel is asked, only for what begins like a ClientHello.
 */
#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>
#include "handoff.h"
#include "headers.h"
#include "hello.h"
#include "maps.h"
#include "notes.h"
#include "offer.h"
#include "silence.h"
#include "undecided.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* For libxdp's dispatcher: early, since what follows should not see adopted flows; and what we pass goes on. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(alpnxdp_steer);

/* Step 0: in generic mode the frames that we inject come by here. */
static __always_inline bool is_injected(struct xdp_md *ctx, const struct config *cfg)
{
	struct cursor c = { .at = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end };
	const struct ethhdr *eth = c.at;
	__u32 i, difference = 0;

	if (!cursor_pass(&c, sizeof(*eth)))
		return false;
	for (i = 0; i < sizeof(eth->h_source); i++)
		difference |= eth->h_source[i] ^ cfg->own_mac[i];
	return !difference;
}

/* The rcv_nxt of the kernel's established connection. False: there is none. */
static __always_inline bool kernel_rcv_nxt(struct xdp_md *ctx, const struct packet *p, __u32 *rcv_nxt)
{
	struct bpf_sock *sk = handoff_lookup(ctx, p);
	struct tcp_sock *tp = NULL;
	bool found = false;

	if (!sk)
		return false;
	if (sk->state == TCP_ESTABLISHED)
		tp = bpf_skc_to_tcp_sock(sk);
	if (tp) {
		*rcv_nxt = tp->rcv_nxt;
		found = true;
	}
	bpf_sk_release(sk);
	return found;
}

/*
 * Turns an ACK without data into the RST that ends the kernel's half; true: it is to pass. It saves a live frame, 25 us of
 * the core that answers, and waking the engine for an ACK that it can learn of later. Options and window stay: a RST is
 * taken without a look at them.
 *
 * A frame that its sender left the checksum to hardware for (veth, virtio) has only the pseudo header's sum there, and is
 * not verified on this host.
 *
 * A global function, which the verifier looks at once.
 */
__noinline int silence_by_ack(struct xdp_md *ctx, __u32 least)
{
	struct packet p = {};
	struct headers h;
	__u32 rcv_nxt = 0, *flags, old;

	if (headers_parse(ctx, 0, &h) != REASON_NONE)
		return false;
	headers_read(ctx, &h, &p);
	if (!kernel_rcv_nxt(ctx, &p, &rcv_nxt) || !silence_in_time(rcv_nxt, least))
		return false;
	silence_set_seq(h.tcp, rcv_nxt);
	h.tcp->check = checksum_update(h.tcp->check, h.tcp->ack_seq, 0);
	h.tcp->ack_seq = 0;
	flags = (__u32 *)h.tcp + 3; /* between the length and the window */
	old = *flags;
	h.tcp->flags = TCP_FLAG_RST;
	h.tcp->check = checksum_update(h.tcp->check, old, *flags);
	return true;
}

/* Nothing but the acknowledgement of all that we have sent. */
static __always_inline bool is_bare_ack(const struct flow *flow, const struct headers *h)
{
	return !h->data_len && h->tcp->flags == TCP_FLAG_ACK && h->tcp->ack_seq == bpf_htonl(flow->sent);
}

static __always_inline bool silence(struct xdp_md *ctx, struct flow *flow, const struct headers *h)
{
	__u16 window = bpf_ntohs(h->tcp->window);

	if (flow->state != FLOW_SERVED || !is_bare_ack(flow, h))
		return false;
	if (!silence_by_ack(ctx, flow->handoff.rcv_nxt + flow->passed))
		return false;
	flow->window = window;
	flow->state = FLOW_SILENCED;
	return true;
}

/* What only the engine can finish. */
static __always_inline bool is_adopted(const struct flow *flow)
{
	return flow->state >= FLOW_ADOPTED && flow->state <= FLOW_SILENCED;
}

/*
 * Step 2: a flow of ours, by its state. A SYN ends an entry only where the connection is over: an adopted flow must
 * not die of a blind SYN (RFC 5961 4), and what is offered is still whole in the kernel, which judges SYNs itself.
 */
static __always_inline enum reason judge_flow(struct xdp_md *ctx, const struct config *cfg,
					      const struct headers *h)
{
	bool syn = h->tcp->flags & TCP_FLAG_SYN;
	struct flow_key key __attribute__((aligned(8))) = {};
	struct flow *flow;

	headers_key(h, &key);
	flow = bpf_map_lookup_elem(&flows, &key);
	if (!flow || flow->epoch != cfg->epoch)
		return REASON_NONE;
	if (flow->state == FLOW_OFFERED && !engine_alive(flow->queue)) {
		flow_forget(&key);
		return REASON_FLOW_STALE;
	}
	if (syn && !is_adopted(flow)) {
		if (flow->state != FLOW_OFFERED)
			flow_forget(&key);
		return REASON_FLOW_SYN;
	}
	if (flow->state == FLOW_DECLINED)
		return REASON_FLOW_DECLINED;
	if (silence(ctx, flow, h))
		return REASON_FLOW_SILENCE;
	return engine_listens(ctx->rx_queue_index) ? REASON_FLOW : REASON_FLOW_NO_SOCKET;
}

/*
 * The walk over scratch->hello, its first len bytes. A global function: the verifier looks at it once, by itself,
 * instead of once for each way through the headers.
 */
__noinline int walk_hello(__u32 len)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	enum hello_verdict verdict;

	if (!s || len > ALPNXDP_MAX_HELLO)
		return HELLO_NOT;
	verdict = hello_walk(s->hello, len, &s->walk);
	s->name = verdict == HELLO_ACME ? hello_name_hash(s->hello, &s->walk) : 0;
	s->walked = (struct walked){ .len = len, .slot = ALPNXDP_NO_SLOT, .acme = verdict == HELLO_ACME };
	return verdict;
}

static __always_inline bool is_pending(const struct config *cfg, const struct scratch *s)
{
	name_hash_t hash = s->name;

	if (cfg->flags & CONFIG_ANY_NAME)
		return true;
	if (s->walk.nameless) /* never ours, RFC 8737 3 */
		return false;
	if (!s->walk.name_len) /* not in view: only userspace will know */
		return true;
	return bpf_map_lookup_elem(&names, &hash);
}

/* Step 6 for a segment by itself: what does it begin? */
static __always_inline int walk_segment(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	__u32 len = p->data_len;

	if (!p->handshake)
		return HELLO_NOT;
	if (len > ALPNXDP_MAX_HELLO)
		len = ALPNXDP_MAX_HELLO;
	if (!load_bytes(ctx, p->data_offset, s->hello, len, ALPNXDP_MAX_HELLO))
		return HELLO_NOT;
	return walk_hello(len);
}

static __always_inline enum reason reason_of(int verdict)
{
	switch (verdict) {
	case HELLO_MORE:
		return REASON_HELLO_UNDECIDED;
	case HELLO_OTHER:
		return REASON_HELLO_OTHER;
	case HELLO_MALFORMED:
		return REASON_HELLO_MALFORMED;
	default:
		return REASON_NOT_HELLO;
	}
}

/* A hello with its ALPN list in its first segment, or so it seems. */
static __always_inline enum reason judge_acme(struct xdp_md *ctx, const struct config *cfg,
					      const struct packet *p, struct scratch *s, bool marked)
{
	struct hello_start start = { .first = p->seq, .known = true };
	struct flow flow = { .slot = ALPNXDP_NO_SLOT };
	enum reason reason;

	if (!is_pending(cfg, s))
		return REASON_NOT_PENDING;
	if (!marked)
		unmarked_count();
	reason = engine_answers(ctx->rx_queue_index);
	if (reason == REASON_NONE)
		reason = vouch(ctx, p, s, &start, &flow.handoff);
	return reason == REASON_NONE ? offer(ctx, cfg, p, &flow) : reason;
}

/* The first segment that comes of a hello: its beginning, or one that has overtaken it. It passes, and is kept. */
static __always_inline enum reason judge_undecided(struct xdp_md *ctx, const struct packet *p,
						   struct scratch *s, struct place *at, bool begins)
{
	struct hello_start start = { .first = p->seq, .known = begins };
	struct handoff unused = {};
	int reason = vouch(ctx, p, s, &start, &unused);

	/* A byte in the middle of a hello may look like a beginning. */
	if (reason == REASON_KERNEL_SEQ && begins && place_is_marked(at)) {
		start.known = begins = false;
		reason = vouch(ctx, p, s, &start, &unused);
	}
	if (reason == REASON_NONE && !begins && start.first == p->seq)
		reason = REASON_NOT_HELLO;
	if (reason != REASON_NONE) {
		place_leave(at, p);
		return begins ? reason : REASON_NOT_HELLO;
	}
	slot_begin(at->slot, &p->key, start.first);
	*at->mark = at->number;
	slot_add(ctx, at, p);
	return begins ? REASON_HELLO_UNDECIDED : REASON_HELLO_EARLY;
}

/*
 * A segment of a hello of which we have some already. The kernel may have some of it, too, but not its last byte: clients
 * repeat what they have not seen acknowledged, together with what comes next. So the kernel is asked about that byte.
 */
static __always_inline enum reason judge_later(struct xdp_md *ctx, const struct config *cfg,
					       const struct packet *p, struct scratch *s, struct place *at)
{
	struct hello_start start = { .first = at->slot->first, .known = true };
	struct flow flow = { .slot = at->index };
	__u32 last = p->seq - start.first + p->data_len - 1;
	int reason, verdict, len;

	s->end = *p;
	s->end.seq = start.first + (last < ALPNXDP_MAX_HELLO ? last : ALPNXDP_MAX_HELLO - 1);
	reason = vouch(ctx, &s->end, s, &start, &flow.handoff);
	if (reason != REASON_NONE)
		return reason;
	len = slot_add(ctx, at, p);
	verdict = len < 0 ? HELLO_OTHER : walk_slot(at->index, len);
	if (verdict == HELLO_MORE)
		return REASON_HELLO_UNDECIDED;
	place_decide(at);
	if (verdict != HELLO_ACME)
		return reason_of(verdict);
	if (!is_pending(cfg, s))
		return REASON_NOT_PENDING;
	reason = engine_answers(ctx->rx_queue_index);
	return reason == REASON_NONE ? offer(ctx, cfg, p, &flow) : reason;
}

static __always_inline int judge_segment(struct xdp_md *ctx, const struct config *cfg, struct scratch *s)
{
	const struct packet *p = &s->packet;
	struct place at;
	bool marked;
	int verdict;

	if (!place_find(p->place, &at))
		return REASON_NOT_HELLO;
	marked = place_is_marked(&at);
	if (marked && place_open(&p->key, &at) && slot_is_of(at.slot, p))
		return judge_later(ctx, cfg, p, s, &at);
	verdict = walk_segment(ctx, p, s);
	if (verdict == HELLO_MORE || (verdict == HELLO_NOT && marked))
		return place_open(&p->key, &at) ? judge_undecided(ctx, p, s, &at, verdict == HELLO_MORE)
						: REASON_NOT_HELLO;
	place_leave(&at, p);
	return verdict == HELLO_ACME ? judge_acme(ctx, cfg, p, s, marked) : reason_of(verdict);
}

/*
 * Step 6: data of a flow that may be in the middle of its hello, or that begins like one. A global function: bystanders
 * need no copies and no room on the stack for it, and the verifier looks at it once.
 */
__noinline int judge_hello(struct xdp_md *ctx)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	int reason;

	if (!s)
		return REASON_NOT_HELLO;
	s->walked = (struct walked){ .slot = ALPNXDP_NO_SLOT };
	reason = judge_segment(ctx, &config, s);
	if (note_is_wanted(&config, s, reason))
		note_hello(ctx, s, reason);
	return reason;
}

/* Step 5, for everybody: application data and other protocols stop at their first byte. */
static __always_inline bool begins_like_handshake(struct xdp_md *ctx, const struct headers *h)
{
	struct cursor c = { .at = h->tcp, .end = (void *)(long)ctx->data_end };
	const __u8 *first;

	if (!cursor_skip(&c, h->header_len))
		return false;
	first = c.at;
	return cursor_pass(&c, 1) && *first == 22;
}

/* Steps 4 and 5 for a segment with data. */
static __always_inline enum reason judge_data(struct xdp_md *ctx, const struct config *cfg,
					      const struct headers *h)
{
	bool handshake = begins_like_handshake(ctx, h);
	__u32 number = place_of(cfg, h);
	struct scratch *s;
	struct place at;

	if (!place_find(number, &at) || (!handshake && !place_is_marked(&at)))
		return REASON_NOT_HELLO;
	if (!place_is_marked(&at) && unmarked_spent())
		return REASON_NO_SYN;
	s = bpf_map_lookup_elem(&scratch, &zero);
	if (!s)
		return REASON_NOT_HELLO;
	s->packet = (struct packet){ .place = number, .handshake = handshake };
	headers_read(ctx, h, &s->packet);
	return judge_hello(ctx);
}

static __always_inline enum reason judge(struct xdp_md *ctx)
{
	const struct config *cfg = &config;
	enum reason reason;
	struct headers h;

	if (!cfg->armed && !flow_any())
		return REASON_UNARMED;
	if ((cfg->flags & CONFIG_GENERIC) && is_injected(ctx, cfg))
		return REASON_INJECTED;
	reason = headers_parse(ctx, cfg->port, &h);
	if (reason == REASON_NONE && flow_maybe(&h))
		reason = judge_flow(ctx, cfg, &h);
	if (reason != REASON_NONE)
		return reason;
	if (!cfg->armed)
		return REASON_UNARMED;
	if (h.data_len)
		return judge_data(ctx, cfg, &h);
	if (h.tcp->flags & TCP_FLAG_SYN)
		place_mark(place_of(cfg, &h));
	return REASON_NO_PAYLOAD;
}

/* In several buffers (jumbo frames): only the first is looked into, and no live frame could give it back. */
static __always_inline bool in_several_buffers(struct xdp_md *ctx)
{
	return bpf_xdp_get_buff_len(ctx) > ctx->data_end - ctx->data;
}

SEC("xdp.frags")
int alpnxdp_steer(struct xdp_md *ctx)
{
	__u32 reason = judge(ctx);
	__u64 *counter;

	if (reason == REASON_MALFORMED && in_several_buffers(ctx))
		reason = REASON_OVERSIZE;
	counter = bpf_map_lookup_elem(&counters, &reason);
	if (counter)
		(*counter)++;
	if (reason == REASON_FLOW || reason == REASON_OFFERED)
		return bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_PASS);
	return XDP_PASS;
}
