/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's TCP state of a flow -> struct handoff.
 *
 * Owns: the question whether a connection may be adopted at all. Each condition that fails has its own reason, so
 * that `status` can say why a validation was left to the web server. What the kernel does not vouch for, number by
 * number, is refused: a spoofed packet never gets an answer.
 * Refuses: MPTCP, TCP-MD5, TCP-AO, Fast Open (still SYN_RECV, or bytes received with the SYN), a socket that has sent
 * a byte or received another than the hello's, SYN cookies (only the listener is there), a route that leads another way.
 */
#ifndef ALPNXDP_HANDOFF_H
#define ALPNXDP_HANDOFF_H

#include <bpf/bpf_core_read.h>
#include "conntrack.h"
#include "headers.h"
#include "options.h"

enum {
	HANDOFF_MIN_MSS = 48, /* as the kernel's own floor (TCP_MIN_SND_MSS) */
	HANDOFF_ECHO_MAX_MS =
		600000, /* no web server waits longer for a hello: an older echo is none of ours */
};

/* The connection of a segment: a socket, request socket or listener, to be given to bpf_sk_release(); or NULL. */
static __always_inline struct bpf_sock *handoff_lookup(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock_tuple t = {};

	if (p->ipv4) {
		tuple_fill(p, &t);
		return bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);
	}
	tuple_fill(p, &t);
	return bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv6), BPF_F_CURRENT_NETNS, 0);
}

/*
 * The kernel's timestamp clock is monotonic time plus an offset per connection. The hello must echo a value that it
 * can have sent, and carry none older than the latest that the kernel saw (PAWS, RFC 7323 5.3).
 */
static __always_inline bool handoff_timestamps_fit(const struct handoff *h, const struct tcp_options *o)
{
	bool usec = h->flags & HANDOFF_TS_USEC;
	__u64 now = bpf_ktime_get_ns() / (usec ? 1000 : 1000000);
	__u32 age;

	if (!(h->flags & HANDOFF_TIMESTAMPS))
		return true;
	age = (__u32)now + h->ts_offset - o->ts_echo;
	return o->has_timestamp && age <= HANDOFF_ECHO_MAX_MS * (usec ? 1000u : 1u) &&
	       (__s32)(o->ts_value - h->ts_recent) >= 0;
}

static __always_inline bool handoff_socket_signed(struct tcp_sock *tp)
{
	return (bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp) ||
	       (bpf_core_field_exists(tp->md5sig_info) && tp->md5sig_info) ||
	       (bpf_core_field_exists(tp->ao_info) && tp->ao_info);
}

/*
 * Does the kernel answer by the way the segment came? The device of its route is compared with the one this program
 * sits on, and with the one on which the kernel counts the flow as received: above a VLAN tag, a bridge or a bond
 * that is another device, but the same wire. No cached route: nothing contradicts.
 */
static __always_inline bool handoff_route_fits(struct xdp_md *ctx, struct sock *sk)
{
	struct dst_entry *dst = sk->sk_dst_cache;
	int out;

	if (!dst)
		return true;
	out = dst->dev->ifindex;
	return out == (int)ctx->ingress_ifindex || out == sk->sk_rx_dst_ifindex;
}

static __always_inline void handoff_read_socket(struct tcp_sock *tp, __u32 first, struct handoff *h)
{
	__u32 unread = first - tp->rcv_wup, window = tp->rcv_wnd;
	__u32 mss = tp->mss_cache;

	h->source = HANDOFF_SOCKET;
	h->rcv_nxt = first;
	h->snd_nxt = tp->snd_nxt;
	h->snd_wnd = tp->snd_wnd;
	h->rcv_wnd = (__s32)(window - unread) > 0 ? window - unread : 0;
	h->ts_offset = tp->tsoffset;
	h->ts_recent = tp->rx_opt.ts_recent;
	h->srtt_us = tp->srtt_us >> 3;
	h->mss = mss > 0xffff ? 0xffff : mss;
	/* The macro finds a bitfield only when it is rooted at the outermost structure. */
	h->snd_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.snd_wscale);
	h->rcv_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.rcv_wscale);
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		h->flags |= HANDOFF_TIMESTAMPS;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok))
		h->flags |= HANDOFF_SACK;
	if (bpf_core_field_exists(tp->tcp_usec_ts) && BPF_CORE_READ_BITFIELD(tp, tcp_usec_ts))
		h->flags |= HANDOFF_TS_USEC;
}

static __always_inline enum reason handoff_from_socket(struct xdp_md *ctx, struct tcp_sock *tp,
						       const struct packet *p, struct hello_start *start,
						       struct handoff *h)
{
	if (handoff_socket_signed(tp))
		return REASON_KERNEL_FEATURE;
	if (tp->fastopen_rsk) /* Fast Open: the handshake is not complete, whatever has been received */
		return REASON_KERNEL_STATE;
	if (tp->bytes_sent || tp->write_seq != tp->snd_nxt || tp->snd_una != tp->snd_nxt)
		return REASON_KERNEL_STATE;
	if (!handoff_seq_fits(start, tp->rcv_nxt, p->seq))
		return REASON_KERNEL_SEQ;
	/* What it has received is the beginning of this hello, and nothing before it. */
	if (tp->bytes_received != tp->rcv_nxt - start->first)
		return REASON_KERNEL_STATE;
	if (p->ack != tp->snd_nxt)
		return REASON_KERNEL_ACK;
	if (!handoff_route_fits(ctx, &tp->inet_conn.icsk_inet.sk))
		return REASON_ROUTE;
	handoff_read_socket(tp, start->first, h);
	return REASON_NONE;
}

