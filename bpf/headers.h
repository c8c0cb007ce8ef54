/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethernet to TCP, by direct packet access.
 *
 * Owns: the walk through 802.1Q and QinQ tags, IPv4 with options, IPv6 with extension headers, and the TCP header.
 * Lengths are those of the IP header, so the padding of short Ethernet frames is never taken for data.
 * Refuses: fragments, more than two tags, more than six extension headers, authentication and encryption headers,
 * jumbograms, a frame shorter than its IP length.
 */
#ifndef ALPNXDP_HEADERS_H
#define ALPNXDP_HEADERS_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum {
	HEADERS_MAX_TAGS = 2,
	HEADERS_MAX_EXTENSIONS = 6,
	REASON_NONE = NUM_REASONS, /* nothing decided yet: the ladder goes on */
};

/*
 * A TCP segment where it lies in the frame: all that most packets are asked for. It stays in registers; of other traffic
 * and of a web server's established connections nothing is copied.
 */
struct headers {
	void *ip;           /* struct iphdr or ipv6hdr */
	struct tcphdr *tcp; /* verified to lie within the frame, without options */
	__u32 header_len;   /* of TCP, with options: 20 to 60 */
	__u32 data_len;
	bool ipv4;
};

/* The same written down, for what is asked of few: hellos, and flows of ours. All in host order but key. */
struct packet {
	struct flow_key key;
	__u32 tcp_offset;  /* from the start of the frame */
	__u32 data_offset; /* likewise */
	__u32 data_len;
	__u32 frame_len;
	__u32 seq;
	__u32 ack;
	__u32 place; /* of the ladder: see undecided.h */
	__u16 window;
	__u8 flags;
	__u8 options_len;
	bool ipv4;
	bool handshake; /* of the ladder: the data begins with a byte that a hello begins with */
};

struct cursor {
	void *at;
	void *end;
};

/*
 * Goes over the next len bytes if they are there. The verifier understands exactly this comparison; a caller takes c->at
 * before, so that the compiler has no NULL to ask about.
 */
static __always_inline bool cursor_pass(struct cursor *c, __u32 len)
{
	if (c->at + len > c->end)
		return false;
	c->at += len;
	return true;
}

static __always_inline __u32 cursor_left(const struct cursor *c, const void *from)
{
	return c->end - from;
}

/* As cursor_pass(), for a length that the packet says: below 2048 by its nature, which the verifier must be shown. */
static __always_inline bool cursor_skip(struct cursor *c, __u32 len)
{
	barrier_var(len);
	return cursor_pass(c, len & 0x7ff);
}

