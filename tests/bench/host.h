/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The steering program as the compiler makes it for this machine (host.bpf.c): what it finds in its maps, and of a
 * connection in the kernel, is written here by whoever runs it.
 */
#ifndef TESTS_BENCH_HOST_H
#define TESTS_BENCH_HOST_H

#include <alpnxdp/abi.h>

/* The kernel's one connection, which is whose ever is asked for: its next segment has these numbers. */
enum { HOST_DEVICE = 1, HOST_SEQ = 1000, HOST_ACK = 2000, HOST_NOW_MS = 1000000 };

/* The other maps are empty, but for what the program writes to them. */
extern struct host {
	struct flow_key stranger; /* the key of the only flow */
	__u64 counters[NUM_REASONS];
} host;

/* The program's variables. */
extern struct config config;
extern struct live live;

void host_open(void);

/* Its frame must lie in the first 4 GiB, for a context's addresses are 32 bits wide. */
struct xdp_md;
int alpnxdp_steer(struct xdp_md *ctx);

#endif
