/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine's tables hold, who makes room for whom, and how the kernel's half is silenced. */
#include "engine_world.h"

static const uint8_t half[] = { 22, 3, 1, 1, 0, 1, 0, 0, 252 };

static void send_half(uint8_t host, uint16_t port)
{
	const struct segment seg = {
		.seq = 1000, .ack = 5000, .flags = TCP_ACK, .window = 65535, .data = half, .len = sizeof(half)
	};
	struct peer p;

	peer_init(&p, host, port);
	/* 198.51.host.port: prefixes differ with the host */
	p.path.key.saddr[14] = host;
	p.path.key.saddr[15] = (uint8_t)port;
	peer_offer(&p);
	peer_send(&p, &seg);
}

static void test_one_prefix_cannot_take_all(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < ENGINE_PER_PREFIX + 3; i++)
		send_half(1, (uint16_t)(4000 + i));
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 3);
	assert_int_equal(world.given_back, 3);
	assert_int_equal(engine_flow_count(world.engine), ENGINE_PER_PREFIX);
	send_half(2, 4000);
	assert_int_equal(engine_flow_count(world.engine), ENGINE_PER_PREFIX + 1);
}

static void test_a_full_table_gives_the_oldest_back(void **state)
{
	(void)state;
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE);
	for (unsigned i = 0; i < ENGINE_FLOWS + 2; i++)
		send_half((uint8_t)(1 + i / 200), (uint16_t)(4000 + i));
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 2);
	assert_int_equal(world.received_len, 2 * sizeof(half));
	/* All of them are given up in time, and the table is as good as new. */
	world_tick(ENGINE_HELLO_TIME);
	assert_int_equal(OUTCOME(DECLINED_HELLO_TIME), ENGINE_FLOWS);
	world_tick(ENGINE_DECLINE_GRACE);
	assert_int_equal(engine_flow_count(world.engine), 0);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE);
}

static void validate(uint8_t host, uint16_t port)
{
	struct peer p;

	peer_init(&p, host, port);
	peer_start(&p, "example.org", TLS1_2_VERSION);
	peer_offer(&p);
	world.kernel = PROBE_SOCKET;
	peer_talk(&p);
	assert_true(p.done);
	peer_free(&p);
}

static void test_half_hellos_keep_nobody_out(void **state)
{
	(void)state;
	world_add("example.org");
	for (unsigned i = 0; i < ENGINE_FLOWS; i++)
		send_half((uint8_t)(1 + i / 200), (uint16_t)(4000 + i));
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE);
	validate(100, 4000);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	/* Nor those of its own neighbourhood. */
	validate(2, 4999);
	assert_int_equal(OUTCOME(VALIDATED), 2);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 1);
}

/* Whole hellos from ports of one neighbourhood, 198.51.host.x, and not a word more. */
static void send_hellos(uint8_t host, unsigned count)
{
	static uint16_t port = 10000;
	struct peer first, p;
	struct segment seg;

	peer_init(&first, 1, 0);
	peer_start(&first, "example.org", TLS1_3_VERSION);
	peer_think(&first);
	for (unsigned i = 0; i < count; i++) {
		p = first;
		p.path.key.saddr[14] = host;
		p.path.key.sport = port++;
		peer_offer(&p);
		while (tcp_output(&p.tcp, &seg, world.now))
			peer_send(&p, &seg);
		world.sent_count = 0;
	}
	peer_free(&first);
}

static unsigned served(void)
{
	struct engine_flows flows;

	engine_flows(world.engine, &flows);
	return flows.served;
}

static void test_who_is_served_is_not_put_out(void **state)
{
	(void)state;
	world_add("example.org");
	send_hellos(1, ENGINE_PER_PREFIX);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE - ENGINE_PER_PREFIX);
	send_half(1, 5121); /* 198.51.1.1, as they */
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 1);
	assert_int_equal(OUTCOME(PUT_OUT), 0);
	assert_int_equal(served(), ENGINE_PER_PREFIX);
}

static void test_who_takes_too_long_makes_room_for_a_neighbour(void **state)
{
	(void)state;
	world_add("example.org");
	send_hellos(100, 1);
	world_tick(1);
	send_hellos(100, ENGINE_PER_PREFIX - 1);
	world.now += ENGINE_PATIENCE - 1;
	validate(1, 4000); /* 198.51.100.1, as they */
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(OUTCOME(PUT_OUT), 1);
	assert_int_equal(served(), ENGINE_PER_PREFIX - 1);
}