static __always_inline enum reason headers_ethernet(struct cursor *c, __be16 *proto)
{
	const struct ethhdr *eth = c->at;
	const struct vlan_hdr *tag;
	int i;

	if (!cursor_pass(c, sizeof(*eth)))
		return REASON_MALFORMED;
	*proto = eth->h_proto;
	for (i = 0; i < HEADERS_MAX_TAGS; i++) {
		if (*proto != bpf_htons(ETH_P_8021Q) && *proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = c->at;
		if (!cursor_pass(c, sizeof(*tag)))
			return REASON_MALFORMED;
		*proto = tag->encapsulated_proto;
	}
	return REASON_NONE;
}

/* *len: of what follows the header. */
static __always_inline enum reason headers_ipv4(struct cursor *c, struct headers *h, __u32 *len)
{
	struct iphdr *ip = c->at;
	__u32 header, total;

	if (!cursor_pass(c, sizeof(*ip)) || ip->version != 4 || ip->ihl < 5)
		return REASON_MALFORMED;
	if (ip->protocol != IPPROTO_TCP)
		return REASON_NOT_TCP;
	if (ip->frag_off & bpf_htons(0x3fff)) /* more fragments, or an offset */
		return REASON_FRAGMENT;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (total < header || cursor_left(c, ip) < total || !cursor_skip(c, header - sizeof(*ip)))
		return REASON_MALFORMED;
	*len = total - header;
	h->ip = ip;
	h->ipv4 = true;
	return REASON_NONE;
}

/* Walks to the TCP header; *len shrinks by what is walked over. */
static __always_inline enum reason headers_ipv6_extensions(struct cursor *c, __u8 next, __u32 *len)
{
	const struct ipv6_opt_hdr *ext;
	__u32 size;
	int i;

	for (i = 0; i < HEADERS_MAX_EXTENSIONS; i++) {
		if (next == IPPROTO_TCP)
			return REASON_NONE;
		if (next == IPPROTO_FRAGMENT)
			return REASON_FRAGMENT;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			return REASON_NOT_TCP;
		ext = c->at;
		if (!cursor_pass(c, sizeof(*ext)))
			return REASON_MALFORMED;
		next = ext->nexthdr;
		size = (ext->hdrlen + 1) * 8;
		if (size > *len || !cursor_skip(c, size - sizeof(*ext)))
			return REASON_MALFORMED;
		*len -= size;
	}
	return next == IPPROTO_TCP ? REASON_NONE : REASON_NOT_TCP;
}

static __always_inline enum reason headers_ipv6(struct cursor *c, struct headers *h, __u32 *len)
{
	struct ipv6hdr *ip = c->at;

	if (!cursor_pass(c, sizeof(*ip)) || ip->version != 6)
		return REASON_MALFORMED;
	*len = bpf_ntohs(ip->payload_len);
	if (cursor_left(c, c->at) < *len)
		return REASON_MALFORMED;
	h->ip = ip;
	h->ipv4 = false;
	return headers_ipv6_extensions(c, ip->nexthdr, len);
}

/* port: in network order; 0: any. The port is asked first, so that a bystander's other fields are never read. */
static __always_inline enum reason headers_tcp(struct cursor *c, struct headers *h, __u32 len, __be16 port)
{
	struct tcphdr *tcp = c->at;

	if (!cursor_pass(c, sizeof(*tcp)))
		return REASON_MALFORMED;
	if (port && tcp->dest != port)
		return REASON_OTHER_PORT;
	h->header_len = tcp->doff * 4;
	if (h->header_len < sizeof(*tcp) || h->header_len > len)
		return REASON_MALFORMED;
	h->tcp = tcp;
	h->data_len = len - h->header_len;
	return REASON_NONE;
}

/* Fills h. REASON_NONE, or why this is no TCP segment to that port. */
static __always_inline enum reason headers_parse(struct xdp_md *ctx, __be16 port, struct headers *h)
{
	struct cursor c = { .at = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end };
	enum reason reason;
	__be16 proto;
	__u32 len;

	reason = headers_ethernet(&c, &proto);
	if (reason != REASON_NONE)
		return reason;
	if (proto == bpf_htons(ETH_P_IP))
		reason = headers_ipv4(&c, h, &len);
	else if (proto == bpf_htons(ETH_P_IPV6))
		reason = headers_ipv6(&c, h, &len);
	else
		reason = REASON_NOT_IP;
	return reason == REASON_NONE ? headers_tcp(&c, h, len, port) : reason;
}

/*
 * The flow's key, which must be all zero, and aligned. Written in words, as the kernel's hash will read it: a word put
 * together from two stores costs the load that follows some 5 ns.
 */
static __always_inline void headers_key(const struct headers *h, struct flow_key *key)
{
	const __be32 mapped = bpf_htonl(0xffff);
	const struct iphdr *four = h->ip;
	const struct ipv6hdr *six = h->ip;

	if (h->ipv4) {
		__builtin_memcpy(key->saddr + 8, &mapped, 4);
		__builtin_memcpy(key->daddr + 8, &mapped, 4);
		__builtin_memcpy(key->saddr + 12, &four->saddr, 4);
		__builtin_memcpy(key->daddr + 12, &four->daddr, 4);
	} else {
		__builtin_memcpy(key->saddr, six->saddr, 16);
		__builtin_memcpy(key->daddr, six->daddr, 16);
	}
	__builtin_memcpy(&key->sport, &h->tcp->source, 4); /* both ports */
}

/* As live_crowd_of() of the flow's key. */
static __always_inline __u32 headers_crowd(const struct headers *h)
{
	const struct iphdr *four = h->ip;
	const struct ipv6hdr *six = h->ip;
	__u32 ports = *(const __u32 *)&h->tcp->source;

	if (h->ipv4)
		return live_crowd(four->saddr ^ bpf_htonl(0xffff), ports);
	return live_crowd(six->saddr[0] ^ six->saddr[1] ^ six->saddr[2] ^ six->saddr[3], ports);
}

/* Writes all of it down in p, which must be all zero; the ladder's own fields are left. */
static __always_inline void headers_read(struct xdp_md *ctx, const struct headers *h, struct packet *p)
{
	const struct tcphdr *tcp = h->tcp;

	headers_key(h, &p->key);
	p->ipv4 = h->ipv4;
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack_seq);
	p->window = bpf_ntohs(tcp->window);
	p->flags = tcp->flags;
	p->options_len = h->header_len - sizeof(*tcp);
	p->data_len = h->data_len;
	p->frame_len = ctx->data_end - ctx->data;
	p->tcp_offset = (void *)tcp - (void *)(long)ctx->data;
	p->data_offset = p->tcp_offset + h->header_len;
}

#endif
