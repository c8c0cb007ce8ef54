/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spray's segments as frames, and its random numbers. Any fields, wrong ones too; only the checksums are right. */
#ifndef INTEROP_SPRAY_H
#define INTEROP_SPRAY_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { MAX_FRAME = 1514, HEADERS = 54, STAMP_LEN = 12 };

struct segment {
	uint32_t source, seq, ack;
	uint16_t port;
	uint8_t flags;
	bool stamped;
	const uint8_t *data;
	size_t len;
};

struct frame {
	uint8_t bytes[MAX_FRAME];
	size_t len;
};

struct ends {
	uint8_t mac[6], peer_mac[6];
	uint32_t target; /* as on the wire, and so are the sources */
};

static uint64_t random_state = 1;

static uint32_t draw(void)
{
	/* xorshift64* */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 32);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t sum(const uint8_t *bytes, size_t len, uint32_t start)
{
	uint32_t total = start;

	for (size_t i = 0; i < len; i++)
		total += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static void build_ip(const struct ends *ends, uint8_t *ip, const struct segment *s, size_t total)
{
	memcpy(ip, "\x45\0\0\0\0\0\x40\0\x40\x06\0\0", 12);
	put16(ip + 2, (uint32_t)total);
	memcpy(ip + 12, &s->source, 4);
	memcpy(ip + 16, &ends->target, 4);
	put16(ip + 10, ~sum(ip, 20, 0));
}

static void build(const struct ends *ends, const struct segment *s, struct frame *f)
{
	size_t options = s->stamped ? STAMP_LEN : 0, length = 20 + options + s->len;
	uint8_t *ip = f->bytes + 14, *tcp = ip + 20;

	memcpy(f->bytes, ends->peer_mac, 6);
	memcpy(f->bytes + 6, ends->mac, 6);
	put16(f->bytes + 12, ETHERTYPE_IP);
	build_ip(ends, ip, s, 20 + length);
	memset(tcp, 0, 20);
	put16(tcp, s->port);
	put16(tcp + 2, 443);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + options) << 2);
	tcp[13] = s->flags;
	put16(tcp + 14, 65535);
	if (s->stamped) {
		memcpy(tcp + 20, "\1\1\x08\x0a", 4);
		put32(tcp + 24, draw());
		put32(tcp + 28, draw());
	}
	if (s->len)
		memcpy(tcp + 20 + options, s->data, s->len);
	put16(tcp + 16, ~sum(tcp, length, sum(ip + 12, 8, IPPROTO_TCP + (uint32_t)length)));
	f->len = HEADERS - 20 + length;
}

static bool is_tcp(const struct frame *f)
{
	return f->len >= HEADERS && f->bytes[12] == 8 && f->bytes[13] == 0 && f->bytes[14 + 9] == IPPROTO_TCP;
}

static size_t data_of(const struct frame *f, const uint8_t **data)
{
	const uint8_t *ip = f->bytes + 14, *tcp = ip + 20;
	size_t total = (size_t)(ip[2] << 8 | ip[3]), head = 20u + (size_t)(tcp[12] >> 4) * 4u;

	*data = ip + head;
	return total > head && 14 + total <= f->len ? total - head : 0;
}

#endif
