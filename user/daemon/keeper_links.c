/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of attached interfaces: renamed, another MTU, another number of queues, gone, or robbed of our program.
 *
 * The kernel tells of every change of a link (rtnetlink(7), RTMGRP_LINK); what it says is not parsed: any message is a
 * reason to look at all interfaces again. A look now and then catches what no message was sent for.
 * Down and up need nothing: program, sockets and rings stay.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/keeper.h"

int keeper_links_open(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

void keeper_links_drain(int fd)
{
	char ignored[8192];

	/* ENOBUFS: messages were lost. They were only a reason to look. */
	while (recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
}

/* The interface as it is now; false if our program is not on it any more. It is known by its number: names change. */
static bool look(const struct xdp_attachment *a, struct xdp_attachment *now)
{
	struct xdp_error error;
	char ifname[IF_NAMESIZE];

	if (!if_indextoname(a->ifindex, ifname) || xdp_find(ifname, now, &error))
		return false;
	xdp_attachment_close(now); /* ours are open, and of the same maps */
	return now->prog_id == a->prog_id;
}

static void tell_changed(struct keeper *k, const struct xdp_attachment *a)
{
	struct message m = { .type = MESSAGE_CHANGED, .ifindex = a->ifindex };

	m.report.attachment = *a;
	keeper_tell(k, &m);
}

/* New queues get sockets; those of the old ones are made anew, too. Until then what comes in on them passes. */
static void serve_queues(struct keeper *k, struct xdp_attachment *a, unsigned queues)
{
	struct xdp_error error = { .what = "" };

	log_notice("keeper: %s: %u queues instead of %u", a->ifname, queues, a->queues);
	a->queues = queues;
	if (k->engine.channel >= 0 && keeper_serve_again(k, a, &error))
		log_error("keeper: %s (%s): everything passes there", error.what, error.system);
}

static void follow(struct keeper *k, struct xdp_attachment *a, const struct xdp_attachment *now)
{
	if (strcmp(a->ifname, now->ifname) || a->mtu != now->mtu) {
		log_notice("keeper: %s: now %s, MTU %u", a->ifname, now->ifname, now->mtu);
		memcpy(a->ifname, now->ifname, sizeof(a->ifname));
		a->mtu = now->mtu;
		tell_changed(k, a);
	}
	if (a->queues != now->queues)
		serve_queues(k, a, now->queues);
}

void keeper_check(struct keeper *k)
{
	struct xdp_attachment now;

	for (size_t n = k->interfaces; n-- > 0;) {
		struct xdp_attachment *a = &k->interface[n];

		if (look(a, &now)) {
			follow(k, a, &now);
			continue;
		}
		log_warning(
			"keeper: %s: our program is not there any more (interface gone, or detached by another)",
			a->ifname);
		keeper_forget(k, a);
	}
	if (!k->interfaces)
		k->stopping = true;
}
