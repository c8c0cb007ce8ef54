/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hellos whose ALPN list is not in view yet: it comes in a later segment, or what came first is not the beginning.
 *
 * Such a segment passes at once; a copy of its bytes stays here until the list is complete or the hello is forgotten.
 * Nothing is kept that the kernel does not vouch for, so a flood of spoofed segments cannot push real hellos out. Each
 * byte has its bit, so segments may come in any order, overlap, and come again.
 *
 * Which flows may be in the middle of a hello is told by a table of marks: a SYN sets the flow's mark, a decided hello
 * takes it away. A segment of any other flow costs one look at that table. A mark that another flow has overwritten
 * costs a validation at most: the hello passes.
 *
 * The slots are a cache of sets: a flow may take any of SLOT_WAYS, and takes the one that was begun first. With one slot
 * for each hash, 64 validations at a time over a bad network put one in 600 out of its slot before its list was whole.
 */
#ifndef ALPNXDP_UNDECIDED_H
#define ALPNXDP_UNDECIDED_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>
#include "handoff.h"
#include "headers.h"
#include "hello.h"
#include "maps.h"

enum {
	MARKS = 65536,
	SLOT_WAYS = 4,
	HAVE_WORDS = ALPNXDP_MAX_HELLO / 64,
	UNMARKED_HELLOS = 2048, /* a second, on each CPU */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ALPNXDP_SLOTS);
	__type(key, __u32);
	__type(value, struct hello_slot);
} hellos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MARKS);
	__type(key, __u32);
	__type(value, __u32);
} marks SEC(".maps");

struct unmarked {
	__u64 since_ns; /* CLOCK_MONOTONIC */
	__u64 hellos;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unmarked);
} unmarked SEC(".maps");

/* Where a flow has its mark and its slot; slot is NULL until place_open(). */
struct place {
	__u32 number;
	__u32 index;
	__u32 *mark;
	struct hello_slot *slot;
};

/* Never 0. See place_of(). */
static __always_inline __u32 place_mix(__u32 secret, __u32 client, __u32 rest)
{
	__u32 another = secret * 0x9e3779b97f4a7c15ull >> 32;
	__u64 product = (__u64)(client ^ another) * (rest ^ secret);

	return (product ^ product >> 32) * 0xd6e8feb86659fd93ull >> 32 | 1;
}

_Static_assert(__builtin_offsetof(struct config, own_mac) % 4 == 2,
	       "the random part of own_mac is a word of its own");

/*
 * The number of a flow's place. A product of two factors, each with the random part of own_mac in it as a secret of its
 * own, so that nobody can aim at another's mark: whatever a client changes of one factor is multiplied by the other one,
 * which he does not know. (With the secret in but one factor, some changes of address and port make up for each
 * other whatever it is.) Two multiplications instead of a chain of four took 5 ns off each data segment.
 */
static __always_inline __u32 place_of(const struct config *cfg, const struct headers *h)
{
	const struct iphdr *four = h->ip;
	const struct ipv6hdr *six = h->ip;
	__u32 secret, client, server;

	secret = *(const __u32 *)(cfg->own_mac + 2);
	if (h->ipv4) {
		client = four->saddr;
		server = four->daddr;
	} else {
		client = place_mix(secret, six->saddr[0], six->saddr[1]);
		client = place_mix(~secret, six->saddr[2] ^ client, six->saddr[3]);
		server = six->daddr[3];
	}
	return place_mix(secret, client, (server & 0xffff0000) | h->tcp->source);
}

static __always_inline bool place_find(__u32 number, struct place *at)
{
	__u32 index = number >> 16;

	at->number = number;
	at->mark = bpf_map_lookup_elem(&marks, &index);
	at->slot = NULL;
	return at->mark;
}

/* A connection begins: hello segments may come. */
static __always_inline void place_mark(__u32 number)
{
	struct place at;

	if (place_find(number, &at))
		*at.mark = number;
}

static __always_inline bool place_is_marked(const struct place *at)
{
	return *at->mark == at->number;
}

