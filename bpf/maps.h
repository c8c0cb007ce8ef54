/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps of the steering program, and the few things it does with them: is somebody there, is there room, what is
 * remembered of a flow. Their meaning is in <alpnxdp/abi.h>, since userspace has the other end.
 *
 * Two books must stay exact whoever writes them: live counts the entries of the flow map, all and those of each crowd, and credit
 * is what the engine gave less what was offered. So both change by atomic additions, and what an operation that failed was
 * counted for is taken back.
 */
#ifndef ALPNXDP_MAPS_H
#define ALPNXDP_MAPS_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "headers.h"
#include "hello.h"
#include "options.h"
#include "segment.h"

/* What a note says of the walk. */
struct walked {
	__u32 len;  /* bytes that were looked at; 0: there was no walk */
	__s32 slot; /* where they are; ALPNXDP_NO_SLOT: in scratch */
	__u32 acme; /* 1: the hello offers acme-tls/1; no bool: its padding would be read from a stack never written */
};

/* Where packets are copied to, and where the walks keep their position. */
struct scratch {
	struct packet
		packet; /* on the stack, which 6.1 counts strictly, there would be no room for two of them */
	struct packet end;
	struct hello walk;
	name_hash_t name;
	struct walked walked;
	struct hello_start start; /* these two are for whoever only asks whether the kernel vouches */
	struct handoff unused;
	__u8 hello[ALPNXDP_MAX_HELLO] __attribute__((aligned(8)));
	__u8 options[OPTIONS_ROOM];
	struct tcp_options parsed;
};

/* Variables, and so maps of one value: every packet reads them, and finds them at an address instead of by a key. */
struct config config SEC(".data.config") = {};
struct live live SEC(".data.live") = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ALPNXDP_MAX_QUEUES);
	__type(key, __u32);
	__type(value, struct queue_state);
} queues SEC(".maps");

/* Not an LRU map: an adopted flow must never be evicted by a flood of offers. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ALPNXDP_MAX_FLOWS);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ALPNXDP_MAX_NAMES);
	__type(key, name_hash_t);
	__type(value, __u8);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NUM_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, ALPNXDP_MAX_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static const __u32 zero;

/* Has somebody served this queue lately? A hung engine must not swallow packets. */
static __always_inline bool engine_alive(__u32 queue)
{
	const struct queue_state *q = bpf_map_lookup_elem(&queues, &queue);

	if (!q || !q->heartbeat_ns)
		return false;
	return (__s64)(bpf_ktime_get_ns() - q->heartbeat_ns) <= ALPNXDP_HEARTBEAT_MS * 1000000ll;
}

/* An empty slot would make the redirection fall back to XDP_PASS, but only after an offer had been recorded. */
static __always_inline bool engine_listens(__u32 queue)
{
	return bpf_map_lookup_elem(&xsks, &queue);
}

static __always_inline bool credit_take(__u32 queue)
{
	struct queue_state *q = bpf_map_lookup_elem(&queues, &queue);

	if (!q)
		return false;
	if (__sync_fetch_and_add(&q->credit, -1) > 0)
		return true;
	__sync_fetch_and_add(&q->credit, 1);
	return false;
}

static __always_inline void credit_return(__u32 queue)
{
	struct queue_state *q = bpf_map_lookup_elem(&queues, &queue);

	if (q)
		__sync_fetch_and_add(&q->credit, 1);
}

/* Is there any flow of ours? Bystanders need not look for theirs while there is none. */
static __always_inline bool flow_any(void)
{
	return live.flows;
}

/* Is there perhaps one of this packet's? */
static __always_inline bool flow_maybe(const struct headers *h)
{
	return live.flows && live.crowd[headers_crowd(h)];
}

static __always_inline void flow_count(const struct flow_key *key, __s32 step)
{
	__sync_fetch_and_add(&live.crowd[live_crowd_of(key)], step);
	__sync_fetch_and_add(&live.flows, step);
}

static __always_inline void flow_forget(const struct flow_key *key)
{
	if (!bpf_map_delete_elem(&flows, key))
		flow_count(key, -1);
}

/* Counted first, for an entry that is not counted is not found. */
static __always_inline bool flow_remember(const struct flow_key *key, const struct flow *flow)
{
	flow_count(key, 1);
	if (!bpf_map_update_elem(&flows, key, flow, BPF_NOEXIST))
		return true;
	flow_count(key, -1);
	return false;
}

#endif
