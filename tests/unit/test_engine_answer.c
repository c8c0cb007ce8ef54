/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes in one turn is answered at its end, and by one segment. */
#include "engine_world.h"

/* What the peer sends next, cut into pieces that it could have sent as well. */
struct pieces {
	struct segment whole, piece[3];
};

/* A peer that has the flight, and what it says then: the end of the handshake, close_notify, FIN. */
static void peer_finishing(struct peer *p, uint16_t port, struct pieces *out)
{
	struct segment *whole = &out->whole;
	size_t third;

	peer_init(p, 1, port);
	peer_start(p, "example.org", TLS1_3_VERSION);
	peer_offer(p);
	peer_push(p);
	peer_pull(p);
	peer_think(p);
	assert_true(tcp_output(&p->tcp, whole, world.now));
	assert_true(whole->flags & TCP_FIN);
	third = whole->len / 3;
	for (unsigned i = 0; i < 3; i++) {
		struct segment *s = &out->piece[i];

		*s = *whole;
		s->seq += (uint32_t)(i * third);
		s->data += i * third;
		s->len = i < 2 ? third : whole->len - 2 * third;
		if (i < 2)
			s->flags &= (uint8_t)~TCP_FIN;
	}
}

static struct segment sent(unsigned i)
{
	struct segment seg;
	struct path path;

	assert_int_equal(net_decode(world.sent[i].bytes, world.sent[i].len, &seg, &path), NET_OK);
	return seg;
}

static void test_said_in_a_row(void **state)
{
	struct pieces said;
	struct segment seg;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_finishing(&p, 4000, &said);
	for (unsigned i = 0; i < 3; i++)
		peer_send(&p, &said.piece[i]);
	assert_int_equal(world.sent_count, 0);
	world_tick(0);
	assert_int_equal(world.sent_count, 1);
	seg = sent(0);
	assert_true(seg.flags & TCP_FIN);
	assert_int_equal(seg.ack, said.whole.seq + said.whole.len + 1);
	peer_talk(&p);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_true(tcp_finished(&p.tcp));
	peer_free(&p);
}

/* RFC 5681 4.2: the peer counts our answers to what comes out of order. */
static void test_out_of_order(void **state)
{
	struct pieces said;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_finishing(&p, 4000, &said);
	peer_send(&p, &said.piece[1]);
	assert_int_equal(world.sent_count, 1);
	peer_send(&p, &said.piece[2]);
	assert_int_equal(world.sent_count, 2);
	peer_send(&p, &said.piece[0]);
	assert_int_equal(world.sent_count, 3);
	assert_int_equal(sent(0).ack, said.whole.seq);
	assert_int_equal(sent(1).ack, said.whole.seq);
	assert_int_equal(sent(2).ack, said.whole.seq + said.whole.len + 1);
	world_tick(0);
	assert_int_equal(world.sent_count, 3);
	peer_talk(&p);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	peer_free(&p);
}

static void test_forgotten_before_the_answer(void **state)
{
	struct pieces said;
	struct peer p, next;

	(void)state;
	world_add("example.org");
	peer_finishing(&p, 4000, &said);
	peer_send(&p, &said.piece[0]);
	engine_port_gone(world.engine, 0);
	world_tick(0);
	assert_int_equal(world.sent_count, 0);
	peer_free(&p);
	/* Its place is another's, which is none of those that are owed an answer. */
	peer_finishing(&p, 4001, &said);
	peer_send(&p, &said.piece[0]);
	engine_port_gone(world.engine, 0);
	peer_init(&next, 2, 4002);
	peer_start(&next, "example.org", TLS1_3_VERSION);
	peer_offer(&next);
	peer_push(&next);
	assert_int_equal(world.sent_count, 1);
	world_tick(0);
	assert_int_equal(world.sent_count, 1);
	peer_free(&p);
	peer_free(&next);
}

/* More flows than are remembered for the end of a turn: some hear sooner, all once. */
static void test_more_than_are_remembered(void **state)
{
	enum { MANY = ENGINE_UNANSWERED + 2 };
	static struct pieces said[MANY];
	static struct peer p[MANY];

	(void)state;
	world_add("example.org");
	for (unsigned i = 0; i < MANY; i++)
		peer_finishing(&p[i], (uint16_t)(4000 + i), &said[i]);
	world.sent_count = 0;
	for (unsigned i = 0; i < MANY; i++) {
		peer_send(&p[i], &said[i].piece[0]);
		peer_send(&p[i], &said[i].piece[1]);
	}
	assert_int_equal(world.sent_count, ENGINE_UNANSWERED);
	world_tick(0);
	assert_int_equal(world.sent_count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		peer_free(&p[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_said_in_a_row),
		T(test_out_of_order),
		T(test_forgotten_before_the_answer),
		T(test_more_than_are_remembered),
	};

	return cmocka_run_group_tests_name("engine: answers", tests, NULL, NULL);
}
