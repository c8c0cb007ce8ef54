/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A frame becomes a segment and the path it came by. */
#include <string.h>
#include "net/layout.h"

static bool checksum_accepted(const uint8_t *frame, const struct layout *l)
{
	uint64_t pseudo = checksum_pseudo(l->saddr, l->daddr, l->addr_len, l->tcp_len);
	const uint8_t *tcp = frame + l->tcp_at;

	if (checksum_fold(checksum_add(pseudo, tcp, l->tcp_len)) == 0xffff)
		return true;
	/* CHECKSUM_PARTIAL: the sender left the pseudo-header's sum, for hardware that was never reached. */
	return get_u16(tcp + TCP_CHECKSUM_AT) == checksum_fold(pseudo);
}

/* One option other than END and NOP. RFC 9293 3.1: the length covers kind and length. */
static bool read_option(struct reader *r, uint8_t kind, struct segment *seg)
{
	struct reader body;
	uint8_t len;

	if (!read_u8(r, &len) || len < 2 || !read_span(r, len - 2u, &body))
		return false;
	if (kind != TCP_OPTION_TIMESTAMPS)
		return true;
	seg->has_ts = true;
	return len == TCP_OPTION_TIMESTAMPS_LEN && read_u32(&body, &seg->tsval) &&
	       read_u32(&body, &seg->tsecr);
}

static bool read_options(struct reader r, struct segment *seg)
{
	uint8_t kind;

	while (read_u8(&r, &kind) && kind != TCP_OPTION_END) {
		if (kind != TCP_OPTION_NOP && !read_option(&r, kind, seg))
			return false;
	}
	return true;
}

/* r is the TCP segment, of at least TCP_HEADER_LEN bytes. */
static enum net_drop read_tcp(struct reader r, struct segment *seg, struct flow_key *key)
{
	const uint8_t *tcp = r.at;
	size_t header = (size_t)(tcp[12] >> 4) * 4;
	struct reader fields, options;

	if (header < TCP_HEADER_LEN || !read_span(&r, header, &fields))
		return NET_DROP_SHORT;
	options = reader_of(tcp + TCP_HEADER_LEN, header - TCP_HEADER_LEN);
	memcpy(&key->sport, tcp, 2);
	memcpy(&key->dport, tcp + 2, 2);
	read_skip(&fields, 4);
	read_u32(&fields, &seg->seq);
	read_u32(&fields, &seg->ack);
	seg->flags = tcp[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);
	seg->window = get_u16(tcp + 14);
	seg->data = r.at;
	seg->len = reader_left(&r);
	return read_options(options, seg) ? NET_OK : NET_DROP_OPTIONS;
}

/* IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
static void store_address(uint8_t out[16], const uint8_t *addr, size_t len)
{
	memset(out, 0, 16);
	if (len == 4)
		memset(out + 10, 0xff, 2);
	memcpy(out + 16 - len, addr, len);
}

enum net_drop net_decode(const uint8_t *frame, size_t len, struct segment *seg, struct path *path)
{
	struct segment s = { 0 };
	struct path p = { 0 };
	struct layout l;
	enum net_drop drop;

	drop = layout_find(frame, len, &l);
	if (drop)
		return drop;
	if (!checksum_accepted(frame, &l))
		return NET_DROP_CHECKSUM;
	drop = read_tcp(reader_of(frame + l.tcp_at, l.tcp_len), &s, &p.key);
	if (drop)
		return drop;
	store_address(p.key.saddr, l.saddr, l.addr_len);
	store_address(p.key.daddr, l.daddr, l.addr_len);
	memcpy(p.l2, frame, l.l2_len);
	p.l2_len = (uint8_t)l.l2_len;
	p.ipv4 = l.ipv4;
	*seg = s;
	*path = p;
	return NET_OK;
}
