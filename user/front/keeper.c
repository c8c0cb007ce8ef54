/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One question to the keeper, and its answer.
 *
 * It is synchronous on purpose: a watched directory is read file by file, each file when the keeper has opened it, and the
 * keeper does nothing meanwhile but answer. So there is never more than one message in the socket, either way.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "front/private.h"

/* Room for more than one, so that a keeper that sends two is noticed rather than cut. */
enum { FDS_MAX = 4 };

union control_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

static int send_request(int keeper, const struct front_request *request, int fd)
{
	struct iovec body = { .iov_base = (void *)request, .iov_len = sizeof(*request) };
	union control_space space = { 0 };
	struct msghdr m = { .msg_iov = &body, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		m.msg_control = space.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(keeper, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* How many descriptors came, all of them ours now. */
static size_t descriptors(struct msghdr *m, int fds[FDS_MAX])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	size_t count;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), count * sizeof(int));
	return count;
}

static int receive_reply(int keeper, struct front_reply *reply, int *got)
{
	struct iovec body = { .iov_base = reply, .iov_len = sizeof(*reply) };
	union control_space space = { 0 };
	struct msghdr m = { .msg_iov = &body,
			    .msg_iovlen = 1,
			    .msg_control = space.bytes,
			    .msg_controllen = sizeof(space.bytes) };
	ssize_t len = recvmsg(keeper, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fds[FDS_MAX];
	size_t count;

	if (len <= 0)
		return len < 0 ? -errno : -EPIPE;
	count = descriptors(&m, fds);
	if (len == sizeof(*reply) && count <= 1 && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		*got = count ? fds[0] : -1;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
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
