/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blocks of pcapng, byte by byte. What is expected is read here as the draft has it, not with the writer's own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "capture/capture.h"

static uint8_t block[CAPTURE_BLOCK_MAX];

static uint32_t u32(size_t at)
{
	uint32_t value;

	memcpy(&value, block + at, sizeof(value));
	return value;
}

static uint16_t u16(size_t at)
{
	uint16_t value;

	memcpy(&value, block + at, sizeof(value));
	return value;
}

static void assert_block(size_t len, uint32_t type)
{
	assert_true(len >= 12);
	assert_int_equal(len % 4, 0);
	assert_int_equal(u32(0), type);
	assert_int_equal(u32(4), len);
	assert_int_equal(u32(len - 4), len);
}

/* Where the value of an option is, *len of it; 0: there is none. Walks to the end, which must be the block's. */
static size_t option(size_t at, size_t end, uint16_t code, uint16_t *len)
{
	size_t found = 0;

	while (u16(at) != 0) {
		if (u16(at) == code) {
			found = at + 4;
			*len = u16(at + 2);
		}
		for (unsigned pad = u16(at + 2); pad % 4; pad++)
			assert_int_equal(block[at + 4 + pad], 0);
		at += 4 + (u16(at + 2) + 3u) / 4 * 4;
		assert_true(at + 4 <= end);
	}
	assert_int_equal(u16(at + 2), 0);
	assert_int_equal(at + 4, end);
	return found;
}

static void a_section_begins(void **state)
{
	size_t len = capture_begin(block, sizeof(block), "alpnxdp"), at;
	uint16_t n;

	(void)state;
	assert_block(len, 0x0a0d0d0a);
	assert_int_equal(u32(8), 0x1a2b3c4d);
	assert_int_equal(u16(12), 1);
	assert_int_equal(u16(14), 0);
	assert_int_equal(u32(16), UINT32_MAX);
	assert_int_equal(u32(20), UINT32_MAX);
	at = option(24, len - 4, 4, &n);
	assert_int_equal(n, 7);
	assert_memory_equal(block + at, "alpnxdp", 7);
}

static void an_interface_is_described(void **state)
{
	size_t len = capture_interface(block, sizeof(block), "eth0.1"), at;
	uint16_t n;

	(void)state;
	assert_block(len, 1);
	assert_int_equal(u16(8), 1);
	at = option(16, len - 4, 2, &n);
	assert_int_equal(n, 6);
	assert_memory_equal(block + at, "eth0.1", 6);
	at = option(16, len - 4, 9, &n);
	assert_int_equal(n, 1);
	assert_int_equal(block[at], 9);
}

static const uint8_t frame[64] = { 0xde, 0xad, 0xbe, 0xef, 5, 6, 7 };

static size_t write_packet(size_t cap, enum capture_direction d, size_t frame_len, const char *comment)
{
	return capture_packet(block, cap,
			      &(struct capture_packet){ .interface = 3,
							.queue = 7,
							.direction = d,
							.time_ns = UINT64_C(0x1122334455667788),
							.comment = comment,
							.bytes = frame,
							.len = frame_len });
}

static void packets_of_each_length(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof(frame); n++) {
		size_t len, padded = (n + 3) / 4 * 4, at;
		uint16_t got = 0;

		memset(block, 0xff, sizeof(block));
		len = write_packet(sizeof(block), CAPTURE_IN, n, "hello");
		assert_block(len, 6);
		assert_int_equal(u32(8), 3);
		assert_int_equal(u32(12), 0x11223344);
		assert_int_equal(u32(16), 0x55667788);
		assert_int_equal(u32(20), n);
		assert_int_equal(u32(24), n);
		assert_memory_equal(block + 28, frame, n);
		for (size_t pad = n; pad < padded; pad++)
			assert_int_equal(block[28 + pad], 0);
		at = option(28 + padded, len - 4, 1, &got);
		assert_int_equal(got, 5);
		assert_memory_equal(block + at, "hello", 5);
		at = option(28 + padded, len - 4, 6, &got);
		assert_int_equal(got, 4);
		assert_int_equal(u32(at), 7);
	}
}

