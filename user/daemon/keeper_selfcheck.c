/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the engine needs for a self-check and cannot ask for: the interface's addresses, and the program that the kernel runs
 * there. It gives the program back (closes it) when the check is over.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include "daemon/keeper.h"

static void take_address(struct selfcheck_host *host, const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_ll *link = (const void *)address;
	uint8_t *room;

	if (address->sa_family == AF_PACKET && link->sll_halen == sizeof(host->mac)) {
		memcpy(host->mac, link->sll_addr, sizeof(host->mac));
		return;
	}
	if (host->count >= SELFCHECK_ADDRESSES)
		return;
	room = host->address[host->count];
	if (address->sa_family == AF_INET) {
		memset(room, 0, 10);
		memset(room + 10, 0xff, 2);
		memcpy(room + 12, &four->sin_addr, 4);
		host->count++;
	} else if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) {
		memcpy(room, &six->sin6_addr, 16);
		host->count++;
	}
}

static int read_host(const char *ifname, struct selfcheck_host *out)
{
	struct ifaddrs *all;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && !strcmp(i->ifa_name, ifname))
			take_address(out, i->ifa_addr);
	freeifaddrs(all);
	return 0;
}

void keeper_begin_check(struct keeper *k, const struct xdp_attachment *a)
{
	struct message m = { .type = MESSAGE_CHECK, .ifindex = a->ifindex, .fd_count = 2 };
	int err;

	if (!k->settings.self_check)
		return;
	err = read_host(a->ifname, &m.host);
	m.fd[0] = err ? err : xdp_main_open(a->ifindex);
	m.fd[1] = k->inject.peek_fd;
	if (m.fd[0] >= 0) {
		keeper_tell(k, &m);
		close(m.fd[0]);
		return;
	}
	m.fd_count = 0;
	snprintf(m.report.error.what, sizeof(m.report.error.what), "%s: not done: %s", a->ifname,
		 strerror(-m.fd[0]));
	keeper_checked(k, &m);
}
