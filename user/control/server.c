/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The server's connections, driven by the caller's poll() loop. Never blocks, never reads the clock.
 *
 * A client has one request in work: the next line is looked at when the reply to the last one has been
 * written whole. That gives replies in order, and a client that does not read cannot make us keep more than
 * one reply for it. What a client may cost: one line of input, one reply, one of CONTROL_CLIENTS places, for
 * CONTROL_IDLE without progress.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/control.h"

/*
 * How long the listening socket rests when accept() found no descriptor or memory: it stays readable
 * meanwhile.
 */
#define ACCEPT_REST USEC_PER_SEC

struct client {
	int fd; /* -1: the place is free */
	uint64_t number;
	uid_t uid;
	char in[CONTROL_LINE_MAX + 1];
	size_t in_len;
	char *out;
	size_t out_len, out_at;
	usec_t progress; /* when bytes last went either way */
	bool working;    /* a reply is due from the answerer */
	bool replied;    /* it came since the last control_server_serve(), which alone knows the time */
	bool ended;      /* the client will send no more */
	bool leaving;    /* to be closed when its reply is written */
};

struct control_server {
	struct control_server_options options;
	uint64_t numbers;
	usec_t accept_after; /* 0: at once */
	struct client client[CONTROL_CLIENTS];
};

int control_server_new(const struct control_server_options *o, struct control_server **out)
{
	struct control_server *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *o;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		s->client[i].fd = -1;
	*out = s;
	return 0;
}

static void client_drop(struct client *c)
{
	close(c->fd);
	free(c->out);
	c->fd = -1;
	c->out = NULL;
}

void control_server_free(struct control_server *s)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (s->client[i].fd >= 0)
			client_drop(&s->client[i]);
	close(s->options.listen_fd);
	free(s);
}

/* Takes the line; without memory for one, the client is told nothing and leaves. */
static void client_reply(struct client *c, char *line)
{
	c->working = false;
	c->replied = true;
	if (!line) {
		c->leaving = true;
		return;
	}
	assert(!strchr(line, '\n'));
	c->out = line;
	c->out_len = strlen(line);
	c->out_at = 0;
	c->out[c->out_len++] = '\n'; /* the place of the NUL: from here on the length counts */
}

void control_server_reply(struct control_server *s, const struct control_client *to, char *line)
{
	struct client *c = &s->client[to->slot];

	if (c->fd < 0 || c->number != to->number || !c->working)
		free(line);
	else
		client_reply(c, line);
}

static void client_read(struct client *c, usec_t now)
{
	ssize_t got = recv(c->fd, c->in + c->in_len, CONTROL_LINE_MAX - c->in_len, MSG_DONTWAIT);

	if (got > 0) {
		c->in_len += (size_t)got;
		c->progress = now;
	} else if (got == 0) {
		c->ended = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		client_drop(c);
	}
}

/* True: the reply, if there was one, is gone, and the client is still there. */
static bool client_flush(struct client *c, usec_t now)
{
	while (c->out) {
		ssize_t sent =
			send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0) {
			if (errno != EAGAIN && errno != EINTR)
				client_drop(c);
			return false;
		}
		c->progress = now;
		c->out_at += (size_t)sent;
		if (c->out_at < c->out_len)
			continue;
		free(c->out);
		c->out = NULL;
	}
	if (c->leaving) {
		client_drop(c);
		return false;
	}
	return true;
}

static void client_request(struct control_server *s, struct client *c, size_t len)
{
	struct control_client from = { .slot = (unsigned)(c - s->client),
				       .number = c->number,
				       .uid = c->uid };
	struct control_request request;
	const char *why;
	char *reply;

	c->working = true;
	if (control_parse(c->in, len, &request, &why)) {
		client_reply(c, control_refusal(EXIT_USAGE, why, NULL, NULL));
	} else {
		reply = s->options.answer(&request, &from, s->options.context);
		if (reply)
			client_reply(c, reply);
	}
	c->in_len -= len + 1;
	memmove(c->in, c->in + len + 1, c->in_len);
}

