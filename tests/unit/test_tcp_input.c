/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.10.7.4, first to fourth step, with RFC 5961: which segments count, and what answers the others. */
#include "tcp_script.h"

static void first_step_retransmitted_segment_is_acked_again(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(1, 10), .ack = 1)); /* our ACK was lost */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(FROM(1, 10), .ack = 1)); /* and once more */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	assert_int_equal(script.c.stats.duplicates_in, 2);
	READ(1, 0);
}

static void first_step_retransmitted_segments_are_acked_without_limit(void **state)
{
	(void)state;
	START();
	for (int i = 0; i < 30; i++) {
		SEND(SEG(FROM(1, 10), .ack = 1));
		EXPECT(SEG(.seq = 1, .ack = 11));
	}
	EXPECT_NOTHING();
}

static void first_step_new_bytes_behind_old_ones_are_taken(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(6, 10), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 16));
	READ(11, 5);
}

static void first_step_last_byte_in_the_window_is_enough(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(1, 11), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 12));
	READ(11, 1);
}

static void first_step_segment_right_of_the_window_is_answered(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(1 + 65535, 10), .ack = 1)); /* the first number that was not offered */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	READ(11, 0);
}

static void first_step_keep_alive_is_answered(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 10, .ack = 1)); /* RFC 1122 4.2.3.6: one before what is expected, no data */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(FROM(10, 1), .ack = 1)); /* the same with a byte of garbage */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
}

static void first_step_empty_strangers_are_answered_ten_times_a_second(void **state)
{
	(void)state;
	START();
	for (int i = 0; i < 10; i++) {
		SEND(SEG(.seq = 5, .ack = 1));
		EXPECT(SEG(.seq = 1, .ack = 11));
	}
	SEND(SEG(.seq = 5, .ack = 1));
	EXPECT_NOTHING();
	WAIT(1000);
	SEND(SEG(.seq = 5, .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 11));
}

static void first_step_acceptable_ack_is_not_answered(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .ack = 1));
	EXPECT_NOTHING();
}

static void second_step_rst_with_the_exact_number_ends(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(FROM(11, 5), .ack = 1));
	EXPECT(SEG(.seq = 11, .ack = 16));
	SEND(SEG(.seq = 16, .flags = TCP_RST));
	EXPECT_END(TCP_RESET_BY_PEER);
	EXPECT_NOTHING();
	EXPECT_IDLE();
	assert_true(tcp_finished(&script.c));
	assert_false(tcp_unacked(&script.c));
	assert_int_equal(tcp_room(&script.c), 0);
	READ(11, 5); /* what came before it is still there */
}

static void second_step_nothing_wakes_a_reset_connection(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 11, .flags = TCP_RST | TCP_ACK, .ack = 1));
	SEND(SEG(FROM(11, 5), .ack = 1));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 11, .ack = 1, .flags = TCP_SYN));
	EXPECT_NOTHING();
	CLOSE(RESET);
	CLOSE(FIN);
	EXPECT_NOTHING();
	EXPECT_END(TCP_RESET_BY_PEER);
	READ(11, 0);
}

static void second_step_rst_elsewhere_in_the_window_is_challenged(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 12, .flags = TCP_RST)); /* RFC 5961 3.2 */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
	assert_int_equal(script.c.stats.challenge_acks, 1);
	SEND(SEG(.seq = 65535, .flags = TCP_RST)); /* the last number of the window */
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_END(TCP_ALIVE);
}

static void second_step_rst_outside_the_window_is_ignored(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 10, .flags = TCP_RST));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 65536, .flags = TCP_RST));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
}

static void second_step_rst_counts_while_the_window_is_closed(void **state)
{
	(void)state;
	START(.rcv_wnd = 0);
	SEND(SEG(FROM(11, 8192), .ack = 1));
	EXPECT(SEG(.seq = 1, .ack = 8193));
	WINDOW(0); /* the promise was 8,192 bytes from 1 on; a small step is not worth an update */
	SEND(SEG(.seq = 8194, .flags = TCP_RST));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
	SEND(SEG(.seq = 8193, .flags = TCP_RST));
	EXPECT_END(TCP_RESET_BY_PEER);
}