static __always_inline void place_unmark(const struct place *at)
{
	if (*at->mark == at->number)
		*at->mark = 0;
}

/*
 * Hellos for us of flows without a mark, which began before there was anything to look for, or never did, are looked at
 * UNMARKED_HELLOS times a second: or spoofed ones would make the program walk them and look up connections that do not
 * exist, 1 us each, as often as somebody likes. Who spoofs the SYN too pays for a mark with what the kernel does about a
 * SYN, which is more.
 */
static __always_inline bool unmarked_spent(void)
{
	const struct unmarked *u = bpf_map_lookup_elem(&unmarked, &zero);

	return u && u->hellos >= UNMARKED_HELLOS && bpf_ktime_get_ns() - u->since_ns <= 1000000000;
}

static __always_inline void unmarked_count(void)
{
	struct unmarked *u = bpf_map_lookup_elem(&unmarked, &zero);
	__u64 now = bpf_ktime_get_ns();

	if (u && now - u->since_ns > 1000000000) {
		u->since_ns = now;
		u->hellos = 0;
	}
	if (u)
		u->hellos++;
}

_Static_assert(__builtin_offsetof(struct hello_slot, key) == 0 && sizeof(struct hello_slot) % 8 == 0 &&
		       __builtin_offsetof(struct packet, key) == 0 &&
		       __builtin_offsetof(struct scratch, packet) == 0,
	       "keys that are compared begin at a multiple of 8");

static __always_inline bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;
	const __u32 *ports = (const void *)&a->sport, *others = (const void *)&b->sport;
	__u64 difference = *ports ^ *others;

	for (__u32 i = 0; i < __builtin_offsetof(struct flow_key, sport) / sizeof(*x); i++)
		difference |= x[i] ^ y[i];
	return !difference;
}

/*
 * The number of the flow's slot, or of the one that it would take. Decided hellos count as begun ALPNXDP_UNDECIDED_MS
 * earlier, so they go first, the oldest of them before the engine may still be reading the latest.
 */
__noinline int slot_choose(const struct flow_key *key, __u32 number)
{
	__u32 i, index, best = number >> 16 & (ALPNXDP_SLOTS - 1) & ~(SLOT_WAYS - 1);
	__u64 oldest = ~0ull;
	__u32 first = best;
	struct hello_slot *slot;

	if (!key)
		return 0;
	for (i = 0; i < SLOT_WAYS; i++) {
		index = first + i;
		slot = bpf_map_lookup_elem(&hellos, &index);
		if (!slot)
			break;
		if (key_equal(&slot->key, key))
			return index;
		if (slot->begun_ns < oldest) {
			oldest = slot->begun_ns;
			best = index;
		}
	}
	return best;
}

static __always_inline bool place_open(const struct flow_key *key, struct place *at)
{
	at->index = slot_choose(key, at->number);
	at->slot = bpf_map_lookup_elem(&hellos, &at->index);
	return at->slot;
}

/* Is a hello of the segment's flow under way in this slot? */
static __always_inline bool slot_is_under_way(const struct hello_slot *slot, const struct packet *p)
{
	return key_equal(&slot->key, &p->key) &&
	       bpf_ktime_get_ns() - slot->begun_ns < ALPNXDP_UNDECIDED_MS * 1000000ull;
}

/* Is it one that the segment may belong to? */
static __always_inline bool slot_is_of(const struct hello_slot *slot, const struct packet *p)
{
	return p->seq - slot->first < ALPNXDP_MAX_HELLO && slot_is_under_way(slot, p);
}

/*
 * No hello begins with this segment. It says nothing about one that is under way: it does not fit there, and anybody
 * may have sent it.
 */
static __always_inline void place_leave(const struct place *at, const struct packet *p)
{
	if (at->slot && !slot_is_under_way(at->slot, p))
		place_unmark(at);
}

