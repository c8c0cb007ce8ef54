/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One question to the keeper, and its answer.
 *
 * It is synchronous on purpose: a watched directory is read file by file, each file when the keeper has opened it, and the
 * keeper does nothing meanwhile but answer. So there is never more than one message in the socket, either way.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "front/private.h"

static int send_request(int keeper, const struct front_request *request, int fd)
{
	struct packet p = {
		.bytes = (void *)(uintptr_t)request, .len = sizeof(*request), .fds = fd >= 0, .fd = { fd }
	};

	return packet_send(keeper, &p);
}

static int receive_reply(int keeper, struct front_reply *reply, int *got)
{
	struct packet p = { .bytes = reply, .len = sizeof(*reply) };
	int received = packet_receive(keeper, &p);

	if (received <= 0)
		return received ? received : -EPIPE;
	if (p.fds <= 1) {
		*got = p.fds ? p.fd[0] : -1;
		return 0;
	}
	packet_close(&p);
	return -EPROTO;
}

static int wait_for(int keeper)
{
	struct pollfd p = { .fd = keeper, .events = POLLIN };
	int ready;

	do
		ready = poll(&p, 1, KEEPER_PATIENCE_MS);
	while (ready < 0 && errno == EINTR); /* our signals are ignored: this is a debugger's doing */
	return ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : -errno;
}

/* An error comes without a descriptor, whatever the keeper thinks. */
static int reply_error(struct front_reply *reply, int *got)
{
	if (!reply->err)
		return 0;
	if (*got >= 0)
		close(*got);
	*got = -1;
	return reply->err < 0 ? reply->err : -EPROTO;
}

int front_keeper_ask(struct front *f, const struct front_request *request, int fd, struct front_reply *reply,
		     int *got)
{
	int keeper = f->options->keeper, err;

	*got = -1;
	if (f->ended)
		return -EPIPE;
	err = send_request(keeper, request, fd);
	if (!err)
		err = wait_for(keeper);
	if (!err)
		err = receive_reply(keeper, reply, got);
	if (!err)
		return reply_error(reply, got);
	log_error("front: the keeper: %s", strerror(-err));
	front_end(f, "the keeper does not answer");
	return -EPIPE;
}