static void directions_and_verdicts(void **state)
{
	static const uint32_t flags[] = { [CAPTURE_IN] = 1, [CAPTURE_OUT] = 2, [CAPTURE_INWARD] = 0 };
	uint16_t n;

	(void)state;
	for (unsigned d = CAPTURE_IN; d <= CAPTURE_INWARD; d++) {
		size_t len = write_packet(sizeof(block), (enum capture_direction)d, 60, NULL), at;

		assert_int_equal(u32(option(88, len - 4, 2, &n)), flags[d]);
		assert_int_equal(option(88, len - 4, 1, &n), 0);
		assert_int_equal(!!option(88, len - 4, 6, &n), d != CAPTURE_INWARD);
		at = option(88, len - 4, 7, &n);
		assert_int_equal(!!at, d == CAPTURE_IN);
		if (!at)
			continue;
		assert_int_equal(n, 9);
		assert_int_equal(block[at], 2); /* Linux_eBPF_XDP */
		assert_int_equal(u32(at + 1), 4);
		assert_int_equal(u32(at + 5), 0);
	}
	assert_string_equal(capture_direction_name(CAPTURE_IN), "in");
	assert_string_equal(capture_direction_name(CAPTURE_INWARD), "inward");
	assert_null(capture_direction_name((enum capture_direction)(CAPTURE_INWARD + 1)));
}

static void text_is_cleaned_and_cut(void **state)
{
	char comment[1000];
	uint16_t n = 0;
	size_t len, at;

	(void)state;
	memset(comment, 'x', sizeof(comment));
	memcpy(comment, "\033[2J\n\177\377", 7);
	comment[sizeof(comment) - 1] = '\0';
	len = write_packet(sizeof(block), CAPTURE_OUT, 60, comment);
	at = option(88, len - 4, 1, &n);
	assert_int_equal(n, CAPTURE_TEXT_MAX);
	assert_memory_equal(block + at, "?[2J???xxx", 10);
}

static void secrets_are_as_they_were(void **state)
{
	static const char lines[] = "CLIENT_RANDOM 00 11\n";
	size_t len = capture_keys(block, sizeof(block), lines, sizeof(lines) - 1);

	(void)state;
	assert_block(len, 10);
	assert_int_equal(u32(8), 0x544c534b);
	assert_int_equal(u32(12), sizeof(lines) - 1);
	assert_memory_equal(block + 16, lines, sizeof(lines) - 1);
	assert_int_equal(len, 12 + 8 + 20);
}

/* On the heap, so that a byte too many is noticed. */
static void no_room_is_no_block(void **state)
{
	size_t whole = write_packet(sizeof(block), CAPTURE_IN, 61, "hello");

	(void)state;
	for (size_t cap = 0; cap <= whole; cap++) {
		uint8_t *out = malloc(cap + !cap);
		const struct capture_packet p = { .comment = "hello", .bytes = frame, .len = 61 };

		assert_non_null(out);
		assert_int_equal(capture_packet(out, cap, &p), cap == whole ? whole : 0);
		if (cap < 40) {
			assert_int_equal(capture_begin(out, cap, "alpnxdp"), 0);
			assert_int_equal(capture_interface(out, MIN(cap, 35u), "edge0"), 0);
			assert_int_equal(capture_keys(out, MIN(cap, 23u), "key\n", 4), 0);
		}
		free(out);
	}
}

static void the_largest_frame_fits(void **state)
{
	static const uint8_t large[7000];
	char comment[300];

	(void)state;
	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	assert_true(capture_packet(
		block, sizeof(block),
		&(struct capture_packet){ .comment = comment, .bytes = large, .len = sizeof(large) }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_begins),        cmocka_unit_test(an_interface_is_described),
		cmocka_unit_test(packets_of_each_length),  cmocka_unit_test(directions_and_verdicts),
		cmocka_unit_test(text_is_cleaned_and_cut), cmocka_unit_test(secrets_are_as_they_were),
		cmocka_unit_test(no_room_is_no_block),     cmocka_unit_test(the_largest_frame_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
