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

/* A TCP segment, as far as the ladder asks. All in host order but key. */
struct packet {
	struct flow_key key;
	struct tcphdr *tcp; /* verified to lie within the frame, without options */
	__u32 tcp_offset;   /* from the start of the frame */
	__u32 data_offset;  /* likewise */
	__u32 data_len;
	__u32 frame_len;
	__u32 seq;
	__u32 ack;
	__u16 window;
	__u8 flags;
	__u8 options_len;
	bool ipv4;
};

struct cursor {
	void *at;
	void *end;
};

/* The next len bytes, or NULL. The verifier understands exactly this comparison. */
static __always_inline void *cursor_take(struct cursor *c, __u32 len)
{
	void *at = c->at;

	if (at + len > c->end)
		return NULL;
	c->at = at + len;
	return at;
}

static __always_inline __u32 cursor_left(const struct cursor *c, const void *from)
{
	return c->end - from;
}

/* As cursor_take(), for a length that the packet says: below 2048 by its nature, which the verifier must be shown. */
static __always_inline bool cursor_skip(struct cursor *c, __u32 len)
{
	barrier_var(len);
	return cursor_take(c, len & 0x7ff);
}

static __always_inline enum reason headers_ethernet(struct cursor *c, __be16 *proto)
{
	const struct ethhdr *eth = cursor_take(c, sizeof(*eth));
	const struct vlan_hdr *tag;
	int i;

	if (!eth)
		return REASON_MALFORMED;
	*proto = eth->h_proto;
	for (i = 0; i < HEADERS_MAX_TAGS; i++) {
		if (*proto != bpf_htons(ETH_P_8021Q) && *proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = cursor_take(c, sizeof(*tag));
		if (!tag)
			return REASON_MALFORMED;
		*proto = tag->encapsulated_proto;
	}
	return REASON_NONE;
}

static __always_inline enum reason headers_ipv4(struct cursor *c, struct packet *p, __u32 *len)
{
	struct iphdr *ip = cursor_take(c, sizeof(*ip));
	__u32 header, total;

	if (!ip || ip->version != 4 || ip->ihl < 5)
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

	p->ipv4 = true;
	p->key.saddr[10] = p->key.saddr[11] = 0xff;
	p->key.daddr[10] = p->key.daddr[11] = 0xff;
	__builtin_memcpy(p->key.saddr + 12, &ip->saddr, 4);
	__builtin_memcpy(p->key.daddr + 12, &ip->daddr, 4);
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
		ext = cursor_take(c, sizeof(*ext));
		if (!ext)
			return REASON_MALFORMED;
		next = ext->nexthdr;
		size = (ext->hdrlen + 1) * 8;
		if (size > *len || !cursor_skip(c, size - sizeof(*ext)))
			return REASON_MALFORMED;
		*len -= size;
	}
	return next == IPPROTO_TCP ? REASON_NONE : REASON_NOT_TCP;
}

static __always_inline enum reason headers_ipv6(struct cursor *c, struct packet *p, __u32 *len)
{
	struct ipv6hdr *ip = cursor_take(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return REASON_MALFORMED;
	*len = bpf_ntohs(ip->payload_len);
	if (cursor_left(c, c->at) < *len)
		return REASON_MALFORMED;
	__builtin_memcpy(p->key.saddr, ip->saddr, 16);
	__builtin_memcpy(p->key.daddr, ip->daddr, 16);
	return headers_ipv6_extensions(c, ip->nexthdr, len);
}

/* port: in network order; 0: any. The port is asked first, so that a bystander's other fields are never read. */
static __always_inline enum reason headers_tcp(struct cursor *c, struct packet *p, __u32 len, __be16 port)
{
	struct tcphdr *tcp = cursor_take(c, sizeof(*tcp));
	__u32 header;

	if (!tcp)
		return REASON_MALFORMED;
	if (port && tcp->dest != port)
		return REASON_OTHER_PORT;
	header = tcp->doff * 4;
	if (header < sizeof(*tcp) || header > len)
		return REASON_MALFORMED;
	p->tcp = tcp;
	p->key.sport = tcp->source;
	p->key.dport = tcp->dest;
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack_seq);
	p->window = bpf_ntohs(tcp->window);
	p->flags = tcp->flags;
	p->options_len = header - sizeof(*tcp);
	p->data_len = len - header;
	return REASON_NONE;
}

/* Fills p, which must be all zero. REASON_NONE, or why this is no TCP segment to that port. */
static __always_inline enum reason headers_parse(struct xdp_md *ctx, __be16 port, struct packet *p)
{
	void *start = (void *)(long)ctx->data;
	struct cursor c = { .at = start, .end = (void *)(long)ctx->data_end };
	enum reason reason;
	__be16 proto;
	__u32 len;

	reason = headers_ethernet(&c, &proto);
	if (reason != REASON_NONE)
		return reason;
	if (proto == bpf_htons(ETH_P_IP))
		reason = headers_ipv4(&c, p, &len);
	else if (proto == bpf_htons(ETH_P_IPV6))
		reason = headers_ipv6(&c, p, &len);
	else
		reason = REASON_NOT_IP;
	if (reason != REASON_NONE)
		return reason;
	reason = headers_tcp(&c, p, len, port);
	if (reason != REASON_NONE)
		return reason;
	p->frame_len = c.end - start;
	p->tcp_offset = (void *)p->tcp - start;
	p->data_offset = p->tcp_offset + sizeof(*p->tcp) + p->options_len;
	return REASON_NONE;
}

#endif
