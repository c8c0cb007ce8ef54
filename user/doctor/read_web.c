// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who listens on the port: sock_diag, which asks the kernel for listeners alone, however many connections there are. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include "doctor/read.h"

enum {
	STATE_LISTEN = 10, /* net/tcp_states.h of the kernel */
	REQ_PROTOCOL = 3,  /* INET_DIAG_REQ_PROTOCOL, Linux 5.8 */
	PROTOCOL_MPTCP = 262,
};

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 diag;
	struct nlattr attribute; /* a protocol number that does not fit a byte */
	uint32_t protocol;
};

struct answer {
	struct web_facts *out;
	bool mptcp;
};

static void listener_fill(const struct inet_diag_msg *m, struct web_listener *out)
{
	const uint8_t *bytes = (const uint8_t *)m->id.idiag_src;
	char text[INET6_ADDRSTRLEN];
	bool v6 = m->idiag_family == AF_INET6;

	*out = (struct web_listener){ 0 };
	if (v6) {
		memcpy(&out->address, bytes, sizeof(out->address));
	} else {
		memset(out->address.s6_addr + 10, 0xff, 2);
		memcpy(out->address.s6_addr + 12, bytes, 4);
	}
	inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text, sizeof(text));
	snprintf(out->text, sizeof(out->text), v6 ? "[%s]" : "%s", text);
	if (m->id.idiag_if)
		if_indextoname(m->id.idiag_if, out->device);
}

static void socket_take(const struct nlmsghdr *h, void *context)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	struct answer *a = context;
	struct web_facts *w = a->out;
	struct web_listener l;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    ntohs(m->id.idiag_sport) != w->port)
		return;
	listener_fill(m, &l);
	for (size_t i = 0; i < w->count; i++) {
		struct web_listener *known = &w->listeners[i];

		if (strcmp(known->text, l.text) || strcmp(known->device, l.device))
			continue;
		known->mptcp |= a->mptcp; /* listed as TCP before; or one of several (SO_REUSEPORT) */
		return;
	}
	if (a->mptcp || w->count == WEB_LISTENERS)
		return;
	w->listeners[w->count++] = l;
}

static int listeners_ask(uint8_t family, struct answer *a)
{
	struct question q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.diag = { .sdiag_family = family,
			  .sdiag_protocol = IPPROTO_TCP,
			  .idiag_states = 1u << STATE_LISTEN },
		.attribute = { .nla_len = ATTRIBUTE_HEAD + sizeof(uint32_t), .nla_type = REQ_PROTOCOL },
		.protocol = a->mptcp ? PROTOCOL_MPTCP : IPPROTO_TCP,
	};

	return netlink_ask(NETLINK_SOCK_DIAG, &q.header, socket_take, a);
}

void web_read(uint16_t port, struct web_facts *out)
{
	struct answer a = { .out = out };

	*out = (struct web_facts){ .port = port,
				   .l3mdev = sysctl_read("/proc/sys/net/ipv4/tcp_l3mdev_accept") };
	out->error = listeners_ask(AF_INET, &a);
	if (!out->error)
		out->error = listeners_ask(AF_INET6, &a);
	a.mptcp = true;
	/* A kernel without MPTCP has no such sockets. */
	listeners_ask(AF_INET, &a);
	listeners_ask(AF_INET6, &a);
	configs_read(port, out);
}
