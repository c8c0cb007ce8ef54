/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that wait for a challenge that somebody was asked for: what can happen to them meanwhile, and who may wait. */
#include "engine_world.h"

static int setup(void **state)
{
	int err = world_setup_asking(state, port_ask);

	world.answer = ENGINE_ASK_WAIT;
	return err;
}

/* A validator of its own prefix (198.51.host.port) whose whole hello is in. */
static void arrive(struct peer *p, uint8_t host, uint16_t port, const char *sni)
{
	peer_init(p, host, port);
	p->path.key.saddr[14] = host;
	p->path.key.saddr[15] = (uint8_t)port;
	peer_start(p, sni, TLS1_3_VERSION);
	peer_offer(p);
	peer_push(p);
}

static void answered(const char *sni)
{
	engine_answered(world.engine, sni, world.now);
	engine_tick(world.engine, world.now);
	assert_true(engine_deadline(world.engine) > world.now);
}

static unsigned waiting(void)
{
	struct engine_flows flows;

	engine_flows(world.engine, &flows);
	assert_int_equal(flows.held + flows.waiting + flows.served + flows.lingering,
			 engine_flow_count(world.engine));
	return flows.waiting;
}

/* Nobody is left, and whoever could be served before can be again. */
static void assert_empty(void)
{
	world_tick(ENGINE_LINGER);
	world_tick(ENGINE_DECLINE_GRACE);
	assert_int_equal(engine_flow_count(world.engine), 0);
	assert_int_equal(waiting(), 0);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE);
	assert_int_equal(engine_deadline(world.engine), USEC_NEVER);
}

static struct segment bare(const struct peer *p, uint8_t flag)
{
	return (struct segment){
		.seq = p->tcp.snd_nxt, .ack = 5000, .flags = TCP_ACK | flag, .window = 65535
	};
}

static void test_nobody_is_asked_for_what_is_pending(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	arrive(&p, 1, 4000, "example.org");
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(world.asked, 0);
	peer_free(&p);
}

static void test_nobody_knows(void **state)
{
	struct peer p;

	(void)state;
	world.answer = ENGINE_ASK_NOBODY;
	arrive(&p, 1, 4000, "example.org");
	assert_int_equal(world.asked, 1);
	assert_int_equal(OUTCOME(DECLINED_NAME), 1);
	assert_int_equal(world.received_len, p.tcp.tx_len);
	assert_empty();
	peer_free(&p);
}

static void answered_after(usec_t later)
{
	struct peer p;

	arrive(&p, 1, 4000, "example.org");
	assert_int_equal(waiting(), 1);
	assert_int_equal(world.asked, 1);
	assert_string_equal(world.asked_for, "example.org");
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE - 1);
	world_tick(later);
	world_add("example.org");
	answered("example.org");
	assert_int_equal(waiting(), 0);
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(world.given_back, 0);
	assert_int_equal(engine_counters(world.engine)->duration_sum_us, later);
	assert_empty();
	peer_free(&p);
}

static void test_answered_at_once(void **state)
{
	(void)state;
	answered_after(0);
	assert_int_equal(engine_counters(world.engine)->duration[0], 1);
}

/* Before the validator would repeat itself: nothing but the answer is sent. */
static void test_answered_within_the_hold(void **state)
{
	(void)state;
	answered_after(ENGINE_HOLD - 1);
	assert_int_equal(engine_counters(world.engine)->duration[6], 1);
}

static void test_answered_late(void **state)
{
	(void)state;
	answered_after(ENGINE_ASK_TIME - 1);
	assert_int_equal(engine_counters(world.engine)->duration[12], 1);
}

/* From the answer on, time is TCP's. */
static void test_a_lost_answer_is_sent_again(void **state)
{
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	world_tick(ENGINE_HOLD);
	world_add("example.org");
	answered("example.org");
	world.sent_count = 0;
	world_tick(TCP_RTO_INITIAL);
	assert_true(world.sent_count > 0);
	peer_talk(&p);
	assert_true(p.done);
	peer_free(&p);
}

static void test_answered_with_nothing(void **state)
{
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	world_tick(ENGINE_HOLD);
	answered("example.org");
	assert_int_equal(OUTCOME(DECLINED_NAME), 1);
	assert_int_equal(world.received_len, p.tcp.tx_len);
	assert_memory_equal(world.received, p.tcp.tx, p.tcp.tx_len);
	assert_int_equal(world.rsts, 0);
	/* The next one asks again. */
	peer_free(&p);
	arrive(&p, 2, 4000, "example.org");
	assert_int_equal(world.asked, 2);
	assert_int_equal(waiting(), 1);
	engine_port_gone(world.engine, 0);
	assert_empty();
	peer_free(&p);
}

