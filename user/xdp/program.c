// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A loaded program by its id, and whether it is ours: by its name and the names of its maps, never by a pin. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "xdp/private.h"

enum { PROGRAM_MAPS = 32 }; /* more than a program of ours has */

/* In the order of struct xdp_maps. */
static const char *const map_names[] = {
	ALPNXDP_MAP_CONFIG, ALPNXDP_MAP_QUEUES,   ALPNXDP_MAP_LIVE, ALPNXDP_MAP_FLOWS, ALPNXDP_MAP_NAMES,
	ALPNXDP_MAP_HELLOS, ALPNXDP_MAP_COUNTERS, ALPNXDP_MAP_XSKS, ALPNXDP_MAP_NOTES,
};
_Static_assert(sizeof(struct xdp_maps) == ARRAY_SIZE(map_names) * sizeof(int), "every map needs a name");

static const struct xdp_maps maps_closed = { -1, -1, -1, -1, -1, -1, -1, -1, -1 };

/* The descriptors as an array. */
union map_slots {
	struct xdp_maps maps;
	int fd[ARRAY_SIZE(map_names)];
};

void xdp_maps_close(struct xdp_maps *m)
{
	union map_slots slots = { .maps = *m };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slots.fd); i++)
		if (slots.fd[i] >= 0)
			close(slots.fd[i]);
	*m = maps_closed;
}

/* A variable's map has ".data." in front; a program of ABI 3 had maps without. */
static bool is_named(const char *name, const char *wanted)
{
	static const char variable[] = ".data.";

	if (!strncmp(name, variable, sizeof(variable) - 1))
		name += sizeof(variable) - 1;
	return !strcmp(name, wanted);
}

/* Keeps the map in the slot of its name, if it has one. */
static void slots_take(union map_slots *slots, uint32_t map_id)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_map_get_fd_by_id(map_id);
	size_t i;

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		goto out;
	for (i = 0; i < ARRAY_SIZE(map_names); i++) {
		if (slots->fd[i] >= 0 || !is_named(info.name, map_names[i]))
			continue;
		slots->fd[i] = fd;
		return;
	}
out:
	close(fd);
}

static int maps_open(const uint32_t *ids, size_t count, struct xdp_maps *out)
{
	union map_slots slots = { .maps = maps_closed };
	size_t i;

	for (i = 0; i < count; i++)
		slots_take(&slots, ids[i]);
	for (i = 0; i < ARRAY_SIZE(slots.fd); i++) {
		if (slots.fd[i] >= 0)
			continue;
		xdp_maps_close(&slots.maps);
		return -ENOENT;
	}
	*out = slots.maps;
	return 0;
}

/* ids has room for PROGRAM_MAPS. */
static int info_read(uint32_t id, struct bpf_prog_info *out, uint32_t *ids)
{
	struct bpf_prog_info info = { .nr_map_ids = PROGRAM_MAPS, .map_ids = (uintptr_t)ids };
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	int err;

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	if (err)
		return err;
	info.nr_map_ids =
		MIN(info.nr_map_ids, (uint32_t)PROGRAM_MAPS); /* the kernel tells how many there are */
	*out = info;
	return 0;
}

int xdp_program_open_maps(uint32_t id, struct xdp_maps *out)
{
	uint32_t ids[PROGRAM_MAPS];
	struct bpf_prog_info info;
	int err = info_read(id, &info, ids);

	return err ? err : maps_open(ids, info.nr_map_ids, out);
}

int xdp_program_read(uint32_t id, struct program *out)
{
	struct program p = { .id = id };
	uint32_t ids[PROGRAM_MAPS];
	struct bpf_prog_info info;
	struct xdp_maps maps;
	int err = info_read(id, &info, ids);

	if (err)
		return err;
	p.type = info.type;
	snprintf(p.name, sizeof(p.name), "%s", info.name);
	if (!strcmp(p.name, ALPNXDP_PROG_STEER) && !maps_open(ids, info.nr_map_ids, &maps)) {
		p.ours = true;
		xdp_maps_close(&maps);
	}
	*out = p;
	return 0;
}

/* Another version's value may be longer or shorter than ours: only its first field is known. */
uint32_t xdp_maps_abi(const struct xdp_maps *m)
{
	uint32_t value[1024] = { 0 };
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	const uint32_t zero = 0;

	if (bpf_obj_get_info_by_fd(m->config, &info, &size) || info.value_size > sizeof(value))
		return 0;
	return bpf_map_lookup_elem(m->config, &zero, value) ? 0 : value[0];
}
