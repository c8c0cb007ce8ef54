// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpf/steer.bpf.c for this machine's processor, and stand-ins for what the kernel has for it.
 *
 * A lookup in an array is code of the program, as the kernel makes it so: a comparison and an address. Whatever else is
 * called is a helper_...(), by which name it is left out of what is counted. Helpers that no bystander's packet comes to are
 * still libbpf's, which are numbers: a call ends the process.
 */
#define __bpf__ /* the kernel's types; a word is read as a word */
#define __BPF_CORE_READ_H__
#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "host.h"

#define BPF_CORE_READ(from, field) ((from)->field)
#define BPF_CORE_READ_BITFIELD(from, field) ((from)->field)
#define bpf_core_field_exists(field) 1

/* The compiler is to know as little of them as of the kernel's. */
#define HELPER __attribute__((noipa))

void *helper_lookup(void *map, const void *key);
long helper_load_bytes(struct xdp_md *ctx, __u32 offset, void *out, __u32 len);
__u64 helper_now(void);
struct bpf_sock *helper_find(struct xdp_md *ctx, struct bpf_sock_tuple *t, __u32 size, __u64 netns,
			     __u64 flags);
struct tcp_sock *helper_tcp_sock(struct bpf_sock *sk);
void helper_release(struct bpf_sock *sk);

#define bpf_xdp_load_bytes helper_load_bytes
#define bpf_ktime_get_ns helper_now
#define bpf_skc_lookup_tcp helper_find
#define bpf_skc_to_tcp_sock helper_tcp_sock
#define bpf_sk_release helper_release

/* Of a map's field, as libbpf's macros write it down: a pointer to so many int. */
#define NUMBER(field) (sizeof(*(field)) / sizeof(int))
#define IS_ARRAY(map) \
	(NUMBER((map)->type) == BPF_MAP_TYPE_ARRAY || NUMBER((map)->type) == BPF_MAP_TYPE_PERCPU_ARRAY)

/* The index is hidden, or the compiler would leave out what the kernel does not. */
static __always_inline void *array_lookup(void *values, __u32 size, __u32 entries, __u32 index)
{
	barrier_var(index);
	return index < entries ? values + (__u64)index * size : NULL;
}

#define ARRAY_LOOKUP(map, key) \
	array_lookup((map)->value, sizeof(*(map)->value), NUMBER((map)->max_entries), *(const __u32 *)(key))
#define bpf_map_lookup_elem(map, key) (IS_ARRAY(map) ? ARRAY_LOOKUP(map, key) : helper_lookup(map, key))

#include "../../bpf/steer.bpf.c"

struct host host;

static struct net_device device = { .ifindex = HOST_DEVICE };
static struct dst_entry route = { .dev = &device };
static struct bpf_sock connection = { .state = TCP_ESTABLISHED };
static struct tcp_sock fresh = {
	.inet_conn.icsk_inet.sk.sk_dst_cache = &route,
	.rcv_nxt = HOST_SEQ,
	.rcv_wup = HOST_SEQ,
	.rcv_wnd = 65535,
	.snd_nxt = HOST_ACK,
	.snd_una = HOST_ACK,
	.write_seq = HOST_ACK,
	.mss_cache = 1448,
	.rx_opt = { .ts_recent = HOST_NOW_MS,
		    .tstamp_ok = 1,
		    .sack_ok = 1,
		    .snd_wscale = 7,
		    .rcv_wscale = 7 },
};

HELPER void *helper_lookup(void *map, const void *key)
{
	static struct flow flow = { .state = FLOW_ADOPTED };

	if (map != &flows)
		__builtin_trap();
	return live.flows && key_equal(key, &host.stranger) ? &flow : NULL;
}

HELPER long helper_load_bytes(struct xdp_md *ctx, __u32 offset, void *out, __u32 len)
{
	if (ctx->data + offset + len > ctx->data_end)
		return -1;
	__builtin_memcpy(out, (void *)(long)ctx->data + offset, len);
	return 0;
}

HELPER __u64 helper_now(void)
{
	return HOST_NOW_MS * 1000000ull;
}

HELPER struct bpf_sock *helper_find(struct xdp_md *ctx, struct bpf_sock_tuple *t, __u32 size, __u64 netns,
				    __u64 flags)
{
	return &connection;
}

HELPER struct tcp_sock *helper_tcp_sock(struct bpf_sock *sk)
{
	return &fresh;
}

HELPER void helper_release(struct bpf_sock *sk)
{
}

void host_open(void)
{
	static struct queue_state host_queues[ALPNXDP_MAX_QUEUES];
	static struct hello_slot host_hellos[ALPNXDP_SLOTS];
	static struct unmarked host_unmarked;
	static struct scratch host_scratch;
	static __u32 host_marks[MARKS];

	counters.value = host.counters;
	queues.value = host_queues;
	hellos.value = host_hellos;
	unmarked.value = &host_unmarked;
	scratch.value = &host_scratch;
	marks.value = host_marks;
}
