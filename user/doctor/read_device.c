// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Facts about one interface: what it is, what hangs on it, and what attaching would say. */
#include <string.h>
#include <net/if.h>
#include <net/if_arp.h>
#include "doctor/read.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* linux/if.h, which cannot stand beside net/if.h */
#endif

static void list_add(char list[LIST_TEXT], const char *name)
{
	size_t len = strlen(list), more = strlen(name);

	if (len + more + 2 > LIST_TEXT)
		return;
	if (len)
		list[len++] = ' ';
	memcpy(list + len, name, more + 1);
}

static bool is_shared(const char *kind)
{
	static const char *const kinds[] = { "macvlan", "macvtap", "ipvlan", "ipvtap" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i], kind))
			return true;
	return false;
}

/* Interfaces that ride on this one, or share its master, or are its ports. */
static void company_read(const struct links *links, const struct link *link, struct device_facts *out)
{
	unsigned master = link->master ? link->master : link->index;

	for (size_t i = 0; i < links->count; i++) {
		const struct link *other = &links->list[i];

		if (other->master == master)
			list_add(out->ports, other->name);
		if (other->lower != link->index)
			continue;
		if (!strcmp(other->kind, "vlan"))
			list_add(out->vlans, other->name);
		else if (is_shared(other->kind))
			list_add(out->shared, other->name);
	}
}

static void hook_read(struct device_facts *d)
{
	const struct xdp_attach_options options = { .ifname = d->name, .mode = XDP_MODE_AUTO, .port = 443 };
	struct xdp_attachment a;
	struct xdp_error unused;

	d->check = xdp_check(&options, &d->check_error);
	if (!xdp_find(d->name, &a, &unused)) {
		d->ours = true;
		d->hook_mode = a.mode;
		d->port = a.port;
		xdp_attachment_close(&a);
	}
	d->neighbours = xdp_neighbours(d->name, d->on_hook, ARRAY_SIZE(d->on_hook), &d->hook_mode);
}

void device_read(const struct links *links, const struct link *link, struct device_facts *out)
{
	const struct link *master = link_by_index(links, link->master);
	const struct link *lower = link_by_index(links, link->lower);

	*out = (struct device_facts){
		.ethernet = link->type == ARPHRD_ETHER || link->type == ARPHRD_LOOPBACK,
		.loopback = link->type == ARPHRD_LOOPBACK,
		.up = link->flags & IFF_UP,
		.carrier = link->flags & IFF_LOWER_UP,
		.mtu = link->mtu,
		.queues = link->rx_queues,
	};
	strcpy(out->name, link->name);
	strcpy(out->kind, link->kind);
	if (master) {
		strcpy(out->master, master->name);
		strcpy(out->master_kind, master->kind);
	}
	if (lower && strcmp(link->kind, "veth") != 0)
		strcpy(out->lower, lower->name);
	features_read(link->index, out);
	ethtool_read(out);
	company_read(links, link, out);
	hook_read(out);
}
