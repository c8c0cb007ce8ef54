/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of a flow in the engine, each way it can go. */
#include "engine_world.h"

static void validated(int version)
{
	struct peer p;

	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", version);
	peer_offer(&p);
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 1);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(world.given_back, 0);
	assert_int_equal(p.tcp.end, TCP_ALIVE);
	assert_true(tcp_finished(&p.tcp));
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_LINGER);
	world_tick(ENGINE_LINGER);
	assert_null(entry_of(&p.path.key));
	assert_int_equal(engine_flow_count(world.engine), 0);
	peer_free(&p);
}

/* The program has made the RST of an ACK: nothing is left to be done. */
static void test_silenced_by_the_program(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	peer_offer(&p);
	peer_push(&p);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_SERVED);
	assert_int_equal(entry_of(&p.path.key)->flow.passed, 0);
	world.kernel = PROBE_NONE;
	peer_talk(&p);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(engine_counters(world.engine)->silenced, 1);
	assert_int_equal(world.rsts, 0);
	peer_free(&p);
}

/* The ACK never comes to the engine, but nothing is repeated that was acknowledged. */
static void test_an_ack_that_the_program_took(void **state)
{
	struct entry *entry;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	entry = peer_offer(&p);
	peer_push(&p);
	peer_pull(&p);
	assert_int_equal(entry->flow.state, FLOW_SERVED);
	assert_int_equal(entry->flow.sent, p.tcp.rcv_nxt);
	entry->flow.state = FLOW_SILENCED;
	entry->flow.window = 1000;
	world.kernel = PROBE_NONE;
	for (unsigned i = 0; i < 20; i++)
		world_tick(100 * USEC_PER_MSEC);
	assert_int_equal(world.sent_count, 0);
	peer_talk(&p);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	assert_int_equal(engine_counters(world.engine)->retransmits, 0);
	peer_free(&p);
}

/* It acknowledges the flight, and not what was sent after it. */
static void test_an_ack_that_the_program_took_is_no_other(void **state)
{
	struct entry *entry;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	entry = peer_offer(&p);
	peer_push(&p);
	entry->flow.state = FLOW_SILENCED;
	entry->flow.window = 1000;
	peer_pull(&p);
	peer_push(&p);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	world.sent_count = 0; /* close_notify and FIN are lost */
	world_tick(USEC_PER_SEC);
	assert_true(world.sent_count > 0);
	peer_talk(&p);
	assert_true(tcp_finished(&p.tcp));
	peer_free(&p);
}

/* Nobody here has a socket whose number the program could ask for. */
static void test_behind_dnat_silenced_at_once(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	p.handoff.source = HANDOFF_CONNTRACK;
	peer_start(&p, "example.org", TLS1_3_VERSION);
	peer_offer(&p);
	peer_push(&p);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_ADOPTED);
	assert_int_equal(world.rsts, 1);
	peer_free(&p);
}

static void test_validated_tls13(void **state)
{
	(void)state;
	validated(TLS1_3_VERSION);
}

static void test_validated_tls12(void **state)
{
	(void)state;
	validated(TLS1_2_VERSION);
}

/* The hello as segments of n bytes, in a copy that the test may cut. */
static size_t take_hello(struct peer *p, uint8_t *hello)
{
	const size_t len = (peer_think(p), p->tcp.tx_len);

	memcpy(hello, p->tcp.tx, len);
	return len;
}

static struct segment piece(const uint8_t *hello, size_t from, size_t to)
{
	return (struct segment){ .seq = 1000 + (uint32_t)from,
				 .ack = 5000,
				 .flags = TCP_ACK | TCP_PSH,
				 .window = 65535,
				 .data = hello + from,
				 .len = to - from };
}

static void test_nothing_is_said_before_the_hello_is_whole(void **state)
{
	uint8_t hello[4096];
	struct segment seg;
	struct peer p;
	size_t len;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	len = take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	seg = piece(hello, 200, len); /* out of order */
	peer_send(&p, &seg);
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_OFFERED);
	assert_int_equal(world.rsts, 0);
	seg = piece(hello, 100, 200);
	peer_send(&p, &seg);
	assert_true(world.sent_count > 0);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_SERVED);
	world_tick(ENGINE_SILENCE_WAIT - 1);
	assert_int_equal(world.rsts, 0);
	world_tick(1);
	assert_int_equal(world.rsts, 1);
	peer_free(&p);
}

static void test_half_a_hello_is_acknowledged_after_the_hold(void **state)
{
	uint8_t hello[4096];
	struct segment seg;
	struct path path;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	world_tick(ENGINE_HOLD - 1);
	assert_int_equal(world.sent_count, 0);
	world_tick(1);
	assert_int_equal(world.sent_count, 1);
	assert_int_equal(net_decode(world.sent[0].bytes, world.sent[0].len, &seg, &path), NET_OK);
	assert_int_equal(seg.ack, 1100);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_ADOPTED);
	peer_free(&p);
}

/* A hello for a name that is not pending, in two segments: the web server reads the same bytes. */
static void test_decline_unknown_name(void **state)
{
	uint8_t hello[4096], late[] = "late";
	struct segment seg;
	struct peer p;
	size_t len;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_start(&p, "other.example", TLS1_3_VERSION);
	len = take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	seg = piece(hello, 100, len);
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(DECLINED_NAME), 1);
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(world.rsts, 0);
	assert_int_equal(world.received_len, len);
	assert_memory_equal(world.received, hello, len);
	assert_int_equal(entry_of(&p.path.key)->flow.state, FLOW_DECLINED);
	/* a frame that was in the ring already */
	seg = (struct segment){
		.seq = 1000 + (uint32_t)len, .ack = 5000, .flags = TCP_ACK, .data = late, .len = 4
	};
	peer_send(&p, &seg);
	assert_memory_equal(world.received + len, late, 4);
	world_tick(ENGINE_DECLINE_GRACE);
	assert_null(entry_of(&p.path.key));
	peer_free(&p);
}

