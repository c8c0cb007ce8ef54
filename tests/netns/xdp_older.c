// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What an older version has left attached is recognised and replaced. Of a program of ABI 3 there is what it is recognised by: its
 * name, and those of its maps, of which none was a variable of the program. Usage: xdp_older IFACE
 */
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include "xdp/private.h"
#include "xdp_test.h"

static const char *const names[] = { "config", "queues",   "live", "flows", "names",
				     "hellos", "counters", "xsks", "notes" };
enum { MAPS = ARRAY_SIZE(names), VALUE = 64, ABI_OLDER = 3 };

/* Names every map once, and passes everything. A program holds the maps that it names. */
static int older_load(void)
{
	struct bpf_insn code[2 * MAPS + 2] = { 0 }, *at = code;
	uint32_t zero = 0, value[VALUE / 4] = { ABI_OLDER };
	int fds[MAPS], program;

	for (unsigned i = 0; i < MAPS; i++, at += 2) {
		fds[i] = bpf_map_create(BPF_MAP_TYPE_ARRAY, names[i], sizeof(zero), VALUE, 1, NULL);
		at[0] = (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, /* two instructions long */
					   .dst_reg = BPF_REG_1,
					   .src_reg = BPF_PSEUDO_MAP_FD,
					   .imm = fds[i] };
	}
	at[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS };
	at[1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	CHECK(!bpf_map_update_elem(fds[0], &zero, value, BPF_ANY));
	program = bpf_prog_load(BPF_PROG_TYPE_XDP, "alpnxdp_steer", "GPL", code, ARRAY_SIZE(code), NULL);
	for (unsigned i = 0; i < MAPS; i++)
		close(fds[i]);
	return program;
}

int main(int argc, char **argv)
{
	struct xdp_attach_options o = { .mode = XDP_MODE_AUTO, .port = 443 };
	struct xdp_attachment older, a;
	struct xdp_error e = { 0 };
	int program;

	if (argc != 2)
		return 2;
	o.ifname = argv[1];
	xdp_setup_log();
	program = older_load();
	CHECK(program >= 0 &&
	      !bpf_xdp_attach((int)if_nametoindex(argv[1]), program, XDP_FLAGS_DRV_MODE, NULL));
	if (CHECK(!xdp_find(argv[1], &older, &e))) {
		CHECK(xdp_maps_abi(&older.maps) == ABI_OLDER && !older.port);
		if (CHECK(!xdp_attach(&o, &a, &e))) {
			CHECK(!a.taken_over && a.prog_id != older.prog_id);
			CHECK(xdp_maps_abi(&a.maps) == ALPNXDP_ABI);
			xdp_attachment_close(&a);
		}
		xdp_attachment_close(&older);
	}
	CHECK(!xdp_detach(argv[1], &e));
	close(program);
	return checks_finish();
}
