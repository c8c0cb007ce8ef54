/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flood: hellos over real connections, as fast as they can be opened, by somebody who never goes on with the handshake.
 *
 *   flood -a ADDRESS -x HELLO -f FROM [-f FROM]... [-c AT_ONCE] [-s SECONDS] [-k SILENT_MS]
 *
 * AT_ONCE connections are open at any moment, from every FROM in turn. Each sends the hello, waits for the first answer, says
 * nothing for SILENT_MS, and is reset, so that no port stays in TIME_WAIT. SIGTERM ends it before SECONDS. One line:
 *
 *   seconds 10.0 hellos 52000 per-second 5200 handshake 960 alert 51000 closed 40 failed 0
 *
 * handshake, alert, closed: what came first after the hello; failed: no connection within LIMIT_MS, or no descriptor.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include "dial.h"
#include "hex.h"

enum { MAX_FROM = 64, MAX_OPEN = 16384, LIMIT_MS = 5000, EVENTS = 256, PORT = 443, LINES = 8 };

enum answer { ANSWER_HANDSHAKE, ANSWER_ALERT, ANSWER_CLOSED, ANSWER_FAILED, ANSWERS };

struct connection {
	int fd;        /* -1: to be opened */
	bool said;     /* the hello */
	double due_ms; /* until here it may take; once answered: until here it is silent */
	bool answered;
};

static struct {
	struct sockaddr_storage to, from[MAX_FROM];
	socklen_t len;
	unsigned froms, next, at_once;
	double silent_ms;
	int events;
	uint8_t hello[4096];
	size_t hello_len;
	unsigned long hellos, answer[ANSWERS];
	struct connection open[MAX_OPEN];
} flood = { .at_once = 256 };

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static bool read_hello(const char *path)
{
	static char line[2 * sizeof(flood.hello) + 2];
	FILE *file = fopen(path, "r");

	for (int i = 0; file && i < LINES && fgets(line, sizeof(line), file); i++)
		flood.hello_len += hex_decode(line, flood.hello + flood.hello_len,
					      sizeof(flood.hello) - flood.hello_len);
	if (file)
		fclose(file);
	return flood.hello_len > 0;
}

static void leave(struct connection *c)
{
	const struct linger reset = { .l_onoff = 1 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(c->fd);
	c->fd = -1;
}

static void answered(struct connection *c, enum answer answer, double now)
{
	flood.answer[answer]++;
	c->answered = true;
	c->due_ms = now + flood.silent_ms;
	if (answer != ANSWER_HANDSHAKE || flood.silent_ms <= 0)
		leave(c);
}

static void begin(struct connection *c, double now)
{
	const struct sockaddr *to = (const struct sockaddr *)&flood.to;
	struct epoll_event wish = { .events = EPOLLOUT | EPOLLIN | EPOLLET, .data.ptr = c };
	int on = 1;

	*c = (struct connection){ .fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
				  .due_ms = now + LIMIT_MS };
	if (c->fd < 0) {
		flood.answer[ANSWER_FAILED]++;
		return;
	}
	/* The port is chosen with the connection: a bound one would have to be free for every target. */
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(c->fd, (const struct sockaddr *)&flood.from[flood.next++ % flood.froms], flood.len) ||
	    (connect(c->fd, to, flood.len) && errno != EINPROGRESS) ||
	    epoll_ctl(flood.events, EPOLL_CTL_ADD, c->fd, &wish))
		answered(c, ANSWER_FAILED, now);
}

static void say(struct connection *c, double now)
{
	if (send(c->fd, flood.hello, flood.hello_len, MSG_NOSIGNAL) == (ssize_t)flood.hello_len) {
		flood.hellos++;
		c->said = true;
	} else if (errno != EAGAIN) {
		answered(c, ANSWER_FAILED, now);
	}
}

static void hear(struct connection *c, double now)
{
	uint8_t bytes[2048];
	ssize_t got = recv(c->fd, bytes, sizeof(bytes), 0);

	if (got < 0 && errno == EAGAIN)
		return;
	if (c->answered) {
		if (got <= 0)
			leave(c);
		return;
	}
	answered(c, got <= 0 ? ANSWER_CLOSED : bytes[0] == 22 ? ANSWER_HANDSHAKE : ANSWER_ALERT, now);
}

static void look_after(struct connection *c, double now)
{
	if (c->fd >= 0 && now >= c->due_ms && c->answered)
		leave(c);
	if (c->fd >= 0 && now >= c->due_ms)
		answered(c, ANSWER_FAILED, now);
	if (c->fd < 0)
		begin(c, now);
}

static void turn(void)
{
	struct epoll_event event[EVENTS];
	int count = epoll_wait(flood.events, event, EVENTS, 1);
	double now = clock_ms();

	for (int i = 0; i < count; i++) {
		struct connection *c = event[i].data.ptr;

		if (c->fd >= 0 && !c->said && event[i].events & EPOLLOUT)
			say(c, now);
		if (c->fd >= 0 && event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			hear(c, now);
		if (c->fd < 0)
			begin(c, now);
	}
}

static void run(double seconds)
{
	double begun = clock_ms(), looked = 0, now = begun;

	while (!ended && now < begun + seconds * 1000) {
		if (now >= looked + 50) {
			for (unsigned i = 0; i < flood.at_once; i++)
				look_after(&flood.open[i], now);
			looked = now;
		}
		turn();
		now = clock_ms();
	}
	printf("seconds %.1f hellos %lu per-second %.0f handshake %lu alert %lu closed %lu failed %lu\n",
	       (now - begun) / 1000, flood.hellos, (double)flood.hellos / (now - begun) * 1000,
	       flood.answer[ANSWER_HANDSHAKE], flood.answer[ANSWER_ALERT], flood.answer[ANSWER_CLOSED],
	       flood.answer[ANSWER_FAILED]);
}

static bool option_take(int option, const char *value, double *seconds)
{
	switch (option) {
	case 'a':
		return socket_address(value, PORT, &flood.to, &flood.len);
	case 'f':
		return flood.froms < MAX_FROM &&
		       socket_address(value, 0, &flood.from[flood.froms++], &flood.len);
	case 'x':
		return read_hello(value);
	case 'c':
		flood.at_once = (unsigned)atoi(value);
		return flood.at_once && flood.at_once <= MAX_OPEN;
	case 's':
		*seconds = atof(value);
		return true;
	case 'k':
		flood.silent_ms = atof(value);
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	double seconds = 10;
	bool right = true;
	int option;

	while (right && (option = getopt(argc, argv, "a:x:f:c:s:k:")) != -1)
		right = option_take(option, optarg, &seconds);
	if (!right || !flood.hello_len || !flood.froms || !flood.to.ss_family) {
		fputs("usage: flood -a ADDRESS -x HELLO -f FROM [-f FROM]... [-c AT_ONCE] [-s SECONDS] [-k SILENT_MS]\n",
		      stderr);
		return 2;
	}
	signal(SIGTERM, end);
	flood.events = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < flood.at_once; i++)
		flood.open[i].fd = -1;
	run(seconds);
	return 0;
}