static void test_one_address_keeps_no_neighbour_out(void **state)
{
	(void)state;
	world_add("example.org");
	send_hellos(100, ENGINE_PER_PREFIX);
	validate(100, 4000); /* 198.51.100.100 */
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(OUTCOME(PUT_OUT), 1);
}

static void test_equal_neighbourhoods_with_one_address_each_keep_nobody_out(void **state)
{
	(void)state;
	world_add("example.org");
	for (uint8_t host = 0; host < 8; host++)
		send_hellos((uint8_t)(100 + host), ENGINE_FLOWS / 8);
	assert_int_equal(served(), ENGINE_FLOWS);
	validate(100, 4000);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(OUTCOME(PUT_OUT), 1);
}

static void test_neighbourhoods_that_fill_the_table_keep_no_other_out(void **state)
{
	(void)state;
	world_add("example.org");
	for (uint8_t host = 1; host <= 4; host++)
		send_hellos(host, ENGINE_PER_PREFIX);
	assert_int_equal(served(), ENGINE_FLOWS);
	assert_int_equal(engine_credit(world.engine), ENGINE_FULL_CREDIT);
	for (uint16_t i = 0; i < 3; i++)
		validate(100, (uint16_t)(4000 + i));
	assert_int_equal(OUTCOME(VALIDATED), 3);
	/* One made room; those who were answered linger, and make room for who comes next. */
	assert_int_equal(OUTCOME(PUT_OUT), 1);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 0);
	/* Its neighbourhood takes no more in this way than half of what each of the others has. */
	send_hellos(100, ENGINE_PER_PREFIX);
	assert_in_range(OUTCOME(PUT_OUT), ENGINE_PER_PREFIX / 2 - 8, ENGINE_PER_PREFIX / 2);
}

static void test_among_equals_nobody_makes_room(void **state)
{
	(void)state;
	world_add("example.org");
	for (uint8_t host = 1; host <= 8; host++)
		send_hellos(host, ENGINE_FLOWS / 8);
	world_tick(USEC_PER_SEC);
	send_hellos(1, 10);
	assert_int_equal(OUTCOME(PUT_OUT), 0);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 10);
	/* Until the others have had their time. */
	world.now += ENGINE_PATIENCE - USEC_PER_SEC;
	send_hellos(1, 10);
	assert_int_equal(OUTCOME(PUT_OUT), 10);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 10);
	assert_int_equal(served(), ENGINE_FLOWS);
}

static void test_lingering_flows_make_room(void **state)
{
	(void)state;
	world_add("example.org");
	validate(1, 4000);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE);
	for (unsigned i = 0; i < ENGINE_FLOWS; i++)
		send_half((uint8_t)(2 + i / 200), (uint16_t)(5000 + i));
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 0);
	assert_int_equal(engine_flow_count(world.engine), ENGINE_FLOWS);
}

static void test_a_reused_port_is_a_new_connection(void **state)
{
	(void)state;
	world_add("example.org");
	validate(1, 4000);
	validate(2, 4000);
	/* The SYN has ended the entry in the program, and the new hello made another. */
	for (unsigned i = 0; i < WORLD_ENTRIES; i++)
		if (world.entry[i].used && world.entry[i].key.saddr[15] == 1)
			world.entry[i].used = false;
	validate(1, 4000);
	assert_int_equal(OUTCOME(VALIDATED), 3);
	world_tick(ENGINE_LINGER);
	assert_int_equal(engine_flow_count(world.engine), 0);
}

static void hello_only(struct peer *p, enum handoff_source source)
{
	world_add("example.org");
	peer_init(p, 1, 4000);
	p->handoff.source = (uint8_t)source;
	peer_start(p, "example.org", TLS1_3_VERSION);
	peer_offer(p);
	peer_push(p);
}

static void test_silence_is_tried_again_and_then_counted(void **state)
{
	struct peer p;

	(void)state;
	world.deaf = true;
	hello_only(&p, HANDOFF_SOCKET);
	world_tick(ENGINE_SILENCE_WAIT);
	assert_int_equal(world.rsts, 1);
	for (unsigned i = 0; i < 100; i++)
		world_tick(10 * USEC_PER_MSEC);
	assert_int_equal(world.rsts, 1 + ENGINE_SILENCE_TRIES);
	assert_int_equal(engine_counters(world.engine)->unsilenced, 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 0);
	peer_free(&p);
}

