/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 7323 timestamps and PAWS, RFC 2018 blocks, and what tcp_adopt() takes and refuses. */
#include <errno.h>
#include "tcp_script.h"

static void timestamps_go_on_from_the_kernels(void **state)
{
	(void)state;
	START_STAMPED(0);
	WAIT(7);
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(110, 0)));
	EXPECT(SEG(.seq = 1, .ack = 21, STAMP(7, 110)));
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 21, STAMP(7, 110)));
	CLOSE(RESET);
	EXPECT(SEG(.seq = 11, .ack = 21, .flags = TCP_RST | TCP_ACK, STAMP(7, 110))); /* 3.2: on a RST too */
}

static void timestamps_may_count_microseconds(void **state)
{
	(void)state;
	START_STAMPED(HANDOFF_TS_USEC);
	WAIT(7);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11, STAMP(7000, 100)));
	WAIT(400);
	SEND(SEG(.seq = 11, .ack = 11, STAMP(200, 7000)));
	assert_int_equal(script.c.stats.srtt_us, 400000);
}

static void timestamps_that_were_not_negotiated_are_ignored(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(1, 2)));
	EXPECT(SEG(.seq = 1, .ack = 21));
	SEND(SEG(FROM(21, 10), .ack = 1, STAMP(0, 2)));
	EXPECT(SEG(.seq = 1, .ack = 31));
}

static void missing_timestamp_is_dropped_silently(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 12, .flags = TCP_RST)); /* RFC 7323 3.2: but a RST is a RST */
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));
	SEND(SEG(.seq = 11, .flags = TCP_RST));
	EXPECT_END(TCP_RESET_BY_PEER);
}

static void paws_drops_an_old_segment_and_acks(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(99, 0)));
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));
	EXPECT_NOTHING();
	READ(11, 0);
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(100, 0))); /* the same value is not older */
	EXPECT(SEG(.seq = 1, .ack = 21, STAMP(0, 100)));
	READ(11, 10);
}

static void paws_does_not_apply_to_rst(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(.seq = 11, .flags = TCP_RST, STAMP(1, 0))); /* RFC 7323 5.3 R1 */
	EXPECT_END(TCP_RESET_BY_PEER);
}

static void segment_behind_a_hole_is_not_echoed(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(21, 10), .ack = 1, STAMP(120, 0)));
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));  /* RFC 7323 4.3 (2) */
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(110, 0))); /* sent before, and not old: PAWS knows 100 */
	EXPECT(SEG(.seq = 1, .ack = 31, STAMP(0, 110)));
	READ(11, 20);
}

static void two_segments_before_one_ack_echo_the_first(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(110, 0)));
	SEND(SEG(FROM(21, 10), .ack = 1, STAMP(120, 0)));
	EXPECT(SEG(.seq = 1, .ack = 31, STAMP(0, 110)));
	READ(11, 20);
}

static void new_bytes_behind_old_ones_are_echoed(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(3, 20), .ack = 1, STAMP(110, 0)));
	EXPECT(SEG(.seq = 1, .ack = 23, STAMP(0, 110)));
	READ(11, 12);
}

static void dropped_segment_leaves_no_timestamp(void **state)
{
	(void)state;
	START_STAMPED(0);
	SEND(SEG(FROM(11, 10), .ack = 500, STAMP(9000, 0))); /* RFC 5961 5.2 */
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));
	SEND(SEG(.seq = 5, .ack = 1, STAMP(9000, 0)));
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));
	SEND(SEG(.seq = 11, .flags = TCP_SYN, STAMP(9000, 0)));
	EXPECT(SEG(.seq = 1, .ack = 11, STAMP(0, 100)));
	SEND(SEG(FROM(11, 10), .ack = 1, STAMP(110, 0)));
	EXPECT(SEG(.seq = 1, .ack = 21, STAMP(0, 110)));
}

static void echo_times_even_a_retransmission(void **state)
{
	(void)state;
	START_STAMPED(0);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11, STAMP(0, 100)));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 10), .ack = 11, STAMP(1000, 100)));
	WAIT(400);
	SEND(SEG(.seq = 11, .ack = 11, STAMP(200, 1000)));
	assert_int_equal(script.c.stats.srtt_us, 400000);
	WRITE(10);
	EXPECT(SEG(FROM(11, 10), .ack = 11, STAMP(1400, 200)));
	WAIT(1200); /* 400 + 4 * 200, no longer backed off */
	EXPECT(SEG(FROM(11, 10), .ack = 11, STAMP(2600, 200)));
}

static void absurd_echo_is_no_measurement(void **state)
{
	(void)state;
	START_STAMPED(0);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11, STAMP(0, 100)));
	SEND(SEG(.seq = 11, .ack = 6, STAMP(110, 0u - 10001)));
	SEND(SEG(.seq = 11, .ack = 8, STAMP(110, 5))); /* of the future */
	assert_int_equal(script.c.stats.srtt_us, 0);
	WAIT(1000);
	EXPECT(SEG(FROM(8, 3), .ack = 11, STAMP(1000, 110)));
}

static void timestamps_take_room_in_small_segments(void **state)
{
	(void)state;
	START_STAMPED(0);
	WRITE(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11, STAMP(0, 100)));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11, STAMP(1000, 100)));
	WAIT(2000);
	EXPECT(SEG(FROM(1, 524), .ack = 11, STAMP(3000, 100)));
	EXPECT(SEG(FROM(525, 476), .ack = 11, STAMP(3000, 100)));
}

