/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spray: segments by somebody who is not on the path, and what they bring out.
 *
 *   spray [-l | -w] -i IFACE -m PEER_MAC -t TARGET -x HELLO [-n COUNT] [-r PER_SECOND] [-s SEED]
 *
 * Without -l: COUNT segments with sources of 198.18.0.0/15, all 256 flag octets, random and extreme numbers, with and
 * without timestamps, empty, with the recorded HELLO, its first half, one byte, or noise; now and then a bare ACK and then
 * a hello that acknowledges 0 (what conntrack picks up, and what would match it). Prints what came back:
 *
 *   sent 1000000 back-reset 900000 back-syn-ack 3 back-ack 0 back-data 0
 *
 * With -w: only the whole HELLO, as a client would send it, each from another source.
 *
 * With -l: watches the hellos that leave through IFACE for a second, then aims COUNT segments at those flows: RST, SYN,
 * FIN and data inside the window but beyond the next number, acknowledging anything: all that an attacker can do who
 * knows addresses and ports.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "hex.h"
#include "spray.h"

enum { BATCH = 32, MAX_FLOWS = 1024, BEYOND = 5000 };

static struct {
	int fd;
	struct ends ends;
	uint8_t hello[1400];
	size_t hello_len;
	unsigned long reset, syn_ack, ack, data;
	struct segment flow[MAX_FLOWS];
	unsigned flows;
} spray;

static uint32_t extreme(uint32_t n)
{
	static const uint32_t numbers[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };

	return n % 2 ? draw() : numbers[n / 2 % 5];
}

/* The n-th segment from nowhere. Four in a row have one tuple. */
static struct segment from_nowhere(uint32_t n)
{
	static struct segment tuple;
	const struct {
		const uint8_t *data;
		size_t len;
	} kinds[] = { { NULL, 0 },
		      { spray.hello, spray.hello_len },
		      { spray.hello, spray.hello_len / 2 },
		      { spray.hello, 1 },
		      { (const uint8_t *)&spray, 100 } };
	struct segment s;

	if (n % 4 == 0) {
		tuple.source = htonl(0xc6120000u | (draw() & 0x1ffff));
		tuple.port = (uint16_t)(1024 + draw() % 60000);
		tuple.seq = draw();
	}
	s = tuple;
	if (n % 64 < 2) {
		s.flags = ACK;
		s.ack = n % 64 ? 0 : draw();
		s.data = n % 64 ? spray.hello : NULL;
		s.len = n % 64 ? spray.hello_len : 0;
		return s;
	}
	s.flags = (uint8_t)(n / 20);
	s.seq = extreme(draw());
	s.ack = extreme(draw());
	s.stamped = n / 5 % 2;
	s.data = kinds[n % 5].data;
	s.len = kinds[n % 5].len;
	return s;
}

static struct segment hello_from_nowhere(uint32_t n)
{
	(void)n;
	return (struct segment){ .source = htonl(0xc6120000u | (draw() & 0x1ffff)),
				 .port = (uint16_t)(1024 + draw() % 60000),
				 .flags = ACK | PSH,
				 .seq = draw(),
				 .ack = draw(),
				 .stamped = true,
				 .data = spray.hello,
				 .len = spray.hello_len };
}

/* The n-th segment at a flow that is there. */
static struct segment at_a_flow(uint32_t n)
{
	static const uint8_t flags[] = { RST,       RST | ACK, SYN,       SYN | ACK,
					 ACK | PSH, ACK | FIN, RST | SYN, RST | PSH };
	struct segment s = spray.flow[n % spray.flows];

	s.flags = flags[n / spray.flows % sizeof(flags)];
	s.seq += BEYOND + draw() % 20000;
	s.ack = draw();
	if (s.flags & PSH) {
		s.data = spray.hello;
		s.len = 1 + draw() % spray.hello_len;
	}
	return s;
}

static void count(const struct frame *f)
{
	const uint8_t *data;

	/* What goes to others is not an answer to us. */
	if (!is_tcp(f) || memcmp(f->bytes + 26, &spray.ends.target, 4) ||
	    get32(f->bytes + 30) >> 17 != 0xc612 >> 1)
		return;
	if (data_of(f, &data))
		spray.data++;
	else if (f->bytes[47] & RST)
		spray.reset++;
	else if (f->bytes[47] & SYN)
		spray.syn_ack++;
	else
		spray.ack++;
}

static void remember(const struct frame *f)
{
	const uint8_t *data;
	size_t len;

	if (!is_tcp(f) || memcmp(f->bytes + 30, &spray.ends.target, 4) || spray.flows == MAX_FLOWS)
		return;
	len = data_of(f, &data);
	if (len < 6 || data[0] != 22 || data[5] != 1)
		return;
	struct segment *s = &spray.flow[spray.flows++];

	memcpy(&s->source, f->bytes + 26, 4);
	s->port = (uint16_t)(f->bytes[34] << 8 | f->bytes[35]);
	s->seq = get32(f->bytes + 38) + (uint32_t)len;
}