static __always_inline void slot_begin(struct hello_slot *slot, const struct flow_key *key, __u32 first)
{
	slot->key = *key;
	slot->first = first;
	slot->begun_ns = bpf_ktime_get_ns();
	__builtin_memset(slot->have, 0, sizeof(slot->have));
}

/* Decided: the flow's next segments are looked at by themselves. The bytes stay for the engine, until they are overwritten. */
static __always_inline void place_decide(const struct place *at)
{
	at->slot->begun_ns -= ALPNXDP_UNDECIDED_MS * 1000000ull;
	place_unmark(at);
}

/* How many bits of a word are set before the first that is not. */
static __always_inline __u32 leading_ones(__u64 word)
{
	__u64 missing = ~word;
	__u32 count = 0;

	if (!missing)
		return 64;
	if (!(__u32)missing) {
		count += 32;
		missing >>= 32;
	}
	if (!(__u16)missing) {
		count += 16;
		missing >>= 16;
	}
	if (!(__u8)missing) {
		count += 8;
		missing >>= 8;
	}
	for (__u32 i = 0; i < 7 && !(missing & 1); i++) {
		missing >>= 1;
		count++;
	}
	return count;
}

/*
 * Notes that bytes [from, to) of a slot are there; returns how many there are without a gap. A global function, which the
 * verifier looks at once.
 */
__noinline int slot_note(__u32 index, __u32 from, __u32 to)
{
	struct hello_slot *slot = bpf_map_lookup_elem(&hellos, &index);
	__u32 i, word;
	__u64 mask;

	if (!slot || from >= to || to > ALPNXDP_MAX_HELLO)
		return 0;
	for (i = 0; i < HAVE_WORDS; i++) {
		word = from / 64;
		if (from >= to)
			break;
		mask = ~0ull << (from & 63);
		from = (word + 1) * 64;
		if (to < from)
			mask &= ~0ull >> (from - to & 63);
		slot->have[word & (HAVE_WORDS - 1)] |= mask;
	}
	for (i = 0; i < HAVE_WORDS; i++)
		if (~slot->have[i])
			return i * 64 + leading_ones(slot->have[i]);
	return ALPNXDP_MAX_HELLO;
}

/* The walk over the first len bytes of a slot; as walk_hello() leaves its results in scratch. */
__noinline int walk_slot(__u32 index, __u32 len)
{
	struct hello_slot *slot = bpf_map_lookup_elem(&hellos, &index);
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	enum hello_verdict verdict;

	if (!slot || !s || len > ALPNXDP_MAX_HELLO)
		return HELLO_NOT;
	verdict = hello_walk(slot->bytes, len, &s->walk);
	s->name = verdict == HELLO_ACME ? hello_name_hash(slot->bytes, &s->walk) : 0;
	s->walked = (struct walked){ .len = len, .slot = index, .acme = verdict == HELLO_ACME };
	return verdict;
}

/* Copies a segment's data to its place. False: it does not fit. */
static __always_inline bool slot_copy(struct xdp_md *ctx, struct hello_slot *slot, const struct packet *p)
{
	__u32 at = p->seq - slot->first, last = p->data_len - 1;

	/* By way of the last byte, because the verifier of Linux 6.1 does not learn from `if (!len)` that len is not 0. */
	barrier_var(last);
	if (at >= ALPNXDP_MAX_HELLO || last >= ALPNXDP_MAX_FRAME)
		return false;
	barrier_var(at);
	return !bpf_xdp_load_bytes(ctx, p->data_offset, slot->bytes + (at & (ALPNXDP_MAX_HELLO - 1)),
				   last + 1);
}

/* Adds a segment that the kernel vouches for; returns how many bytes are there without a gap, or -1: it does not fit. */
static __always_inline int slot_add(struct xdp_md *ctx, const struct place *at, const struct packet *p)
{
	__u32 from = p->seq - at->slot->first, to = from + p->data_len;

	if (!slot_copy(ctx, at->slot, p))
		return -1;
	return slot_note(at->index, from, to < ALPNXDP_MAX_HELLO ? to : ALPNXDP_MAX_HELLO);
}

#endif
