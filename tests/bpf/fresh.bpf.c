// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * For test_tax.c, in front of the program that is measured: takes a flow's mark away, so that the same segment is the
 * first of a new hello each time it comes.
 */
#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { BPF_MAP_TYPE_PROG_ARRAY = 3 };

/* The steering program's own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} measured SEC(".maps");

const volatile __u32 mark_index;

SEC("xdp.frags")
int forget_mark(struct xdp_md *ctx)
{
	__u32 index = mark_index, *mark = bpf_map_lookup_elem(&marks, &index);

	if (mark)
		*mark = 0;
	bpf_tail_call(ctx, &measured, 0);
	return XDP_ABORTED;
}