static void test_a_request_socket_is_waited_for(void **state)
{
	struct peer p;

	(void)state;
	world.kernel = PROBE_REQUEST;
	hello_only(&p, HANDOFF_REQUEST);
	peer_talk(&p);
	assert_true(p.done);
	world_tick(20 * USEC_PER_MSEC);
	assert_int_equal(world.rsts, 0);
	world.kernel = PROBE_SOCKET;
	world_tick(10 * USEC_PER_MSEC);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 1);
	peer_free(&p);
}

static void test_a_deferred_request_socket_is_silenced_after_a_while(void **state)
{
	struct peer p;

	(void)state;
	world.kernel = PROBE_REQUEST;
	hello_only(&p, HANDOFF_REQUEST);
	peer_talk(&p);
	assert_true(p.done);
	world_tick(ENGINE_REQUEST_WAIT - 10 * USEC_PER_MSEC);
	assert_int_equal(world.rsts, 0);
	world_tick(20 * USEC_PER_MSEC);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 1);
	peer_free(&p);
}

/* A finished flow that must make room has its kernel half silenced on the way out. */
static void test_making_room_does_not_forget_the_kernel(void **state)
{
	struct peer p;

	(void)state;
	world.kernel = PROBE_REQUEST;
	hello_only(&p, HANDOFF_REQUEST);
	peer_talk(&p);
	assert_int_equal(world.rsts, 0);
	for (unsigned i = 0; i < ENGINE_FLOWS; i++)
		send_half((uint8_t)(2 + i / 200), (uint16_t)(5000 + i));
	assert_int_equal(world.rsts, 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 1);
	peer_free(&p);
}

static void test_a_port_that_goes_takes_its_flows(void **state)
{
	(void)state;
	send_half(1, 4000);
	engine_port_gone(world.engine, 1);
	assert_int_equal(engine_flow_count(world.engine), 1);
	engine_port_gone(world.engine, 0);
	assert_int_equal(engine_flow_count(world.engine), 0);
	assert_int_equal(engine_deadline(world.engine), USEC_NEVER);
}

static void test_a_port_that_goes_takes_what_was_declined(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < ENGINE_PER_PREFIX + 3; i++)
		send_half(1, (uint16_t)(4000 + i));
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 3);
	engine_port_gone(world.engine, 1);
	assert_int_not_equal(engine_deadline(world.engine), USEC_NEVER);
	engine_port_gone(world.engine, 0);
	assert_int_equal(engine_deadline(world.engine), USEC_NEVER);
	world.no_maps = true;
	world_tick(ENGINE_DECLINE_GRACE);
}

/* Somebody else's segment, far outside the window: what is given back does not carry its timestamp. */
static void test_a_stranger_s_timestamp_is_not_given_back(void **state)
{
	struct segment seg = { .seq = 1000,
			       .ack = 5000,
			       .flags = TCP_ACK,
			       .window = 65535,
			       .data = half,
			       .len = sizeof(half),
			       .has_ts = true,
			       .tsval = 77 };
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	p.handoff.flags |= HANDOFF_TIMESTAMPS;
	p.handoff.ts_recent = 77;
	peer_offer(&p);
	peer_send(&p, &seg);
	seg.seq += 1u << 30;
	seg.tsval += 1u << 30;
	peer_send(&p, &seg);
	seg.has_ts = false;
	peer_send(&p, &seg);
	world_tick(ENGINE_HELLO_TIME);
	assert_int_equal(OUTCOME(DECLINED_HELLO_TIME), 1);
	assert_int_equal(world.received_len, sizeof(half));
	assert_int_equal(world.received_ts, 77);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_one_prefix_cannot_take_all),
		T(test_a_full_table_gives_the_oldest_back),
		T(test_half_hellos_keep_nobody_out),
		T(test_who_is_served_is_not_put_out),
		T(test_who_takes_too_long_makes_room_for_a_neighbour),
		T(test_one_address_keeps_no_neighbour_out),
		T(test_equal_neighbourhoods_with_one_address_each_keep_nobody_out),
		T(test_neighbourhoods_that_fill_the_table_keep_no_other_out),
		T(test_among_equals_nobody_makes_room),
		T(test_lingering_flows_make_room),
		T(test_a_reused_port_is_a_new_connection),
		T(test_silence_is_tried_again_and_then_counted),
		T(test_a_request_socket_is_waited_for),
		T(test_a_deferred_request_socket_is_silenced_after_a_while),
		T(test_making_room_does_not_forget_the_kernel),
		T(test_a_port_that_goes_takes_its_flows),
		T(test_a_stranger_s_timestamp_is_not_given_back),
		T(test_a_port_that_goes_takes_what_was_declined),
	};

	return cmocka_run_group_tests_name("engine budgets", tests, NULL, NULL);
}
