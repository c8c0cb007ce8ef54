// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A network interface: index, MTU, RX queues. By rtnetlink and ioctl, never by /sys: after `nsenter --net` /sys
 * still shows the namespace that was left.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "xdp/private.h"

struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	struct rtattr name;
	char ifname[RTA_ALIGN(IF_NAMESIZE)];
};

static int link_ask(int fd, const char *ifname, void *reply, size_t size)
{
	struct link_request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_family = AF_UNSPEC },
		.name = { .rta_len = RTA_LENGTH(IF_NAMESIZE), .rta_type = IFLA_IFNAME },
	};
	ssize_t len;

	memcpy(request.ifname, ifname, strlen(ifname));
	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	len = recv(fd, reply, size, 0);
	return len < 0 ? -errno : (int)len;
}

/* len: of the whole reply. */
static int link_parse(const struct nlmsghdr *h, size_t len, struct device *out)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);
	const struct nlmsgerr *failure = NLMSG_DATA(h);
	const struct rtattr *attr;
	size_t at;

	if (len < NLMSG_SPACE(sizeof(*link)) || h->nlmsg_len > len)
		return -EPROTO;
	if (h->nlmsg_type == NLMSG_ERROR)
		return failure->error ? failure->error : -EPROTO;
	out->ifindex = (unsigned)link->ifi_index;
	for (at = NLMSG_SPACE(sizeof(*link)); at + sizeof(*attr) <= h->nlmsg_len;
	     at += RTA_ALIGN(attr->rta_len)) {
		attr = (const void *)((const char *)h + at);
		if (attr->rta_len < sizeof(*attr) || attr->rta_len > h->nlmsg_len - at)
			return -EPROTO;
		if (attr->rta_type == IFLA_MTU)
			memcpy(&out->mtu, RTA_DATA(attr), sizeof(out->mtu));
		if (attr->rta_type == IFLA_NUM_RX_QUEUES)
			memcpy(&out->queues, RTA_DATA(attr), sizeof(out->queues));
	}
	return 0;
}

static int link_read(const char *ifname, struct device *out)
{
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int len;

	if (fd < 0)
		return -errno;
	len = link_ask(fd, ifname, &reply, sizeof(reply));
	close(fd);
	return len < 0 ? len : link_parse(&reply.header, (size_t)len, out);
}

/*
 * rtnetlink counts the queues that the driver allocated; sockets can be bound to those in use, which are fewer on
 * virtio_net before `ethtool -L`. Drivers without channels (tun, macvlan) use what they allocated.
 */
static unsigned channels_read(const char *ifname)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq request = { .ifr_data = (char *)&channels };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* any will do; the unit allows no AF_INET */
	int err;

	if (fd < 0)
		return 0;
	memcpy(request.ifr_name, ifname, strlen(ifname));
	err = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return err ? 0 : channels.combined_count + channels.rx_count;
}

int xdp_device_read(const char *ifname, struct device *out, struct xdp_error *error)
{
	struct device d = { .queues = 1 };
	unsigned channels;
	int err = -ENODEV;

	xdp_words_forget();
	if (ifname[0] && strlen(ifname) < sizeof(d.name))
		err = link_read(ifname, &d);
	if (err == -ENODEV) {
		xdp_error_refuse(error, err, "%.32s: no such interface", ifname);
		xdp_error_fix(error, "ip -brief link");
		return err;
	}
	if (err)
		return xdp_error_set(error, err, "%s: cannot read the interface", ifname);
	memcpy(d.name, ifname, strlen(ifname));
	channels = channels_read(ifname);
	if (channels)
		d.queues = channels;
	d.queues = MIN(MAX(d.queues, 1u), (unsigned)ALPNXDP_MAX_QUEUES);
	*out = d;
	return 0;
}
