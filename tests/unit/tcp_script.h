/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Transcripts of one TCP connection.
 *
 *	START();                                     the peer's first ten bytes, 1..10, have come and were acknowledged
 *	SEND(SEG(.seq = 11, .ack = 1));              a segment of the peer
 *	EXPECT(SEG(.seq = 1, .ack = 11));            the next segment that we send
 *	EXPECT_NOTHING();
 *	WAIT(200);                                   milliseconds pass, in which no timer may expire
 *
 * Numbers are relative: the peer's first byte is 1, and so is ours; timestamps are milliseconds since the start. The
 * harness adds a base to each, and every transcript runs on all bases of script_bases: numbers wrap around zero, or
 * pass the middle of their space, where a plain comparison errs.
 *
 * Byte n of either direction is pattern[n]; FROM(n, len) names len bytes from n on. PSH is not compared. Windows are
 * compared by WINDOW() after EXPECT(). After every step the connection's invariants are checked, and after each
 * transcript that nothing more is due.
 */
#ifndef ALPNXDP_TESTS_TCP_SCRIPT_H
#define ALPNXDP_TESTS_TCP_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tcp/tcp.h"

struct script_base {
	const char *name;
	uint32_t peer, us, peer_ts, us_ts;
};

static const struct script_base script_bases[] = {
	{ "from zero", 0, 0, 0, 0 },
	{ "wrap in the first segment", 0u - 6, 0u - 3, 0u - 2, 0u - 5 },
	{ "wrap later", 0u - 700, 0u - 1500, 0u - 105, 0u - 700 },
	{ "wrap late in the windows", 0u - 10000, 0u - 2500, 0u - 300, 0u - 2000 },
	{ "sign changes", 0x7ffffff8, 0x7ffffffc, 0x7fffff00, 0x7fffffff },
};

enum { SCRIPT_START_MS = 5000, SCRIPT_PATTERN = 100000 };

static struct script {
	const struct script_base *base;
	struct tcp_conn c;
	struct segment last; /* what EXPECT() saw */
	usec_t now;
	uint32_t written; /* relative number of the next byte that WRITE() takes */
} script;
static uint8_t pattern[SCRIPT_PATTERN];

#define SEG(...) (&(struct segment){ .flags = TCP_ACK, .window = 65535, __VA_ARGS__ })
#define FROM(n, length) .seq = (n), .data = pattern + (n), .len = (length)
#define STAMP(val, ecr) .has_ts = true, .tsval = (uint32_t)(val), .tsecr = (uint32_t)(ecr)
#define SACK(left, right) .has_sack = true, .sack_left = (left), .sack_right = (right)

#define ADOPT(first, bytes, family4, ...)                         \
	script_adopt(&(struct handoff){ .rcv_nxt = 1,             \
					.snd_nxt = 1,             \
					.snd_wnd = 65535,         \
					.rcv_wnd = 65535,         \
					.mss = 1000,              \
					.source = HANDOFF_SOCKET, \
					__VA_ARGS__ },            \
		     first, bytes, family4)
#define FIRST SEG(FROM(1, 10), .ack = 1)
#define FIRST_STAMPED SEG(FROM(1, 10), .ack = 1, STAMP(100, 0))
#define START(...) script_start(ADOPT(FIRST, 1500, true, __VA_ARGS__), __FILE__, __LINE__)
/* The same with timestamps, and whatever flags more. */
#define START_STAMPED(more)                                                                              \
	script_start(                                                                                    \
		ADOPT(FIRST_STAMPED, 1500, true, .ts_recent = 90, .flags = HANDOFF_TIMESTAMPS | (more)), \
		__FILE__, __LINE__)

