/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One connection to the listener: bytes between its socket and a TLS client. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "front/harvest.h"

enum { PART_READS = 16 }; /* of one turn: a listener may send faster than we read */

int harvest_talk_open(struct harvest_talk *t, const struct sockaddr_storage *to, struct tls_context *tls,
		      const char *sni)
{
	socklen_t len = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)to, len) && errno != EINPROGRESS ? -errno : 0;
	*t = (struct harvest_talk){ .fd = fd };
	if (!err)
		err = tls_client_open(tls, sni, &t->tls);
	if (err)
		close(fd);
	return err;
}

void harvest_talk_close(struct harvest_talk *t)
{
	tls_client_free(t->tls);
	t->tls = NULL;
	close(t->fd);
}

short harvest_talk_events(const struct harvest_talk *t)
{
	return !t->connected || t->out_len ? POLLIN | POLLOUT : POLLIN;
}

static bool is_connected(struct harvest_talk *t)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!t->connected && (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len) || err))
		return false;
	t->connected = true;
	return true;
}

/* False: the connection is broken. */
static bool send_out(struct harvest_talk *t)
{
	ssize_t sent = t->out_len ? send(t->fd, t->out, t->out_len, MSG_NOSIGNAL) : 0;

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	t->out_len -= (size_t)sent;
	memmove(t->out, t->out + sent, t->out_len);
	return true;
}

/* Bytes; 0: the end of the stream; -EAGAIN: nothing there; -errno. */
static ssize_t receive_in(struct harvest_talk *t)
{
	ssize_t got = recv(t->fd, t->in + t->in_len, sizeof(t->in) - t->in_len, 0);

	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	t->in_len += (size_t)got;
	return got;
}

/* Until neither side has anything for the other. */
static enum tls_state drive(struct harvest_talk *t)
{
	enum tls_state state;
	struct tls_io io;

	do {
		io = (struct tls_io){ .in = t->in,
				      .in_len = t->in_len,
				      .out = t->out + t->out_len,
				      .out_cap = sizeof(t->out) - t->out_len };
		state = tls_client_drive(t->tls, &io);
		t->in_len -= io.consumed;
		memmove(t->in, t->in + io.consumed, t->in_len);
		t->out_len += io.produced;
	} while ((io.consumed && t->in_len) || (io.produced && t->out_len < sizeof(t->out)));
	return state;
}

/* After our close_notify: ours is the first end of the stream, and what still comes is read, or it would be answered
 * with a reset that may overtake the close_notify. */
static enum harvest_state part(struct harvest_talk *t)
{
	ssize_t got;

	if (!send_out(t))
		return HARVEST_OVER;
	if (!t->out_len)
		shutdown(t->fd, SHUT_WR);
	for (int n = 0; n < PART_READS; n++) {
		t->in_len = 0;
		got = receive_in(t);
		if (got <= 0)
			return got == -EAGAIN ? HARVEST_TALKING : HARVEST_OVER;
	}
	return HARVEST_TALKING;
}

enum harvest_state harvest_talk_go_on(struct harvest_talk *t)
{
	enum tls_state state;
	ssize_t got;

	if (!is_connected(t))
		return HARVEST_UNHEARD;
	if (t->ended)
		return part(t);
	do {
		got = receive_in(t);
		state = drive(t);
		if (!send_out(t) || (got <= 0 && got != -EAGAIN) || state != TLS_HANDSHAKING)
			return HARVEST_HEARD;
	} while (got > 0);
	return HARVEST_TALKING;
}

void harvest_talk_part(struct harvest_talk *t)
{
	t->ended = true;
	tls_client_close(t->tls);
	drive(t);
}
