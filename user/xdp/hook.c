// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What hangs on the XDP hook of an interface, asked of the kernel alone. libxdp knows the programs of its dispatcher by
 * pins, which another mount namespace hides; the links that join them to the dispatcher are visible from everywhere.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include "xdp/private.h"

#define DISPATCHER_NAME "xdp_dispatcher"

static int main_read(unsigned ifindex, struct hook *out)
{
	struct bpf_xdp_query_opts query = { .sz = sizeof(query) };
	int err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return err;
	out->main_id = query.drv_prog_id ? query.drv_prog_id : query.hw_prog_id;
	out->mode = out->main_id ? XDP_MODE_NATIVE : XDP_MODE_GENERIC;
	if (!out->main_id)
		out->main_id = query.skb_prog_id;
	return 0;
}

/* Inserts by slot: the dispatcher runs its slots in the order in which their functions stand in its BTF. */
static void programs_insert(struct hook *h, const struct program *p, uint32_t slot)
{
	size_t at = h->count;

	if (h->count == HOOK_MAX)
		return;
	while (at > 0 && h->programs[at - 1].slot > slot) {
		h->programs[at] = h->programs[at - 1];
		at--;
	}
	h->programs[at] = (struct hook_program){ .program = *p, .slot = slot };
	h->count++;
}

static void link_take(struct hook *h, const struct bpf_link_info *link, unsigned ifindex)
{
	struct program p;

	if (link->type == BPF_LINK_TYPE_XDP && link->xdp.ifindex == ifindex && link->prog_id == h->main_id)
		h->link_id = link->id;
	if (!h->dispatcher || link->type != BPF_LINK_TYPE_TRACING ||
	    link->tracing.target_obj_id != h->main_id)
		return;
	/* A tracer of the dispatcher has such a link too; only an extension program is called by it. */
	if (!xdp_program_read(link->prog_id, &p) && p.type == BPF_PROG_TYPE_EXT)
		programs_insert(h, &p, link->tracing.target_btf_id);
}

static void links_read(struct hook *h, unsigned ifindex)
{
	struct bpf_link_info info;
	uint32_t id = 0, size;
	int fd;

	while (!bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue; /* gone since */
		memset(&info, 0, sizeof(info));
		size = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			link_take(h, &info, ifindex);
		close(fd);
	}
}

int xdp_hook_read(unsigned ifindex, struct hook *out)
{
	struct program main_program;
	struct hook h = { 0 };
	int err = main_read(ifindex, &h);

	if (err)
		return err;
	if (!h.main_id) {
		*out = h;
		return 0;
	}
	err = xdp_program_read(h.main_id, &main_program);
	if (err)
		return err;
	h.dispatcher = !strcmp(main_program.name, DISPATCHER_NAME);
	links_read(&h, ifindex);
	if (!h.count)
		programs_insert(&h, &main_program, 0);
	*out = h;
	return 0;
}

const struct program *xdp_hook_ours(const struct hook *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->programs[i].program.ours)
			return &h->programs[i].program;
	return NULL;
}

int xdp_neighbours(const char *ifname, struct xdp_neighbour *out, size_t max, enum xdp_mode *mode)
{
	struct xdp_error unused;
	struct device device;
	struct hook hook;
	size_t i;
	int err;

	err = xdp_device_read(ifname, &device, &unused);
	if (!err)
		err = xdp_hook_read(device.ifindex, &hook);
	if (err)
		return err;
	for (i = 0; i < hook.count && i < max; i++) {
		const struct program *p = &hook.programs[i].program;

		out[i] = (struct xdp_neighbour){ .id = p->id, .ours = p->ours };
		memcpy(out[i].name, p->name, sizeof(p->name));
	}
	*mode = hook.mode;
	return (int)i;
}
