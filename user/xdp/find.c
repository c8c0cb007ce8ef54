// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Our program on an interface, whoever attached it. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "xdp/private.h"

enum { SERVED_LOOK_MS = 20 };

void xdp_attachment_close(struct xdp_attachment *a)
{
	xdp_maps_close(&a->maps);
}

int xdp_attachment_read(const struct device *device, const struct hook *hook, struct xdp_attachment *out,
			struct xdp_error *error)
{
	const struct program *ours = xdp_hook_ours(hook);
	struct xdp_attachment a = {
		.ifindex = device->ifindex,
		.mode = hook->mode,
		.dispatcher = hook->dispatcher,
		.queues = device->queues,
		.mtu = (uint16_t)MIN(device->mtu, 65535u),
	};
	const uint32_t zero = 0;
	struct config config;
	int err;

	memcpy(a.ifname, device->name, sizeof(a.ifname));
	if (!ours)
		return xdp_error_refuse(error, -ENOENT, "%s: alpnxdp is not attached", device->name);
	a.prog_id = ours->id;
	err = xdp_program_open_maps(a.prog_id, &a.maps);
	if (err)
		return xdp_error_set(error, err, "%s: cannot open the maps of program %u", device->name,
				     a.prog_id);
	if (xdp_maps_abi(&a.maps) == ALPNXDP_ABI && !bpf_map_lookup_elem(a.maps.config, &zero, &config)) {
		a.port = ntohs(config.port);
		a.conntrack = config.flags & CONFIG_CONNTRACK;
	}
	*out = a;
	return 0;
}

static uint64_t heartbeat_ns(const struct xdp_maps *maps)
{
	const uint32_t first = 0;
	struct queue_state state;

	return bpf_map_lookup_elem(maps->queues, &first, &state) ? 0 : state.heartbeat_ns;
}

bool xdp_attachment_served(const struct xdp_attachment *a)
{
	const uint64_t then = heartbeat_ns(&a->maps);
	const uint64_t old = then + ALPNXDP_HEARTBEAT_MS * 1000000ull;

	while (then && clock_now() * 1000 < old) {
		if (heartbeat_ns(&a->maps) != then)
			return true;
		poll(NULL, 0, SERVED_LOOK_MS);
	}
	return false;
}

int xdp_find(const char *ifname, struct xdp_attachment *out, struct xdp_error *error)
{
	struct device device;
	struct hook hook;
	int err;

	err = xdp_device_read(ifname, &device, error);
	if (!err)
		err = xdp_system_check_rights("status", ifname, error);
	if (err)
		return err;
	err = xdp_hook_read(device.ifindex, &hook);
	if (err)
		return xdp_error_set(error, err, "%s: cannot ask what is attached", device.name);
	return xdp_attachment_read(&device, &hook, out, error);
}

int xdp_list(char (**names)[IF_NAMESIZE], struct xdp_error *error)
{
	struct if_nameindex *all, *i;
	char(*found)[IF_NAMESIZE];
	size_t count = 0;
	struct hook hook;
	int err = xdp_system_check_rights("status", "", error);

	if (err)
		return err;
	all = if_nameindex();
	if (!all)
		return xdp_error_set(error, -errno, "cannot list the interfaces");
	for (i = all; i->if_index; i++)
		count++;
	found = calloc(count + 1, sizeof(*found));
	if (!found) {
		err = xdp_error_set(error, -ENOMEM, "cannot list %zu interfaces", count);
		goto out;
	}
	count = 0;
	for (i = all; i->if_index; i++)
		if (!xdp_hook_read(i->if_index, &hook) && xdp_hook_ours(&hook))
			strncpy(found[count++], i->if_name, sizeof(*found) - 1);
	*names = found;
out:
	if_freenameindex(all);
	return err ? err : (int)count;
}
