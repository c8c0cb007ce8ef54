// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What alpnxdp is measured against: a program on the same hook that lets everything pass. */
#include <linux/bpf.h>

__attribute__((section("xdp"), used)) int nothing(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char licence[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
