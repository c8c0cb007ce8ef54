/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ring of a capture: what it gives back, what makes room for what, what is lost to whom; and for how long it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "capture/capture.h"

enum { FIRST = 7, FRAME = 3368 };

/* On the heap, so that a byte too many is noticed. */
static struct capture_ring *ring;

static int setup(void **state)
{
	(void)state;
	ring = calloc(1, sizeof(*ring));
	if (ring)
		capture_ring_begin(ring, FIRST);
	return ring ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(ring);
	return 0;
}

/* Whose bytes tell its number. */
static void put(uint32_t len)
{
	static uint8_t bytes[CAPTURE_RING_BYTES];
	const struct capture_row row = { .comment = "c",
					 .ifname = "edge0",
					 .queue = (unsigned)ring->next % 5,
					 .len = len,
					 .time_ns = ring->next * 10 };

	memset(bytes, (int)(ring->next * 31 % 251), len);
	capture_ring_put(ring, &row, bytes);
}

/* Every frame that is there is as it was put, within the ring, and none lies on another. */
static void assert_whole(void)
{
	uint64_t total = 0;

	assert_true(ring->oldest <= ring->next);
	assert_true(ring->next - ring->oldest <= CAPTURE_RING_ROWS);
	for (uint64_t n = ring->oldest; n < ring->next; n++) {
		const struct capture_row *row = capture_ring_row(ring, n);
		const uint8_t *bytes = capture_ring_bytes(ring, n);

		assert_int_equal(row->time_ns, n * 10);
		assert_int_equal(row->queue, n % 5);
		assert_string_equal(row->ifname, "edge0");
		assert_true(bytes >= ring->bytes && bytes + row->len <= ring->bytes + CAPTURE_RING_BYTES);
		for (uint32_t i = 0; i < row->len; i++)
			assert_int_equal(bytes[i], n * 31 % 251);
		total += row->len;
	}
	assert_true(total <= CAPTURE_RING_BYTES);
}

static void it_is_empty_at_first(void **state)
{
	uint64_t lost = 1;

	(void)state;
	assert_int_equal(capture_ring_from(ring, FIRST, &lost), FIRST);
	assert_int_equal(lost, 0);
	assert_int_equal(capture_ring_from(ring, UINT64_MAX, &lost), FIRST);
	assert_int_equal(lost, 0);
}

static void frames_come_out_as_they_went_in(void **state)
{
	uint64_t lost;

	(void)state;
	for (uint32_t len = 0; len < 100; len++)
		put(len);
	assert_whole();
	assert_int_equal(capture_ring_from(ring, FIRST, &lost), FIRST);
	assert_int_equal(lost, 0);
	assert_int_equal(capture_ring_from(ring, FIRST + 60, &lost), FIRST + 60);
	assert_int_equal(lost, 0);
	assert_int_equal(ring->next, FIRST + 100);
}

static void small_ones_run_out_of_rows(void **state)
{
	uint64_t lost;

	(void)state;
	for (unsigned n = 0; n < CAPTURE_RING_ROWS; n++)
		put(54);
	assert_int_equal(ring->oldest, FIRST);
	put(54);
	put(54);
	assert_whole();
	assert_int_equal(ring->next - ring->oldest, CAPTURE_RING_ROWS);
	assert_int_equal(capture_ring_from(ring, FIRST, &lost), FIRST + 2);
	assert_int_equal(lost, 2);
	assert_int_equal(capture_ring_from(ring, FIRST + 1, &lost), FIRST + 2);
	assert_int_equal(lost, 1);
	assert_int_equal(capture_ring_from(ring, FIRST + 2, &lost), FIRST + 2);
	assert_int_equal(lost, 0);
}

static void large_ones_run_out_of_bytes(void **state)
{
	const unsigned fit = CAPTURE_RING_BYTES / FRAME;
	uint64_t lost;

	(void)state;
	for (unsigned n = 0; n < fit; n++)
		put(FRAME);
	assert_int_equal(ring->oldest, FIRST);
	put(FRAME); /* at the beginning again */
	assert_int_equal(ring->oldest, FIRST + 1);
	assert_whole();
	assert_int_equal(capture_ring_from(ring, FIRST, &lost), FIRST + 1);
	assert_int_equal(lost, 1);
}

static void one_that_fills_it_is_alone(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 10; n++)
		put(1000);
	put(CAPTURE_RING_BYTES);
	assert_int_equal(ring->next - ring->oldest, 1);
	assert_whole();
	put(1);
	assert_int_equal(ring->next - ring->oldest, 1);
	assert_whole();
}

/* Of all lengths, many times around; who reads now and then has each frame or is told of it. */
static void nothing_is_lost_without_being_said(void **state)
{
	uint64_t from = FIRST, had = 0, missed = 0, lost;
	uint32_t random = 1;

	(void)state;
	for (unsigned n = 1; n <= 60000; n++) {
		random = random * 1664525 + 1013904223;
		put((random >> 16) % (n / 10000 % 2 ? 80 : FRAME));
		if (n % 5000 && n % 7)
			continue;
		if (n % 20000 < 10000 || !(n % 5000)) {
			uint64_t at = capture_ring_from(ring, from, &lost);

			missed += lost;
			had += ring->next - at;
			from = ring->next;
		}
		if (!(n % 5000))
			assert_whole();
	}
	had += ring->next - capture_ring_from(ring, from, &lost);
	assert_true(missed > 0);
	assert_int_equal(had + missed + lost, 60000);
}

/* Off and on again: numbers go on, and who comes from before is told what it did not fetch. */
static void another_ring_goes_on(void **state)
{
	uint64_t next, lost;

	(void)state;
	put(60);
	put(60);
	next = ring->next;
	memset(ring, 0, sizeof(*ring));
	capture_ring_begin(ring, next);
	put(60);
	assert_int_equal(capture_ring_from(ring, FIRST + 1, &lost), FIRST + 2);
	assert_int_equal(lost, 1);
	assert_whole();
}

static void a_lease_ends_by_itself(void **state)
{
	struct capture_lease l = { 0 };

	(void)state;
	assert_false(capture_lease_wants_frames(&l, 0));
	assert_false(capture_lease_wants_keys(&l, 0));
	capture_lease_extend(&l, 1000, false);
	assert_true(capture_lease_wants_frames(&l, 999));
	assert_false(capture_lease_wants_keys(&l, 999));
	assert_false(capture_lease_wants_frames(&l, 1000));
	capture_lease_extend(&l, 2000, true);
	assert_true(capture_lease_wants_keys(&l, 1999));
	/* Who wants frames alone does not keep secrets alive. */
	capture_lease_extend(&l, 3000, false);
	assert_false(capture_lease_wants_keys(&l, 2000));
	assert_true(capture_lease_wants_frames(&l, 2999));
	assert_false(capture_lease_wants_frames(&l, 3000));
}

#define WITH_RING(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(it_is_empty_at_first),       WITH_RING(frames_come_out_as_they_went_in),
		WITH_RING(small_ones_run_out_of_rows), WITH_RING(large_ones_run_out_of_bytes),
		WITH_RING(one_that_fills_it_is_alone), WITH_RING(nothing_is_lost_without_being_said),
		WITH_RING(another_ring_goes_on),       cmocka_unit_test(a_lease_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
