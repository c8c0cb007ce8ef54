/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * batch: a TCP client by hand, whose handshake's last ACK and hello are on the wire before the server's kernel has
 * looked at either.
 *
 *   batch -i INTERFACE -s SOURCE -t TARGET -m TARGET_MAC [-p PORT] FILE
 *
 * IPv4. SOURCE must be an address that this host does not have, or its kernel would answer the SYN-ACK with a RST; its
 * neighbour entry at the server points to INTERFACE. FILE: one line of hex per segment of the hello. The server's
 * packet loop must not get the processor in between: run the server's NAPI in a thread on one processor, and this
 * program there too with a real-time priority (tests/netns/batch.sh does).
 *
 * Prints what came first: server-hello, alert N, reset, timeout; then every flag combination that the server sent.
 * Exit 0 for server-hello.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include "hex.h"

enum {
	FIN = 1,
	SYN = 2,
	RST = 4,
	PSH = 8,
	ACK = 16,
	HEADERS = 14 + 20 + 20,
	MAX_FRAME = 1514,
	MAX_SEGMENTS = 8
};

struct client {
	int fd;
	uint8_t mac[6], peer_mac[6];
	struct in_addr source, target;
	uint16_t sport, dport;
	uint32_t seq, ack; /* what is sent next, what is expected next */
};

struct frame {
	uint8_t bytes[MAX_FRAME];
	size_t len;
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* RFC 1071 over len bytes, continuing a sum. */
static uint32_t sum(const uint8_t *bytes, size_t len, uint32_t total)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		total += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	if (len % 2)
		total += (uint32_t)(bytes[len - 1] << 8);
	return total;
}

static uint32_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

/* One segment; c->seq moves behind it. */
static void frame_build(struct client *c, unsigned flags, const uint8_t *data, size_t len, struct frame *f)
{
	uint8_t *ip = f->bytes + 14, *tcp = ip + 20;

	memset(f->bytes, 0, HEADERS);
	memcpy(f->bytes, c->peer_mac, 6);
	memcpy(f->bytes + 6, c->mac, 6);
	put16(f->bytes + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(40 + len));
	ip[6] = 0x40; /* do not fragment */
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, &c->source, 4);
	memcpy(ip + 16, &c->target, 4);
	put16(ip + 10, fold(sum(ip, 20, 0)));
	put16(tcp, c->sport);
	put16(tcp + 2, c->dport);
	put32(tcp + 4, c->seq);
	put32(tcp + 8, c->ack);
	tcp[12] = 5 << 4;
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 65000);
	if (len)
		memcpy(tcp + 20, data, len);
	put16(tcp + 16, fold(sum(ip + 12, 8, sum(tcp, 20 + len, (uint32_t)(IPPROTO_TCP + 20 + len)))));
	f->len = HEADERS + len;
	c->seq += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0);
}

/* The next segment of the server's; false after wait_ms without one. */
static bool frame_receive(const struct client *c, int wait_ms, struct frame *f)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };
	int tries;

	for (tries = 0; tries < 1000 && poll(&ready, 1, wait_ms) == 1; tries++) {
		ssize_t got = recv(c->fd, f->bytes, sizeof(f->bytes), 0);
		const uint8_t *ip = f->bytes + 14, *tcp = ip + 20;

		if (got < HEADERS || ip[9] != IPPROTO_TCP || memcmp(ip + 16, &c->source, 4))
			continue;
		if ((tcp[0] << 8 | tcp[1]) != c->dport || (tcp[2] << 8 | tcp[3]) != c->sport)
			continue;
		f->len = (size_t)got;
		return true;
	}
	return false;
}

static int packet_open(const char *ifname, struct client *c)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	socklen_t len = sizeof(link);

	link.sll_ifindex = (int)if_nametoindex(ifname);
	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&link, sizeof(link)) ||
	    getsockname(c->fd, (struct sockaddr *)&link, &len))
		return -1;
	memcpy(c->mac, link.sll_addr, 6);
	return 0;
}

