/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net: frames to segments and back. Pure.
 *
 * Owns: Ethernet with up to two VLAN tags, IPv4, IPv6, TCP headers and their checksums; the order of sequence numbers.
 * Refuses: fragments, anything but TCP, headers that contradict each other, wrong checksums (each a counted reason).
 * Parses once: behind net_decode() nobody sees a pointer into headers.
 */
#ifndef ALPNXDP_NET_H
#define ALPNXDP_NET_H

#include <alpnxdp/abi.h>
#include "base/base.h"

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

enum {
	NET_MAX_L2 = 22, /* Ethernet and two tags */
};

/* Sequence numbers have one order (RFC 9293 3.4): these, and no other comparison in the tree. */
static inline bool seq_before(uint32_t a, uint32_t b) /* a < b */
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_between(uint32_t lo, uint32_t x, uint32_t hi) /* lo <= x <= hi */
{
	return x - lo <= hi - lo;
}

/* One TCP segment. Numbers in host order; data points into a buffer of the caller. */
struct segment {
	uint32_t seq;
	uint32_t ack;    /* meaningful with TCP_ACK */
	uint16_t window; /* as in the header: not scaled */
	uint8_t flags;   /* TCP_* */
	bool has_ts;     /* RFC 7323 timestamps present */
	uint32_t tsval;
	uint32_t tsecr;
	bool has_sack;       /* net_encode(): put one SACK block (RFC 2018); net_decode() leaves it false */
	uint32_t sack_left;  /* first sequence number of the block */
	uint32_t sack_right; /* one past its last */
	const uint8_t *data;
	size_t len;
};

/* Sequence numbers a segment takes up: its data, SYN and FIN (RFC 9293 3.4). */
static inline uint32_t segment_span(const struct segment *s)
{
	return (uint32_t)s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
}

/* How frames of a flow travel in one direction. l2 is the link header as it stands in front of the IP header. */
struct path {
	struct flow_key key;    /* source and destination of this direction; IPv4 mapped (::ffff:a.b.c.d) */
	uint8_t l2[NET_MAX_L2]; /* destination and source MAC, tags, EtherType */
	uint8_t l2_len;         /* 14, 18 or 22 */
	bool ipv4;
};

enum net_drop {
	NET_OK = 0,
	NET_DROP_SHORT,   /* a header or the stated length reaches past the end of the frame */
	NET_DROP_L2,      /* not Ethernet II with at most two tags over IP */
	NET_DROP_VERSION, /* IP version and EtherType differ */
	NET_DROP_FRAGMENT,
	NET_DROP_PROTOCOL, /* not TCP, or an IPv6 extension header other than hop-by-hop, destination options, routing */
	NET_DROP_OPTIONS,  /* TCP options that contradict the header length */
	NET_DROP_CHECKSUM, /* IPv4 header or TCP checksum */
	NUM_NET_DROPS
};

const char *net_drop_name(enum net_drop drop);

/*
 * Reads a frame of len bytes. Trailing bytes beyond the IP length (Ethernet padding) are ignored. A TCP checksum equal
 * to the bare pseudo-header sum is accepted: virtual devices deliver checksums that hardware was to fill in
 * (CHECKSUM_PARTIAL). Every field of *seg and *path is written on NET_OK; nothing is on a drop.
 */
enum net_drop net_decode(const uint8_t *frame, size_t len, struct segment *seg, struct path *path);

/* The way back: addresses, ports and MACs exchanged, tags kept. */
void net_path_reverse(const struct path *in, struct path *out);

/*
 * Writes a frame for seg along path: TTL/hop limit 64, DF set, no IP options, checksums complete. Timestamps and SACK
 * as seg says, padded with NOPs. Returns the frame's length, 0 when cap is too small (never writes past cap).
 * seg->data may lie anywhere but inside frame.
 */
size_t net_encode(const struct path *path, const struct segment *seg, uint8_t *frame, size_t cap);

/* Puts the right TCP checksum into a frame that net_decode() accepted, and mac as its source address. */
void net_complete(uint8_t *frame, size_t len, const uint8_t mac[6]);

/* "192.0.2.1:443" or "[2001:db8::1]:443"; out holds at least NET_ENDPOINT_LEN bytes. */
enum { NET_ENDPOINT_LEN = 56 };
void net_format_endpoint(const uint8_t addr[16], uint16_t port_be, char *out);

#endif
