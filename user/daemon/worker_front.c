/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process of the front ends, as the engine process sees it: a client whose requests are datagrams, in one order with
 * their replies, and the one who can ask outside for a name (front/front.h).
 *
 * It may add and remove challenges and read the status, and nothing else. A reply that finds no room waits, and no
 * request is taken before it is gone: whoever does not read is not served.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/worker.h"

enum { REQUESTS_PER_TURN = 16 };

static const char *const verbs[] = { "add", "remove", "status" };

static bool may_ask(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i], verb))
			return true;
	return false;
}

void worker_front_close(struct worker *w)
{
	if (w->front.fd >= 0)
		close(w->front.fd);
	free(w->front.reply);
	w->front = (struct worker_front){ .fd = -1 };
}

void worker_front_open(struct worker *w, int fd)
{
	worker_front_close(w);
	w->front.fd = fd;
	worker_harvest_again(w);
}

bool worker_front_tell(struct worker *w, const char *line)
{
	if (w->front.fd < 0)
		return false;
	return send(w->front.fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* True: it is gone, or there is none. */
static bool send_reply(struct worker *w)
{
	struct worker_front *f = &w->front;

	if (!f->reply)
		return true;
	if (!worker_front_tell(w, f->reply)) {
		if (errno != EAGAIN)
			worker_front_close(w);
		return false;
	}
	free(f->reply);
	f->reply = NULL;
	return true;
}

/* The reply, or NULL when there is none to be sent. */
static char *answer(struct worker *w, char *line, size_t len)
{
	const struct control_client from = { .uid = (uid_t)-1 };
	struct control_request r;
	const char *why;

	if (control_parse(line, len, &r, &why))
		return control_refusal(EXIT_USAGE, why, NULL, NULL);
	if (!strcmp(r.verb, "harvested")) {
		worker_harvested(w, &r);
		return NULL;
	}
	if (!may_ask(r.verb))
		return control_refusal(EXIT_USAGE, "not for a front end", NULL, NULL);
	return worker_answer(&r, &from, w);
}

/* False: nothing more to read for now. */
static bool serve_one(struct worker *w)
{
	static char line[CONTROL_LINE_MAX + 1];
	ssize_t got;

	if (w->front.fd < 0 || !send_reply(w))
		return false;
	got = recv(w->front.fd, line, CONTROL_LINE_MAX, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		worker_front_close(w);
		return false;
	}
	w->front.reply = answer(w, line, (size_t)got);
	return send_reply(w);
}

void worker_front_serve(struct worker *w)
{
	for (int n = 0; n < REQUESTS_PER_TURN && !worker_restoring(w) && serve_one(w); n++)
		;
}

size_t worker_front_poll(const struct worker *w, struct pollfd *fd)
{
	*fd = (struct pollfd){ .fd = w->front.fd, .events = w->front.reply ? POLLOUT : POLLIN };
	return w->front.fd >= 0 && !worker_restoring(w);
}
