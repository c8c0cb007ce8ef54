/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A segment becomes a frame.
 *
 * Limits: no IP options or extension headers, no fragments; of TCP's options timestamps and one SACK block.
 */
#include <string.h>
#include "net/layout.h"

enum {
	HOP_LIMIT = 64,
	IPV4_DONT_FRAGMENT = 0x4000,
	TIMESTAMPS_ROOM = 12, /* two NOPs in front: the numbers lie on four-byte boundaries (RFC 7323 A) */
	SACK_ROOM = 12,
};

static size_t tcp_header_len(const struct segment *seg)
{
	return TCP_HEADER_LEN + (seg->has_ts ? TIMESTAMPS_ROOM : 0u) + (seg->has_sack ? SACK_ROOM : 0u);
}

/* Both options have the same form: two NOPs, kind, length, two numbers. */
static uint8_t *put_option(uint8_t *at, uint8_t kind, uint32_t first, uint32_t second)
{
	at[0] = TCP_OPTION_NOP;
	at[1] = TCP_OPTION_NOP;
	at[2] = kind;
	at[3] = 10;
	put_u32(at + 4, first);
	put_u32(at + 8, second);
	return at + 12;
}

static void put_tcp(uint8_t *tcp, const struct path *path, const struct segment *seg)
{
	size_t header = tcp_header_len(seg);
	uint8_t *option = tcp + TCP_HEADER_LEN;

	memset(tcp, 0, TCP_HEADER_LEN);
	memcpy(tcp, &path->key.sport, 2);
	memcpy(tcp + 2, &path->key.dport, 2);
	put_u32(tcp + 4, seg->seq);
	put_u32(tcp + 8, seg->ack);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = seg->flags;
	put_u16(tcp + 14, seg->window);
	if (seg->has_ts)
		option = put_option(option, TCP_OPTION_TIMESTAMPS, seg->tsval, seg->tsecr);
	if (seg->has_sack)
		put_option(option, TCP_OPTION_SACK, seg->sack_left, seg->sack_right);
	if (seg->len)
		memcpy(tcp + header, seg->data, seg->len);
}

/* The identification stays 0: a datagram with DF is atomic (RFC 6864 4.1). */
static void put_ipv4(uint8_t *ip, const struct path *path, size_t total)
{
	memset(ip, 0, IPV4_HEADER_LEN);
	ip[0] = 0x45;
	put_u16(ip + 2, (uint16_t)total);
	put_u16(ip + 6, IPV4_DONT_FRAGMENT);
	ip[8] = HOP_LIMIT;
	ip[9] = PROTO_TCP;
	memcpy(ip + 12, path->key.saddr + 12, 4);
	memcpy(ip + 16, path->key.daddr + 12, 4);
	put_u16(ip + IPV4_CHECKSUM_AT, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
}

static void put_ipv6(uint8_t *ip, const struct path *path, size_t payload)
{
	memset(ip, 0, IPV6_HEADER_LEN);
	ip[0] = 0x60;
	put_u16(ip + 4, (uint16_t)payload);
	ip[6] = PROTO_TCP;
	ip[7] = HOP_LIMIT;
	memcpy(ip + 8, path->key.saddr, 16);
	memcpy(ip + 24, path->key.daddr, 16);
}

/* addrs: source, then destination, as they stand side by side in either IP header. */
static void put_tcp_checksum(uint8_t *tcp, size_t tcp_len, const uint8_t *addrs, size_t addr_len)
{
	uint64_t sum = checksum_pseudo(addrs, addrs + addr_len, addr_len, tcp_len);

	put_u16(tcp + TCP_CHECKSUM_AT, 0);
	put_u16(tcp + TCP_CHECKSUM_AT, (uint16_t)~checksum_fold(checksum_add(sum, tcp, tcp_len)));
}

size_t net_encode(const struct path *path, const struct segment *seg, uint8_t *frame, size_t cap)
{
	size_t ip_len = path->ipv4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
	size_t headers = path->l2_len + ip_len + tcp_header_len(seg);
	size_t tcp_len;
	uint8_t *ip, *tcp;

	/* The IP length field holds 16 bits, whatever cap is. */
	if (cap < headers || seg->len > cap - headers || headers - path->l2_len + seg->len > UINT16_MAX)
		return 0;
	tcp_len = tcp_header_len(seg) + seg->len;
	ip = frame + path->l2_len;
	tcp = ip + ip_len;
	memcpy(frame, path->l2, path->l2_len);
	if (path->ipv4)
		put_ipv4(ip, path, ip_len + tcp_len);
	else
		put_ipv6(ip, path, tcp_len);
	put_tcp(tcp, path, seg);
	put_tcp_checksum(tcp, tcp_len, path->ipv4 ? ip + 12 : ip + 8, path->ipv4 ? 4 : 16);
	return headers + seg->len;
}

void net_complete(uint8_t *frame, size_t len, const uint8_t mac[6])
{
	struct layout l;

	if (layout_find(frame, len, &l))
		return;
	memcpy(frame + 6, mac, 6);
	put_tcp_checksum(frame + l.tcp_at, l.tcp_len, l.saddr, l.addr_len);
}
