/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams with descriptors beside them (unix(7), SCM_RIGHTS). Structures travel as they are: both ends are one program. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/base.h"

union rights {
	char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS)];
	struct cmsghdr align;
};

int packet_send(int socket, const struct packet *p)
{
	struct iovec iov = { .iov_base = p->bytes, .iov_len = p->len };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	union rights rights = { .bytes = { 0 } };

	if (p->fds) {
		struct cmsghdr *c;

		header.msg_control = rights.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * p->fds);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * p->fds);
		memcpy(CMSG_DATA(c), p->fd, sizeof(int) * p->fds);
	}
	while (sendmsg(socket, &header, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static void take_descriptors(struct msghdr *header, struct packet *p)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	p->fds = 0;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	p->fds = MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), (size_t)PACKET_FDS);
	memcpy(p->fd, CMSG_DATA(c), sizeof(int) * p->fds);
}

int packet_receive(int socket, struct packet *p)
{
	struct iovec iov = { .iov_base = p->bytes, .iov_len = p->len };
	union rights rights;
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = rights.bytes,
				 .msg_controllen = sizeof(rights) };
	ssize_t got;

	do
		got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	take_descriptors(&header, p);
	if ((size_t)got == p->len && !(header.msg_flags & MSG_TRUNC))
		return 1;
	packet_close(p);
	return -EPROTO;
}

void packet_close(const struct packet *p)
{
	for (size_t i = 0; i < p->fds; i++)
		close(p->fd[i]);
}
