/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP segments by hand, as Ethernet frames. The source must be an address that this host does not have, or its kernel
 * would answer the SYN-ACK with a RST; its neighbour entry at the server points to this interface.
 */
#ifndef INTEROP_RAW_H
#define INTEROP_RAW_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_packet.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { RAW_ETHERNET = 14, RAW_IP6 = 40, RAW_TCP = 20, RAW_MAX = 1514 };

struct raw {
	int fd;
	bool ipv6;
	uint8_t mac[6], peer_mac[6];
	uint8_t source[16], target[16];
	uint16_t sport, dport;
	bool timestamps;
	uint32_t ts_value, ts_echo;
	uint32_t ack;
};

/* Of the server's. */
struct raw_segment {
	uint8_t frame[RAW_MAX];
	unsigned flags;
	uint32_t seq, ack;
	const uint8_t *data;
	size_t len;
};

static void raw_put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void raw_put32(uint8_t *at, uint32_t value)
{
	raw_put16(at, value >> 16);
	raw_put16(at + 2, value & 0xffff);
}

static uint32_t raw_get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* RFC 1071 over len bytes, continuing a sum. */
static uint32_t raw_sum(const uint8_t *bytes, size_t len, uint32_t total)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		total += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return len % 2 ? total + (uint32_t)(bytes[len - 1] << 8) : total;
}

static uint16_t raw_fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* The address, as text, of either family. */
static bool raw_address(const char *text, bool *ipv6, uint8_t out[16])
{
	*ipv6 = strchr(text, ':');
	return inet_pton(*ipv6 ? AF_INET6 : AF_INET, text, out) == 1;
}

static bool raw_mac(const char *text, uint8_t out[6])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &out[0], &out[1], &out[2], &out[3], &out[4],
		      &out[5]) == 6;
}

/* Ethernet and IP around len bytes of TCP; returns where TCP begins. */
static size_t raw_put_headers(const struct raw *r, uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + RAW_ETHERNET;

	memset(frame, 0, RAW_ETHERNET + RAW_IP6);
	memcpy(frame, r->peer_mac, 6);
	memcpy(frame + 6, r->mac, 6);
	raw_put16(frame + 12, r->ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (r->ipv6) {
		ip[0] = 0x60;
		raw_put16(ip + 4, len);
		ip[6] = IPPROTO_TCP;
		ip[7] = 64;
		memcpy(ip + 8, r->source, 16);
		memcpy(ip + 24, r->target, 16);
		return RAW_ETHERNET + RAW_IP6;
	}
	ip[0] = 0x45;
	raw_put16(ip + 2, 20 + len);
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, r->source, 4);
	memcpy(ip + 16, r->target, 4);
	raw_put16(ip + 10, raw_fold(raw_sum(ip, 20, 0)));
	return RAW_ETHERNET + 20;
}

static size_t raw_put_options(const struct raw *r, uint8_t *at, bool syn)
{
	static const uint8_t mss[4] = { 2, 4, 5, 0x8c }; /* 1420, so that IPv6 and timestamps fit, too */
	size_t len = 0;

	if (syn) {
		memcpy(at, mss, sizeof(mss));
		len = sizeof(mss);
	}
	if (r->timestamps) {
		raw_put32(at + len, 0x0101080a);
		raw_put32(at + len + 4, r->ts_value);
		raw_put32(at + len + 8, r->ts_echo);
		len += 12;
	}
	return len;
}

static bool raw_send(const struct raw *r, unsigned flags, uint32_t seq, const uint8_t *data, size_t len)
{
	uint8_t frame[RAW_MAX], options[40];
	size_t room = raw_put_options(r, options, flags & SYN), size = RAW_TCP + room + len;
	size_t begin = raw_put_headers(r, frame, size), addresses = r->ipv6 ? 32 : 8;
	uint8_t *tcp = frame + begin;

	memset(tcp, 0, RAW_TCP);
	raw_put16(tcp, r->sport);
	raw_put16(tcp + 2, r->dport);
	raw_put32(tcp + 4, seq);
	raw_put32(tcp + 8, flags & ACK ? r->ack : 0);
	tcp[12] = (uint8_t)((RAW_TCP + room) / 4 << 4);
	tcp[13] = (uint8_t)flags;
	raw_put16(tcp + 14, 65000);
	memcpy(tcp + RAW_TCP, options, room);
	if (len)
		memcpy(tcp + RAW_TCP + room, data, len);
	raw_put16(tcp + 16, raw_fold(raw_sum(tcp - addresses, addresses,
					     raw_sum(tcp, size, IPPROTO_TCP + (uint32_t)size))));
	return send(r->fd, frame, begin + size, 0) == (ssize_t)(begin + size);
}

static void raw_take_timestamp(struct raw *r, const uint8_t *tcp, size_t header)
{
	size_t at;

	for (at = RAW_TCP; at + 10 <= header; at += tcp[at] <= 1 ? 1 : tcp[at + 1] ? tcp[at + 1] : header)
		if (tcp[at] == 8)
			r->ts_echo = raw_get32(tcp + at + 2);
}

/* Is this frame the server's, of this connection? */
static bool raw_parse(struct raw *r, size_t got, struct raw_segment *out)
{
	const uint8_t *ip = out->frame + RAW_ETHERNET, *tcp = ip + (r->ipv6 ? RAW_IP6 : 20);
	size_t total, header;

	if (got < RAW_ETHERNET + RAW_IP6 + RAW_TCP - (r->ipv6 ? 0 : 20u) ||
	    (r->ipv6 ? ip[6] : ip[9]) != IPPROTO_TCP)
		return false;
	if ((tcp[0] << 8 | tcp[1]) != r->dport || (tcp[2] << 8 | tcp[3]) != r->sport)
		return false;
	total = r->ipv6 ? (size_t)(ip[4] << 8 | ip[5]) : (size_t)(ip[2] << 8 | ip[3]) - 20;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < RAW_TCP || header > total || (size_t)(tcp - out->frame) + total > got)
		return false;
	raw_take_timestamp(r, tcp, header);
	out->flags = tcp[13];
	out->seq = raw_get32(tcp + 4);
	out->ack = raw_get32(tcp + 8);
	out->data = tcp + header;
	out->len = total - header;
	return true;
}

/* The next segment of the server's; false after wait_ms without one. */
static bool raw_receive(struct raw *r, int wait_ms, struct raw_segment *out)
{
	struct pollfd ready = { .fd = r->fd, .events = POLLIN };
	int tries;

	for (tries = 0; tries < 1000 && poll(&ready, 1, wait_ms) == 1; tries++) {
		ssize_t got = recv(r->fd, out->frame, sizeof(out->frame), 0);

		if (got > 0 && raw_parse(r, (size_t)got, out))
			return true;
	}
	return false;
}

/* r->ipv6 says which family. */
static bool raw_open(struct raw *r, const char *interface)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET };
	socklen_t len = sizeof(link);

	link.sll_protocol = htons(r->ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	link.sll_ifindex = (int)if_nametoindex(interface);
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, link.sll_protocol);
	if (r->fd < 0 || bind(r->fd, (struct sockaddr *)&link, sizeof(link)) ||
	    getsockname(r->fd, (struct sockaddr *)&link, &len))
		return false;
	memcpy(r->mac, link.sll_addr, 6);
	return true;
}

#endif
