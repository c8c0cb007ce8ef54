/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * control: the same TLS, certificate and gate as the daemon's, over the kernel's own TCP. What alpnxdp is measured
 * against: any difference between the two is a difference between two TCPs.
 *
 *   control PORT IDENT DIGEST
 *
 * One thread, one poll(2); it ends with its namespace. Limits: MOST connections, 30 s each.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tls/tls.h"

enum { MOST = 1024, LIFE_S = 30, IN_ROOM = 8192, OUT_ROOM = 4096 };

struct client {
	int fd; /* -1: free */
	struct tls *tls;
	usec_t born;
	bool closing; /* our FIN is out */
	size_t in_len, out_len;
	uint8_t in[IN_ROOM], out[OUT_ROOM];
};

static struct client clients[MOST];
static struct tls_context *context;
static struct certificate certificate;

static void drop(struct client *c)
{
	close(c->fd);
	tls_free(c->tls);
	*c = (struct client){ .fd = -1 };
}

/* wolfSSL sees what the gate has accepted, as in the daemon. False: to be dropped. */
static bool open_tls(struct client *c)
{
	struct tls_hello hello;
	enum gate_verdict verdict = tls_gate(c->in, c->in_len, &hello);

	return verdict == GATE_MORE ||
	       (verdict == GATE_ACCEPT && !tls_open(context, &certificate, clock_now(), &c->tls));
}

static enum tls_state drive(struct client *c)
{
	enum tls_state state;
	struct tls_io io;

	do {
		io = (struct tls_io){ .in = c->in, .in_len = c->in_len };
		io.out = c->out + c->out_len;
		io.out_cap = OUT_ROOM - c->out_len;
		state = tls_drive(c->tls, &io);
		memmove(c->in, c->in + io.consumed, c->in_len - io.consumed);
		c->in_len -= io.consumed;
		c->out_len += io.produced;
	} while (io.consumed || io.produced);
	return state;
}

/* A flight is smaller than any send buffer: it goes out whole or the connection is broken. */
static bool flush(struct client *c)
{
	bool sent = !c->out_len ||
		    send(c->fd, c->out, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)c->out_len;

	c->out_len = 0;
	return sent;
}

static bool serve(struct client *c)
{
	ssize_t got = recv(c->fd, c->in + c->in_len, IN_ROOM - c->in_len, MSG_DONTWAIT);

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	c->in_len += (size_t)got;
	if (!c->tls && !open_tls(c))
		return false;
	if (!c->tls)
		return true;
	if (drive(c) != TLS_HANDSHAKING && !c->closing) {
		tls_close(c->tls);
		drive(c);
		c->closing = true;
	}
	return flush(c) && (!c->closing || !shutdown(c->fd, SHUT_WR) || errno == ENOTCONN);
}

static void take(int listener, usec_t now)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *c = clients;

		while (c < clients + MOST && c->fd >= 0)
			c++;
		if (c == clients + MOST) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		c->fd = fd;
		c->born = now;
	}
}

static int listen_on(unsigned port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 511))
		return -1;
	return fd;
}

static void loop(int listener)
{
	static struct pollfd fds[MOST + 1];

	for (;;) {
		usec_t now;

		fds[MOST] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (int i = 0; i < MOST; i++)
			fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
		if (poll(fds, MOST + 1, 1000) < 0)
			return;
		now = clock_now();
		for (int i = 0; i < MOST; i++) {
			struct client *c = &clients[i];

			if (c->fd >= 0 &&
			    ((fds[i].revents && !serve(c)) || now - c->born > LIFE_S * USEC_PER_SEC))
				drop(c);
		}
		take(listener, now);
	}
}

int main(int argc, char **argv)
{
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	const char *why = "three arguments";
	int listener;

	if (argc != 4 || identifier_parse(argv[2], &ident, &why) || digest_parse(argv[3], digest, &why)) {
		fprintf(stderr, "usage: control PORT IDENT DIGEST (%s)\n", why);
		return 2;
	}
	for (int i = 0; i < MOST; i++)
		clients[i].fd = -1;
	listener = listen_on((unsigned)atoi(argv[1]));
	if (listener < 0 || tls_context_new(&context) ||
	    certificate_make(&ident, digest, (int64_t)time(NULL), &certificate)) {
		perror("control");
		return 1;
	}
	loop(listener);
	return 1;
}
