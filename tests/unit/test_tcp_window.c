/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.8.6: the window that we offer, and what lies beyond it. */
#include "tcp_script.h"

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