static void sack_tells_of_the_island(void **state)
{
	(void)state;
	START(.flags = HANDOFF_SACK);
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11, SACK(21, 31)));
	SEND(SEG(FROM(31, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11, SACK(21, 41)));
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 41)); /* no hole, no block */
	SEND(SEG(FROM(41, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 51));
	READ(11, 40);
}

static void sack_does_not_tell_of_a_fin(void **state)
{
	(void)state;
	START(.flags = HANDOFF_SACK);
	SEND(SEG(.seq = 21, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 11));
}

static void sack_takes_room_from_the_data(void **state)
{
	(void)state;
	START(.flags = HANDOFF_SACK);
	SEND(SEG(FROM(21, 10), .ack = 1));
	WRITE(1000);
	EXPECT(SEG(FROM(1, 988), .ack = 11, SACK(21, 31))); /* RFC 6691 2 */
	EXPECT(SEG(FROM(989, 12), .ack = 11, SACK(21, 31)));
}

static void adoption_takes_the_first_segment(void **state)
{
	(void)state;
	assert_int_equal(ADOPT(FIRST, 1500, true, .flags = 0), 0);
	READ(1, 10);
	EXPECT(SEG(.seq = 1, .ack = 11));
	assert_int_equal(script.c.stats.segments_in, 1);
}

static void adoption_may_begin_behind_a_hole(void **state)
{
	(void)state;
	assert_int_equal(ADOPT(SEG(FROM(31, 10), .ack = 1), 1500, true, .flags = HANDOFF_SACK), 0);
	READ(1, 0);
	EXPECT(SEG(.seq = 1, .ack = 1, SACK(31, 41)));
	SEND(SEG(FROM(1, 30), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 41));
	READ(1, 40);
}

static void adoption_refuses_contradictions(void **state)
{
	(void)state;
	assert_int_equal(ADOPT(FIRST, 1500, true, .snd_wscale = 15), -EINVAL);
	assert_int_equal(ADOPT(FIRST, 1500, true, .rcv_wscale = 15), -EINVAL);
	assert_int_equal(ADOPT(FIRST, 1500, true, .mss = 47), -EINVAL);
	assert_int_equal(ADOPT(FIRST, 87, true, .mss = 48), -EINVAL); /* the interface leaves 47 */
	assert_int_equal(ADOPT(FIRST, 20, false, .mss = 48), -EINVAL);
	assert_int_equal(ADOPT(FIRST, 1500, true, .rcv_nxt = 2), -EINVAL);
	assert_int_equal(ADOPT(SEG(FROM(102, 10), .ack = 1), 1500, true, .rcv_wnd = 100), -EINVAL);
	assert_int_equal(ADOPT(SEG(FROM(1, 10), .ack = 2), 1500, true, .flags = 0), -EINVAL);
	assert_int_equal(ADOPT(SEG(FROM(1, 10), .ack = 0), 1500, true, .flags = 0), -EINVAL);
	assert_int_equal(ADOPT(SEG(FROM(1, 10), .flags = 0, .ack = 1), 1500, true, .flags = 0), -EINVAL);
	assert_int_equal(
		ADOPT(SEG(FROM(1, 10), .flags = TCP_ACK | TCP_SYN, .ack = 1), 1500, true, .flags = 0),
		-EINVAL);
	assert_int_equal(
		ADOPT(SEG(FROM(1, 10), .flags = TCP_ACK | TCP_RST, .ack = 1), 1500, true, .flags = 0),
		-EINVAL);
	assert_int_equal(ADOPT(FIRST, 1500, true, .flags = HANDOFF_TIMESTAMPS), -EINVAL);
	assert_int_equal(ADOPT(FIRST, 88, true, .mss = 48), 0);
	EXPECT(SEG(.seq = 1, .ack = 11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(timestamps_go_on_from_the_kernels),
		TRANSCRIPT(timestamps_may_count_microseconds),
		TRANSCRIPT(timestamps_that_were_not_negotiated_are_ignored),
		TRANSCRIPT(missing_timestamp_is_dropped_silently),
		TRANSCRIPT(paws_drops_an_old_segment_and_acks),
		TRANSCRIPT(paws_does_not_apply_to_rst),
		TRANSCRIPT(segment_behind_a_hole_is_not_echoed),
		TRANSCRIPT(two_segments_before_one_ack_echo_the_first),
		TRANSCRIPT(new_bytes_behind_old_ones_are_echoed),
		TRANSCRIPT(dropped_segment_leaves_no_timestamp),
		TRANSCRIPT(echo_times_even_a_retransmission),
		TRANSCRIPT(absurd_echo_is_no_measurement),
		TRANSCRIPT(timestamps_take_room_in_small_segments),
		TRANSCRIPT(sack_tells_of_the_island),
		TRANSCRIPT(sack_does_not_tell_of_a_fin),
		TRANSCRIPT(sack_takes_room_from_the_data),
		TRANSCRIPT(adoption_takes_the_first_segment),
		TRANSCRIPT(adoption_may_begin_behind_a_hole),
		TRANSCRIPT(adoption_refuses_contradictions),
	};

	return RUN_TRANSCRIPTS(tests);
}
