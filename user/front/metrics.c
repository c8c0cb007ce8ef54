/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The metrics socket: a scraper asks by HTTP, the engine is asked for its status, metrics_format() makes the page of it.
 *
 * Owns: the connections. Refuses: more than CLIENTS at once (the rest wait in the backlog), requests of more than
 * HTTP_REQUEST_MAX, and a scraper that has not got its page PATIENCE after it came, whatever it is doing.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/control.h"
#include "front/http.h"
#include "front/private.h"
#include "metrics/metrics.h"

enum { CLIENTS = 8, DISCARDS = 16 };

#define PATIENCE (10 * USEC_PER_SEC)
#define ACCEPT_REST USEC_PER_SEC /* when there was no descriptor or memory for another client */
#define NOT_POLLED SIZE_MAX

struct scraper {
	int fd; /* -1: the place is free */
	uint64_t number;
	usec_t until;
	char in[HTTP_REQUEST_MAX];
	size_t in_len;
	char *out; /* NULL: there is no answer yet */
	size_t out_len, out_at;
	bool asking; /* the engine has been asked */
	size_t at;   /* its entry for poll(2), or NOT_POLLED */
};

struct metrics {
	uint64_t numbers;
	usec_t accept_after;
	bool listening; /* the first entry is the listening socket's */
	struct scraper scraper[CLIENTS];
};

static void drop(struct scraper *s)
{
	close(s->fd);
	free(s->out);
	s->fd = -1;
	s->out = NULL;
}

static int open_metrics(struct front *f)
{
	if (f->options->metrics_listen < 0)
		return 0;
	f->metrics = calloc(1, sizeof(*f->metrics));
	if (!f->metrics)
		return -ENOMEM;
	for (size_t i = 0; i < CLIENTS; i++)
		f->metrics->scraper[i].fd = -1;
	return 0;
}

static void close_metrics(struct front *f)
{
	for (size_t i = 0; f->metrics && i < CLIENTS; i++)
		if (f->metrics->scraper[i].fd >= 0)
			drop(&f->metrics->scraper[i]);
	free(f->metrics);
	f->metrics = NULL;
}

/* ---------------------------------------------------------------- answers */

static void answer(struct scraper *s, const char *head, size_t head_len, const char *body)
{
	size_t len = strlen(body);

	s->out = malloc(head_len + len);
	if (!s->out) {
		drop(s);
		return;
	}
	memcpy(s->out, head, head_len);
	memcpy(s->out + head_len, body, len);
	s->out_len = head_len + len;
	s->out_at = 0;
}

static void refuse(struct scraper *s, enum http_status status, bool head)
{
	char text[HTTP_HEAD_MAX];

	answer(s, text, http_refusal(text, status, head), "");
}

static void on_status(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	struct scraper *s = asker->context;
	char head[HTTP_HEAD_MAX], *page;

	(void)f;
	if (s->fd < 0 || s->number != asker->token)
		return;
	s->asking = false;
	page = r->ok ? metrics_format(r->text, METRICS_OPENMETRICS) : NULL;
	if (page)
		answer(s, head, http_head(head, METRICS_CONTENT_TYPE, strlen(page)), page);
	else
		refuse(s, HTTP_UNAVAILABLE, false);
	free(page);
}

static void ask(struct front *f, struct scraper *s)
{
	const struct link_asker asker = { .done = on_status, .context = s, .token = s->number };

	s->asking = !link_ask(f, control_format("status", (const char *[]){ NULL }), &asker);
	if (!s->asking)
		refuse(s, HTTP_UNAVAILABLE, false);
}

/* ---------------------------------------------------------------- scrapers */

static void take_request(struct front *f, struct scraper *s)
{
	ssize_t got = recv(s->fd, s->in + s->in_len, sizeof(s->in) - s->in_len, MSG_DONTWAIT);
	enum http_status status;
	bool head;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(s);
		return;
	}
	s->in_len += (size_t)got;
	status = http_read(s->in, s->in_len, &head);
	if (status == HTTP_OK)
		ask(f, s);
	else if (status != HTTP_INCOMPLETE)
		refuse(s, status, head);
}

