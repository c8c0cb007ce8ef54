/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.10.4 and 3.10.5: closing, resetting, and what comes after. */
#include "tcp_script.h"

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
