/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <time.h>
#include <bpf/bpf.h>
#include "books.h"
#include "undecided.h"

enum { MARKS = 65536 };

/* The map, mapped once: 16 MB are too much to be copied for every look. */
static struct hello_slot *slots(void)
{
	static struct hello_slot *mapped;
	size_t len = sizeof(struct hello_slot) * ALPNXDP_SLOTS;

	if (!mapped)
		mapped =
			mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, books_map(ALPNXDP_MAP_HELLOS), 0);
	assert_true(mapped != MAP_FAILED);
	return mapped;
}

static __u32 keys[MARKS], marks[MARKS];

static void read_marks(void)
{
	__u32 count = MARKS, at;
	LIBBPF_OPTS(bpf_map_batch_opts, options, .flags = 0);

	bpf_map_lookup_batch(books_map("marks"), NULL, &at, keys, marks, &count, &options);
	assert_int_equal(count, MARKS);
}

unsigned undecided_mark(void)
{
	unsigned i, marked = MARKS;

	read_marks();
	for (i = 0; i < MARKS; i++) {
		if (!marks[i])
			continue;
		assert_int_equal(marked, MARKS);
		marked = keys[i];
	}
	assert_in_range(marked, 0, MARKS - 1);
	return marked;
}

unsigned undecided_clear(void)
{
	const __u32 none = 0;
	__u32 i, marked = 0;

	read_marks();
	for (i = 0; i < MARKS; i++) {
		if (!marks[i])
			continue;
		assert_int_equal(bpf_map_update_elem(books_map("marks"), &keys[i], &none, 0), 0);
		marked++;
	}
	for (i = 0; i < ALPNXDP_SLOTS; i++)
		if (slots()[i].key.dport)
			memset(&slots()[i], 0, sizeof(struct hello_slot));
	return marked;
}

unsigned undecided_under_way(void)
{
	unsigned i, count = 0;
	struct timespec now;
	uint64_t oldest;

	clock_gettime(CLOCK_MONOTONIC, &now);
	oldest = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec -
		 ALPNXDP_UNDECIDED_MS * 1000000ull;
	for (i = 0; i < ALPNXDP_SLOTS; i++)
		count += slots()[i].begun_ns > oldest;
	return count;
}

struct hello_slot *undecided_slot(unsigned index)
{
	assert_in_range(index, 0, ALPNXDP_SLOTS - 1);
	return slots() + index;
}

int undecided_find(const struct flow_key *key)
{
	int i;

	for (i = 0; i < ALPNXDP_SLOTS; i++)
		if (!memcmp(&slots()[i].key, key, sizeof(*key)))
			return i;
	return ALPNXDP_NO_SLOT;
}

bool undecided_has(const struct hello_slot *slot, size_t at)
{
	return slot->have[at / 64] >> (at % 64) & 1;
}

void undecided_expire(const struct flow_key *key)
{
	int index = undecided_find(key);

	assert_true(index >= 0);
	undecided_slot((unsigned)index)->begun_ns -= ALPNXDP_UNDECIDED_MS * 1000000ull;
}
