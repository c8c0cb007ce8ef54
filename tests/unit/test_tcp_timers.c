/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 6298: when bytes are sent again, and when we give up. */
#include "tcp_script.h"

#define ROUND_TRIP(ms) .srtt_us = (ms)*1000

static void timeout_is_a_second_while_nothing_is_known(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(999);
	EXPECT_NOTHING();
	WAIT(1);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	EXPECT_NOTHING();
	assert_int_equal(script.c.stats.retransmits, 1);
}

static void timeout_follows_the_kernels_round_trip_time(void **state)
{
	(void)state;
	START(ROUND_TRIP(100)); /* RFC 6298 2.2: 100 + 4 * 50 */
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(300);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
}

static void timeout_is_never_below_its_floor(void **state)
{
	(void)state;
	START(ROUND_TRIP(2));
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(200);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
}

static void back_off_doubles_and_ends_after_ten_seconds(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	for (unsigned int ms = 1000; ms < 8000; ms *= 2) {
		WAIT(ms);
		EXPECT(SEG(FROM(1, 10), .ack = 11));
	}
	WAIT(3000); /* 1 + 2 + 4 + 3 */
	EXPECT_NOTHING();
	EXPECT_END(TCP_TIMED_OUT);
	EXPECT_IDLE();
	assert_false(tcp_unacked(&script.c));
	SEND(SEG(FROM(11, 5), .ack = 11));
	EXPECT_NOTHING();
	READ(11, 0);
}

static void progress_postpones_giving_up(void **state)
{
	(void)state;
	START();
	WRITE(20);
	EXPECT(SEG(FROM(1, 20), .ack = 11));
	for (unsigned int ms = 1000; ms < 8000; ms *= 2) {
		WAIT(ms);
		EXPECT(SEG(FROM(1, 20), .ack = 11));
	}
	WAIT(2000);
	SEND(SEG(.seq = 11, .ack = 11));
	WAIT(8000); /* Karn: still backed off, for the ACK may be of any copy */
	EXPECT(SEG(FROM(11, 10), .ack = 11));
	WAIT(2000);
	EXPECT_NOTHING();
	EXPECT_END(TCP_TIMED_OUT);
}

static void ack_of_everything_disarms(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 11));
	EXPECT_NOTHING();
	EXPECT_IDLE();
	WAIT(60000);
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
}

static void ack_of_a_part_restarts(void **state)
{
	(void)state;
	START(ROUND_TRIP(100));
	WRITE(1500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	WAIT(100);
	SEND(SEG(.seq = 11, .ack = 1001)); /* measured: 100 again, so 100 + 4 * 37.5 */
	WAIT(250);
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
}

static void new_segment_does_not_restart(void **state)
{
	(void)state;
	START(ROUND_TRIP(100));
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(200);
	WRITE(10);
	EXPECT(SEG(FROM(11, 10), .ack = 11));
	WAIT(100);
	EXPECT(SEG(FROM(1, 20), .ack = 11));
}

static void one_segment_is_timed_without_timestamps(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(400);
	SEND(SEG(.seq = 11, .ack = 11));
	assert_int_equal(script.c.stats.srtt_us, 400000);
	WRITE(10);
	EXPECT(SEG(FROM(11, 10), .ack = 11));
	WAIT(1200); /* 400 + 4 * 200 */
	EXPECT(SEG(FROM(11, 10), .ack = 11));
}

static void karn_retransmitted_segment_is_not_timed(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(5);
	SEND(SEG(.seq = 11, .ack = 11));
	assert_int_equal(script.c.stats.srtt_us, 0);
	WRITE(10);
	EXPECT(SEG(FROM(11, 10), .ack = 11));
	WAIT(2000); /* RFC 6298 5: the back-off stays until something was measured */
	EXPECT(SEG(FROM(11, 10), .ack = 11));
}

static void bare_acks_start_no_timer(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 21));
	EXPECT_NOTHING();
	EXPECT_IDLE();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(timeout_is_a_second_while_nothing_is_known),
		TRANSCRIPT(timeout_follows_the_kernels_round_trip_time),
		TRANSCRIPT(timeout_is_never_below_its_floor),
		TRANSCRIPT(back_off_doubles_and_ends_after_ten_seconds),
		TRANSCRIPT(progress_postpones_giving_up),
		TRANSCRIPT(ack_of_everything_disarms),
		TRANSCRIPT(ack_of_a_part_restarts),
		TRANSCRIPT(new_segment_does_not_restart),
		TRANSCRIPT(one_segment_is_timed_without_timestamps),
		TRANSCRIPT(karn_retransmitted_segment_is_not_timed),
		TRANSCRIPT(bare_acks_start_no_timer),
	};

	return RUN_TRANSCRIPTS(tests);
}
