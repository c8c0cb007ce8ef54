/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bytes of one client of the control socket. Never blocks. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/connection.h"

void client_drop(struct client *c)
{
	close(c->fd);
	free(c->out);
	explicit_bzero(c->in, sizeof(c->in)); /* there may have been a key in it */
	c->fd = -1;
	c->out = NULL;
}

void client_reply(struct client *c, char *line)
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

void client_read(struct client *c, usec_t now)
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

bool client_flush(struct client *c, usec_t now)
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
