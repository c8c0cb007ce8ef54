/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames made by hand for the tests of net. Their checksums are computed by a sum of its own, so that a mistake in
 * net's does not hide itself.
 */
#ifndef ALPNXDP_TESTS_NET_FRAME_H
#define ALPNXDP_TESTS_NET_FRAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "net/net.h"

enum { ROOM = 512 };

/* A frame in the making; the offsets of what rows change. */
struct made {
	uint8_t bytes[ROOM];
	size_t len, ip, tcp;
	bool ipv4;
};

/* What differs from a plain segment: tags, bytes between IP and TCP header, TCP options, data. */
struct recipe {
	bool ipv6;
	const char *tags; /* EtherTypes of the tags: 'v' 802.1Q, 'q' 802.1ad */
	const uint8_t *between;
	size_t between_len;
	uint8_t next; /* IPv6: the protocol of what stands between */
	const uint8_t *options;
	size_t options_len;
	const char *data;
	size_t padding;
};

static const uint8_t mac[12] = { 2, 0, 0, 0, 0, 0xd, 2, 0, 0, 0, 0, 0x5 };
static const uint8_t v4_addrs[8] = { 192, 0, 2, 1, 198, 51, 100, 7 };
static const uint8_t v6_addrs[32] = { 0x20, 1, 0xd, 0xb8, [15] = 1, [16] = 0x20, 1, 0xd, 0xb8, [31] = 7 };
static const uint8_t tcp_header[20] = { 0x9c, 0x40, 0x01, 0xbb, 1,    2,    3,    4,
					0xf5, 6,    7,    8,    0x50, 0x18, 0x12, 0x34 };

static inline void add(struct made *m, const void *bytes, size_t len)
{
	assert_true(m->len + len <= ROOM);
	if (len)
		memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static inline void add16(struct made *m, unsigned int v)
{
	uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	add(m, bytes, 2);
}

/* RFC 1071, byte by byte. */
static inline unsigned int sum(unsigned int start, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		start += i % 2 ? bytes[i] : (unsigned int)bytes[i] << 8;
		start = (start & 0xffff) + (start >> 16);
	}
	return start;
}

static inline void store16(uint8_t *at, unsigned int v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline unsigned int pseudo_sum(const struct made *m, size_t padding)
{
	size_t tcp_len = m->len - padding - m->tcp;
	uint8_t rest[4] = { 0, 6, (uint8_t)(tcp_len >> 8), (uint8_t)tcp_len };

	return sum(sum(0, m->bytes + m->ip + (m->ipv4 ? 12 : 8), m->ipv4 ? 8 : 32), rest, 4);
}

static inline void seal(struct made *m, size_t padding)
{
	if (m->ipv4) {
		store16(m->bytes + m->ip + 10, 0);
		store16(m->bytes + m->ip + 10, ~sum(0, m->bytes + m->ip, (m->bytes[m->ip] & 15u) * 4u));
	}
	store16(m->bytes + m->tcp + 16, 0);
	store16(m->bytes + m->tcp + 16,
		~sum(pseudo_sum(m, padding), m->bytes + m->tcp, m->len - padding - m->tcp));
}

static inline void make(struct made *m, const struct recipe *r)
{
	static const uint8_t padding[64] = { 0xee };
	size_t data_len = r->data ? strlen(r->data) : 0;
	size_t tcp_len = 20 + r->options_len + data_len;

	*m = (struct made){ .ipv4 = !r->ipv6 };
	add(m, mac, 12);
	for (const char *tag = r->tags ? r->tags : ""; *tag; tag++) {
		add16(m, *tag == 'q' ? 0x88a8 : 0x8100);
		add16(m, 0x2005);
	}
	add16(m, r->ipv6 ? 0x86dd : 0x0800);
	m->ip = m->len;
	if (r->ipv6) {
		add(m, (uint8_t[]){ 0x60, 0, 0, 0 }, 4);
		add16(m, (unsigned int)(r->between_len + tcp_len));
		add(m, (uint8_t[]){ r->between_len ? r->next : 6, 61 }, 2);
		add(m, v6_addrs, 32);
	} else {
		add(m, (uint8_t[]){ (uint8_t)(0x45 + r->between_len / 4), 0 }, 2);
		add16(m, (unsigned int)(20 + r->between_len + tcp_len));
		add(m, (uint8_t[]){ 0x12, 0x34, 0x40, 0, 57, 6, 0, 0 }, 8);
		add(m, v4_addrs, 8);
	}
	add(m, r->between, r->between_len);
	m->tcp = m->len;
	add(m, tcp_header, 20);
	m->bytes[m->tcp + 12] = (uint8_t)((20 + r->options_len) / 4 << 4);
	add(m, r->options, r->options_len);
	add(m, r->data, data_len);
	add(m, padding, r->padding);
	seal(m, r->padding);
}

/* Decodes a copy of exactly len bytes, so that the sanitizer sees a read past its end. */
static inline enum net_drop decode(const uint8_t *bytes, size_t len, struct segment *seg, struct path *path)
{
	static uint8_t data[ROOM];
	uint8_t *copy = malloc(len ? len : 1);
	enum net_drop drop;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	drop = net_decode(copy, len, seg, path);
	if (drop == NET_OK) {
		memcpy(data, seg->data, seg->len);
		seg->data = data;
	}
	free(copy);
	return drop;
}

static const uint8_t stamp[12] = { 1, 1, 8, 10, 0, 0, 0, 9, 0xff, 0, 0, 1 };

#endif
