/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Segments from nowhere: numbers around every edge, every flag, any length. Whatever comes, the invariants of the
 * connection hold, its bounds are kept, and it answers a segment with no more than one of its own and what it owes.
 */
#include "tcp_script.h"

enum { SEGMENTS = 60000, LIVES = 40 };

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	/* xorshift64* */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 33) % below;
}

/* A number near one that matters, or any. */
static uint32_t near(const uint32_t *marks, size_t n)
{
	return draw(20) == 0 ? draw(UINT32_MAX) : marks[draw((uint32_t)n)] + draw(7) - 3;
}

static void hostile_segment(struct segment *s)
{
	const struct tcp_conn *c = &script.c;
	const uint32_t seqs[] = { c->rcv_nxt,       c->rcv_edge,
				  c->island_left,   c->island_right,
				  c->rcv_nxt - 100, c->rcv_nxt + TCP_RX_BUFFER - (uint32_t)c->rx_len };
	const uint32_t acks[] = { c->snd_una, c->snd_nxt, c->snd_at, c->snd_una - c->max_wnd };
	const uint32_t stamps[] = { c->ts_recent, c->ts_recent + 1000, c->ts_recent + 0x80000000u };
	static const uint8_t flags[] = { TCP_ACK,           TCP_ACK,           TCP_ACK,
					 TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_URG | TCP_ACK };

	*s = (struct segment){ .seq = near(seqs, ARRAY_SIZE(seqs)), .ack = near(acks, ARRAY_SIZE(acks)) };
	s->flags = draw(50) ? flags[draw(ARRAY_SIZE(flags))] : (uint8_t)draw(64);
	s->window = (uint16_t)(draw(4) ? draw(3000) : draw(65536));
	s->len = draw(3) ? draw(20) : draw(2000);
	s->data = pattern + draw(1000);
	s->has_ts = draw(50) != 0;
	s->tsval = near(stamps, ARRAY_SIZE(stamps));
	s->tsecr = draw(UINT32_MAX);
}

static void one_life(uint8_t flags)
{
	const uint8_t *bytes;

	assert_int_equal(ADOPT(FIRST_STAMPED, 1500, true, .ts_recent = 90, .flags = flags), 0);
	for (unsigned int i = 0; i < SEGMENTS / LIVES && script.c.end == TCP_ALIVE; i++) {
		struct segment s;
		unsigned int answers = 0;

		hostile_segment(&s);
		tcp_input(&script.c, &s, script.now);
		script_check();
		if (draw(4) == 0)
			tcp_read(&script.c, draw(3000), &bytes);
		if (draw(10) == 0)
			tcp_write(&script.c, pattern, draw(500));
		if (draw(400) == 0)
			tcp_close(&script.c, TCP_CLOSE_FIN);
		script.now += draw(30) ? draw(5000) : draw(2000000);
		while (tcp_output(&script.c, &s, script.now)) {
			script_check();
			assert_true(
				seq_between(script.c.snd_una, s.seq + segment_span(&s), script.c.snd_nxt));
			assert_in_range(++answers, 1, 2 + TCP_TX_BUFFER / 48);
		}
		script_check();
		assert_true(tcp_deadline(&script.c) > script.now);
	}
}

static void invariants_hold_whatever_comes(void **state)
{
	unsigned int taken = 0;

	(void)state;
	random_state = 0x9e3779b97f4a7c15ull;
	for (unsigned int life = 0; life < LIVES; life++) {
		one_life((uint8_t)(life % 8));
		taken += script.c.stats.segments_in;
	}
	/* A life ends by a lucky RST, or when nothing is acknowledged for too long: not so soon that this tests nothing. */
	print_message("%u segments in %d lives\n", taken, LIVES);
	assert_true(taken > SEGMENTS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold_whatever_comes),
	};

	return RUN_TRANSCRIPTS(tests);
}
