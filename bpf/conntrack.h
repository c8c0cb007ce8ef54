/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handoff of a connection whose web server is elsewhere: in a container or another namespace behind DNAT. There is no
 * socket on this host; conntrack has followed the connection, and knows the numbers.
 *
 * Conntrack alone is not proof: it picks up a connection from a bare ACK (tcp_loose), which anybody can spoof. So the
 * server must have been heard, the handshake be complete, and what the hello acknowledges be exactly what conntrack
 * has seen of the server.
 * Refuses: what is not DST_NAT (a router's or a bridge's flows are not this host's), liberal entries.
 *
 * The functions live in the kernel, or in its module nf_conntrack. Where there is none, the calls are dead code; where
 * the verifier refuses them (6.1, under libxdp's dispatcher: EACCES) userspace loads the program once more with
 * use_conntrack unset.
 */
#ifndef ALPNXDP_CONNTRACK_H
#define ALPNXDP_CONNTRACK_H

#include <bpf/bpf_core_read.h>
#include "headers.h"
#include "options.h"
#include "segment.h"

/*
 * Set by userspace before the program is loaded. The functions' own addresses cannot be asked for: libbpf 1.1 looks for
 * what is in a module in the kernel itself, and the load fails even where the question is never reached.
 */
const volatile bool use_conntrack = true;

enum {
	CT_ANY_NETNS = -1,    /* the one of the packet's device */
	CT_OPTIONS_SIZE = 12, /* of struct bpf_ct_opts as all kernels take it */
	CT_SEEN_REPLY = 1 << 1,
	CT_ASSURED = 1 << 2,
	CT_DST_NAT = 1 << 5,
	CT_SYN_RECV = 2,
	CT_ESTABLISHED = 3,
	CT_CLOSE = 8,
	CT_FLAG_SACK = 0x02,
	CT_FLAG_LIBERAL = 0x08,
	CT_CLOCK_JUMP_MS = 10000, /* how far ahead of the server's last timestamp ours begin */
	CT_MSS_IPV4 = 536,        /* RFC 9293 3.7.1: conntrack does not know what was negotiated */
	CT_MSS_IPV6 = 1220,
};

struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_size,
				  struct bpf_ct_opts *options, __u32 options_size) __ksym __weak;
void bpf_ct_release(struct nf_conn *ct) __ksym __weak;

/* What conntrack knows of a TCP connection. */
struct conntrack {
	struct conntrack_end {
		__u32 td_end;
		__u32 td_maxend;
		__u8 td_scale;
		__u8 flags;
	} client, server;
	unsigned long status;
	__u8 state;
};

#define CONNTRACK_END(ct, number)                                                 \
	{                                                                         \
		.td_end = BPF_CORE_READ(ct, proto.tcp.seen[number].td_end),       \
		.td_maxend = BPF_CORE_READ(ct, proto.tcp.seen[number].td_maxend), \
		.td_scale = BPF_CORE_READ(ct, proto.tcp.seen[number].td_scale),   \
		.flags = BPF_CORE_READ(ct, proto.tcp.seen[number].flags),         \
	}

/*
 * The entry of a segment in the direction in which the connection was made. Copied, and the pointer to it asked only once
 * whether it is NULL: the verifier of Linux 6.1 takes a union for its first member (nf_ct_dccp instead of ip_ct_tcp), and
 * believes that a pointer which was seen not to be NULL may be NULL later on.
 */
static __always_inline bool conntrack_find(struct xdp_md *ctx, const struct packet *p, struct conntrack *out)
{
	struct bpf_ct_opts options = { .netns_id = CT_ANY_NETNS, .l4proto = IPPROTO_TCP };
	struct bpf_sock_tuple t = {};
	struct nf_conn *ct;

	if (!use_conntrack)
		return false;
	tuple_fill(p, &t);
	if (p->ipv4)
		ct = bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv4), &options, CT_OPTIONS_SIZE);
	else
		ct = bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv6), &options, CT_OPTIONS_SIZE);
	if (!ct)
		return false;
	*out = (struct conntrack){
		.client = CONNTRACK_END(ct, 0),
		.server = CONNTRACK_END(ct, 1),
		.status = ct->status,
		.state = BPF_CORE_READ(ct, proto.tcp.state),
	};
	bpf_ct_release(ct);
	return !options.dir;
}

static __always_inline enum reason conntrack_judge(const struct conntrack *c, const struct packet *p,
						   struct hello_start *start)
{
	if ((c->client.flags | c->server.flags) & CT_FLAG_LIBERAL)
		return REASON_KERNEL_FEATURE;
	if (!(c->status & CT_DST_NAT))
		return REASON_KERNEL_NONE;
	if (!(c->status & CT_SEEN_REPLY))
		return REASON_KERNEL_STATE;
	/* In SYN_RECV the handshake's last ACK is in the same batch; the hello carries the same proof. */
	if (c->state != CT_SYN_RECV && !(c->state == CT_ESTABLISHED && c->status & CT_ASSURED))
		return REASON_KERNEL_STATE;
	if (!handoff_seq_fits(start, c->client.td_end, p->seq))
		return REASON_KERNEL_SEQ;
	if (p->ack != c->server.td_end)
		return REASON_KERNEL_ACK;
	return REASON_NONE;
}

/*
 * The server's timestamp clock is unknown, but for what the hello echoes. Ours begins well ahead of it, since the server
 * may yet acknowledge a part of the hello with a later value; a jump forward is legal (RFC 7323 5.4).
 */
static __always_inline void conntrack_read(const struct conntrack *c, const struct packet *p,
					   const struct tcp_options *o, __u32 first, struct handoff *h)
{
	__u32 room = c->client.td_maxend - first;

	h->source = HANDOFF_CONNTRACK;
	h->rcv_nxt = first;
	h->snd_nxt = p->ack;
	h->rcv_wnd = (__s32)room > 0 ? room : 0;
	h->snd_wscale = c->client.td_scale;
	h->rcv_wscale = c->server.td_scale;
	h->snd_wnd = (__u32)p->window << (h->snd_wscale & 15);
	h->mss = p->ipv4 ? CT_MSS_IPV4 : CT_MSS_IPV6;
	if (c->client.flags & c->server.flags & CT_FLAG_SACK)
		h->flags |= HANDOFF_SACK;
	if (!o->has_timestamp)
		return;
	h->flags |= HANDOFF_TIMESTAMPS;
	h->ts_recent = o->ts_value;
	h->ts_offset = o->ts_echo + CT_CLOCK_JUMP_MS - (__u32)(bpf_ktime_get_ns() / 1000000);
	h->mss -= HANDOFF_TIMESTAMP_ROOM;
}

/* As handoff_take(), from conntrack. */
static __always_inline enum reason conntrack_take(struct xdp_md *ctx, const struct packet *p,
						  const struct tcp_options *o, struct hello_start *start,
						  struct handoff *h)
{
	struct conntrack c;
	enum reason reason;

	if (!conntrack_find(ctx, p, &c))
		return REASON_KERNEL_NONE;
	reason = conntrack_judge(&c, p, start);
	if (reason == REASON_NONE)
		conntrack_read(&c, p, o, start->first, h);
	return reason;
}

#endif