#define SEND(segment) script_send(segment)
#define EXPECT(segment) script_expect(segment, __FILE__, __LINE__)
#define EXPECT_NOTHING() script_nothing(__FILE__, __LINE__)
#define WINDOW(field) script_number("window", script.last.window, field, __FILE__, __LINE__)
#define WAIT(ms) script_wait(ms, __FILE__, __LINE__)
#define WRITE(len) script_number("written", script_write(len), len, __FILE__, __LINE__)
#define CLOSE(how) (tcp_close(&script.c, TCP_CLOSE_##how), script_check())
/* The bytes that can be read are exactly those from n on; then they are taken. */
#define READ(n, len) script_read(n, len, __FILE__, __LINE__)
#define EXPECT_END(how) script_number("end", script.c.end, how, __FILE__, __LINE__)
#define CAN_WAIT(wanted) script_number("can wait", tcp_can_wait(&script.c), wanted, __FILE__, __LINE__)
#define EXPECT_IDLE() script_number("deadline", tcp_deadline(&script.c) == USEC_NEVER, 1, __FILE__, __LINE__)

static inline void script_number(const char *what, uint64_t is, uint64_t wanted, const char *file, int line)
{
	if (is == wanted)
		return;
	print_error("%s: %llu, wanted %llu\n", what, (unsigned long long)is, (unsigned long long)wanted);
	_fail(file, line);
}

/* What must hold between any two calls. */
static inline void script_check(void)
{
	const struct tcp_conn *c = &script.c;
	uint32_t fin = c->fin_queued && !c->fin_acked;
	uint32_t written = c->snd_una + (uint32_t)c->tx_len + fin;

	assert_true(c->rx_len <= TCP_RX_BUFFER);
	assert_true(c->tx_len <= TCP_TX_BUFFER);
	assert_true(seq_between(c->rcv_nxt, c->rcv_nxt, c->rcv_edge));
	assert_true(c->rcv_edge - c->rcv_nxt < 1u << 30);
	assert_true(seq_between(c->snd_una, c->snd_at, c->snd_nxt));
	if (c->end == TCP_ALIVE)
		assert_true(seq_between(c->snd_una, c->snd_nxt, written));
	if (c->island_left != c->island_right || c->island_fin) {
		assert_true(seq_before(c->rcv_nxt, c->island_left));
		assert_true(seq_between(c->island_left, c->island_right, c->rcv_edge));
		assert_true(c->rx_len + (c->island_right - c->rcv_nxt) <= TCP_RX_BUFFER);
	}
	assert_true(c->cwnd >= c->mss || c->end != TCP_ALIVE);
	assert_true(tcp_unacked(c) || tcp_deadline(c) == USEC_NEVER);
}

static inline void script_to_wire(struct segment *s)
{
	s->seq += script.base->peer;
	s->ack += script.base->us;
	s->tsval += script.base->peer_ts;
	s->tsecr += script.base->us_ts;
}

static inline void script_from_wire(struct segment *s)
{
	s->seq -= script.base->us;
	s->ack -= script.base->peer;
	s->tsval -= s->has_ts ? script.base->us_ts : 0;
	s->tsecr -= s->has_ts ? script.base->peer_ts : 0;
	s->sack_left -= s->has_sack ? script.base->peer : 0;
	s->sack_right -= s->has_sack ? script.base->peer : 0;
}

static inline int script_adopt(const struct handoff *relative, const struct segment *first, uint16_t mtu,
			       bool ipv4)
{
	struct handoff h = *relative;
	struct segment s = *first;
	struct tcp_adoption a = { .handoff = &h, .first = &s, .mtu = mtu, .ipv4 = ipv4 };
	uint32_t unit = h.flags & HANDOFF_TS_USEC ? 1000 : 1;
	int err;

	h.rcv_nxt += script.base->peer;
	h.snd_nxt += script.base->us;
	h.ts_recent += script.base->peer_ts;
	h.ts_offset = script.base->us_ts - SCRIPT_START_MS * unit;
	script_to_wire(&s);
	script.now = SCRIPT_START_MS * USEC_PER_MSEC;
	script.written = 1;
	memset(&script.c, 0xa5, sizeof(script.c));
	err = tcp_adopt(&script.c, &a, script.now);
	if (!err)
		script_check();
	return err;
}

static inline void script_send(const struct segment *seg)
{
	struct segment s = *seg;

	script_to_wire(&s);
	tcp_input(&script.c, &s, script.now);
	script_check();
}

