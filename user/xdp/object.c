/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The steering program before it is loaded, and the one choice made there: whether it asks conntrack.
 *
 * Conntrack's functions are part of the kernel or of its module nf_conntrack; without them the program is loaded with
 * the calls as dead code. The module must be there before the program is loaded: a later one is not seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <alpnxdp/abi.h>
#include "steer.skel.h"
#include "xdp/private.h"

enum { RODATA_MAX = 256 }; /* bytes: constants of the program and the compiler's own */

#define CONNTRACK_FUNCTION "bpf_xdp_ct_lookup"
#define CONNTRACK_MODULE "/sys/kernel/btf/nf_conntrack"

static bool kernel_has_conntrack(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool found = kernel && btf__find_by_name_kind(kernel, CONNTRACK_FUNCTION, BTF_KIND_FUNC) > 0;

	btf__free(kernel);
	return found;
}

/* A module may come at any time; what the kernel itself has stays, and to read its types takes 30 ms. */
bool xdp_conntrack_available(void)
{
	static enum { UNKNOWN, ABSENT, PRESENT } built_in;

	if (!access(CONNTRACK_MODULE, F_OK))
		return true;
	if (built_in == UNKNOWN)
		built_in = kernel_has_conntrack() ? PRESENT : ABSENT;
	return built_in == PRESENT;
}

/* libxdp loads the object itself, so the skeleton's view of its read-only data does not exist; its layout does. */
static int set_conntrack(struct bpf_object *object, bool conntrack)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	const void *initial;
	uint8_t data[RODATA_MAX];
	size_t size;

	initial = map ? bpf_map__initial_value(map, &size) : NULL;
	if (!initial || size > sizeof(data))
		return -ENOENT;
	memcpy(data, initial, size);
	memcpy(data + offsetof(struct steer__rodata, use_conntrack), &conntrack, sizeof(conntrack));
	return bpf_map__set_initial_value(map, data, size);
}

int xdp_object_open(bool conntrack, struct bpf_object **out)
{
	const struct bpf_object_open_opts options = { .sz = sizeof(options), .object_name = "steer" };
	size_t size;
	const void *bytes = steer__elf_bytes(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);
	int err;

	if (!object)
		return -errno;
	err = set_conntrack(object, conntrack);
	if (err) {
		bpf_object__close(object);
		return err;
	}
	*out = object;
	return 0;
}
