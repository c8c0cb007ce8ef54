/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Our half: segments, the peer's window, closing. RFC 9293 3.8.6, 3.10.4, 3.10.5. */
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

static void fin_is_the_probe_when_nothing_else_waits(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	CLOSE(FIN);
	WAIT(1000);
	EXPECT(SEG(.seq = 1, .ack = 11, .flags = TCP_FIN | TCP_ACK));
	SEND(SEG(.seq = 11, .ack = 2, .window = 0));
	EXPECT_IDLE();
}

static void fin_follows_what_was_written(void **state)
{
	(void)state;
	START();
	WRITE(10);
	CLOSE(FIN);
	CLOSE(FIN);
	WRITE(0);
	script_number("written", script_write(5), 0, __FILE__, __LINE__);
	EXPECT(SEG(FROM(1, 10), .ack = 11, .flags = TCP_FIN | TCP_ACK));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 11)); /* the bytes, not yet the FIN */
	EXPECT_NOTHING();
	assert_true(tcp_unacked(&script.c));
	SEND(SEG(.seq = 11, .ack = 12));
	EXPECT_NOTHING();
	assert_false(tcp_unacked(&script.c));
	assert_false(tcp_finished(&script.c));
	EXPECT_IDLE();
	SEND(SEG(FROM(11, 5), .ack = 12)); /* the peer's half is open */
	EXPECT(SEG(.seq = 12, .ack = 16));
	SEND(SEG(.seq = 16, .ack = 12, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 12, .ack = 17));
	assert_true(tcp_finished(&script.c));
	READ(11, 5);
}

static void fin_rides_on_the_last_of_several_segments(void **state)
{
	(void)state;
	START();
	WRITE(2500);
	CLOSE(FIN);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	EXPECT(SEG(FROM(2001, 500), .ack = 11, .flags = TCP_FIN | TCP_ACK));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 2502));
	EXPECT_IDLE();
}

static void fin_after_the_data_is_a_segment(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	CLOSE(FIN);
	EXPECT(SEG(.seq = 11, .ack = 11, .flags = TCP_FIN | TCP_ACK));
	EXPECT_NOTHING();
	WAIT(1000); /* both are lost: one segment the next time */
	EXPECT(SEG(FROM(1, 10), .ack = 11, .flags = TCP_FIN | TCP_ACK));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 11));
	WAIT(2000);
	EXPECT(SEG(.seq = 11, .ack = 11, .flags = TCP_FIN | TCP_ACK));
}

static void fin_waits_for_its_number_in_the_window(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1, .window = 10));
	WRITE(10);
	CLOSE(FIN);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 11, .window = 10));
	EXPECT(SEG(.seq = 11, .ack = 11, .flags = TCP_FIN | TCP_ACK));
}

static void both_close_at_once(void **state)
{
	(void)state;
	START();
	CLOSE(FIN);
	EXPECT(SEG(.seq = 1, .ack = 11, .flags = TCP_FIN | TCP_ACK));
	SEND(SEG(.seq = 11, .ack = 1, .flags = TCP_FIN | TCP_ACK)); /* crossed ours */
	EXPECT(SEG(.seq = 2, .ack = 12));
	assert_false(tcp_finished(&script.c));
	SEND(SEG(.seq = 12, .ack = 2));
	EXPECT_NOTHING();
	assert_true(tcp_finished(&script.c));
}

static void stragglers_after_both_fins_are_acked(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 5), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	CLOSE(FIN);
	EXPECT(SEG(.seq = 1, .ack = 17, .flags = TCP_FIN | TCP_ACK));
	SEND(SEG(.seq = 17, .ack = 2));
	EXPECT_NOTHING();
	assert_true(tcp_finished(&script.c));
	SEND(SEG(.seq = 16, .ack = 1, .flags = TCP_FIN | TCP_ACK)); /* our ACK of its FIN was lost */
	EXPECT(SEG(.seq = 2, .ack = 17));
	SEND(SEG(FROM(11, 5), .ack = 1, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 2, .ack = 17));
	SEND(SEG(FROM(17, 50), .ack = 2));
	EXPECT_NOTHING();
	EXPECT_IDLE();
	READ(11, 5);
}

static void reset_is_one_segment_and_the_end(void **state)
{
	(void)state;
	START();
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	CLOSE(RESET);
	EXPECT(SEG(.seq = 1001, .ack = 11, .flags = TCP_RST | TCP_ACK));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ABORTED);
	CLOSE(RESET);
	SEND(SEG(FROM(11, 5), .ack = 1));
	SEND(SEG(.seq = 11, .flags = TCP_RST));
	EXPECT_NOTHING();
	EXPECT_IDLE();
	EXPECT_END(TCP_ABORTED);
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
		TRANSCRIPT(fin_is_the_probe_when_nothing_else_waits),
		TRANSCRIPT(fin_follows_what_was_written),
		TRANSCRIPT(fin_rides_on_the_last_of_several_segments),
		TRANSCRIPT(fin_after_the_data_is_a_segment),
		TRANSCRIPT(fin_waits_for_its_number_in_the_window),
		TRANSCRIPT(both_close_at_once),
		TRANSCRIPT(stragglers_after_both_fins_are_acked),
		TRANSCRIPT(reset_is_one_segment_and_the_end),
	};

	return RUN_TRANSCRIPTS(tests);
}
