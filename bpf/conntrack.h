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

/* Set by userspace before the program is loaded. */
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

/* The entry of a segment in the direction in which the connection was made; for bpf_ct_release(), or NULL. */
static __always_inline struct nf_conn *conntrack_lookup(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_ct_opts options = { .netns_id = CT_ANY_NETNS, .l4proto = IPPROTO_TCP };
	struct bpf_sock_tuple t = {};
	struct nf_conn *ct;

	if (!use_conntrack || !bpf_xdp_ct_lookup || !bpf_ct_release)
		return NULL;
	tuple_fill(p, &t);
	if (p->ipv4)
		ct = bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv4), &options, CT_OPTIONS_SIZE);
	else
		ct = bpf_xdp_ct_lookup(ctx, &t, sizeof(t.ipv6), &options, CT_OPTIONS_SIZE);
	if (ct && options.dir) {
		bpf_ct_release(ct);
		return NULL;
	}
	return ct;
}

static __always_inline enum reason conntrack_judge(const struct nf_conn *ct, const struct packet *p,
						   struct hello_start *start)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	if ((tcp->seen[0].flags | tcp->seen[1].flags) & CT_FLAG_LIBERAL)
		return REASON_KERNEL_FEATURE;
	if (!(ct->status & CT_DST_NAT))
		return REASON_KERNEL_NONE;
	if (!(ct->status & CT_SEEN_REPLY))
		return REASON_KERNEL_STATE;
	/* In SYN_RECV the handshake's last ACK is in the same batch; the hello carries the same proof. */
	if (tcp->state != CT_SYN_RECV && !(tcp->state == CT_ESTABLISHED && ct->status & CT_ASSURED))
		return REASON_KERNEL_STATE;
	if (!handoff_seq_fits(start, tcp->seen[0].td_end, p->seq))
		return REASON_KERNEL_SEQ;
	if (p->ack != tcp->seen[1].td_end)
		return REASON_KERNEL_ACK;
	return REASON_NONE;
}

/*
 * The server's timestamp clock is unknown, but for what the hello echoes. Ours begins well ahead of it, since the server
 * may yet acknowledge a part of the hello with a later value; a jump forward is legal (RFC 7323 5.4).
 */
static __always_inline void conntrack_read(const struct nf_conn *ct, const struct packet *p,
					   const struct tcp_options *o, __u32 first, struct handoff *h)
{
	const struct ip_ct_tcp_state *client = &ct->proto.tcp.seen[0], *server = &ct->proto.tcp.seen[1];
	__u32 room = client->td_maxend - first;

	h->source = HANDOFF_CONNTRACK;
	h->rcv_nxt = first;
	h->snd_nxt = p->ack;
	h->rcv_wnd = (__s32)room > 0 ? room : 0;
	h->snd_wscale = client->td_scale;
	h->rcv_wscale = server->td_scale;
	h->snd_wnd = (__u32)p->window << (h->snd_wscale & 15);
	h->mss = p->ipv4 ? CT_MSS_IPV4 : CT_MSS_IPV6;
	if (client->flags & server->flags & CT_FLAG_SACK)
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
	struct nf_conn *ct = conntrack_lookup(ctx, p);
	enum reason reason;

	if (!ct)
		return REASON_KERNEL_NONE;
	reason = conntrack_judge(ct, p, start);
	if (reason == REASON_NONE)
		conntrack_read(ct, p, o, start->first, h);
	bpf_ct_release(ct);
	return reason;
}

#endif