static void listen_now(void (*hear)(const struct frame *f))
{
	struct frame f;
	ssize_t got;

	while ((got = recv(spray.fd, f.bytes, sizeof(f.bytes), MSG_DONTWAIT)) > 0) {
		f.len = (size_t)got;
		hear(&f);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_batch(const struct frame *frames, unsigned n)
{
	struct mmsghdr message[BATCH] = { 0 };
	struct iovec part[BATCH];
	unsigned sent = 0;

	for (unsigned i = 0; i < n; i++) {
		part[i] = (struct iovec){ .iov_base = (void *)frames[i].bytes, .iov_len = frames[i].len };
		message[i].msg_hdr.msg_iov = &part[i];
		message[i].msg_hdr.msg_iovlen = 1;
	}
	while (sent < n) {
		int done = sendmmsg(spray.fd, message + sent, n - sent, 0);

		/* The queue is full: nothing of what we had is lost. */
		if (done < 0 && errno == ENOBUFS) {
			usleep(1000);
			continue;
		}
		if (done < 0) {
			perror("spray: sendmmsg");
			exit(1);
		}
		sent += (unsigned)done;
	}
}

static void send_all(unsigned total, double rate, struct segment (*next)(uint32_t n))
{
	static struct frame frames[BATCH];
	double begun = seconds();
	unsigned n = 0;

	while (n < total) {
		unsigned i;

		for (i = 0; i < BATCH && n < total; i++, n++) {
			struct segment s = next(n);

			build(&spray.ends, &s, &frames[i]);
		}
		send_batch(frames, i);
		listen_now(count);
		while (seconds() - begun < n / rate)
			usleep(200);
	}
	usleep(300000);
	listen_now(count);
}

static bool interface_open(const char *name, bool outgoing_too)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	socklen_t len = sizeof(at);
	int on = !outgoing_too, room = 32 << 20;

	at.sll_ifindex = (int)if_nametoindex(name);
	spray.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (spray.fd < 0 || setsockopt(spray.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(spray.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(spray.fd, (struct sockaddr *)&at, sizeof(at)) ||
	    getsockname(spray.fd, (struct sockaddr *)&at, &len))
		return false;
	memcpy(spray.ends.mac, at.sll_addr, 6);
	return true;
}

static bool read_hello(const char *path)
{
	char line[2 * sizeof(spray.hello) + 2];
	FILE *file = fopen(path, "r");

	if (!file || !fgets(line, sizeof(line), file))
		return false;
	spray.hello_len = hex_decode(line, spray.hello, sizeof(spray.hello));
	fclose(file);
	return spray.hello_len > 0;
}

static int aim(unsigned total, double rate)
{
	int off = 1;

	for (double end = seconds() + 1; seconds() < end; usleep(1000))
		listen_now(remember);
	if (!spray.flows) {
		fputs("spray: no flow was seen\n", stderr);
		return 1;
	}
	setsockopt(spray.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &off, sizeof(off));
	send_all(total, rate, at_a_flow);
	printf("flows %u sent %u\n", spray.flows, total);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned total = 1000;
	double rate = 50000;
	const char *ifname = "", *hello = "";
	struct segment (*next)(uint32_t n) = from_nowhere;
	bool live = false;
	int option;

	while ((option = getopt(argc, argv, "lwi:m:t:x:n:r:s:")) != -1) {
		if (option == 'l')
			live = true;
		else if (option == 'w')
			next = hello_from_nowhere;
		else if (option == 'i')
			ifname = optarg;
		else if (option == 'm')
			sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &spray.ends.peer_mac[0],
			       &spray.ends.peer_mac[1], &spray.ends.peer_mac[2], &spray.ends.peer_mac[3],
			       &spray.ends.peer_mac[4], &spray.ends.peer_mac[5]);
		else if (option == 't')
			inet_pton(AF_INET, optarg, &spray.ends.target);
		else if (option == 'x')
			hello = optarg;
		else if (option == 'n')
			total = (unsigned)atoi(optarg);
		else if (option == 'r')
			rate = atof(optarg);
		else if (option == 's')
			random_state = strtoull(optarg, NULL, 10) * 0x9e3779b97f4a7c15ull | 1;
		else
			return 2;
	}
	if (!read_hello(hello) || !interface_open(ifname, live)) {
		perror("spray");
		return 2;
	}
	if (live)
		return aim(total, rate);
	send_all(total, rate, next);
	printf("sent %u back-reset %lu back-syn-ack %lu back-ack %lu back-data %lu\n", total, spray.reset,
	       spray.syn_ack, spray.ack, spray.data);
	return 0;
}