static void test_never_answered(void **state)
{
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	world_tick(ENGINE_ASK_TIME - 1);
	assert_int_equal(waiting(), 1);
	assert_int_equal(world.received_len, 0);
	world_tick(1);
	assert_int_equal(OUTCOME(DECLINED_ASK_TIME), 1);
	assert_memory_equal(world.received, p.tcp.tx, p.tcp.tx_len);
	/* Its answer comes after all. */
	world_add("example.org");
	answered("example.org");
	assert_int_equal(world.sent_count, 1); /* the acknowledgement after ENGINE_HOLD */
	assert_int_equal(world.rsts, 0);
	assert_empty();
	peer_free(&p);
}

/* Somebody added the challenge by hand, and the one who was asked says nothing. */
static void test_a_last_look_before_it_is_given_up(void **state)
{
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	world_add("example.org");
	world_tick(ENGINE_ASK_TIME);
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_empty();
	peer_free(&p);
}

static void test_reset_while_waiting(void **state)
{
	struct segment seg;
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	seg = bare(&p, TCP_RST);
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(GONE_BEFORE_HELLO), 1);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(world.received_len, 0);
	world_add("example.org");
	answered("example.org");
	assert_int_equal(world.sent_count, 0);
	assert_empty();
	peer_free(&p);
}

static void test_fin_while_waiting(void **state)
{
	struct segment seg;
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	seg = bare(&p, TCP_FIN);
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(GONE_BEFORE_HELLO), 1);
	assert_int_equal(world.received_len, p.tcp.tx_len);
	assert_true(world.received_fin);
	assert_int_equal(world.rsts, 0);
	assert_empty();
	peer_free(&p);
}

/* A hello and a FIN in one segment: nobody is asked for one who has left. */
static void test_fin_with_the_hello(void **state)
{
	struct segment seg;
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	peer_offer(&p);
	peer_think(&p);
	tcp_close(&p.tcp, TCP_CLOSE_FIN);
	while (tcp_output(&p.tcp, &seg, world.now))
		peer_send(&p, &seg);
	assert_int_equal(world.asked, 0);
	assert_int_equal(OUTCOME(DECLINED_NAME), 1);
	assert_true(world.received_fin);
	assert_empty();
	peer_free(&p);
}

static void test_more_than_a_hello_while_waiting(void **state)
{
	struct segment seg;
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	seg = bare(&p, TCP_PSH);
	seg.data = (const uint8_t *)"x";
	seg.len = 1;
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(DECLINED_GATE), 1);
	assert_int_equal(engine_counters(world.engine)->gate[GATE_TRAILING], 1);
	assert_int_equal(world.received_len, p.tcp.tx_len + 1);
	assert_empty();
	peer_free(&p);
}

/* The hello again and again, before and after it was acknowledged, and segments of nothing. */
static void test_a_validator_that_repeats_itself(void **state)
{
	struct segment seg;
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	for (unsigned i = 0; i < 20; i++) {
		seg = bare(&p, 0);
		peer_send(&p, &seg);
		seg = (struct segment){ .seq = 1000,
					.ack = 5000,
					.flags = TCP_ACK | TCP_PSH,
					.window = 65535,
					.data = p.tcp.tx,
					.len = p.tcp.tx_len };
		peer_send(&p, &seg);
		assert_int_equal(world.sent_count, i * 10 >= ENGINE_HOLD / USEC_PER_MSEC);
		world.sent_count = 0;
		if (i * 10 + 10 == ENGINE_HOLD / USEC_PER_MSEC) {
			world_tick(10 * USEC_PER_MSEC);
			assert_int_equal(world.sent_count, 1);
			world.sent_count = 0;
		} else {
			world_tick(10 * USEC_PER_MSEC);
		}
	}
	assert_int_equal(world.asked, 1);
	assert_int_equal(waiting(), 1);
	world_add("example.org");
	answered("example.org");
	peer_talk(&p);
	assert_true(p.done);
	assert_empty();
	peer_free(&p);
}

/* The program has let the kernel have the flow: noticed when the bytes are to be acknowledged, or at the answer. */
static void test_taken_back_while_waiting(void **state)
{
	struct peer p[2];

	(void)state;
	arrive(&p[0], 1, 4000, "a.example");
	arrive(&p[1], 2, 4000, "b.example");
	entry_of(&p[0].path.key)->used = entry_of(&p[1].path.key)->used = false;
	world_add("b.example");
	answered("b.example");
	assert_int_equal(OUTCOME(TAKEN_BACK), 1);
	world_tick(ENGINE_HOLD);
	assert_int_equal(OUTCOME(TAKEN_BACK), 2);
	assert_int_equal(world.sent_count, 0);
	assert_empty();
	peer_free(&p[0]);
	peer_free(&p[1]);
}

static void test_the_port_goes(void **state)
{
	struct peer p;

	(void)state;
	arrive(&p, 1, 4000, "example.org");
	engine_port_gone(world.engine, 0);
	world.no_maps = true;
	assert_int_equal(waiting(), 0);
	world_add("example.org");
	answered("example.org");
	assert_int_equal(world.sent_count, 0);
	assert_empty();
	peer_free(&p);
}