static void test_decline_gate(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, (const unsigned char *)"\012acme-tls/1\002h2", 14);
	peer_offer(&p);
	peer_push(&p);
	assert_int_equal(OUTCOME(DECLINED_GATE), 1);
	assert_int_equal(engine_counters(world.engine)->gate[GATE_ALPN], 1);
	assert_true(world.received_len > 200);
	peer_free(&p);
}

static void test_decline_a_hello_that_never_ends(void **state)
{
	uint8_t hello[4096];
	struct segment seg;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	world_tick(ENGINE_HELLO_TIME - 1);
	assert_int_equal(world.received_len, 0);
	world_tick(1);
	assert_int_equal(OUTCOME(DECLINED_HELLO_TIME), 1);
	assert_memory_equal(world.received, hello, 100);
	peer_free(&p);
}

/* A client that leaves in the middle of its hello: the kernel learns of it in the same way. */
static void leaves_early(uint8_t flag)
{
	uint8_t hello[4096];
	struct segment seg;
	struct peer p;

	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	seg = (struct segment){ .seq = 1100, .ack = 5000, .flags = TCP_ACK | flag, .window = 65535 };
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(GONE_BEFORE_HELLO), 1);
	assert_int_equal(world.sent_count, 0);
	peer_free(&p);
}

static void test_fin_before_the_hello_is_whole(void **state)
{
	(void)state;
	leaves_early(TCP_FIN);
	assert_int_equal(world.received_len, 100);
	assert_true(world.received_fin);
	assert_int_equal(world.rsts, 0);
}

static void test_rst_before_the_hello_is_whole(void **state)
{
	(void)state;
	leaves_early(TCP_RST);
	assert_int_equal(world.rsts, 1);
	assert_int_equal(world.received_len, 0);
}

/* The program has given the flow back (we were silent for too long): nothing is answered. */
static void test_taken_back(void **state)
{
	uint8_t hello[4096];
	struct segment seg;
	struct peer p;
	size_t len;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	len = take_hello(&p, hello);
	peer_offer(&p);
	seg = piece(hello, 0, 100);
	peer_send(&p, &seg);
	entry_of(&p.path.key)->used = false;
	seg = piece(hello, 100, len);
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(TAKEN_BACK), 1);
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(world.rsts, 0);
	assert_int_equal(engine_flow_count(world.engine), 0);
	peer_free(&p);
}

static void test_strays_and_stale_offers(void **state)
{
	const struct segment seg = {
		.seq = 1234, .ack = 5000, .flags = TCP_ACK, .data = (const uint8_t *)"x", .len = 1
	};
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_send(&p, &seg);
	assert_int_equal(engine_counters(world.engine)->stray_frames, 1);
	peer_offer(&p); /* its handoff says 1000 */
	peer_send(&p, &seg);
	assert_int_equal(engine_counters(world.engine)->stale_offers, 1);
	entry_of(&p.path.key)->flow.state = FLOW_ADOPTED; /* of a flow that we do not have */
	peer_send(&p, &seg);
	assert_int_equal(engine_counters(world.engine)->stray_frames, 2);
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(world.given_back, 0);
}

static void test_silent_validator_times_out(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	peer_offer(&p);
	peer_push(&p);
	for (int i = 0; i < 200; i++) {
		world.sent_count = 0;
		world_tick(100 * USEC_PER_MSEC);
	}
	assert_int_equal(OUTCOME(TIMED_OUT), 1);
	assert_true(engine_counters(world.engine)->retransmits >= 3);
	assert_true(engine_counters(world.engine)->retransmits <= 8);
	assert_int_equal(engine_flow_count(world.engine), 0);
	peer_free(&p);
}

static void test_a_full_ring_is_a_lost_segment(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	peer_offer(&p);
	world.wire_is_full = true;
	peer_push(&p);
	assert_true(engine_counters(world.engine)->transmit_failed > 0);
	world.wire_is_full = false;
	world_tick(TCP_RTO_INITIAL);
	peer_talk(&p);
	assert_true(p.done);
	assert_int_equal(OUTCOME(VALIDATED), 1);
	peer_free(&p);
}

static void test_alert_from_the_validator(void **state)
{
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 42 }; /* bad_certificate, in the clear */
	struct segment seg;
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_2_VERSION);
	peer_offer(&p);
	peer_push(&p);
	seg = (struct segment){ .seq = p.tcp.snd_nxt,
				.ack = 5000,
				.flags = TCP_ACK,
				.window = 65535,
				.data = alert,
				.len = sizeof(alert) };
	peer_send(&p, &seg);
	assert_int_equal(OUTCOME(TLS_ALERT_IN), 1);
	peer_free(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_validated_tls13),
		T(test_validated_tls12),
		T(test_silenced_by_the_program),
		T(test_an_ack_that_the_program_took),
		T(test_an_ack_that_the_program_took_is_no_other),
		T(test_behind_dnat_silenced_at_once),
		T(test_nothing_is_said_before_the_hello_is_whole),
		T(test_half_a_hello_is_acknowledged_after_the_hold),
		T(test_decline_unknown_name),
		T(test_decline_gate),
		T(test_decline_a_hello_that_never_ends),
		T(test_fin_before_the_hello_is_whole),
		T(test_rst_before_the_hello_is_whole),
		T(test_taken_back),
		T(test_strays_and_stale_offers),
		T(test_silent_validator_times_out),
		T(test_a_full_ring_is_a_lost_segment),
		T(test_alert_from_the_validator),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
