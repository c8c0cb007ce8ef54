/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 5681, 6582, 6928: how much is sent at once, fast retransmit, and segments that vanish in a black hole. */
#include "tcp_script.h"

static void third_duplicate_ack_retransmits(void **state)
{
	(void)state;
	START();
	WRITE(4000);
	for (uint32_t n = 1; n < 4000; n += 1000)
		EXPECT(SEG(FROM(n, 1000), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1));
	SEND(SEG(.seq = 11, .ack = 1));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1));
	EXPECT(SEG(FROM(1, 1000), .ack = 11)); /* RFC 5681 3.2 */
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1)); /* a fourth and more change nothing */
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2001));
	EXPECT(SEG(FROM(2001, 1000), .ack = 11)); /* RFC 6582: a partial ACK, so this is lost too */
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 4001));
	EXPECT_NOTHING();
	EXPECT_IDLE();
}

static void duplicate_acks_carry_nothing_else(void **state)
{
	(void)state;
	START();
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1));
	SEND(SEG(.seq = 11, .ack = 1, .window = 60000)); /* a window update */
	SEND(SEG(.seq = 11, .ack = 1, .window = 61000));
	SEND(SEG(FROM(11, 10), .ack = 1, .window = 61000)); /* data */
	EXPECT(SEG(.seq = 2001, .ack = 21));
	SEND(SEG(.seq = 21, .ack = 1, .window = 61000));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 21, .ack = 1, .window = 61000));
	EXPECT(SEG(FROM(1, 1000), .ack = 21));
}

static void duplicate_acks_after_a_timeout_do_not_count(void **state)
{
	(void)state;
	START();
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	for (int i = 0; i < 4; i++)
		SEND(SEG(.seq = 11, .ack = 1));
	EXPECT_NOTHING(); /* RFC 6582 4 */
}

static void initial_window_is_ten_segments(void **state)
{
	(void)state;
	START(.mss = 100);
	WRITE(2000);
	for (uint32_t n = 1; n < 1001; n += 100)
		EXPECT(SEG(FROM(n, 100), .ack = 11));
	EXPECT_NOTHING(); /* RFC 6928 */
	SEND(SEG(.seq = 11, .ack = 101));
	EXPECT(SEG(FROM(1001, 100), .ack = 11)); /* slow start: two for one */
	EXPECT(SEG(FROM(1101, 100), .ack = 11));
	EXPECT_NOTHING();
}

static void after_a_timeout_one_segment_then_slow_start(void **state)
{
	(void)state;
	START();
	WRITE(4000);
	for (uint32_t n = 1; n < 4000; n += 1000)
		EXPECT(SEG(FROM(n, 1000), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT_NOTHING(); /* RFC 5681 3.1: the loss window */
	SEND(SEG(.seq = 11, .ack = 1001));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	EXPECT(SEG(FROM(2001, 1000), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2001)); /* half of the flight is reached: no more doubling */
	EXPECT(SEG(FROM(3001, 1000), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 4001));
	EXPECT_IDLE();
}

static void ack_of_the_original_skips_what_it_covers(void **state)
{
	(void)state;
	START();
	WRITE(3000);
	for (uint32_t n = 1; n < 3000; n += 1000)
		EXPECT(SEG(FROM(n, 1000), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 2501)); /* the first flight had arrived after all */
	EXPECT(SEG(FROM(2501, 500), .ack = 11));
	EXPECT_NOTHING();
}

static void black_hole_shrinks_segments_after_two_timeouts(void **state)
{
	(void)state;
	START();
	WRITE(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	WAIT(2000);
	EXPECT(SEG(FROM(1, 536), .ack = 11)); /* in one go: together they are the one full segment */
	EXPECT(SEG(FROM(537, 464), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1001));
	WRITE(600); /* and it stays so */
	EXPECT(SEG(FROM(1001, 536), .ack = 11));
	EXPECT(SEG(FROM(1537, 64), .ack = 11));
}

static void black_hole_needs_two_timeouts_in_a_row(void **state)
{
	(void)state;
	START();
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1001));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	WAIT(2000);
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
}

static void black_hole_on_ipv6_leaves_1220_bytes(void **state)
{
	(void)state;
	script_start(ADOPT(FIRST, 1500, false, .mss = 1440), __FILE__, __LINE__);
	WRITE(1400);
	EXPECT(SEG(FROM(1, 1400), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1400), .ack = 11));
	WAIT(2000);
	EXPECT(SEG(FROM(1, 1220), .ack = 11));
	EXPECT(SEG(FROM(1221, 180), .ack = 11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(third_duplicate_ack_retransmits),
		TRANSCRIPT(duplicate_acks_carry_nothing_else),
		TRANSCRIPT(duplicate_acks_after_a_timeout_do_not_count),
		TRANSCRIPT(initial_window_is_ten_segments),
		TRANSCRIPT(after_a_timeout_one_segment_then_slow_start),
		TRANSCRIPT(ack_of_the_original_skips_what_it_covers),
		TRANSCRIPT(black_hole_shrinks_segments_after_two_timeouts),
		TRANSCRIPT(black_hole_needs_two_timeouts_in_a_row),
		TRANSCRIPT(black_hole_on_ipv6_leaves_1220_bytes),
	};

	return RUN_TRANSCRIPTS(tests);
}
