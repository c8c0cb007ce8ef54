/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The server's connections, driven by the caller's poll() loop. Never blocks, never reads the clock.
 *
 * A client has one request in work: the next line is looked at when the reply to the last one has been
 * written whole. That gives replies in order, and a client that does not read cannot make us keep more than
 * one reply for it. What a client may cost: one line of input, one reply, one of CONTROL_CLIENTS places, for
 * CONTROL_IDLE without progress.
 *
 * The caller has packets to serve, too: one call answers at most one request of a client, TURN_REQUESTS of all, and
 * none any more after TURN_BYTES of replies. The rest wait for the next call, in turn.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/connection.h"

/*
 * How long the listening socket rests when accept() found no descriptor or memory: it stays readable
 * meanwhile.
 */
#define ACCEPT_REST USEC_PER_SEC

enum {
	TURN_REQUESTS = 16,
	TURN_BYTES = 1 << 20,
	ROOT_PLACES =
		4, /* of CONTROL_CLIENTS: whoever may only add challenges cannot lock out who detaches */
};

struct control_server {
	struct control_server_options options;
	uint64_t numbers;
	usec_t accept_after; /* 0: at once */
	size_t turn;         /* who comes first in the next call */
	size_t requests;     /* answered in this call */
	size_t bytes;        /* of replies, likewise */
	bool visited;        /* false: there is no client at all, and none need be looked for */
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

void control_server_free(struct control_server *s)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (s->client[i].fd >= 0)
			client_drop(&s->client[i]);
	close(s->options.listen_fd);
	free(s);
}

void control_server_reply(struct control_server *s, const struct control_client *to, char *line)
{
	struct client *c = &s->client[to->slot];

	if (c->fd < 0 || c->number != to->number || !c->working)
		free(line);
	else
		client_reply(c, line);
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
		s->bytes += reply ? strlen(reply) : 0;
		if (reply)
			client_reply(c, reply);
	}
	c->in_len -= len + 1;
	memmove(c->in, c->in + len + 1, c->in_len);
	explicit_bzero(c->in + c->in_len, len + 1); /* there may have been a key in it */
}

static bool may_answer(const struct control_server *s, size_t already)
{
	return s->requests == already && s->requests < TURN_REQUESTS && s->bytes < TURN_BYTES;
}

/* Answers one request, if there is one and its reply can be written. */
static void client_advance(struct control_server *s, struct client *c, usec_t now)
{
	const size_t already = s->requests;

	c->due = false;
	while (!c->working && client_flush(c, now)) {
		char *end = memchr(c->in, '\n', c->in_len);

		if (end && !may_answer(s, already)) {
			c->due = true;
			return;
		}
		if (end) {
			s->requests++;
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
	if (!c->out && !c->due && events & (POLLIN | POLLHUP | POLLERR))
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

static struct client *free_place(struct control_server *s, uid_t uid)
{
	size_t unused = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		unused += s->client[i].fd < 0;
	return uid != 0 && unused <= ROOT_PLACES ? NULL : client_of_fd(s, -1);
}

static void server_accept(struct control_server *s, usec_t now)
{
	struct client *c;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(s->options.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->accept_after = now + ACCEPT_REST;
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
		close(fd);
		return;
	}
	c = free_place(s, peer.uid);
	if (!c) {
		turn_away(fd);
		return;
	}
	s->visited = true;
	*c = (struct client){ .fd = fd, .number = ++s->numbers, .uid = peer.uid, .progress = now };
}

size_t control_server_poll(struct control_server *s, struct pollfd *fds, size_t max)
{
	size_t n = 0;

	if (max > 0 && !s->accept_after)
		fds[n++] = (struct pollfd){ .fd = s->options.listen_fd, .events = POLLIN };
	if (!s->visited)
		return n;
	s->visited = false;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct client *c = &s->client[i];
		int events;

		if (c->fd < 0)
			continue;
		s->visited = true;
		if (n == max)
			break;
		/*
		 * The end of a client in work is told without being asked for (POLLHUP). One whose line waits for its
		 * turn can be written to: the caller comes back at once.
		 */
		events = c->out || c->due ? POLLOUT : c->working || c->ended ? 0 : POLLIN;
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = (short)events };
	}
	return n;
}

void control_server_serve(struct control_server *s, const struct pollfd *fds, size_t count, usec_t now)
{
	bool knock = false;

	s->requests = s->bytes = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pollfd *p = &fds[(s->turn + i) % count];
		struct client *c = p->fd < 0 ? NULL : client_of_fd(s, p->fd);

		knock |= p->fd == s->options.listen_fd && p->revents;
		if (c && p->revents)
			client_serve(s, c, p->revents, now);
	}
	s->turn += TURN_REQUESTS;
	for (size_t i = 0; s->visited && i < CONTROL_CLIENTS; i++) {
		struct client *c = &s->client[i];

		if (c->fd < 0)
			continue;
		if (c->working || c->replied || c->due)
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

	for (size_t i = 0; s->visited && i < CONTROL_CLIENTS; i++) {
		const struct client *c = &s->client[i];

		if (c->fd >= 0 && !c->working)
			first = MIN(first, c->progress + CONTROL_IDLE);
	}
	return first;
}
