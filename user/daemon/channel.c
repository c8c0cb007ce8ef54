/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages with descriptors (unix(7), SCM_RIGHTS). The structure travels as it is: both ends are one program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/channel.h"

union rights {
	char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	struct cmsghdr align;
};

int channel_send(int channel, const struct message *m)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)m, .iov_len = sizeof(*m) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	union rights rights = { .bytes = { 0 } };

	if (m->fd_count) {
		struct cmsghdr *c;

		header.msg_control = rights.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * m->fd_count);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * m->fd_count);
		memcpy(CMSG_DATA(c), m->fd, sizeof(int) * m->fd_count);
	}
	while (sendmsg(channel, &header, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static void take_descriptors(struct msghdr *header, struct message *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	m->fd_count = 0;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	m->fd_count = MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(int), (size_t)MESSAGE_FDS);
	memcpy(m->fd, CMSG_DATA(c), sizeof(int) * m->fd_count);
}

int channel_receive(int channel, struct message *m)
{
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	union rights rights;
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = rights.bytes,
				 .msg_controllen = sizeof(rights) };
	ssize_t got;

	do
		got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	take_descriptors(&header, m);
	if ((size_t)got == sizeof(*m))
		return 1;
	for (size_t i = 0; i < m->fd_count; i++)
		close(m->fd[i]);
	return -EPROTO;
}
