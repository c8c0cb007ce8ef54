/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 8985 7: the last segment of a flight is sent once more before its timeout counts; and the first round trip time. */
#include "tcp_script.h"

#define ROUND_TRIP(ms) .srtt_us = (ms)*1000
#define SACKED .flags = HANDOFF_SACK

/* 7.2: twice the round trip, and the peer's delayed ACK, for a segment that travels alone. */
static void lone_segment_is_probed_after_an_ack_may_be_delayed(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(300); /* 2 * 100 + 200, but never later than the timeout: 100 + 4 * 50 */
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(300); /* 7.3: the timeout begins anew, not backed off */
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(600);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
}

static void longer_flight_is_probed_after_two_round_trips(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(1500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	WAIT(200);
	EXPECT(SEG(FROM(501, 1000), .ack = 11)); /* a full segment, the last bytes of the flight */
	EXPECT_NOTHING();
	WAIT(300);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
}

/* 7.2: without a round trip time, a second. */
static void nothing_measured_is_probed_after_a_second(void **state)
{
	(void)state;
	START(SACKED);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	for (unsigned int i = 0; i < 2; i++) {
		WAIT(1000);
		EXPECT(SEG(FROM(1, 10), .ack = 11));
	}
}

static void new_segment_postpones_the_probe(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(600);
	EXPECT(SEG(FROM(1, 600), .ack = 11));
	WAIT(99);
	WRITE(600);
	EXPECT(SEG(FROM(601, 600), .ack = 11));
	WAIT(200);
	EXPECT(SEG(FROM(201, 1000), .ack = 11));
}

static void probe_repeats_the_fin(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	CLOSE(FIN);
	EXPECT(SEG(.seq = 1, .ack = 11, .flags = TCP_ACK | TCP_FIN));
	WAIT(300);
	EXPECT(SEG(.seq = 1, .ack = 11, .flags = TCP_ACK | TCP_FIN));
}

/* 7.3: one probe for one tail, however much of it is acknowledged meanwhile. */
static void tail_is_probed_once(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(1500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	WAIT(200);
	EXPECT(SEG(FROM(501, 1000), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1001));
	EXPECT_NOTHING();
	WAIT(300);
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	WAIT(600); /* backed off: that was the timeout */
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
}

static void next_tail_is_probed_again(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	for (uint32_t n = 1; n <= 11; n += 10) {
		WRITE(10);
		EXPECT(SEG(FROM(n, 10), .ack = 11));
		WAIT(300);
		EXPECT(SEG(FROM(n, 10), .ack = 11));
		if (n == 1)
			SEND(SEG(.seq = 11, .ack = 11));
	}
	WAIT(300); /* not backed off: what came before was a probe */
	EXPECT(SEG(FROM(11, 10), .ack = 11));
}

/* 7.4.2: what needed a probe was a loss. */
static void probe_halves_the_window(void **state)
{
	uint32_t before;

	(void)state;
	START(ROUND_TRIP(100), SACKED);
	before = script.c.cwnd;
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	WAIT(300);
	EXPECT(SEG(FROM(1, 10), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 11));
	assert_true(script.c.cwnd <= before / 2 + 10);
	EXPECT_IDLE();
}

/* 7.1: needs SACK. */
static void no_probe_without_sack(void **state)
{
	(void)state;
	START(ROUND_TRIP(100));
	WRITE(1500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	WAIT(300);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
}

/* A window that has closed meanwhile is for the timeout to probe. */
static void no_probe_into_a_closed_window(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(1500);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 500), .ack = 11));
	SEND(SEG(.seq = 11, .ack = 1, .window = 0));
	WAIT(200);
	EXPECT_NOTHING();
	WAIT(100);
	EXPECT(SEG(FROM(1, 1), .ack = 11));
}

static void no_probe_while_a_loss_is_repaired(void **state)
{
	(void)state;
	START(ROUND_TRIP(100), SACKED);
	WRITE(2000);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	EXPECT(SEG(FROM(1001, 1000), .ack = 11));
	for (unsigned int i = 0; i < 3; i++)
		SEND(SEG(.seq = 11, .ack = 1));
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
	WAIT(200);
	EXPECT_NOTHING();
	WAIT(100);
	EXPECT(SEG(FROM(1, 1000), .ack = 11));
}

#define HELLO_AFTER(ms)                                                                                \
	script_start(ADOPT(SEG(FROM(1, 10), .ack = 1, STAMP(100, -(ms))), 1500, true, .ts_recent = 90, \
			   .source = HANDOFF_REQUEST, .flags = HANDOFF_TIMESTAMPS),                    \
		     __FILE__, __LINE__)
#define LATER(ms) STAMP(ms, 100)

/* RFC 7323 4.1: the hello of a request socket is the first ACK, and echoes the SYN-ACK. */
static void request_is_measured_by_its_hello(void **state)
{
	(void)state;
	HELLO_AFTER(120);
	assert_int_equal(script.c.stats.srtt_us, 120000);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11, LATER(0)));
	WAIT(360);
	EXPECT(SEG(FROM(1, 10), .ack = 11, LATER(360)));
}

static void hello_that_waited_measures_nothing(void **state)
{
	(void)state;
	HELLO_AFTER(5000);
	assert_int_equal(script.c.stats.srtt_us, 0);
	WRITE(10);
	EXPECT(SEG(FROM(1, 10), .ack = 11, LATER(0)));
	WAIT(1000);
	EXPECT(SEG(FROM(1, 10), .ack = 11, LATER(1000)));
}

/* A socket's round trip is the kernel's to know: its hello may echo anything that was sent since. */
static void socket_is_not_measured_by_its_hello(void **state)
{
	(void)state;
	START_STAMPED(0);
	assert_int_equal(script.c.stats.srtt_us, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSCRIPT(lone_segment_is_probed_after_an_ack_may_be_delayed),
		TRANSCRIPT(longer_flight_is_probed_after_two_round_trips),
		TRANSCRIPT(nothing_measured_is_probed_after_a_second),
		TRANSCRIPT(new_segment_postpones_the_probe),
		TRANSCRIPT(probe_repeats_the_fin),
		TRANSCRIPT(tail_is_probed_once),
		TRANSCRIPT(next_tail_is_probed_again),
		TRANSCRIPT(probe_halves_the_window),
		TRANSCRIPT(no_probe_without_sack),
		TRANSCRIPT(no_probe_into_a_closed_window),
		TRANSCRIPT(no_probe_while_a_loss_is_repaired),
		TRANSCRIPT(request_is_measured_by_its_hello),
		TRANSCRIPT(hello_that_waited_measures_nothing),
		TRANSCRIPT(socket_is_not_measured_by_its_hello),
	};

	return RUN_TRANSCRIPTS(tests);
}
