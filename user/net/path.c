/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths and names: what is neither bytes in nor bytes out. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "net/net.h"

static const char *const drop_name[] = {
	[NET_OK] = "ok",
	[NET_DROP_SHORT] = "short",
	[NET_DROP_L2] = "l2",
	[NET_DROP_VERSION] = "version",
	[NET_DROP_FRAGMENT] = "fragment",
	[NET_DROP_PROTOCOL] = "protocol",
	[NET_DROP_OPTIONS] = "options",
	[NET_DROP_CHECKSUM] = "checksum",
};
_Static_assert(ARRAY_SIZE(drop_name) == NUM_NET_DROPS, "every drop reason needs a name");

const char *net_drop_name(enum net_drop drop)
{
	return (unsigned int)drop < NUM_NET_DROPS ? drop_name[drop] : "unknown";
}

void net_path_reverse(const struct path *in, struct path *out)
{
	struct path back = *in;

	memcpy(back.l2, in->l2 + 6, 6);
	memcpy(back.l2 + 6, in->l2, 6);
	memcpy(back.key.saddr, in->key.daddr, sizeof(back.key.saddr));
	memcpy(back.key.daddr, in->key.saddr, sizeof(back.key.daddr));
	back.key.sport = in->key.dport;
	back.key.dport = in->key.sport;
	*out = back;
}

void net_format_endpoint(const uint8_t addr[16], uint16_t port_be, char *out)
{
	char text[ADDRESS_TEXT];

	snprintf(out, NET_ENDPOINT_LEN, address_is_ipv4(addr) ? "%s:%u" : "[%s]:%u",
		 address_format(addr, text), (unsigned int)ntohs(port_be));
}
