/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the test programs of the xdp module share: counting checks, and frames. */
#ifndef ALPNXDP_TESTS_XDP_TEST_H
#define ALPNXDP_TESTS_XDP_TEST_H

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "xdp/xdp.h"

static unsigned checks_passed, checks_failed;

/* Returns whether it held, for checks that make no sense without it. */
static inline bool check_at(bool held, const char *text, int line)
{
	if (held)
		checks_passed++;
	else
		checks_failed++;
	if (!held)
		printf("not ok  line %d: %s\n", line, text);
	return held;
}
#define CHECK(condition) check_at((condition), #condition, __LINE__)

static inline int checks_finish(void)
{
	printf("%u passed, %u failed\n", checks_passed, checks_failed);
	return checks_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline void print_error(const char *call, int err, const struct xdp_error *e)
{
	printf("%s: %d, %s: %s; try: %s\n", call, err, e->what, e->system, e->fix);
}

/* One end of a TCP connection or a UDP exchange: IPv4 address and port, host order. */
struct end {
	uint32_t address;
	uint16_t port;
};

struct test_frame {
	struct ether_header eth;
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct udphdr udp;
	};
	uint8_t data[64];
} __attribute__((packed));

/* RFC 1071, over what is one after another in memory. */
static inline uint16_t sum_words(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *at = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline void frame_ip(struct test_frame *f, uint8_t protocol, size_t len, struct end from,
			    struct end to)
{
	f->eth.ether_type = htons(ETHERTYPE_IP);
	f->ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = protocol };
	f->ip.tot_len = htons((uint16_t)(sizeof(f->ip) + len));
	f->ip.saddr = htonl(from.address);
	f->ip.daddr = htonl(to.address);
	f->ip.check = htons((uint16_t)~sum_words(&f->ip, sizeof(f->ip), 0));
}

/* Both return the frame's length; the MAC addresses are the caller's. */
static inline size_t frame_udp(struct test_frame *f, struct end from, struct end to, uint32_t mark)
{
	const size_t len = sizeof(f->udp) + sizeof(mark);

	frame_ip(f, IPPROTO_UDP, len, from, to);
	f->udp = (struct udphdr){ .source = htons(from.port), .dest = htons(to.port) };
	f->udp.len = htons((uint16_t)len); /* its checksum of zero: none was computed (RFC 768) */
	memcpy((uint8_t *)&f->udp + sizeof(f->udp), &mark, sizeof(mark));
	return sizeof(f->eth) + sizeof(f->ip) + len;
}

/* mark: its data, or the sequence number of a RST. */
static inline size_t frame_tcp(struct test_frame *f, struct end from, struct end to, bool rst, uint32_t mark)
{
	const size_t len = sizeof(f->tcp) + (rst ? 0 : sizeof(mark));
	uint16_t sum;

	frame_ip(f, IPPROTO_TCP, len, from, to);
	f->tcp = (struct tcphdr){
		.source = htons(from.port), .dest = htons(to.port), .doff = 5, .rst = rst, .ack = !rst
	};
	f->tcp.seq = rst ? htonl(mark) : 0;
	memcpy(f->data, &mark, sizeof(mark));
	sum = sum_words(&f->ip.saddr, 8, IPPROTO_TCP + (uint32_t)len);
	f->tcp.check = htons((uint16_t)~sum_words(&f->tcp, len, sum));
	return sizeof(f->eth) + sizeof(f->ip) + len;
}

#endif
