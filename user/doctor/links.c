// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All interfaces of this namespace and how they hang together; and which of them lead to the world. */
#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include "doctor/read.h"

struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	struct nlattr mask;
	uint32_t mask_value;
};

#define PAYLOAD(h, fixed) ((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(fixed)))
#define PAYLOAD_LEN(h, fixed) \
	((h)->nlmsg_len > NLMSG_SPACE(sizeof(fixed)) ? (h)->nlmsg_len - NLMSG_SPACE(sizeof(fixed)) : 0)

static void link_parse(const struct nlmsghdr *h, struct link *out)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const char *first = PAYLOAD(h, *info);
	size_t len = PAYLOAD_LEN(h, *info);
	const struct nlattr *nested = attribute_find(first, len, IFLA_LINKINFO);
	const struct nlattr *space = attribute_find(first, len, IFLA_LINK_NETNSID);

	*out = (struct link){
		.index = (unsigned)info->ifi_index,
		.type = info->ifi_type,
		.flags = info->ifi_flags,
		.mtu = attribute_u32(attribute_find(first, len, IFLA_MTU), 0),
		.master = attribute_u32(attribute_find(first, len, IFLA_MASTER), 0),
		/* The number of another namespace's interface means nothing here. */
		.lower = space ? 0 : attribute_u32(attribute_find(first, len, IFLA_LINK), 0),
		.rx_queues = attribute_u32(attribute_find(first, len, IFLA_NUM_RX_QUEUES), 1),
	};
	attribute_text(attribute_find(first, len, IFLA_IFNAME), out->name, sizeof(out->name));
	if (nested)
		attribute_text(attribute_find(attribute_data(nested), attribute_len(nested), IFLA_INFO_KIND),
			       out->kind, sizeof(out->kind));
}

static void link_append(const struct nlmsghdr *h, void *context)
{
	struct links *l = context;
	struct link *grown;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return;
	grown = realloc(l->list, (l->count + 1) * sizeof(*grown));
	if (!grown) {
		l->no_memory = true;
		return;
	}
	l->list = grown;
	link_parse(h, &l->list[l->count++]);
}

int links_read(struct links *out)
{
	const struct link_request r = {
		.header = { .nlmsg_len = sizeof(r),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.link = { .ifi_family = AF_UNSPEC },
		.mask = { .nla_len = ATTRIBUTE_HEAD + sizeof(uint32_t), .nla_type = IFLA_EXT_MASK },
		.mask_value = RTEXT_FILTER_SKIP_STATS,
	};
	int err;

	*out = (struct links){ 0 };
	err = netlink_ask(NETLINK_ROUTE, &r.header, link_append, out);
	if (!err && out->no_memory)
		err = -ENOMEM;
	if (err) {
		free(out->list);
		*out = (struct links){ 0 };
	}
	return err;
}

const struct link *link_by_index(const struct links *l, unsigned index)
{
	for (size_t i = 0; i < l->count; i++)
		if (index && l->list[i].index == index)
			return &l->list[i];
	return NULL;
}

const struct link *link_by_name(const struct links *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->list[i].name, name))
			return &l->list[i];
	return NULL;
}

/* --------------------------------------------------------------- routes */

struct found {
	unsigned *indices;
	size_t count, max;
};

static void index_take(struct found *f, unsigned index)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->indices[i] == index)
			return;
	if (index && f->count < f->max)
		f->indices[f->count++] = index;
}

static void route_take(const struct nlmsghdr *h, void *context)
{
	const struct rtmsg *route = NLMSG_DATA(h);
	const char *first = PAYLOAD(h, *route);
	const struct nlattr *many;
	const char *hop;
	size_t len, left;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*route)) ||
	    route->rtm_dst_len || route->rtm_type != RTN_UNICAST)
		return;
	len = PAYLOAD_LEN(h, *route);
	index_take(context, attribute_u32(attribute_find(first, len, RTA_OIF), 0));
	many = attribute_find(first, len, RTA_MULTIPATH);
	if (!many)
		return;
	hop = attribute_data(many);
	left = attribute_len(many);
	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *n = (const void *)hop;
		size_t step = attribute_step(n->rtnh_len);

		index_take(context, (unsigned)n->rtnh_ifindex);
		if (n->rtnh_len < sizeof(*n) || step >= left)
			return;
		hop += step;
		left -= step;
	}
}

size_t routes_default(unsigned *indices, size_t max)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct found f = { .indices = indices, .max = max };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct {
			struct nlmsghdr header;
			struct rtmsg route;
		} r = {
			.header = { .nlmsg_len = sizeof(r),
				    .nlmsg_type = RTM_GETROUTE,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
			.route = { .rtm_family = families[i] },
		};

		/* A family that is switched off has no routes: what is found of the other stays. */
		netlink_ask(NETLINK_ROUTE, &r.header, route_take, &f);
	}
	return f.count;
}
