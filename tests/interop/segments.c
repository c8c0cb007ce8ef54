/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * segments: sends a recorded hello in its recorded segments, and says what came back first.
 *
 *   segments -a ADDRESS [-p PORT] [-f FROM] [-d MS] [-w MS] [-k MS] FILE
 *
 * FILE: one line of hex per segment. -d: pause between segments; without it they leave back to back. Prints one of
 * server-hello, alert N, record N, other, closed, reset, timeout; then the milliseconds it took, from the first byte
 * sent. Exit 0 for server-hello. -w: how long to wait for it (5,000).
 * -k: how long the connection is kept open after that.
 */
#include <poll.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include "dial.h"
#include "hex.h"

enum { MAX_SEGMENT = 4096 };

static bool send_file(int fd, const char *path, unsigned pause_ms)
{
	static char line[2 * MAX_SEGMENT + 2];
	uint8_t segment[MAX_SEGMENT];
	FILE *file = fopen(path, "r");
	bool first = true;
	size_t len;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!first && pause_ms)
			usleep(pause_ms * 1000);
		first = false;
		len = hex_decode(line, segment, sizeof(segment));
		if (send(fd, segment, len, MSG_NOSIGNAL) != (ssize_t)len)
			break;
	}
	fclose(file);
	return !first;
}

/* Reads until seven bytes tell a record and what is in it. */
static int answer(int fd, int wait_ms, double begin)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t head[7];
	size_t have = 0;
	char text[32] = "timeout";

	while (have < sizeof(head) && poll(&ready, 1, wait_ms) == 1) {
		ssize_t got = recv(fd, head + have, sizeof(head) - have, 0);

		if (got <= 0) {
			strcpy(text, got == 0 ? "closed" : errno == ECONNRESET ? "reset" : "error");
			break;
		}
		have += (size_t)got;
	}
	if (have == sizeof(head) && head[0] == 22)
		strcpy(text, head[5] == 2 ? "server-hello" : "other");
	else if (have == sizeof(head) && head[0] == 21)
		snprintf(text, sizeof(text), "alert %u", head[6]);
	else if (have == sizeof(head))
		snprintf(text, sizeof(text), "record %u", head[0]);
	printf("%s %.0f\n", text, clock_ms() - begin);
	return strcmp(text, "server-hello") ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *address = NULL, *from = NULL;
	unsigned port = 443, pause_ms = 0;
	int option, fd, status, wait_ms = 5000, keep_ms = 0;
	double begin;

	while ((option = getopt(argc, argv, "a:p:f:d:w:k:")) != -1) {
		if (option == 'a')
			address = optarg;
		else if (option == 'p')
			port = (unsigned)atoi(optarg);
		else if (option == 'f')
			from = optarg;
		else if (option == 'd')
			pause_ms = (unsigned)atoi(optarg);
		else if (option == 'w')
			wait_ms = atoi(optarg);
		else if (option == 'k')
			keep_ms = atoi(optarg);
		else
			return 2;
	}
	if (!address || optind + 1 != argc) {
		fputs("usage: segments -a ADDRESS [-p PORT] [-f FROM] [-d MS] [-w MS] [-k MS] FILE\n",
		      stderr);
		return 2;
	}
	fd = dial(address, port, from);
	if (fd < 0) {
		perror("segments");
		return 2;
	}
	begin = clock_ms();
	if (!send_file(fd, argv[optind], pause_ms)) {
		perror(argv[optind]);
		return 2;
	}
	status = answer(fd, wait_ms, begin);
	fflush(stdout);
	usleep((useconds_t)keep_ms * 1000);
	return status;
}
