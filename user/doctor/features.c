// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whether a driver says that it runs XDP programs: the generic netlink family "netdev" of Linux 6.3 and later. Numbers
 * are those of its uapi header, which older headers lack.
 */
#include <string.h>
#include <linux/genetlink.h>
#include "doctor/read.h"

enum {
	NETDEV_CMD_DEV_GET = 1,
	NETDEV_A_DEV_IFINDEX = 1,
	NETDEV_A_DEV_XDP_FEATURES = 3,
	NETDEV_XDP_ACT_BASIC = 1 << 0,
	NETDEV_XDP_ACT_RX_SG = 1 << 5,
};

struct question {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct nlattr attribute;
	union {
		char name[16];
		uint32_t ifindex;
	} value;
};

static const struct nlattr *answer_find(const struct nlmsghdr *h, uint16_t type)
{
	size_t fixed = NLMSG_LENGTH(GENL_HDRLEN);

	if (h->nlmsg_len < fixed)
		return NULL;
	return attribute_find((const char *)h + fixed, h->nlmsg_len - fixed, type);
}

static void family_take(const struct nlmsghdr *h, void *context)
{
	const struct nlattr *a = answer_find(h, CTRL_ATTR_FAMILY_ID);

	if (attribute_len(a) >= sizeof(uint16_t))
		memcpy(context, attribute_data(a), sizeof(uint16_t));
}

static void features_take(const struct nlmsghdr *h, void *context)
{
	const struct nlattr *a = answer_find(h, NETDEV_A_DEV_XDP_FEATURES);
	struct device_facts *d = context;
	uint64_t features;

	if (attribute_len(a) < sizeof(features))
		return;
	memcpy(&features, attribute_data(a), sizeof(features));
	d->native = fact_of(features & NETDEV_XDP_ACT_BASIC);
	d->frags = fact_of(features & NETDEV_XDP_ACT_RX_SG);
}

void features_read(unsigned ifindex, struct device_facts *d)
{
	struct question q = {
		.header = { .nlmsg_len = offsetof(struct question, value) + sizeof("netdev"),
			    .nlmsg_type = GENL_ID_CTRL,
			    .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attribute = { .nla_len = ATTRIBUTE_HEAD + sizeof("netdev"),
			       .nla_type = CTRL_ATTR_FAMILY_NAME },
		.value.name = "netdev",
	};
	uint16_t family = 0;

	if (netlink_ask(NETLINK_GENERIC, &q.header, family_take, &family) || !family)
		return;
	q.header.nlmsg_len = offsetof(struct question, value) + sizeof(uint32_t);
	q.header.nlmsg_type = family;
	q.generic = (struct genlmsghdr){ .cmd = NETDEV_CMD_DEV_GET, .version = 1 };
	q.attribute = (struct nlattr){ .nla_len = ATTRIBUTE_HEAD + sizeof(uint32_t),
				       .nla_type = NETDEV_A_DEV_IFINDEX };
	q.value.ifindex = ifindex;
	netlink_ask(NETLINK_GENERIC, &q.header, features_take, d);
}
