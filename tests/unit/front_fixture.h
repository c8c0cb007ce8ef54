/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The front ends' process between an engine and a keeper that the test plays, over socket pairs, with a clock that the
 * test moves. front_turns() does what the loop would do now.
 *
 * A question to the keeper is synchronous: the test says the answer before (keeper_will_say()), and looks at what was
 * asked behind (keeper_heard()).
 */
#ifndef FRONT_FIXTURE_H
#define FRONT_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/control.h"
#include "front/private.h"

struct fixture {
	struct front_options options;
	struct front front;
	int engine; /* the test's ends */
	int keeper;
	usec_t now;
	struct sockaddr_un ualpn, metrics; /* where the listening sockets are */
	socklen_t ualpn_len, metrics_len;
};

/* A name of the kernel's choice in the abstract namespace: nothing is left behind. */
static inline int listen_somewhere(struct sockaddr_un *address, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)), 0);
	*len = sizeof(*address);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static inline int connect_to(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address, len), 0);
	return fd;
}

/* Everything but the settings; they are set by the test, which then calls front_begin(). */
static inline struct fixture *fixture_new(void)
{
	struct fixture *x = calloc(1, sizeof(*x));
	int pair[2];

	assert_non_null(x);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	x->options.engine = pair[0];
	x->engine = pair[1];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	x->options.keeper = pair[0];
	x->keeper = pair[1];
	x->options.inotify = inotify_init1(IN_NONBLOCK);
	assert_true(x->options.inotify >= 0);
	x->options.ualpn_listen = listen_somewhere(&x->ualpn, &x->ualpn_len);
	x->options.metrics_listen = listen_somewhere(&x->metrics, &x->metrics_len);
	x->now = 1000 * USEC_PER_SEC;
	return x;
}

static inline void front_begin(struct fixture *x)
{
	assert_int_equal(front_open(&x->front, &x->options, x->now), 0);
}

static inline void fixture_free(struct fixture *x)
{
	front_close(&x->front);
	close(x->options.engine);
	close(x->options.keeper);
	close(x->options.inotify);
	close(x->options.ualpn_listen);
	close(x->options.metrics_listen);
	if (x->engine >= 0)
		close(x->engine);
	if (x->keeper >= 0)
		close(x->keeper);
	free(x);
}

/* One turn, whether there is something to do or not; true: there was. */
static inline bool front_turn(struct fixture *x)
{
	static struct front_turn turn;
	int ready;

	front_collect(&x->front, &turn);
	ready = poll(turn.fds, (nfds_t)turn.count, 0);
	assert_true(ready >= 0);
	front_serve(&x->front, &turn, x->now);
	return ready > 0;
}

/* Until nothing is left to do now. */
static inline void front_turns(struct fixture *x)
{
	int idle = 0;

	/* Two idle turns: what a turn did for time's sake may have opened another descriptor to the next. */
	for (int rounds = 0; rounds < 2000; rounds++) {
		idle = front_turn(x) || front_deadline(&x->front) <= x->now ? 0 : idle + 1;
		if (x->front.ended || idle == 2)
			return;
	}
	fail_msg("the loop is never satisfied: poll() spins");
}

/* --------------------------------------------------------------- engine */

/* The next request as text; "-": there is none; "": the process has closed. */
static inline const char *engine_heard(struct fixture *x)
{
	static char text[CONTROL_LINE_MAX + 1];
	ssize_t got = recv(x->engine, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN ? "-" : "";
	text[got] = '\0';
	return text;
}

static inline void engine_says(struct fixture *x, const char *text)
{
	assert_int_equal(send(x->engine, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* --------------------------------------------------------------- keeper */

/* fd: comes along; -1: none. It stays the caller's. */
static inline void keeper_will_say(struct fixture *x, struct front_reply reply, int fd)
{
	struct iovec body = { .iov_base = &reply, .iov_len = sizeof(reply) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} space = { 0 };
	struct msghdr m = { .msg_iov = &body, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = space.bytes;
		m.msg_controllen = sizeof(space.bytes);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						       .cmsg_type = SCM_RIGHTS,
						       .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(x->keeper, &m, MSG_NOSIGNAL), sizeof(reply));
}

/* What was asked; false: nothing. *fd: what came along, the caller's; -1. fd may be NULL. */
static inline bool keeper_heard(struct fixture *x, struct front_request *request, int *fd)
{
	struct iovec body = { .iov_base = request, .iov_len = sizeof(*request) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} space = { 0 };
	struct msghdr m = { .msg_iov = &body,
			    .msg_iovlen = 1,
			    .msg_control = space.bytes,
			    .msg_controllen = sizeof(space.bytes) };
	int got = -1;

	if (recvmsg(x->keeper, &m, MSG_DONTWAIT) != sizeof(*request))
		return false;
	if (CMSG_FIRSTHDR(&m))
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	if (fd)
		*fd = got;
	else if (got >= 0)
		close(got);
	return true;
}

/* --------------------------------------------------------------- clients */

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has arrived so far; "-" for nothing yet, "" for the end of the stream, "!" for a hard one. */
static inline const char *heard(int fd)
{
	static char text[65536];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN ? "-" : "!";
	text[got] = '\0';
	return text;
}

#endif
