/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the first byte of a frame to its TCP header.
 *
 * Refuses fragments of any kind, IPv6 atomic ones too (RFC 8200 4.5), and extension headers other than
 * hop-by-hop, destination options and routing. Limits: two VLAN tags; the IP length must lie within the frame.
 */
#include "net/layout.h"

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_DESTINATION = 60,

	IPV4_MORE_FRAGMENTS_AND_OFFSET = 0x3fff,
};

static enum net_drop find_ethertype(struct reader *r, uint16_t *ethertype)
{
	if (!read_skip(r, ETH_HEADER_LEN - 2) || !read_u16(r, ethertype))
		return NET_DROP_SHORT;
	for (int tags = 0; tags < 2; tags++) {
		if (*ethertype != ETHERTYPE_VLAN && *ethertype != ETHERTYPE_QINQ)
			break;
		if (!read_skip(r, VLAN_TAG_LEN - 2) || !read_u16(r, ethertype))
			return NET_DROP_SHORT;
	}
	return *ethertype == ETHERTYPE_IPV4 || *ethertype == ETHERTYPE_IPV6 ? NET_OK : NET_DROP_L2;
}

/* On NET_OK r is the TCP segment. RFC 791 3.1. */
static enum net_drop find_in_ipv4(struct reader *r, struct layout *out)
{
	const uint8_t *ip = r->at;
	size_t header, total;

	if (reader_left(r) < IPV4_HEADER_LEN)
		return NET_DROP_SHORT;
	if (ip[0] >> 4 != 4)
		return NET_DROP_VERSION;
	header = (size_t)(ip[0] & 0x0f) * 4;
	total = get_u16(ip + 2);
	if (header < IPV4_HEADER_LEN || total < header || total > reader_left(r))
		return NET_DROP_SHORT;
	if (checksum_fold(checksum_add(0, ip, header)) != 0xffff)
		return NET_DROP_CHECKSUM;
	if (get_u16(ip + 6) & IPV4_MORE_FRAGMENTS_AND_OFFSET)
		return NET_DROP_FRAGMENT;
	if (ip[9] != PROTO_TCP)
		return NET_DROP_PROTOCOL;
	*r = reader_of(ip + header, total - header);
	out->saddr = ip + 12;
	out->daddr = ip + 16;
	out->addr_len = 4;
	out->ipv4 = true;
	return NET_OK;
}

/* Every header is at least 8 bytes long, so the walk ends. RFC 8200 4. */
static enum net_drop skip_extensions(struct reader *r, uint8_t next)
{
	for (bool first = true; next != PROTO_TCP; first = false) {
		uint8_t words;

		if (next == NEXT_FRAGMENT)
			return NET_DROP_FRAGMENT;
		if (next != NEXT_ROUTING && next != NEXT_DESTINATION && !(next == NEXT_HOP_BY_HOP && first))
			return NET_DROP_PROTOCOL;
		if (!read_u8(r, &next) || !read_u8(r, &words) || !read_skip(r, 6 + (size_t)words * 8))
			return NET_DROP_SHORT;
	}
	return NET_OK;
}

/* On NET_OK r is the TCP segment. RFC 8200 3. */
static enum net_drop find_in_ipv6(struct reader *r, struct layout *out)
{
	const uint8_t *ip = r->at;
	size_t payload;

	if (reader_left(r) < IPV6_HEADER_LEN)
		return NET_DROP_SHORT;
	if (ip[0] >> 4 != 6)
		return NET_DROP_VERSION;
	payload = get_u16(ip + 4);
	if (payload > reader_left(r) - IPV6_HEADER_LEN)
		return NET_DROP_SHORT;
	*r = reader_of(ip + IPV6_HEADER_LEN, payload);
	out->saddr = ip + 8;
	out->daddr = ip + 24;
	out->addr_len = 16;
	out->ipv4 = false;
	return skip_extensions(r, ip[6]);
}

enum net_drop layout_find(const uint8_t *frame, size_t len, struct layout *out)
{
	struct reader r = reader_of(frame, len);
	struct layout found = { 0 };
	uint16_t ethertype;
	enum net_drop drop;

	drop = find_ethertype(&r, &ethertype);
	if (drop)
		return drop;
	found.l2_len = (size_t)(r.at - frame);
	drop = ethertype == ETHERTYPE_IPV4 ? find_in_ipv4(&r, &found) : find_in_ipv6(&r, &found);
	if (drop)
		return drop;
	found.tcp_at = (size_t)(r.at - frame);
	found.tcp_len = reader_left(&r);
	if (found.tcp_len < TCP_HEADER_LEN)
		return NET_DROP_SHORT;
	*out = found;
	return NET_OK;
}
