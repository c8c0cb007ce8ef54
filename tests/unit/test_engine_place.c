/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a frame is to the engine, through the life of a flow; and that looking changes nothing. */
#include "engine_world.h"

static int setup(void **state)
{
	int err = world_setup_asking(state, port_ask);

	world.answer = ENGINE_ASK_WAIT;
	world_add("www.example.org");
	return err;
}

static enum engine_place place_of(const struct peer *p)
{
	static struct world before;
	const struct engine_counters counters = *engine_counters(world.engine);
	enum engine_place place;

	before = world;
	place = engine_place(world.engine, 0, 0, &p->path.key);
	assert_memory_equal(&before, &world, sizeof(world));
	assert_memory_equal(&counters, engine_counters(world.engine), sizeof(counters));
	return place;
}

static void test_one_that_is_answered(void **state)
{
	struct peer p;
	struct entry *entry;

	(void)state;
	peer_init(&p, 1, 4000);
	assert_int_equal(place_of(&p), PLACE_STRAY);
	peer_start(&p, "www.example.org", TLS1_3_VERSION);
	entry = peer_offer(&p);
	assert_int_equal(place_of(&p), PLACE_OFFERED);
	peer_push(&p);
	assert_int_equal(place_of(&p), PLACE_SERVED);
	/* The program made a RST of the ACK. The engine has not heard of it. */
	entry->flow.state = FLOW_SILENCED;
	assert_int_equal(place_of(&p), PLACE_SILENCED);
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(place_of(&p), PLACE_LINGERING);
	entry->flow.state = FLOW_OFFERED; /* the same ports again */
	assert_int_equal(place_of(&p), PLACE_OFFERED);
	peer_free(&p);
}

static void test_one_whose_hello_comes_in_pieces(void **state)
{
	static const uint8_t half[] = { 22, 3, 1, 1, 0, 1, 0, 0, 252 };
	const struct segment seg = {
		.seq = 1000, .ack = 5000, .flags = TCP_ACK, .window = 65535, .data = half, .len = sizeof(half)
	};
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_offer(&p);
	peer_send(&p, &seg);
	assert_int_equal(place_of(&p), PLACE_HELD);
	world_tick(ENGINE_HELLO_TIME);
	assert_int_equal(OUTCOME(DECLINED_HELLO_TIME), 1);
	assert_int_equal(place_of(&p), PLACE_DECLINED);
	world_tick(ENGINE_DECLINE_GRACE);
	assert_int_equal(place_of(&p), PLACE_STRAY);
}

static void test_one_that_waits(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_start(&p, "other.example.org", TLS1_3_VERSION);
	peer_offer(&p);
	peer_push(&p);
	assert_int_equal(place_of(&p), PLACE_WAITING);
	peer_free(&p);
}

static bool pass_on(void *c, const struct engine_frame *frame, unsigned queue)
{
	(void)c;
	(void)frame;
	(void)queue;
	return true;
}

static void test_one_of_another_engine(void **state)
{
	struct engine_options o = { .ports = { .flow_get = port_flow_get, .pass_on = pass_on },
				    .store = world.store,
				    .flows = 128 };
	struct engine *several;
	struct entry *entry;
	struct peer p;

	(void)state;
	assert_int_equal(engine_new(&o, &several), 0);
	peer_init(&p, 1, 4000);
	entry = peer_offer(&p);
	assert_int_equal(engine_place(several, 0, 0, &p.path.key), PLACE_OFFERED);
	assert_int_equal(engine_place(several, 0, 1, &p.path.key), PLACE_ANOTHERS);
	entry->flow.state = FLOW_SERVED;
	assert_int_equal(engine_place(several, 0, 1, &p.path.key), PLACE_ANOTHERS);
	assert_int_equal(engine_place(several, 0, 0, &p.path.key), PLACE_STRAY);
	/* Alone, no other queue's is another's. */
	assert_int_equal(engine_place(world.engine, 0, 1, &p.path.key), PLACE_STRAY);
	engine_free(several);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned n = 0; n < NUM_PLACES; n++) {
		assert_true(strlen(engine_place_name((enum engine_place)n)) > 0);
		assert_true(strlen(engine_place_help((enum engine_place)n)) > 0);
	}
	assert_string_equal(engine_place_name(PLACE_ANOTHERS), "anothers");
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_one_that_is_answered), IN_WORLD(test_one_whose_hello_comes_in_pieces),
		IN_WORLD(test_one_that_waits),       IN_WORLD(test_one_of_another_engine),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
