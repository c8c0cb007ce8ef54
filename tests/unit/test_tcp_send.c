/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.8.6: segments, and the window that the peer offers. */
#include "tcp_script.h"

static void written_bytes_leave_at_once_with_push(void **state)
{
	(void)state;
	START();
	WRITE(10);
	assert_true(tcp_unacked(&script.c));
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	assert_int_equal(script.last.flags, TCP_ACK | TCP_PSH);
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 11));
	EXPECT_NOTHING();
	assert_false(tcp_unacked(&script.c));
}

static void more_than_a_segment_is_cut(void **state)
{
	(void)state;
	START();
	WRITE(2500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	assert_int_equal(script.last.flags, TCP_ACK);
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	EXPECT(SEG(FROM(2001, 500), .ack = 11));
	assert_int_equal(script.last.flags, TCP_ACK | TCP_PSH);
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1001));
	EXPECT_NOTHING();
	assert_int_equal(tcp_room(&script.c), TCP_TX_BUFFER - 1500);
	SEND(SEG(.seq = 11, .ack = 2501));
	EXPECT_NOTHING();
	EXPECT_IDLE();
}

static void interface_bounds_the_segment(void **state)
{
	(void)state;
	script_start(ADOPT(FIRST, 600, true, .flags = 0), __FILE__, __LINE__);
	WRITE(600);
	EXPECT(SEG(FROM(1, 560), .ack = 11));
	EXPECT(SEG(FROM(561, 40), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 601));
	script_start(ADOPT(FIRST, 600, false, .flags = 0), __FILE__, __LINE__);
	WRITE(600);
	EXPECT(SEG(FROM(1, 540), .ack = 11));
	EXPECT(SEG(FROM(541, 60), .ack = 11));
}

static void data_and_ack_leave_as_one_segment(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1));
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 21));
	EXPECT_NOTHING();
}

static void buffer_takes_what_fits(void **state)
{
	(void)state;
	START(.snd_wnd = 0);
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WRITE(TCP_TX_BUFFER - 1);
	script_number("written", script_write(10), 1, __FILE__, __LINE__);
	WRITE(0);
	assert_int_equal(tcp_room(&script.c), 0);
}

static void peers_window_is_honoured(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 1500));
	WRITE(3000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT_NOTHING(); /* RFC 9293 3.8.6.2.1: half a segment waits, for an ACK is under way */
	SEND(SEG(.seq = 11, .ack = 1001, .window = 1000));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2001, .window = 300));
	EXPECT(SEG(FROM(2001, 300), .ack = 11)); /* nothing under way: better little than nothing */
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2301, .window = 65535));
	EXPECT(SEG(FROM(2301, 700), .ack = 11));
}

static void peers_window_is_scaled(void **state)
{
	(void)state;
	START(.snd_wscale = 2);
	SEND(SEG(.seq = 11, .ack = 1, .window = 300));
	WRITE(3000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1001, .window = 500));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	EXPECT(SEG(FROM(2001, 1000), .ack = 11));
}

static void older_segment_does_not_set_the_window(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 10), .ack = 1, .window = 2000));
	EXPECT(SEG(.seq = 1, .ack = 21));
	SEND(SEG(FROM(6, 20), .ack = 1, .window = 0)); /* sent before, came after, brings new bytes */
	EXPECT(SEG(.seq = 1, .ack = 26));
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 26));
	EXPECT(SEG(FROM(1001, 1000), .ack = 26));
	SEND(SEG(.seq = 26, .ack = 2001, .window = 100));
	SEND(SEG(.seq = 26, .ack = 1001, .window = 9000)); /* same number, older ACK */
	WRITE(1000);
	EXPECT(SEG(FROM(2001, 100), .ack = 26));
	EXPECT_NOTHING();
}

static void closed_window_is_probed_with_one_byte(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WRITE(100);
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WAIT(2000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WAIT(4000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WAIT(8000); /* beyond TCP_GIVE_UP since anything was acknowledged, but the peer answers */
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1, .window = 500));
	EXPECT(SEG(FROM(1, 100), .ack = 11)); /* with the byte of the probe, which was not taken */
	WAIT(1000);                           /* and the timer is the timer again */
	EXPECT(SEG(FROM(1, 100), .ack = 11));
}

static void taken_probe_is_not_sent_again(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WRITE(100);
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 2, .window = 0));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2, .window = 500));
	EXPECT(SEG(FROM(2, 99), .ack = 11));
}

static void probes_of_a_silent_peer_end(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WRITE(100);
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	WAIT(2000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	WAIT(4000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	WAIT(3000);
	EXPECT_NOTHING();
	EXPECT_END(TCP_TIMED_OUT);
}

static void answers_to_probes_are_no_duplicate_acks(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WRITE(100);
	WAIT(1000);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
	for (int i = 0; i < 4; i++)
		SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1, .window = 500));
	EXPECT(SEG(FROM(1, 100), .ack = 11));
	EXPECT_NOTHING();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(written_bytes_leave_at_once_with_push),
		TRANSCRIPT(more_than_a_segment_is_cut),
		TRANSCRIPT(interface_bounds_the_segment),
		TRANSCRIPT(data_and_ack_leave_as_one_segment),
		TRANSCRIPT(buffer_takes_what_fits),
		TRANSCRIPT(peers_window_is_honoured),
		TRANSCRIPT(peers_window_is_scaled),
		TRANSCRIPT(older_segment_does_not_set_the_window),
		TRANSCRIPT(closed_window_is_probed_with_one_byte),
		TRANSCRIPT(taken_probe_is_not_sent_again),
		TRANSCRIPT(probes_of_a_silent_peer_end),
		TRANSCRIPT(answers_to_probes_are_no_duplicate_acks),
	};

	return RUN_TRANSCRIPTS(tests);
}