static inline void script_print(const char *label, const struct segment *s)
{
	print_error("%-7s seq %u ack %u flags %02x len %zu", label, s->seq, s->ack, s->flags, s->len);
	if (s->has_ts)
		print_error(" ts %u %u", s->tsval, s->tsecr);
	if (s->has_sack)
		print_error(" sack %u-%u", s->sack_left, s->sack_right);
	print_error("\n");
}

static inline bool script_same(const struct segment *a, const struct segment *b)
{
	return a->seq == b->seq && a->ack == b->ack && !((a->flags ^ b->flags) & ~TCP_PSH) &&
	       a->len == b->len && a->has_ts == b->has_ts && a->tsval == b->tsval && a->tsecr == b->tsecr &&
	       a->has_sack == b->has_sack && a->sack_left == b->sack_left && a->sack_right == b->sack_right &&
	       (a->len == 0 || !memcmp(a->data, b->data, a->len));
}

static inline void script_expect(const struct segment *wanted, const char *file, int line)
{
	struct segment *s = &script.last;
	bool any = tcp_output(&script.c, s, script.now);

	script_check();
	if (any) {
		script_from_wire(s);
		if (script_same(s, wanted))
			return;
	}
	script_print("wanted", wanted);
	if (any)
		script_print("got", s);
	_fail(file, line);
}

static inline void script_nothing(const char *file, int line)
{
	struct segment s;

	if (tcp_output(&script.c, &s, script.now)) {
		script_from_wire(&s);
		script_print("surplus", &s);
		_fail(file, line);
	}
	script_check();
	/* The contract of tcp_output(), and the timer runs exactly while something is unacknowledged. */
	if (tcp_deadline(&script.c) <= script.now ||
	    tcp_unacked(&script.c) != (tcp_deadline(&script.c) != USEC_NEVER)) {
		print_error("deadline\n");
		_fail(file, line);
	}
}

static inline void script_wait(unsigned int ms, const char *file, int line)
{
	usec_t then = script.now + ms * USEC_PER_MSEC;

	script_nothing(file, line);
	if (tcp_deadline(&script.c) < then) {
		print_error("a timer expires after %llu us\n",
			    (unsigned long long)(tcp_deadline(&script.c) - script.now));
		_fail(file, line);
	}
	script.now = then;
}

static inline size_t script_write(size_t len)
{
	size_t taken = tcp_write(&script.c, pattern + script.written, len);

	script.written += (uint32_t)taken;
	script_check();
	return taken;
}

static inline void script_read(uint32_t n, size_t len, const char *file, int line)
{
	const uint8_t *bytes;
	size_t is = tcp_read(&script.c, 0, &bytes);

	script_number("readable", is, len, file, line);
	if (memcmp(bytes, pattern + n, len)) {
		print_error("other bytes than were sent\n");
		_fail(file, line);
	}
	script_number("left", tcp_read(&script.c, len, &bytes), 0, file, line);
	script_check();
}

static inline void script_start(int err, const char *file, int line)
{
	struct segment *s = &script.last;

	script_number("adopt", (uint64_t)err, 0, file, line);
	if (!tcp_output(&script.c, s, script.now) || s->ack != script.base->peer + 11)
		_fail(file, line);
	script_read(1, 10, file, line);
	script_nothing(file, line);
}

static inline int script_over(void **state)
{
	(void)state;
	script_nothing(__FILE__, __LINE__);
	return 0;
}

#define TRANSCRIPT(test) cmocka_unit_test_teardown(test, script_over)

/* Runs the transcripts of a file on every base. */
static inline int script_run(const struct CMUnitTest *tests, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < SCRIPT_PATTERN; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < ARRAY_SIZE(script_bases); i++) {
		script.base = &script_bases[i];
		failed += _cmocka_run_group_tests(script_bases[i].name, tests, n, NULL, NULL);
	}
	return failed;
}
#define RUN_TRANSCRIPTS(tests) script_run(tests, ARRAY_SIZE(tests))

#endif
