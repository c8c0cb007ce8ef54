/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One client of ualpn's socket. It has one command with the engine at a time, and the next is looked at when the last reply
 * is written: a client that does not read costs one reply.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/control.h"
#include "front/ualpn_client.h"

/* Commands of one client in one turn. */
enum { TURN_COMMANDS = 16 };

#define TTL_TEXT "3600"
static_assert(CHALLENGE_TTL_DEFAULT_S == 3600, "the hour of ualpn is our default, too");

void ualpn_client_drop(struct ualpn_client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* ------------------------------------------------------------ the engine */

static void reply(struct ualpn_client *c, enum ualpn_reply what)
{
	c->out = ualpn_reply_text[what];
}

static void on_reply(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	const struct ualpn_outcome outcome = { .code = r->code, .added = r->added, .removed = r->removed };
	struct ualpn_client *c = asker->context;

	assert(c->asking); /* until now it keeps its place, whether there is still somebody or not */
	c->asking = false;
	c->progress = f->now;
	reply(c, ualpn_reply_of(c->verb, &outcome));
}

static char *request_of(const struct ualpn_command *command)
{
	char digest[DIGEST_TEXT_LEN];

	if (command->verb == UALPN_VERB_UNAUTH)
		return control_format(
			"remove", (const char *[]){ "ident", command->ident.text, "source", "ualpn", NULL });
	digest_format(command->digest, digest);
	return control_format("add", (const char *[]){ "ident", command->ident.text, "digest", digest, "ttl",
						       TTL_TEXT, "source", "ualpn", NULL });
}

/* False: the link is full, and the command has to come again. */
static bool ask(struct front *f, struct ualpn_client *c, const struct ualpn_command *command)
{
	const struct link_asker asker = { .done = on_reply, .context = c };
	int err = link_ask(f, request_of(command), &asker);

	c->progress = f->now; /* whatever it waits for from here on is our doing */
	if (err == -EAGAIN)
		return false;
	c->verb = command->verb;
	c->asking = !err;
	if (err)
		reply(c, UALPN_LOCKED);
	return true;
}

/* --------------------------------------------------------- a client's bytes */

void ualpn_client_read(struct front *f, struct ualpn_client *c)
{
	ssize_t got = recv(c->fd, c->in + c->in_len, UALPN_INPUT - c->in_len, MSG_DONTWAIT);

	if (got > 0) {
		c->in_len += (size_t)got;
		c->progress = f->now;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->ended = true;
	}
}

/* A reply is a few bytes: the socket takes it whole, or it has to wait. True: nothing is left to be written. */
static bool flush(struct front *f, struct ualpn_client *c)
{
	ssize_t sent;

	if (!c->out || c->deaf) {
		c->out = NULL;
		return true;
	}
	sent = send(c->fd, c->out, strlen(c->out), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (sent < 0)
		c->deaf = true;
	else
		c->progress = f->now;
	c->out += sent < 0 ? 0 : sent;
	if (sent < 0 || !*c->out)
		c->out = NULL;
	return !c->out;
}

/*
 * What it still has to say is read and forgotten, as far as it is there: closing a UNIX socket with input in it makes
 * the last reply an error for who reads it late (unix_release_sock() in the kernel).
 */
static void leave(struct ualpn_client *c)
{
	for (int i = 0; i < TURN_COMMANDS; i++)
		if (recv(c->fd, c->in, UALPN_INPUT, MSG_DONTWAIT) <= 0)
			break;
	ualpn_client_drop(c);
}

static void consume(struct ualpn_client *c, size_t len)
{
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
}

/* One line, len bytes with its newline. False: it has to come again. */
static bool execute(struct front *f, struct ualpn_client *c, size_t len)
{
	struct ualpn_command command;
	enum ualpn_reply wrong;

	/* ualpn has no word for an empty line. */
	if (len > 1) {
		wrong = ualpn_read(c->in, len - 1, &command);
		if (wrong == UALPN_OK && !ask(f, c, &command))
			return false;
		if (wrong != UALPN_OK)
			reply(c, wrong);
	}
	consume(c, len);
	return true;
}

/* One step; false: nothing more can be done now. */
static bool step(struct front *f, struct ualpn_client *c)
{
	const char *end;

	if (!flush(f, c) || c->asking)
		return false;
	if (c->leaving) {
		leave(c);
		return false;
	}
	end = memchr(c->in, '\n', MIN(c->in_len, (size_t)UALPN_LINE_MAX));
	if (end)
		return execute(f, c, (size_t)(end + 1 - c->in));
	if (c->in_len >= UALPN_LINE_MAX) {
		reply(c, UALPN_TOO_LONG);
		c->leaving = true;
		return true;
	}
	if (c->ended)
		ualpn_client_drop(c); /* a line without end is no command */
	return false;
}

void ualpn_client_serve(struct front *f, struct ualpn_client *c)
{
	c->due = true;
	for (int i = 0; i < TURN_COMMANDS && c->due; i++)
		c->due = step(f, c);
	if (c->fd >= 0 && !c->asking && f->now >= c->progress + UALPN_IDLE)
		ualpn_client_drop(c);
}