/*
 * What it still says is read and forgotten, as far as it is there: closing a UNIX socket with input in it makes the
 * answer an error for who reads it late (unix_release_sock() in the kernel).
 */
static void leave(struct scraper *s)
{
	for (int i = 0; i < DISCARDS; i++)
		if (recv(s->fd, s->in, sizeof(s->in), MSG_DONTWAIT) <= 0)
			break;
	drop(s);
}

static void give_answer(struct scraper *s)
{
	ssize_t sent = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		drop(s);
		return;
	}
	s->out_at += (size_t)sent;
	if (s->out_at == s->out_len)
		leave(s);
}

static void serve_scraper(struct front *f, struct scraper *s, bool ready)
{
	if (ready && !s->out && !s->asking)
		take_request(f, s);
	if (s->fd >= 0 && f->now >= s->until && !s->out && !s->asking) {
		refuse(s, HTTP_TIMEOUT, false);
		s->until = f->now + USEC_PER_SEC; /* to take that */
	}
	if (s->fd >= 0 && s->out)
		give_answer(s);
	if (s->fd >= 0 && f->now >= s->until)
		drop(s);
}

static struct scraper *free_place(struct metrics *m)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (m->scraper[i].fd < 0)
			return &m->scraper[i];
	return NULL;
}

static void accept_scrapers(struct front *f)
{
	struct metrics *m = f->metrics;
	struct scraper *s;

	while ((s = free_place(m))) {
		int fd = accept4(f->options->metrics_listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				m->accept_after = f->now + ACCEPT_REST;
			return;
		}
		*s = (struct scraper){
			.fd = fd, .number = ++m->numbers, .until = f->now + PATIENCE, .at = NOT_POLLED
		};
	}
}

/* While the engine is asked there is no entry: one that hangs up meanwhile is noticed when it is to be answered. */
static size_t poll_metrics(struct front *f, struct pollfd *fds, size_t max)
{
	struct metrics *m = f->metrics;
	size_t count = 0;

	if (!m || max < CLIENTS + 1)
		return 0;
	m->listening = f->now >= m->accept_after && free_place(m);
	if (m->listening)
		fds[count++] = (struct pollfd){ .fd = f->options->metrics_listen, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS; i++) {
		struct scraper *s = &m->scraper[i];

		s->at = s->fd < 0 || s->asking ? NOT_POLLED : count;
		if (s->at == count)
			fds[count++] = (struct pollfd){ .fd = s->fd, .events = s->out ? POLLOUT : POLLIN };
	}
	return count;
}

static void serve_metrics(struct front *f, const struct pollfd *fds, size_t count)
{
	struct metrics *m = f->metrics;

	if (!m)
		return;
	for (size_t i = 0; i < CLIENTS; i++) {
		struct scraper *s = &m->scraper[i];

		if (s->fd >= 0)
			serve_scraper(f, s, s->at < count && fds[s->at].revents);
	}
	if (m->listening && count && fds[0].revents)
		accept_scrapers(f);
}

static usec_t deadline_metrics(const struct front *f)
{
	const struct metrics *m = f->metrics;
	usec_t first = USEC_NEVER;

	if (!m)
		return first;
	if (m->accept_after > f->now)
		first = m->accept_after;
	for (size_t i = 0; i < CLIENTS; i++)
		if (m->scraper[i].fd >= 0)
			first = MIN(first, m->scraper[i].until);
	return first;
}

const struct front_part front_part_metrics = {
	.name = "metrics socket",
	.open = open_metrics,
	.close = close_metrics,
	.poll = poll_metrics,
	.serve = serve_metrics,
	.deadline = deadline_metrics,
};
