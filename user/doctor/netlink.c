// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Questions over netlink, and the reading of attributes: lengths are checked even though the kernel wrote them. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "doctor/read.h"

enum {
	REPLY_MAX = 65536, /* the kernel fills at most 32 KiB at once (netlink_dump()) */
	REPLIES_MAX = 100000,
	WAIT_MS = 2000,
};

const struct nlattr *attribute_find(const void *first, size_t len, uint16_t type)
{
	const char *at = first;

	while (len >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const void *)at;
		size_t step = attribute_step(a->nla_len);

		if (a->nla_len < sizeof(*a) || a->nla_len > len)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

const void *attribute_data(const struct nlattr *a)
{
	return (const char *)a + ATTRIBUTE_HEAD;
}

size_t attribute_len(const struct nlattr *a)
{
	return a ? (size_t)a->nla_len - ATTRIBUTE_HEAD : 0;
}

uint32_t attribute_u32(const struct nlattr *a, uint32_t otherwise)
{
	uint32_t value = otherwise;

	if (attribute_len(a) >= sizeof(value))
		memcpy(&value, attribute_data(a), sizeof(value));
	return value;
}

void attribute_text(const struct nlattr *a, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)attribute_len(a), a ? (const char *)attribute_data(a) : "");
}

/* One datagram of answers. 1: the last one was in it. */
static int answers_take(const char *bytes, size_t len,
			void (*take)(const struct nlmsghdr *answer, void *context), void *context)
{
	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *h = (const void *)bytes;
		size_t step = attribute_step(h->nlmsg_len);
		const struct nlmsgerr *e = NLMSG_DATA(h);

		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > len)
			return -EPROTO;
		if (h->nlmsg_type == NLMSG_ERROR)
			return h->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error ? e->error : 1;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		take(h, context);
		if (!(h->nlmsg_flags & NLM_F_MULTI))
			return 1;
		if (step >= len)
			return 0;
		bytes += step;
		len -= step;
	}
	return 0;
}

static int answers_read(int fd, void (*take)(const struct nlmsghdr *answer, void *context), void *context)
{
	static _Alignas(struct nlmsghdr) char bytes[REPLY_MAX];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int last = 0;

	for (unsigned i = 0; i < REPLIES_MAX && !last; i++) {
		ssize_t len;

		if (poll(&p, 1, WAIT_MS) != 1)
			return -ETIMEDOUT;
		len = recv(fd, bytes, sizeof(bytes), 0);
		if (len < 0)
			return -errno;
		last = answers_take(bytes, (size_t)len, take, context);
	}
	return last < 0 ? last : 0;
}

int netlink_ask(int protocol, const struct nlmsghdr *request,
		void (*take)(const struct nlmsghdr *answer, void *context), void *context)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int err;

	if (fd < 0)
		return -errno;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		err = -errno;
	else
		err = answers_read(fd, take, context);
	close(fd);
	return err;
}
