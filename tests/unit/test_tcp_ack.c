/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 9293 3.10.7.4, fifth step, with RFC 5961 5: which ACKs count. */
#include "tcp_script.h"

static void fifth_step_segment_without_ack_is_dropped(void **state)
{
	(void)state;
	START();
	SEND(SEG(FROM(11, 5), .flags = 0));
	EXPECT_NOTHING();
	READ(11, 0);
}

static void fifth_step_ack_of_what_was_never_sent_is_challenged(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(FROM(11, 5), .ack = 12));
	EXPECT(SEG(.seq = 11, .ack = 11));
	EXPECT_NOTHING();
	READ(11, 0); /* its data does not count either */
	assert_true(tcp_unacked(&script.c));
	SEND(SEG(FROM(11, 5), .ack = 11));
	EXPECT(SEG(.seq = 11, .ack = 16));
	READ(11, 5);
}

static void fifth_step_ack_older_than_the_largest_window_is_challenged(void **state)
{
	(void)state;
	START(.snd_wnd = 500);
	SEND(SEG(FROM(11, 5), .ack = 0u - 65535 + 1,
		 .window = 500)); /* RFC 5961 5.2: 65,535 was in the first segment */
	EXPECT(SEG(.seq = 1, .ack = 16));
	SEND(SEG(FROM(16, 5), .ack = 0u - 65535, .window = 500));
	EXPECT(SEG(.seq = 1, .ack = 16));
	EXPECT_NOTHING();
	assert_int_equal(script.c.stats.challenge_acks, 1);
	READ(11, 5);
}

static void fifth_step_old_ack_acknowledges_nothing_but_brings_data(void **state)
{
	(void)state;
	START();
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 11));
	EXPECT_NOTHING();
	SEND(SEG(FROM(11, 5), .ack = 1));
	EXPECT(SEG(.seq = 11, .ack = 16));
	READ(11, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(fifth_step_segment_without_ack_is_dropped),
		TRANSCRIPT(fifth_step_ack_of_what_was_never_sent_is_challenged),
		TRANSCRIPT(fifth_step_ack_older_than_the_largest_window_is_challenged),
		TRANSCRIPT(fifth_step_old_ack_acknowledges_nothing_but_brings_data),
	};

	return RUN_TRANSCRIPTS(tests);
}
