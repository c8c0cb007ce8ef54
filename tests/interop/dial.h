/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A TCP connection from a chosen source address, and the clock to time it with. */
#ifndef INTEROP_DIAL_H
#define INTEROP_DIAL_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DIAL_SECONDS = 10 };

static inline double clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool socket_address(const char *text, unsigned port, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*len = sizeof(*v6);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

/* from may be NULL. The descriptor, or -1 with errno (EINPROGRESS: ten seconds were not enough). */
static inline int dial(const char *address, unsigned port, const char *from)
{
	struct timeval limit = { .tv_sec = DIAL_SECONDS };
	struct sockaddr_storage to, source;
	socklen_t len, source_len;
	int fd, on = 1, err;

	errno = EINVAL;
	if (!socket_address(address, port, &to, &len) ||
	    (from && !socket_address(from, 0, &source, &source_len)))
		return -1;
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Linux applies SO_SNDTIMEO to connect() too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* Or the kernel would wait for the first segment's ACK, and join those that follow. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((!from || bind(fd, (struct sockaddr *)&source, source_len) == 0) &&
	    connect(fd, (struct sockaddr *)&to, len) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

#endif