/* One question, one answer, all who wait for it; and who waits for another name goes on waiting. */
static void test_names_are_kept_apart(void **state)
{
	struct peer p[3];

	(void)state;
	arrive(&p[0], 1, 4000, "a.example");
	arrive(&p[1], 2, 4000, "b.example");
	arrive(&p[2], 3, 4000, "a.example");
	assert_int_equal(world.asked, 2);
	assert_int_equal(waiting(), 3);
	world_add("a.example");
	answered("c.example");
	answered("");
	assert_int_equal(waiting(), 3);
	answered("a.example");
	assert_int_equal(waiting(), 1);
	answered("a.example");
	assert_int_equal(waiting(), 1);
	world_tick(ENGINE_ASK_TIME);
	assert_int_equal(world.rsts, 1); /* what was silenced once is dead in this world */
	assert_int_equal(OUTCOME(DECLINED_ASK_TIME), 1);
	assert_int_equal(world.received_len, p[1].tcp.tx_len);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		peer_free(&p[i]);
}

static void test_answered_for_nobody(void **state)
{
	(void)state;
	answered("example.org");
	assert_empty();
}

/* One name or one neighbourhood does not take all places. */
static void test_budgets(void **state)
{
	static struct peer p[ENGINE_WAITING_PER_NAME + ENGINE_WAITING_PER_PREFIX + 2];
	unsigned n = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i <= ENGINE_WAITING_PER_NAME; i++)
		arrive(&p[n++], (uint8_t)(100 + i), 4000, "example.org");
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 1);
	assert_int_equal(waiting(), ENGINE_WAITING_PER_NAME);
	for (unsigned i = 0; i <= ENGINE_WAITING_PER_PREFIX; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		arrive(&p[n++], 1, (uint16_t)(4000 + i), name);
	}
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 2);
	assert_int_equal(waiting(), ENGINE_WAITING_PER_NAME + ENGINE_WAITING_PER_PREFIX);
	assert_int_equal(world.asked, 1 + ENGINE_WAITING_PER_PREFIX);
	world_tick(ENGINE_ASK_TIME);
	assert_int_equal(OUTCOME(DECLINED_ASK_TIME), ENGINE_WAITING_PER_NAME + ENGINE_WAITING_PER_PREFIX);
	assert_empty();
	while (n)
		peer_free(&p[--n]);
}

static void test_all_places_are_taken(void **state)
{
	static struct peer p[ENGINE_WAITING + 2];
	char name[32];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
		world.sent_count = 0;
		snprintf(name, sizeof(name), "n%u.example", i);
		arrive(&p[i], (uint8_t)i, 4000, name);
	}
	assert_int_equal(waiting(), ENGINE_WAITING);
	assert_int_equal(world.asked, ENGINE_WAITING);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 2);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE - ENGINE_WAITING);
	/* A place that is left is a place again. */
	answered("n77.example");
	peer_free(&p[0]);
	arrive(&p[0], 0, 4001, "m.example");
	assert_int_equal(waiting(), ENGINE_WAITING);
	world_tick(ENGINE_ASK_TIME);
	assert_empty();
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		peer_free(&p[i]);
}

/* Half hellos fill the table: they make room for each other, and nobody who waits is put out for them. */
static void test_who_waits_is_not_put_out(void **state)
{
	static const uint8_t half[] = { 22, 3, 1, 1, 0, 1, 0, 0, 252 };
	const struct segment seg = {
		.seq = 1000, .ack = 5000, .flags = TCP_ACK, .window = 65535, .data = half, .len = sizeof(half)
	};
	struct peer waits, p;

	(void)state;
	arrive(&waits, 250, 4000, "example.org");
	for (unsigned i = 0; i < ENGINE_FLOWS + 5; i++) {
		peer_init(&p, 0, (uint16_t)(4000 + i));
		p.path.key.saddr[14] = (uint8_t)(1 + i / 200);
		peer_offer(&p);
		peer_send(&p, &seg);
	}
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 6);
	assert_int_equal(waiting(), 1);
	assert_int_equal(engine_credit(world.engine), ENGINE_FLOWS - ENGINE_RESERVE - 1);
	world_add("example.org");
	answered("example.org");
	peer_talk(&waits);
	assert_true(waits.done);
	peer_free(&waits);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_nobody_is_asked_for_what_is_pending),
		T(test_nobody_knows),
		T(test_answered_at_once),
		T(test_answered_within_the_hold),
		T(test_answered_late),
		T(test_a_lost_answer_is_sent_again),
		T(test_answered_with_nothing),
		T(test_never_answered),
		T(test_a_last_look_before_it_is_given_up),
		T(test_reset_while_waiting),
		T(test_fin_while_waiting),
		T(test_fin_with_the_hello),
		T(test_more_than_a_hello_while_waiting),
		T(test_a_validator_that_repeats_itself),
		T(test_taken_back_while_waiting),
		T(test_the_port_goes),
		T(test_names_are_kept_apart),
		T(test_answered_for_nobody),
		T(test_budgets),
		T(test_all_places_are_taken),
		T(test_who_waits_is_not_put_out),
	};

	return cmocka_run_group_tests_name("engine waiting", tests, NULL, NULL);
}
