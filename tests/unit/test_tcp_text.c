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

static void window_keeps_the_kernels_promise(void **state)
{
	(void)state;
	START(.rcv_wnd = 30000);
	WINDOW(30000 - 10);
	SEND(SEG(FROM(11, 1000), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 1011));
	WINDOW(30000 - 1010);
	READ(11, 1000);
	EXPECT_NOTHING();
}

static void window_is_scaled_and_bounded_by_its_field(void **state)
{
	(void)state;
	START(.rcv_wnd = 1 << 20, .rcv_wscale = 3);
	WINDOW(65535 - 2); /* 65535 << 3 from byte 1 on, less ten bytes, rounded down */
}

static void data_beyond_the_buffer_is_not_acked(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 8000), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8011));
	SEND(SEG(FROM(8011, 1000), .ack = 1)); /* inside the promised window; 192 bytes fit */
	EXPECT(SEG(.seq = 1, .ack = 8203));
	SEND(SEG(FROM(8203, 1000), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 8203));
	SEND(SEG(FROM(9000, 1000), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8203));
	READ(11, 8192);
	SEND(SEG(FROM(8203, 1000), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 9204));
	READ(8203, 1000);
}

static void closed_window_opens_by_reading(void **state)
{
	(void)state;
	START(.rcv_wnd = 8192);
	SEND(SEG(FROM(11, 8182), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8193));
	WINDOW(0);
	SEND(SEG(FROM(8193, 1), .ack = 1)); /* RFC 9293 3.8.6.1: a probe is answered */
	EXPECT(SEG(.seq = 1, .ack = 8193));
	WINDOW(0);
	EXPECT_NOTHING();
	READ(11, 8182);
	EXPECT(SEG(.seq = 1, .ack = 8193));
	WINDOW(8192);
	EXPECT_NOTHING();
}

static void closed_window_still_takes_acks(void **state)
{
	(void)state;
	START(.rcv_wnd = 8192);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(FROM(11, 8182), .ack = 1));
	EXPECT(SEG(.seq = 11, .ack = 8193));
	SEND(SEG(FROM(8193, 1), .ack = 11));
	EXPECT(SEG(.seq = 11, .ack = 8193));
	assert_false(tcp_unacked(&script.c));
}

static void window_moves_by_whole_segments(void **state)
{
	const uint8_t *bytes;

	(void)state;
	START(.rcv_wnd = 8192);
	SEND(SEG(FROM(11, 8182), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8193));
	tcp_read(&script.c, 989, &bytes); /* 999 bytes of room with the ten that never were promised */
	EXPECT_NOTHING();
	tcp_read(&script.c, 1, &bytes);
	EXPECT(SEG(.seq = 1, .ack = 8193)); /* RFC 9293 3.8.6.2.2 */
	WINDOW(1000);
}

static void large_scale_does_not_round_the_window_to_nothing(void **state)
{
	(void)state;
	START(.rcv_wscale = 14, .rcv_wnd = 8192);
	WINDOW(1); /* 16,384 bytes, twice of what fits: the rest is sent again */
	SEND(SEG(FROM(11, 9000), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8203));
	READ(11, 8192);
	SEND(SEG(FROM(8203, 808), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 9011));
	READ(8203, 808);
}

static void fin_needs_a_number_of_the_window(void **state)
{
	(void)state;
	START(.rcv_wnd = 8192);
	SEND(SEG(FROM(11, 8182), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 8193));
	assert_false(tcp_peer_closed(&script.c));
	READ(11, 8182);
	EXPECT(SEG(.seq = 1, .ack = 8193));
	SEND(SEG(.seq = 8193, .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 8194));
	assert_true(tcp_peer_closed(&script.c));
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
		TRANSCRIPT(window_keeps_the_kernels_promise),
		TRANSCRIPT(window_is_scaled_and_bounded_by_its_field),
		TRANSCRIPT(data_beyond_the_buffer_is_not_acked),
		TRANSCRIPT(closed_window_opens_by_reading),
		TRANSCRIPT(closed_window_still_takes_acks),
		TRANSCRIPT(window_moves_by_whole_segments),
		TRANSCRIPT(large_scale_does_not_round_the_window_to_nothing),
		TRANSCRIPT(fin_needs_a_number_of_the_window),
	};

	return RUN_TRANSCRIPTS(tests);
}