static bool handshake(struct client *c)
{
	struct frame f;

	frame_build(c, SYN, NULL, 0, &f);
	if (send(c->fd, f.bytes, f.len, 0) < 0)
		return false;
	if (!frame_receive(c, 3000, &f) || f.bytes[47] != (SYN | ACK))
		return false;
	c->ack = get32(f.bytes + 38) + 1;
	return true;
}

/* The ACK and all of the hello in one call, so that nothing else runs between them here. */
static bool send_batch(struct client *c, const char *path)
{
	static struct frame frames[MAX_SEGMENTS + 1];
	static char line[2 * MAX_FRAME + 2];
	struct mmsghdr message[MAX_SEGMENTS + 1] = { 0 };
	struct iovec part[MAX_SEGMENTS + 1];
	uint8_t segment[MAX_FRAME - HEADERS];
	FILE *file = fopen(path, "r");
	unsigned n = 0, i;

	if (!file)
		return false;
	frame_build(c, ACK, NULL, 0, &frames[n++]);
	while (n <= MAX_SEGMENTS && fgets(line, sizeof(line), file))
		frame_build(c, ACK | PSH, segment, hex_decode(line, segment, sizeof(segment)), &frames[n++]);
	fclose(file);
	for (i = 0; i < n; i++) {
		part[i] = (struct iovec){ .iov_base = frames[i].bytes, .iov_len = frames[i].len };
		message[i].msg_hdr.msg_iov = &part[i];
		message[i].msg_hdr.msg_iovlen = 1;
	}
	return n > 1 && sendmmsg(c->fd, message, n, 0) == (int)n;
}

/* Listens for a while and says what came. */
static int answer(struct client *c)
{
	char first[32] = "timeout", flags[200] = "";
	struct frame f;

	while (frame_receive(c, 700, &f)) {
		const uint8_t *ip = f.bytes + 14, *tcp = ip + 20, *data = tcp + (tcp[12] >> 4) * 4;
		size_t len = (size_t)(ip[2] << 8 | ip[3]) - 20u - (size_t)(tcp[12] >> 4) * 4u;

		if (strlen(flags) < sizeof(flags) - 8)
			sprintf(flags + strlen(flags), " %x", tcp[13]);
		if (strcmp(first, "timeout"))
			continue;
		if (tcp[13] & RST)
			strcpy(first, "reset");
		else if (len > 6 && data[0] == 22 && data[5] == 2)
			strcpy(first, "server-hello");
		else if (len > 6 && data[0] == 21)
			sprintf(first, "alert %u", data[6]);
	}
	printf("%s, flags%s\n", first, flags);
	return strcmp(first, "server-hello") ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct client c = { .dport = 443, .seq = (uint32_t)getpid() << 12 };
	const char *ifname = "";
	int option;

	while ((option = getopt(argc, argv, "i:s:t:m:p:")) != -1) {
		if (option == 'i')
			ifname = optarg;
		else if (option == 's')
			inet_pton(AF_INET, optarg, &c.source);
		else if (option == 't')
			inet_pton(AF_INET, optarg, &c.target);
		else if (option == 'm')
			sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &c.peer_mac[0], &c.peer_mac[1],
			       &c.peer_mac[2], &c.peer_mac[3], &c.peer_mac[4], &c.peer_mac[5]);
		else if (option == 'p')
			c.dport = (uint16_t)atoi(optarg);
		else
			return 2;
	}
	c.sport = (uint16_t)(20000 + getpid() % 40000);
	if (optind + 1 != argc || packet_open(ifname, &c)) {
		perror("batch");
		return 2;
	}
	if (!handshake(&c) || !send_batch(&c, argv[optind])) {
		fputs("batch: no handshake\n", stderr);
		return 2;
	}
	return answer(&c);
}
