/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine: requests go out in order, replies come back in that order, each to its asker.
 *
 * Owns: the queue of requests, at most LINK_WAITING, and what a reply must look like. Refuses: a reply to nothing, and
 * one that is not what control.h says: the neighbour is then not the one that we were built with, and the process ends.
 *
 * A request is sent as soon as the socket takes it and nothing waits before it. Those that have been sent keep their
 * place until the reply: the queue is a ring of which the first `sent` are on their way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <jansson.h>
#include "control/control.h"
#include "front/private.h"

/* Replies of one turn: each may make its asker send and write. */
enum { TURN_REPLIES = 64 };

struct request {
	char *line; /* NULL: it has been sent */
	size_t len;
	bool replied; /* a reply is due */
	struct link_asker asker;
};

struct link {
	struct request queue[LINK_WAITING];
	size_t first, sent, count;
	char text[LINK_REPLY_MAX + 1];
};

/* Left alone, libjansson opens /dev/urandom for its hash tables, which is not there for us. Heeded once in a process. */
static int open_link(struct front *f)
{
	size_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	json_object_seed(seed | 1);
	f->link = calloc(1, sizeof(*f->link));
	return f->link ? 0 : -ENOMEM;
}

static void close_link(struct front *f)
{
	struct link *l = f->link;

	for (size_t i = 0; l && i < l->count; i++)
		free(l->queue[(l->first + i) % LINK_WAITING].line);
	free(l);
	f->link = NULL;
}

static struct request *request_at(struct link *l, size_t i)
{
	return &l->queue[(l->first + i) % LINK_WAITING];
}

/* What needs no reply is forgotten when it is gone; only from the front, or the order of the others would be lost. */
static void forget_told(struct link *l)
{
	while (l->sent > 0 && !request_at(l, 0)->replied) {
		l->first = (l->first + 1) % LINK_WAITING;
		l->sent--;
		l->count--;
	}
}

static void send_waiting(struct front *f)
{
	struct link *l = f->link;

	while (l->sent < l->count) {
		struct request *r = request_at(l, l->sent);

		if (send(f->options->engine, r->line, r->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				front_end(f, "the engine is gone");
			break;
		}
		free(r->line);
		r->line = NULL;
		l->sent++;
	}
	forget_told(l);
}

static int enqueue(struct front *f, char *line, const struct link_asker *asker)
{
	struct link *l = f->link;
	size_t len = line ? strlen(line) : 0;
	int err = !line                      ? -ENOMEM
		  : len > CONTROL_LINE_MAX   ? -EMSGSIZE
		  : l->count == LINK_WAITING ? -EAGAIN
					     : 0;

	if (err) {
		free(line);
		return err;
	}
	*request_at(l, l->count) = (struct request){
		.line = line,
		.len = len && line[len - 1] == '\n' ? len - 1 : len, /* a datagram ends by itself */
		.replied = asker != NULL,
		.asker = asker ? *asker : (struct link_asker){ 0 },
	};
	l->count++;
	send_waiting(f);
	return 0;
}

int link_ask(struct front *f, char *line, const struct link_asker *asker)
{
	return enqueue(f, line, asker);
}

int link_tell(struct front *f, char *line)
{
	return enqueue(f, line, NULL);
}

size_t link_room(const struct front *f)
{
	return LINK_WAITING - f->link->count;
}

/* NULL, or what is wrong with the reply. */
static const char *reply_read(const json_t *j, struct link_reply *out)
{
	const json_t *ok = json_object_get(j, "ok"), *added = json_object_get(j, "new");
	const json_t *removed = json_object_get(j, "removed"), *code = json_object_get(j, "code");
	const json_t *error = json_object_get(j, "error");

	if (!json_is_boolean(ok))
		return "a reply without \"ok\"";
	out->ok = json_is_true(ok);
	if (!out->ok && (!json_is_integer(code) || !json_is_string(error)))
		return "a refusal without \"code\" and \"error\"";
	if ((added && !json_is_boolean(added)) || (removed && !json_is_integer(removed)))
		return "a reply whose \"new\" or \"removed\" is of another type";
	out->added = !json_is_false(added);
	out->removed = removed ? (uint64_t)json_integer_value(removed) : 0;
	out->code = out->ok ? EXIT_DONE : (int)json_integer_value(code);
	out->error = out->ok ? "" : json_string_value(error);
	return NULL;
}

static void take_reply(struct front *f, size_t len)
{
	struct link *l = f->link;
	struct link_reply reply = { .text = l->text };
	json_t *j = json_loadb(l->text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong = j ? reply_read(j, &reply) : "a reply that is no JSON";
	struct link_asker asker;

	if (!wrong && l->sent == 0)
		wrong = "a reply to no request";
	if (wrong) {
		log_error("front: the engine sends %s", wrong);
		f->status = EXIT_FAILED;
		front_end(f, "the engine is not understood");
		goto out;
	}
	/* Its place is free before the asker is called: he may ask the next thing at once. */
	asker = request_at(l, 0)->asker;
	l->first = (l->first + 1) % LINK_WAITING;
	l->sent--;
	l->count--;
	forget_told(l);
	asker.done(f, &reply, &asker);
out:
	json_decref(j);
}

static void take_request(struct front *f, size_t len)
{
	struct control_request r;
	const char *why = "an unknown request", *sni;

	if (!control_parse(f->link->text, len, &r, &why) && !strcmp(r.verb, "harvest")) {
		sni = control_value(&r, "ident");
		if (sni) {
			harvest_asked(f, sni);
			return;
		}
		why = "harvest without a name";
	}
	log_error("front: the engine asks what we do not know: %s", why);
}

/* False: nothing more to take now. */
static bool take(struct front *f)
{
	struct link *l = f->link;
	ssize_t got = recv(f->options->engine, l->text, LINK_REPLY_MAX, MSG_DONTWAIT | MSG_TRUNC);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		front_end(f, "the engine is gone");
	} else if (got > LINK_REPLY_MAX) {
		f->status = EXIT_FAILED;
		front_end(f, "the engine's reply is too long");
	} else {
		l->text[got] = '\0';
		if (l->text[0] == '{')
			take_reply(f, (size_t)got);
		else
			take_request(f, (size_t)got);
	}
	return !f->ended;
}

static size_t poll_link(struct front *f, struct pollfd *fds, size_t max)
{
	const struct link *l = f->link;

	if (max < 2)
		return 0;
	fds[0] = (struct pollfd){ .fd = f->options->engine,
				  .events = (short)(POLLIN | (l->sent < l->count ? POLLOUT : 0)) };
	fds[1] = (struct pollfd){
		.fd = f->options->keeper
	}; /* its end; what it says, front_keeper_ask() reads */
	return 2;
}

static void serve_link(struct front *f, const struct pollfd *fds, size_t count)
{
	if (count < 2)
		return;
	if (fds[1].revents)
		front_end(f, "the keeper has ended it, or is gone");
	for (int i = 0; i < TURN_REPLIES && fds[0].revents & ~POLLOUT && !f->ended; i++)
		if (!take(f))
			break;
	if (!f->ended)
		send_waiting(f);
}

static usec_t deadline_link(const struct front *f)
{
	(void)f;
	return USEC_NEVER;
}

const struct front_part front_part_link = {
	.name = "link to the engine",
	.open = open_link,
	.close = close_link,
	.poll = poll_link,
	.serve = serve_link,
	.deadline = deadline_link,
};
