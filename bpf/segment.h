/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel is asked with, wherever it keeps the connection: a segment's addresses, and the place of the segment in
 * its hello.
 */
#ifndef ALPNXDP_SEGMENT_H
#define ALPNXDP_SEGMENT_H

#include "headers.h"

enum { HANDOFF_TIMESTAMP_ROOM = 12 }; /* the option and two bytes of padding */

static __always_inline void tuple_fill(const struct packet *p, struct bpf_sock_tuple *t)
{
	if (p->ipv4) {
		__builtin_memcpy(&t->ipv4.saddr, p->key.saddr + 12, 4);
		__builtin_memcpy(&t->ipv4.daddr, p->key.daddr + 12, 4);
		t->ipv4.sport = p->key.sport;
		t->ipv4.dport = p->key.dport;
	} else {
		__builtin_memcpy(&t->ipv6.saddr, p->key.saddr, 16);
		__builtin_memcpy(&t->ipv6.daddr, p->key.daddr, 16);
		t->ipv6.sport = p->key.sport;
		t->ipv6.dport = p->key.dport;
	}
}

/*
 * Where the hello begins. Known: this segment begins it, or an earlier one did. Unknown: the segment has overtaken the
 * beginning, and the kernel tells where that is.
 */
struct hello_start {
	__u32 first;
	bool known;
};

/*
 * May a segment be part of a hello that begins at start->first, when the kernel expects next? It may lie behind `next`,
 * where the kernel waits for what comes before it, and `next` may lag behind what has passed (GRO holds it).
 */
static __always_inline bool handoff_seq_fits(struct hello_start *start, __u32 next, __u32 seq)
{
	if (!start->known)
		start->first = next;
	return next - start->first <= seq - start->first && seq - start->first < ALPNXDP_MAX_HELLO;
}

#endif
