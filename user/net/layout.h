/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Private to net: where the parts of a frame lie, and the Internet checksum.
 */
#ifndef ALPNXDP_NET_LAYOUT_H
#define ALPNXDP_NET_LAYOUT_H

#include "net/net.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHERTYPE_QINQ = 0x88a8, /* IEEE 802.1ad */

	ETH_HEADER_LEN = 14,
	VLAN_TAG_LEN = 4,
	IPV4_HEADER_LEN = 20,
	IPV6_HEADER_LEN = 40,
	TCP_HEADER_LEN = 20,

	PROTO_TCP = 6,

	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_SACK = 5,       /* RFC 2018 3 */
	TCP_OPTION_TIMESTAMPS = 8, /* RFC 7323 3.2 */
	TCP_OPTION_TIMESTAMPS_LEN = 10,

	/* Offsets of checksum fields in their headers. */
	IPV4_CHECKSUM_AT = 10,
	TCP_CHECKSUM_AT = 16,
};

/* A frame taken apart as far as the TCP header: offsets from the frame's first byte. */
struct layout {
	size_t l2_len;
	size_t tcp_at;
	size_t tcp_len;       /* header, options and data */
	const uint8_t *saddr; /* addr_len bytes each */
	const uint8_t *daddr;
	size_t addr_len;
	bool ipv4;
};

/* Finds the TCP segment and checks what stands in front of it. *out is written on NET_OK only. */
enum net_drop layout_find(const uint8_t *frame, size_t len, struct layout *out);

/* One's complement sum (RFC 1071), not folded: start with 0, add parts of even length, fold at the end. */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len);
uint16_t checksum_fold(uint64_t sum);

/* The pseudo-header (RFC 9293 3.1, RFC 8200 8.1): the same sum for both families. */
uint64_t checksum_pseudo(const uint8_t *saddr, const uint8_t *daddr, size_t addr_len, size_t tcp_len);

static inline void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void put_u32(uint8_t *at, uint32_t v)
{
	put_u16(at, (uint16_t)(v >> 16));
	put_u16(at + 2, (uint16_t)v);
}

static inline uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

#endif