static void fourth_step_syn_is_challenged_wherever_it_lies(void **state)
{
	(void)state;
	START();
	SEND(SEG(.seq = 20, .flags = TCP_SYN)); /* RFC 5961 4.2 */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(.seq = 0, .flags = TCP_SYN)); /* the handshake's own, duplicated */
	EXPECT(SEG(.seq = 1, .ack = 11));
	SEND(SEG(.seq = 90000, .ack = 1, .flags = TCP_SYN | TCP_ACK));
	EXPECT(SEG(.seq = 1, .ack = 11));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
	READ(11, 0);
}

static void challenge_acks_are_limited_to_ten_per_second(void **state)
{
	(void)state;
	START();
	for (int i = 0; i < 10; i++) {
		SEND(SEG(.seq = 20, .flags = i % 2 ? TCP_SYN : TCP_RST));
		EXPECT(SEG(.seq = 1, .ack = 11));
	}
	SEND(SEG(.seq = 20, .flags = TCP_SYN));
	EXPECT_NOTHING();
	SEND(SEG(.seq = 20, .flags = TCP_RST));
	EXPECT_NOTHING();
	WAIT(999);
	SEND(SEG(.seq = 20, .flags = TCP_SYN));
	EXPECT_NOTHING();
	WAIT(1);
	SEND(SEG(.seq = 20, .flags = TCP_SYN));
	EXPECT(SEG(.seq = 1, .ack = 11));
	assert_int_equal(script.c.stats.challenge_acks, 11);
}

static void sixth_step_urgent_data_is_data(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 5), .ack = 1, .flags = TCP_ACK | TCP_URG | TCP_PSH));
	EXPECT(SEG(.seq = 1, .ack = 16));
	READ(11, 5);
}

static void closed_rst_after_both_fins_changes_nothing(void **state)
{
	(void)state;
	START();
	CLOSE(FIN);
	EXPECT(SEG(.seq = 1, .ack = 11, .flags = TCP_FIN | TCP_ACK));
	SEND(SEG(.seq = 11, .ack = 2, .flags = TCP_FIN | TCP_ACK));
	EXPECT(SEG(.seq = 2, .ack = 12));
	SEND(SEG(.seq = 12, .flags = TCP_RST));
	EXPECT_NOTHING();
	EXPECT_END(TCP_ALIVE);
	assert_true(tcp_finished(&script.c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(first_step_retransmitted_segment_is_acked_again),
		TRANSCRIPT(first_step_retransmitted_segments_are_acked_without_limit),
		TRANSCRIPT(first_step_new_bytes_behind_old_ones_are_taken),
		TRANSCRIPT(first_step_last_byte_in_the_window_is_enough),
		TRANSCRIPT(first_step_segment_right_of_the_window_is_answered),
		TRANSCRIPT(first_step_keep_alive_is_answered),
		TRANSCRIPT(first_step_empty_strangers_are_answered_ten_times_a_second),
		TRANSCRIPT(first_step_acceptable_ack_is_not_answered),
		TRANSCRIPT(second_step_rst_with_the_exact_number_ends),
		TRANSCRIPT(second_step_nothing_wakes_a_reset_connection),
		TRANSCRIPT(second_step_rst_elsewhere_in_the_window_is_challenged),
		TRANSCRIPT(second_step_rst_outside_the_window_is_ignored),
		TRANSCRIPT(second_step_rst_counts_while_the_window_is_closed),
		TRANSCRIPT(fourth_step_syn_is_challenged_wherever_it_lies),
		TRANSCRIPT(challenge_acks_are_limited_to_ten_per_second),
		TRANSCRIPT(sixth_step_urgent_data_is_data),
		TRANSCRIPT(closed_rst_after_both_fins_changes_nothing),
	};

	return RUN_TRANSCRIPTS(tests);
}
