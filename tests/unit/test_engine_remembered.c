/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that are offered with bytes that had passed to the kernel before: hellos whose ALPN list came later. */
#include "engine_world.h"

static uint8_t hello[4096];
static size_t hello_len;

static void setup_peer(struct peer *p)
{
	world_add("example.org");
	peer_init(p, 1, 4000);
	peer_start(p, "example.org", TLS1_3_VERSION);
	peer_think(p);
	hello_len = p->tcp.tx_len;
	memcpy(hello, p->tcp.tx, hello_len);
	world.slot = (struct hello_slot){ .key = p->path.key, .first = 1000 };
	peer_offer(p)->flow.slot = 5;
}

/* What the program does with a segment that passes. */
static void remember(size_t from, size_t to)
{
	memcpy(world.slot.bytes + from, hello + from, to - from);
	for (; from < to; from++)
		world.slot.have[from / 64] |= 1ull << (from % 64);
}

static void send_piece(const struct peer *p, size_t from, size_t to)
{
	const struct segment seg = { .seq = 1000 + (uint32_t)from,
				     .ack = 5000,
				     .flags = TCP_ACK,
				     .window = 65535,
				     .data = hello + from,
				     .len = to - from };

	peer_send(p, &seg);
}

static void finish(struct peer *p)
{
	struct segment seg;

	/* The peer's own TCP has sent all of it by now. */
	while (tcp_output(&p->tcp, &seg, world.now))
		;
	peer_talk(p);
	assert_true(p->done);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	peer_free(p);
}

static void test_the_end_comes_last(void **state)
{
	struct peer p;

	(void)state;
	setup_peer(&p);
	remember(0, 64);
	remember(64, 130);
	send_piece(&p, 130, hello_len);
	assert_int_equal(entry_of(&p.path.key)->flow.passed, 130);
	finish(&p);
	assert_int_equal(world.rst_seq, 1130);
}

static void test_the_beginning_comes_last(void **state)
{
	struct peer p;

	(void)state;
	setup_peer(&p);
	remember(100, hello_len);
	send_piece(&p, 0, 100);
	assert_int_equal(entry_of(&p.path.key)->flow.passed, 0);
	finish(&p);
	assert_int_equal(world.rst_seq, 1000);
}

static void test_the_middle_comes_last(void **state)
{
	struct peer p;

	(void)state;
	setup_peer(&p);
	remember(0, 90);
	remember(190, hello_len);
	send_piece(&p, 90, 190);
	assert_int_equal(entry_of(&p.path.key)->flow.passed, 90);
	finish(&p);
	assert_int_equal(world.rst_seq, 1090);
}

/* The kernel must have what passed before it is silenced; but it may have dropped it, so the last RST does not ask. */
static void test_silenced_behind_what_passed(void **state)
{
	struct peer p;

	(void)state;
	world.deaf = true;
	setup_peer(&p);
	remember(0, 130);
	send_piece(&p, 130, hello_len);
	world_tick(ENGINE_SILENCE_WAIT);
	for (unsigned i = 0; i < 100 && world.rsts < 1 + ENGINE_SILENCE_TRIES; i++) {
		assert_int_equal(world.rst_seq, 1130);
		world_tick(10 * USEC_PER_MSEC);
	}
	assert_int_equal(world.rsts, 1 + ENGINE_SILENCE_TRIES);
	assert_int_equal(world.rst_seq, 1000);
	peer_free(&p);
}

/* Declined: what the kernel has not got is among what it gets; what it has already does no harm. */
static void test_declined_with_all_its_bytes(void **state)
{
	struct peer p;

	(void)state;
	world_add("other.example");
	setup_peer(&p);
	assert_int_equal(challenge_remove(world.store, &(struct identifier){ .text = "example.org" }, NULL),
			 1);
	remember(0, 100);
	send_piece(&p, 100, hello_len);
	assert_int_equal(OUTCOME(DECLINED_NAME), 1);
	assert_int_equal(world.received_len, hello_len);
	assert_memory_equal(world.received, hello, hello_len);
	peer_free(&p);
}

/* Another flow has taken the slot since: nothing is answered with its bytes. */
static void test_a_slot_of_another_flow(void **state)
{
	struct peer p;

	(void)state;
	setup_peer(&p);
	remember(0, 100);
	world.slot.key.sport ^= 1;
	send_piece(&p, 100, hello_len);
	assert_int_equal(engine_counters(world.engine)->stale_offers, 1);
	world.slot.key.sport ^= 1;
	world.slot.first++;
	send_piece(&p, 100, hello_len);
	assert_int_equal(engine_counters(world.engine)->stale_offers, 2);
	entry_of(&p.path.key)->flow.slot = 6;
	send_piece(&p, 100, hello_len);
	assert_int_equal(engine_counters(world.engine)->stale_offers, 3);
	assert_int_equal(world.sent_count, 0);
	peer_free(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_the_end_comes_last),     T(test_the_beginning_comes_last),
		T(test_the_middle_comes_last),  T(test_declined_with_all_its_bytes),
		T(test_a_slot_of_another_flow), T(test_silenced_behind_what_passed),
	};

	return cmocka_run_group_tests_name("engine, remembered hellos", tests, NULL, NULL);
}
