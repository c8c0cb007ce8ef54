/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ualpn's socket: uacme's ualpn.sh, certbot's ualpn plugin, and whatever else speaks to ualpn(1) speaks to us instead.
 *
 * Owns: the connections and their bytes; the words are ualpn_line.c's, the challenges the engine's. What is added lives
 * for an hour, as with ualpn, and is removed by `unauth` whatever its digest.
 * Refuses: more than CLIENTS at once (the rest wait in the socket's backlog), lines of more than UALPN_LINE_MAX, a client
 * that says and takes nothing for UALPN_IDLE.
 *
 * Unlike ualpn: all commands of one write are answered, in order, and a client that has closed its half still gets the
 * replies. A client has one command with the engine at a time, and the next is looked at when the last reply is written:
 * a client that does not read costs one reply. What it sent before it left altogether is done all the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "front/ualpn_client.h"

enum { CLIENTS = 32 };

#define ACCEPT_REST USEC_PER_SEC /* when there was no descriptor or memory for another client */

struct ualpn {
	usec_t accept_after;
	bool listening; /* the first entry is the listening socket's */
	struct ualpn_client client[CLIENTS];
};

static int open_ualpn(struct front *f)
{
	if (f->options->ualpn_listen < 0)
		return 0;
	f->ualpn = calloc(1, sizeof(*f->ualpn));
	if (!f->ualpn)
		return -ENOMEM;
	for (size_t i = 0; i < CLIENTS; i++)
		f->ualpn->client[i].fd = -1;
	return 0;
}

static void close_ualpn(struct front *f)
{
	for (size_t i = 0; f->ualpn && i < CLIENTS; i++)
		if (f->ualpn->client[i].fd >= 0)
			ualpn_client_drop(&f->ualpn->client[i]);
	free(f->ualpn);
	f->ualpn = NULL;
}

/* ---------------------------------------------------------------- clients */

static struct ualpn_client *free_place(struct ualpn *u)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (u->client[i].fd < 0)
			return &u->client[i];
	return NULL;
}

static void accept_clients(struct front *f)
{
	struct ualpn *u = f->ualpn;
	struct ualpn_client *c;

	while ((c = free_place(u))) {
		int fd = accept4(f->options->ualpn_listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				u->accept_after = f->now + ACCEPT_REST;
			return;
		}
		*c = (struct ualpn_client){ .fd = fd, .progress = f->now, .at = NOT_POLLED };
	}
}

/* Without an interest there is no entry: a client that hangs up while it is being served would end every wait. */
static short events_of(const struct ualpn_client *c)
{
	bool more = !c->ended && !c->leaving && c->in_len < UALPN_INPUT;

	return (short)((more && !c->out ? POLLIN : 0) | (c->out ? POLLOUT : 0));
}

static size_t poll_ualpn(struct front *f, struct pollfd *fds, size_t max)
{
	struct ualpn *u = f->ualpn;
	size_t count = 0;

	if (!u || max < CLIENTS + 1)
		return 0;
	u->listening = f->now >= u->accept_after && free_place(u);
	if (u->listening)
		fds[count++] = (struct pollfd){ .fd = f->options->ualpn_listen, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS; i++) {
		struct ualpn_client *c = &u->client[i];
		short events = c->fd < 0 ? 0 : events_of(c);

		c->at = events ? count : NOT_POLLED;
		if (events)
			fds[count++] = (struct pollfd){ .fd = c->fd, .events = events };
	}
	return count;
}

static void serve_ualpn(struct front *f, const struct pollfd *fds, size_t count)
{
	struct ualpn *u = f->ualpn;

	if (!u)
		return;
	for (size_t i = 0; i < CLIENTS; i++) {
		struct ualpn_client *c = &u->client[i];
		bool polled = c->at < count;

		if (c->fd < 0)
			continue;
		if (polled && fds[c->at].events & POLLIN && fds[c->at].revents)
			ualpn_client_read(f, c);
		ualpn_client_serve(f, c);
	}
	if (u->listening && count && fds[0].revents)
		accept_clients(f);
}

static usec_t deadline_ualpn(const struct front *f)
{
	const struct ualpn *u = f->ualpn;
	usec_t first = USEC_NEVER;

	if (!u)
		return first;
	if (u->accept_after > f->now)
		first = u->accept_after;
	for (size_t i = 0; i < CLIENTS; i++) {
		const struct ualpn_client *c = &u->client[i];

		if (c->fd < 0 || c->asking)
			continue;
		first = MIN(first, c->due ? f->now : c->progress + UALPN_IDLE);
	}
	return first;
}

const struct front_part front_part_ualpn = {
	.name = "ualpn's socket",
	.open = open_ualpn,
	.close = close_ualpn,
	.poll = poll_ualpn,
	.serve = serve_ualpn,
	.deadline = deadline_ualpn,
};
