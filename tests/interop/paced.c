/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * paced: a bystander whose every packet is counted: numbered UDP datagrams at an even pace.
 *
 *   paced ADDRESS PORT PER_SECOND STATE      sends until SIGTERM; STATE then has "sent N", at least 90 % of the pace
 *   paced -r PORT STATE                      receives; STATE has "received N repeated N", rewritten every 100 ms
 *
 * What did not arrive is sent - received. Both buffers are large, so that only the way between them can lose.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "dial.h"

enum { ROOM = 64 << 20, BATCH = 64, MOST = 1 << 25 };

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static void write_state(const char *path, const char *format, unsigned long a, unsigned long b)
{
	char other[300];
	FILE *out;

	snprintf(other, sizeof(other), "%s.new", path);
	out = fopen(other, "w");
	if (!out)
		exit(1);
	fprintf(out, format, a, b);
	fclose(out);
	rename(other, path);
}

static int open_udp(const struct sockaddr_storage *to, socklen_t len, bool receives)
{
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = ROOM;

	setsockopt(fd, SOL_SOCKET, receives ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &room, sizeof(room));
	if (fd < 0 || (receives ? bind(fd, (const struct sockaddr *)to, len)
				: connect(fd, (const struct sockaddr *)to, len))) {
		perror("paced");
		exit(1);
	}
	return fd;
}

static void receive(int fd, const char *path)
{
	static uint8_t seen[MOST];
	static uint32_t number[BATCH];
	struct mmsghdr message[BATCH];
	struct iovec part[BATCH];
	unsigned long received = 0, repeated = 0;
	double written = 0;

	for (int i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ .iov_base = &number[i], .iov_len = sizeof(number[i]) };
		message[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part[i], .msg_iovlen = 1 } };
	}
	while (!ended) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int got = poll(&ready, 1, 50) == 1 ? recvmmsg(fd, message, BATCH, MSG_DONTWAIT, NULL) : 0;

		for (int i = 0; i < got; i++) {
			uint32_t n = number[i] % MOST;

			received += !seen[n];
			repeated += seen[n];
			seen[n] = 1;
		}
		if (clock_ms() - written > 100) {
			written = clock_ms();
			write_state(path, "received %lu repeated %lu\n", received, repeated);
		}
	}
}

static void send_paced(int fd, double rate, const char *path)
{
	double begun = clock_ms();
	uint32_t n = 0;

	while (!ended) {
		double due = (clock_ms() - begun) * rate / 1000;

		/* Behind after a pause of this process: in small steps, or the burst would overrun a queue. */
		for (int step = 0; n < due && step < BATCH; step++, n++)
			if (send(fd, &n, sizeof(n), 0) < 0)
				break;
		usleep(100);
	}
	write_state(path, "sent %lu of %lu\n", n, (unsigned long)((clock_ms() - begun) * rate / 1000));
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	socklen_t len;

	signal(SIGTERM, end);
	if (argc == 4 && !strcmp(argv[1], "-r") && socket_address("::", (unsigned)atoi(argv[2]), &to, &len)) {
		receive(open_udp(&to, len, true), argv[3]);
		return 0;
	}
	if (argc != 5 || !socket_address(argv[1], (unsigned)atoi(argv[2]), &to, &len)) {
		fputs("usage: paced ADDRESS PORT PER_SECOND STATE | paced -r PORT STATE\n", stderr);
		return 2;
	}
	send_paced(open_udp(&to, len, false), atof(argv[3]), argv[4]);
	return 0;
}
