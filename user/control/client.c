/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client's one exchange: connect, one line, one reply, within one time limit. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/control.h"

/* A list of CHALLENGE_MAX challenges with the longest names fits. */
enum { REPLY_MAX = 64 * 1024 * 1024, REPLY_STEP = 4096 };

/*
 * connect() waits for a place in the backlog as long as SO_SNDTIMEO allows (unix(7)): a stopped daemon must
 * not hang us.
 */
static int client_connect(const char *path, int timeout_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* EPIPE is no failure: a server that has no place for us says so and closes before it reads. */
static int client_send(int fd, const char *line)
{
	size_t len = strlen(line);

	while (len > 0) {
		ssize_t sent = send(fd, line, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EPIPE ? 0 : errno == EAGAIN ? -ETIMEDOUT : -errno;
		line += sent;
		len -= (size_t)sent;
	}
	return 0;
}

struct reply {
	char *text;
	size_t len;
	size_t cap;
};

/* 1: the reply is whole; 0: more to come; or -errno. */
static int reply_read(struct reply *r, int fd)
{
	ssize_t got;

	if (r->cap - r->len < REPLY_STEP) {
		size_t cap = r->cap * 2 + REPLY_STEP;
		char *text = cap > REPLY_MAX ? NULL : realloc(r->text, cap);

		if (!text)
			return cap > REPLY_MAX ? -EPROTO : -ENOMEM;
		r->text = text;
		r->cap = cap;
	}
	got = recv(fd, r->text + r->len, r->cap - r->len, MSG_DONTWAIT);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return r->len > 0 ? -EPROTO : -ECONNRESET;
	r->len += (size_t)got;
	if (r->text[r->len - 1] != '\n')
		return 0;
	if (memchr(r->text, '\0', r->len) || memchr(r->text, '\n', r->len - 1))
		return -EPROTO;
	r->text[r->len - 1] = '\0';
	return 1;
}

static int client_receive(int fd, usec_t deadline, char **reply)
{
	struct reply r = { 0 };
	int ret = 0;

	while (ret == 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		usec_t now = clock_now();

		if (now >= deadline)
			ret = -ETIMEDOUT;
		else if (poll(&p, 1, (int)((deadline - now) / USEC_PER_MSEC) + 1) > 0)
			ret = reply_read(&r, fd);
	}
	if (ret < 0) {
		free(r.text);
		return ret;
	}
	*reply = r.text;
	return 0;
}

int control_call(const char *path, const char *line, int timeout_ms, char **reply)
{
	usec_t deadline = clock_now() + (usec_t)timeout_ms * USEC_PER_MSEC;
	int fd = client_connect(path, timeout_ms);
	int err;

	if (fd < 0)
		return fd;
	err = client_send(fd, line);
	if (!err)
		err = client_receive(fd, deadline, reply);
	close(fd);
	return err;
}
