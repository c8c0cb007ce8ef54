// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs that are never attached: userspace runs them with BPF_PROG_TEST_RUN on frames that it made itself.
 *
 * inject_frame and inject_rst run on live frames, which go on from here into the receiving interface's own stack.
 * probe and peek run on a copy. Of probe only its return value is of interest; peek also writes into the copy.
 */
#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "handoff.h"
#include "headers.h"
#include "silence.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct found {
	enum probe_answer answer;
	__u32 rcv_nxt;
	__u32 snd_nxt; /* of a request */
	bool listener;
};

/* A web server behind DNAT: conntrack stands for its socket, until a RST has closed the entry. */
static __always_inline void find_elsewhere(struct xdp_md *ctx, const struct packet *p, struct found *out)
{
	struct conntrack c;

	if (!conntrack_find(ctx, p, &c))
		return;
	if (c.status & CT_DST_NAT && c.state != CT_CLOSE) {
		out->answer = PROBE_SOCKET;
		out->rcv_nxt = c.client.td_end;
	}
}

/* The kernel's connection of a segment. A listener is none, and neither is what only waits for stragglers. */
static __always_inline void find_connection(struct xdp_md *ctx, const struct packet *p, struct found *out)
{
	struct bpf_sock *sk = handoff_lookup(ctx, p);
	struct tcp_request_sock *request;
	struct tcp_sock *tp;

	if (!sk) {
		find_elsewhere(ctx, p, out);
		return;
	}
	if (sk->state == TCP_NEW_SYN_RECV) {
		request = bpf_skc_to_tcp_request_sock(sk);
		if (request) {
			out->answer = PROBE_REQUEST;
			out->rcv_nxt = request->rcv_isn + 1;
			out->snd_nxt = request->snt_isn + 1;
		}
	} else if (sk->state != TCP_LISTEN && sk->state != TCP_TIME_WAIT && sk->state != TCP_CLOSE) {
		tp = bpf_skc_to_tcp_sock(sk);
		if (tp) {
			out->answer = PROBE_SOCKET;
			out->rcv_nxt = tp->rcv_nxt;
		}
	}
	out->listener = sk->state == TCP_LISTEN;
	bpf_sk_release(sk);
	if (out->answer == PROBE_NONE)
		find_elsewhere(ctx, p, out);
}

SEC("xdp")
int inject_frame(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/*
 * Sets a RST's sequence number (silence.h); the one that the frame has already is the least that the kernel must have
 * come to, else it is dropped.
 */
SEC("xdp")
int inject_rst(struct xdp_md *ctx)
{
	struct found found = {};
	struct packet p = {};
	struct headers h;

	if (headers_parse(ctx, 0, &h) != REASON_NONE)
		return XDP_DROP;
	headers_read(ctx, &h, &p);
	find_connection(ctx, &p, &found);
	if (found.answer == PROBE_NONE || !silence_in_time(found.rcv_nxt, p.seq))
		return XDP_DROP;
	silence_set_seq(h.tcp, found.rcv_nxt);
	return XDP_PASS;
}

SEC("xdp")
int probe(struct xdp_md *ctx)
{
	struct found found = {};
	struct packet p = {};
	struct headers h;

	if (headers_parse(ctx, 0, &h) != REASON_NONE)
		return PROBE_NONE;
	headers_read(ctx, &h, &p);
	find_connection(ctx, &p, &found);
	return found.answer;
}

/*
 * For the self-check, whose SYN-ACK leaves the host unseen: the acknowledgement number that completes the handshake of a
 * request is written into the frame. (The checksum is left wrong: the copy goes nowhere.)
 */
SEC("xdp")
int peek(struct xdp_md *ctx)
{
	struct found found = {};
	struct packet p = {};
	struct headers h;

	if (headers_parse(ctx, 0, &h) != REASON_NONE)
		return PROBE_NONE;
	headers_read(ctx, &h, &p);
	find_connection(ctx, &p, &found);
	if (found.answer == PROBE_REQUEST)
		h.tcp->ack_seq = bpf_htonl(found.snd_nxt);
	if (found.answer == PROBE_NONE && found.listener)
		return PROBE_LISTENER;
	return found.answer;
}
