/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.10.7.4, seventh and eighth step: the peer's bytes in order, its FIN, and the window we offer. */
#include "tcp_script.h"

static void data_in_order_is_acked_at_once(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 100), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 111));
	EXPECT_NOTHING();
	READ(11, 100);
}

static void hole_is_answered_by_a_duplicate_ack_each_time(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(31, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(31, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	assert_int_equal(script.c.stats.out_of_order_in, 3);
	READ(11, 0);
}

static void filled_hole_delivers_the_island(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 31));
	READ(11, 20);
}

static void island_grows_on_both_sides(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(31, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(41, 10), .ack = 1)); /* touches its right */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(21, 10), .ack = 1)); /* and its left */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(15, 50), .ack = 1)); /* and covers it */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(11, 4), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 65));
	READ(11, 54);
}

static void second_island_is_dropped_the_first_stays(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(51, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(13, 2), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 31));
	SEND(SEG(FROM(31, 20), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 51));
	READ(11, 40);
}

static void island_is_gone_once_it_is_passed(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(11, 40), .ack = 1)); /* past the island's end */
	EXPECT(SEG(.seq = 1, .ack = 51));
	SEND(SEG(FROM(71, 10), .ack = 1)); /* so there is room for another */
	EXPECT(SEG(.seq = 1, .ack = 51));
	SEND(SEG(FROM(51, 20), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 81));
	READ(11, 70);
	SEND(SEG(FROM(91, 10), .ack = 1)); /* and after that one too */
	EXPECT(SEG(.seq = 1, .ack = 81));
	SEND(SEG(FROM(81, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 101));
	READ(81, 20);
}

static void first_copy_of_a_byte_wins(void **state)
{
	uint8_t other[40] = { 0 };

	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	memcpy(other, pattern + 11, 10); /* 11..20 true, 21..30 others, 31..40 true */
	memcpy(other + 20, pattern + 31, 10);
	SEND(SEG(.seq = 11, .ack = 1, .data = other, .len = 30));
	EXPECT(SEG(.seq = 1, .ack = 41));
	READ(11, 30);
}

static void reading_moves_the_island_along(void **state)
{
	const uint8_t *bytes;

	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 21));
	SEND(SEG(FROM(31, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 21));
	assert_int_equal(tcp_read(&script.c, 4, &bytes), 6);
	assert_memory_equal(bytes, pattern + 15, 6);
	READ(15, 6);
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 41));
	READ(21, 20);
}

static void fin_in_order_closes_the_peers_half(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 12));
	EXPECT_NOTHING();
	assert_true(tcp_peer_closed(&script.c));
	assert_false(tcp_finished(&script.c));
	WRITE(5); /* our half is open */
	EXPECT(SEG(FROM(1, 5), .ack = 12));
	SEND(SEG(.seq = 12, .ack = 6));
	EXPECT_NOTHING();
}

static void fin_rides_on_data(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 22));
	assert_true(tcp_peer_closed(&script.c));
	READ(11, 10);
	SEND(SEG(FROM(11, 10), .ack = 1, .flags = TCP_FIN | TCP_ACK)); /* again: our ACK was lost */
	EXPECT(SEG(.seq = 1, .ack = 22));
	SEND(SEG(.seq = 21, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 22));
	EXPECT_NOTHING();
	READ(21, 0);
}

static void fin_before_the_data_in_front_of_it_is_kept(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 21, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 11));
	assert_false(tcp_peer_closed(&script.c));
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 22));
	assert_true(tcp_peer_closed(&script.c));
	READ(11, 10);
}

static void fin_on_an_island_is_kept(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(31, 10), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(41, 10), .ack = 1)); /* nothing can follow a FIN */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(11, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 42));
	assert_true(tcp_peer_closed(&script.c));
	READ(11, 30);
}

static void data_behind_the_fin_is_ignored(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 12));
	SEND(SEG(FROM(12, 10), .ack = 1));
	EXPECT_NOTHING();
	SEND(SEG(FROM(40, 10), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT_NOTHING();
	READ(11, 0);
}

/* What has come in a row may be acknowledged by one segment. */
static void segments_in_order_can_be_answered_together(void **state)
{
	(void)state;
	START();
	CAN_WAIT(true);
	SEND(SEG(FROM(11, 10), .ack = 1));
	SEND(SEG(FROM(21, 10), .ack = 1));
	SEND(SEG(FROM(31, 10), .ack = 1, .flags = TCP_ACK | TCP_FIN));
	CAN_WAIT(true);
	EXPECT(SEG(.seq = 1, .ack = 42));
	EXPECT_NOTHING();
}

/* RFC 5681 4.2 */
static void hole_cannot_wait(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(21, 10), .ack = 1));
	CAN_WAIT(false);
	EXPECT(SEG(.seq = 1, .ack = 11));
	CAN_WAIT(true);
	SEND(SEG(FROM(11, 10), .ack = 1)); /* fills it */
	CAN_WAIT(false);
	EXPECT(SEG(.seq = 1, .ack = 31));
	CAN_WAIT(true);
}

static void old_data_and_challenges_cannot_wait(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(1, 10), .ack = 1));
	CAN_WAIT(false);
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(FROM(5, 10), .ack = 1)); /* partly new */
	CAN_WAIT(false);
	EXPECT(SEG(.seq = 1, .ack = 15));
	SEND(SEG(.seq = 15, .ack = 1, .flags = TCP_ACK | TCP_SYN));
	CAN_WAIT(false);
	EXPECT(SEG(.seq = 1, .ack = 15));
	CAN_WAIT(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(data_in_order_is_acked_at_once),
		TRANSCRIPT(hole_is_answered_by_a_duplicate_ack_each_time),
		TRANSCRIPT(filled_hole_delivers_the_island),
		TRANSCRIPT(island_grows_on_both_sides),
		TRANSCRIPT(second_island_is_dropped_the_first_stays),
		TRANSCRIPT(island_is_gone_once_it_is_passed),
		TRANSCRIPT(first_copy_of_a_byte_wins),
		TRANSCRIPT(reading_moves_the_island_along),
		TRANSCRIPT(fin_in_order_closes_the_peers_half),
		TRANSCRIPT(fin_rides_on_data),
		TRANSCRIPT(fin_before_the_data_in_front_of_it_is_kept),
		TRANSCRIPT(fin_on_an_island_is_kept),
		TRANSCRIPT(data_behind_the_fin_is_ignored),
		TRANSCRIPT(segments_in_order_can_be_answered_together),
		TRANSCRIPT(hole_cannot_wait),
		TRANSCRIPT(old_data_and_challenges_cannot_wait),
	};

	return RUN_TRANSCRIPTS(tests);
}