/* Answers what has arrived, as far as replies can be written. */
static void client_advance(struct control_server *s, struct client *c, usec_t now)
{
	while (!c->working && client_flush(c, now)) {
		char *end = memchr(c->in, '\n', c->in_len);

		if (end) {
			client_request(s, c, (size_t)(end - c->in));
			continue;
		}
		if (c->in_len < CONTROL_LINE_MAX && !c->ended)
			return;
		c->leaving = true;
		if (c->in_len == CONTROL_LINE_MAX)
			client_reply(c, control_refusal(EXIT_USAGE, "the line is too long", NULL, NULL));
		else if (c->in_len > 0) /* half a request must not be taken for a whole one */
			client_reply(c, control_refusal(EXIT_USAGE, "the line has no end", NULL, NULL));
	}
}

static void client_serve(struct control_server *s, struct client *c, short events, usec_t now)
{
	if (c->working) {
		if (events & (POLLHUP | POLLERR))
			client_drop(c);
		return;
	}
	if (!c->out && events & (POLLIN | POLLHUP | POLLERR))
		client_read(c, now);
	if (c->fd >= 0)
		client_advance(s, c, now);
}

static struct client *client_of_fd(struct control_server *s, int fd)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (s->client[i].fd == fd)
			return &s->client[i];
	return NULL;
}

/*
 * One line to a client for whom there is no place; if it does not fit the socket, it is not worth waiting
 * for.
 */
static void turn_away(int fd)
{
	char *line = control_refusal(EXIT_TRY_AGAIN, "too many clients of the control socket", NULL, NULL);

	if (line && send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		(void)send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(line);
	close(fd);
}

static void server_accept(struct control_server *s, usec_t now)
{
	struct client *c = client_of_fd(s, -1);
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(s->options.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->accept_after = now + ACCEPT_REST;
		return;
	}
	if (!c) {
		turn_away(fd);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
		close(fd);
		return;
	}
	*c = (struct client){ .fd = fd, .number = ++s->numbers, .uid = peer.uid, .progress = now };
}

size_t control_server_poll(struct control_server *s, struct pollfd *fds, size_t max)
{
	size_t n = 0;

	if (max > 0 && !s->accept_after)
		fds[n++] = (struct pollfd){ .fd = s->options.listen_fd, .events = POLLIN };
	for (size_t i = 0; i < CONTROL_CLIENTS && n < max; i++) {
		const struct client *c = &s->client[i];
		int events;

		if (c->fd < 0)
			continue;
		/* The end of a client in work is told without being asked for (POLLHUP). */
		events = c->out ? POLLOUT : c->working || c->ended ? 0 : POLLIN;
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = (short)events };
	}
	return n;
}

void control_server_serve(struct control_server *s, const struct pollfd *fds, size_t count, usec_t now)
{
	bool knock = false;

	for (size_t i = 0; i < count; i++) {
		struct client *c = fds[i].fd < 0 ? NULL : client_of_fd(s, fds[i].fd);

		knock |= fds[i].fd == s->options.listen_fd && fds[i].revents;
		if (c && fds[i].revents)
			client_serve(s, c, fds[i].revents, now);
	}
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *c = &s->client[i];

		if (c->fd < 0)
			continue;
		if (c->working || c->replied)
			c->progress = now;
		c->replied = false;
		if (now >= c->progress + CONTROL_IDLE)
			client_drop(c);
	}
	if (now >= s->accept_after)
		s->accept_after = 0;
	if (knock) /* last: a new client must not inherit the events of an old one with the same descriptor */
		server_accept(s, now);
}

usec_t control_server_deadline(const struct control_server *s)
{
	usec_t first = s->accept_after ? s->accept_after : USEC_NEVER;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct client *c = &s->client[i];

		if (c->fd >= 0 && !c->working)
			first = MIN(first, c->progress + CONTROL_IDLE);
	}
	return first;
}
