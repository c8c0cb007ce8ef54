/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include "frame.h"

static void put_u8(struct frame_bytes *b, unsigned value)
{
	assert(b->len < FRAME_MAX);
	b->bytes[b->len++] = (uint8_t)value;
}

static void put_u16(struct frame_bytes *b, unsigned value)
{
	put_u8(b, value >> 8 & 0xff);
	put_u8(b, value & 0xff);
}

static void put_u32(struct frame_bytes *b, uint32_t value)
{
	put_u16(b, value >> 16);
	put_u16(b, value & 0xffff);
}

static void put_bytes(struct frame_bytes *b, const void *bytes, size_t len)
{
	assert(b->len + len <= FRAME_MAX);
	if (len)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void put_zeros(struct frame_bytes *b, size_t len)
{
	assert(b->len + len <= FRAME_MAX);
	memset(b->bytes + b->len, 0, len);
	b->len += len;
}

static void set_u16(struct frame_bytes *b, size_t at, unsigned value)
{
	b->bytes[at] = (uint8_t)(value >> 8);
	b->bytes[at + 1] = (uint8_t)value;
}

static uint32_t sum_bytes(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* End of the datagram as its IP header says: padding does not count. */
static size_t datagram_end(const struct frame_bytes *f, int family)
{
	const uint8_t *ip = f->bytes + f->ip;

	return family == 4 ? f->ip + (size_t)(ip[2] << 8 | ip[3]) : f->ip + 40 + (size_t)(ip[4] << 8 | ip[5]);
}

uint16_t frame_tcp_residue(const struct frame_bytes *f, int family)
{
	const uint8_t *ip = f->bytes + f->ip;
	size_t len = datagram_end(f, family) - f->tcp;
	uint32_t sum = 6 + (uint32_t)len;

	sum += family == 4 ? sum_bytes(ip + 12, 8) : sum_bytes(ip + 8, 32);
	return fold(sum + sum_bytes(f->bytes + f->tcp, len));
}

static void put_ethernet(const struct frame *f, struct frame_bytes *b)
{
	static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0 };
	size_t i;

	put_bytes(b, addresses, sizeof(addresses));
	b->bytes[11] = f->own_mac;
	for (i = 0; i < 3 && f->tags[i]; i++) {
		put_u16(b, f->tags[i]);
		put_u16(b, 100 + (unsigned)i);
	}
	put_u16(b, f->ethertype ? f->ethertype : f->family == 4 ? 0x0800 : 0x86dd);
	b->ip = b->len;
}

static void put_ipv4(const struct frame *f, struct frame_bytes *b)
{
	put_u8(b, 0x45 + f->ip_options / 4u);
	put_u8(b, 0);
	put_u16(b, 0); /* length, set when it is known */
	put_u16(b, 1);
	put_u16(b, f->fragment);
	put_u8(b, 64);
	put_u8(b, f->protocol ? f->protocol : 6);
	put_u16(b, 0);
	put_bytes(b, f->saddr, 4);
	put_bytes(b, f->daddr, 4);
	memset(b->bytes + b->len, 1, f->ip_options);
	b->len += f->ip_options;
}

static void put_ipv6(const struct frame *f, struct frame_bytes *b)
{
	const uint8_t *ext = f->extensions;
	unsigned last = f->protocol ? f->protocol : 6;

	put_u32(b, 0x60000000);
	put_u16(b, 0);
	put_u8(b, *ext ? (*ext == 255 ? 0 : *ext) : last);
	put_u8(b, 64);
	put_bytes(b, f->saddr, 16);
	put_bytes(b, f->daddr, 16);
	for (; *ext; ext++) {
		put_u8(b, ext[1] ? (ext[1] == 255 ? 0 : ext[1]) : last);
		put_u8(b, 0);
		put_u32(b, 0x01040000); /* PadN; of a routing header: type 1, four segments left */
		put_u16(b, 0);
	}
}

static void put_tcp(const struct frame *f, struct frame_bytes *b)
{
	unsigned options = f->options_len + (f->timestamps ? 12u : 0);

	b->tcp = b->len;
	put_u16(b, f->sport);
	put_u16(b, f->dport);
	put_u32(b, f->seq);
	put_u32(b, f->ack);
	put_u8(b, (20 + options) / 4 << 4);
	put_u8(b, f->flags);
	put_u16(b, f->window ? f->window : 502);
	put_u32(b, 0);
	if (f->timestamps) {
		put_u32(b, 0x0101080a);
		put_u32(b, f->ts_value);
		put_u32(b, f->ts_echo);
	}
	put_bytes(b, f->options, f->options_len);
	put_bytes(b, f->data, f->data_len);
	put_zeros(b, f->filler);
}

static void fill_lengths_and_checksums(const struct frame *f, struct frame_bytes *b)
{
	size_t header = f->family == 4 ? b->ip : b->ip + 40;

	set_u16(b, f->family == 4 ? b->ip + 2 : b->ip + 4, (unsigned)(b->len - header));
	if (f->family == 4)
		set_u16(b, b->ip + 10, fold(sum_bytes(b->bytes + b->ip, 20u + f->ip_options)));
	set_u16(b, b->tcp + 16, frame_tcp_residue(b, f->family));
}

void frame_build(const struct frame *f, struct frame_bytes *out)
{
	const struct frame_poke *poke;
	size_t base;

	out->len = 0;
	put_ethernet(f, out);
	if (f->family == 4)
		put_ipv4(f, out);
	else
		put_ipv6(f, out);
	put_tcp(f, out);
	fill_lengths_and_checksums(f, out);
	for (poke = f->pokes; poke < f->pokes + FRAME_POKES; poke++) {
		base = poke->layer == LAYER_IP ? out->ip : poke->layer == LAYER_TCP ? out->tcp : 0;
		if (poke->layer != LAYER_NONE)
			out->bytes[base + poke->at] = poke->value;
	}
	put_zeros(out, f->padding);
	out->len = f->keep ? f->keep : out->len - f->cut;
}