static __always_inline void handoff_read_request(struct tcp_request_sock *r, __u16 window, struct handoff *h)
{
	__u32 offered = r->req.req.__req_common.skc_rcv_wnd;

	h->source = HANDOFF_REQUEST;
	h->rcv_nxt = r->rcv_isn + 1;
	h->snd_nxt = r->snt_isn + 1;
	h->rcv_wnd =
		offered > 0xffff ? 0xffff : offered; /* the SYN-ACK's window is never scaled, RFC 7323 2.2 */
	h->ts_offset = r->ts_off;
	h->ts_recent = r->req.req.ts_recent;
	h->mss = r->req.req.mss;
	h->snd_wscale = BPF_CORE_READ_BITFIELD(r, req.snd_wscale);
	h->rcv_wscale = BPF_CORE_READ_BITFIELD(r, req.rcv_wscale);
	h->snd_wnd = (__u32)window << (h->snd_wscale & 15);
	if (BPF_CORE_READ_BITFIELD(r, req.tstamp_ok)) {
		h->flags |= HANDOFF_TIMESTAMPS;
		h->mss = h->mss > HANDOFF_TIMESTAMP_ROOM ? h->mss - HANDOFF_TIMESTAMP_ROOM : 0;
	}
	if (BPF_CORE_READ_BITFIELD(r, req.sack_ok))
		h->flags |= HANDOFF_SACK;
	if (bpf_core_field_exists(r->req_usec_ts) && r->req_usec_ts)
		h->flags |= HANDOFF_TS_USEC;
}

/* TCP-MD5 leaves no mark on a request socket; the option in the hello itself gives it away. */
static __always_inline enum reason handoff_from_request(struct tcp_request_sock *r, const struct packet *p,
							struct hello_start *start, struct handoff *h)
{
	if ((bpf_core_field_exists(r->is_mptcp) && r->is_mptcp) ||
	    (bpf_core_field_exists(r->used_tcp_ao) && r->used_tcp_ao))
		return REASON_KERNEL_FEATURE;
	if (!handoff_seq_fits(start, r->rcv_isn + 1, p->seq) || start->first != r->rcv_isn + 1)
		return REASON_KERNEL_SEQ;
	if (p->ack != r->snt_isn + 1)
		return REASON_KERNEL_ACK;
	handoff_read_request(r, p->window, h);
	return REASON_NONE;
}

static __always_inline enum reason handoff_read(struct xdp_md *ctx, struct bpf_sock *sk,
						const struct packet *p, struct hello_start *start,
						struct handoff *h)
{
	struct tcp_request_sock *request;
	struct tcp_sock *tp;

	switch (sk->state) {
	case TCP_SYN_RECV: /* between two lines of tcp_check_req(), as another CPU takes the handshake's last ACK */
	case TCP_ESTABLISHED:
		tp = bpf_skc_to_tcp_sock(sk);
		return tp ? handoff_from_socket(ctx, tp, p, start, h) : REASON_KERNEL_FEATURE;
	case TCP_NEW_SYN_RECV:
		request = bpf_skc_to_tcp_request_sock(sk);
		/* Not the plain protocol's: the requests of an MPTCP listener. */
		return request ? handoff_from_request(request, p, start, h) : REASON_KERNEL_FEATURE;
	case TCP_LISTEN:
		return REASON_KERNEL_LISTENER;
	default:
		return REASON_KERNEL_STATE;
	}
}

/* From the kernel's socket; REASON_KERNEL_NONE or REASON_KERNEL_LISTENER when there is no connection here. */
static __always_inline enum reason handoff_local(struct xdp_md *ctx, const struct packet *p,
						 const struct tcp_options *o, struct hello_start *start,
						 struct handoff *h)
{
	struct bpf_sock *sk = handoff_lookup(ctx, p);
	enum reason reason;

	if (!sk)
		return REASON_KERNEL_NONE;
	reason = handoff_read(ctx, sk, p, start, h);
	bpf_sk_release(sk);
	if (reason == REASON_NONE && !handoff_timestamps_fit(h, o))
		return REASON_KERNEL_TIMESTAMP;
	return reason;
}

/*
 * Fills h, which must be all zero, and start->first if it was not known. REASON_NONE, or why the kernel's connection may
 * not be adopted. A listener here does not mean that the connection is for it: DNAT comes first.
 */
static __always_inline enum reason handoff_take(struct xdp_md *ctx, const struct packet *p,
						const struct tcp_options *o, struct hello_start *start,
						struct handoff *h)
{
	enum reason reason = handoff_local(ctx, p, o, start, h);

	if (reason == REASON_KERNEL_NONE || reason == REASON_KERNEL_LISTENER) {
		enum reason elsewhere = conntrack_take(ctx, p, o, start, h);

		reason = elsewhere == REASON_KERNEL_NONE ? reason : elsewhere;
	}
	if (reason == REASON_NONE && h->mss < HANDOFF_MIN_MSS)
		h->mss = HANDOFF_MIN_MSS;
	return reason;
}

#endif
