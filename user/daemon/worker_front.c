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

/* Another thread may be asking there. */
static void set_fd(struct worker *w, int fd)
{
	pthread_mutex_lock(&w->harvest.lock);
	if (w->front.fd >= 0)
		close(w->front.fd);
	w->front.fd = fd;
	pthread_mutex_unlock(&w->harvest.lock);
}

void worker_front_close(struct worker *w)
{
	set_fd(w, -1);
	free(w->front.reply);
	w->front.reply = NULL;
}

void worker_front_open(struct worker *w, int fd)
{
	worker_front_close(w);
	set_fd(w, fd);
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

/* False: it needs no reply. NULL in *reply: there was no memory for it. */
static bool answer(struct worker *w, char *line, size_t len, char **reply)
{
	const struct control_client from = { .uid = (uid_t)-1 };
	struct control_request r;
	const char *why;

	if (control_parse(line, len, &r, &why)) {
		*reply = control_refusal(EXIT_USAGE, why, NULL, NULL);
	} else if (!strcmp(r.verb, "harvested")) {
		worker_harvested(w, &r);
		return false;
	} else if (!may_ask(r.verb)) {
		*reply = control_refusal(EXIT_USAGE, "not for a front end", NULL, NULL);
	} else {
		*reply = worker_answer(&r, &from, w);
	}
	return true;
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
	if (!answer(w, line, (size_t)got, &w->front.reply))
		return true;
	if (w->front.reply)
		return send_reply(w);
	worker_front_close(
		w); /* or it would take each later reply for another's; the keeper starts a new one */
	return false;
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
