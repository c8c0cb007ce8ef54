/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine writes down of each flow: a table of endings against causes. */
#include "engine_world.h"

enum { NONE = LEDGER_NO_DETAIL, RECORD_HEADER = 5, FLIGHT_ROOM = 4096 };

/* How a validator leaves. */
enum leaving { BY_FIN, BY_RST, BY_SILENCE, BY_ALERT };

struct ending {
	const char *name;
	int version;
	bool deaf;        /* never gets what we send */
	unsigned records; /* that it sends of its answer to our flight */
	bool spoilt;      /* the last byte of them */
	enum leaving leaving;
	uint8_t alert; /* in the clear */
	enum ledger_cause cause;
	enum ledger_phase phase;
	int detail;
};

static const struct ending endings[] = {
	{ "1.3: FIN before our flight", TLS1_3_VERSION, true, 0, false, BY_FIN, 0,
	  LEDGER_STOPPED_AFTER_CERTIFICATE, LEDGER_PHASE_SENT, NONE },
	{ "1.3: FIN after our flight", TLS1_3_VERSION, false, 0, false, BY_FIN, 0,
	  LEDGER_STOPPED_AFTER_CERTIFICATE, LEDGER_PHASE_RECEIVED, NONE },
	{ "1.3: FIN after ChangeCipherSpec", TLS1_3_VERSION, false, 1, false, BY_FIN, 0, LEDGER_NO_FINISHED,
	  LEDGER_PHASE_CHANGE_CIPHER_SPEC, NONE },
	{ "1.3: a Finished that is wrong", TLS1_3_VERSION, false, 2, true, BY_FIN, 0, LEDGER_ALERT_SENT,
	  LEDGER_PHASE_LAST_MESSAGE, 20 },
	{ "1.3: RST after our flight", TLS1_3_VERSION, false, 0, false, BY_RST, 0, LEDGER_RESET,
	  LEDGER_PHASE_RECEIVED, NONE },
	{ "1.3: RST before our flight", TLS1_3_VERSION, true, 0, false, BY_RST, 0, LEDGER_RESET,
	  LEDGER_PHASE_SENT, NONE },
	{ "1.3: silence before our flight", TLS1_3_VERSION, true, 0, false, BY_SILENCE, 0, LEDGER_TIMED_OUT,
	  LEDGER_PHASE_SENT, NONE },
	{ "1.3: silence after our flight", TLS1_3_VERSION, false, 0, false, BY_SILENCE, 0, LEDGER_TIMED_OUT,
	  LEDGER_PHASE_RECEIVED, NONE },
	{ "1.3: an alert in the clear", TLS1_3_VERSION, false, 0, false, BY_ALERT, 42, LEDGER_ALERT_RECEIVED,
	  LEDGER_PHASE_RECEIVED, 42 },
	{ "1.3: all of it", TLS1_3_VERSION, false, 3, false, BY_FIN, 0, LEDGER_VALIDATED,
	  LEDGER_PHASE_FINISHED, NONE },
	{ "1.2: FIN after our flight", TLS1_2_VERSION, false, 0, false, BY_FIN, 0,
	  LEDGER_STOPPED_AFTER_CERTIFICATE, LEDGER_PHASE_RECEIVED, NONE },
	{ "1.2: FIN after ClientKeyExchange", TLS1_2_VERSION, false, 1, false, BY_FIN, 0,
	  LEDGER_NO_CHANGE_CIPHER_SPEC, LEDGER_PHASE_KEY_EXCHANGE, NONE },
	{ "1.2: silence after ClientKeyExchange", TLS1_2_VERSION, false, 1, false, BY_SILENCE, 0,
	  LEDGER_NO_CHANGE_CIPHER_SPEC, LEDGER_PHASE_KEY_EXCHANGE, NONE },
	{ "1.2: FIN after ChangeCipherSpec", TLS1_2_VERSION, false, 2, false, BY_FIN, 0, LEDGER_NO_FINISHED,
	  LEDGER_PHASE_CHANGE_CIPHER_SPEC, NONE },
	{ "1.2: RST after ChangeCipherSpec", TLS1_2_VERSION, false, 2, false, BY_RST, 0, LEDGER_RESET,
	  LEDGER_PHASE_CHANGE_CIPHER_SPEC, NONE },
	{ "1.2: a Finished that is wrong", TLS1_2_VERSION, false, 3, true, BY_FIN, 0, LEDGER_ALERT_SENT,
	  LEDGER_PHASE_LAST_MESSAGE, 20 },
	{ "1.2: unknown_ca", TLS1_2_VERSION, false, 0, false, BY_ALERT, 48, LEDGER_ALERT_RECEIVED,
	  LEDGER_PHASE_RECEIVED, 48 },
	{ "1.2: all of it", TLS1_2_VERSION, false, 4, false, BY_FIN, 0, LEDGER_VALIDATED,
	  LEDGER_PHASE_FINISHED, NONE },
};

static void flush(struct peer *p)
{
	struct segment seg;

	while (tcp_output(&p->tcp, &seg, world.now))
		peer_send(p, &seg);
}

/* So many records of its answer to our flight go into the send buffer, the rest nowhere. */
static void answer(struct peer *p, const struct ending *e)
{
	const uint8_t *bytes;
	uint8_t flight[FLIGHT_ROOM];
	size_t len = tcp_read(&p->tcp, 0, &bytes), end = 0;
	int got;

	BIO_write(SSL_get_rbio(p->ssl), bytes, (int)len);
	tcp_read(&p->tcp, len, &bytes);
	SSL_do_handshake(p->ssl);
	got = BIO_read(SSL_get_wbio(p->ssl), flight, sizeof(flight));
	for (unsigned i = 0; i < e->records && (int)end < got; i++)
		end += RECORD_HEADER + (size_t)(flight[end + 3] << 8 | flight[end + 4]);
	if (e->spoilt)
		flight[end - 1] ^= 1;
	tcp_write(&p->tcp, flight, end);
}

static void leave(struct peer *p, const struct ending *e)
{
	const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, e->alert };
	const struct segment rst = { .seq = p->tcp.snd_nxt, .flags = TCP_RST };

	if (e->leaving == BY_SILENCE) {
		for (unsigned i = 0; i < 320 && !world.ended; i++)
			world_tick(100 * USEC_PER_MSEC);
		return;
	}
	if (e->leaving == BY_RST) {
		peer_send(p, &rst);
		world_tick(0);
		return;
	}
	if (e->leaving == BY_ALERT)
		tcp_write(&p->tcp, alert, sizeof(alert));
	tcp_close(&p->tcp, TCP_CLOSE_FIN);
	for (unsigned i = 0; i < 100 && !world.ended; i++) {
		flush(p);
		if (!world.ended)
			world_tick(100 * USEC_PER_MSEC);
		peer_pull(p);
	}
}

static void run(const struct ending *e)
{
	struct peer p;

	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", e->version);
	peer_offer(&p);
	peer_push(&p);
	world.now += 700;
	if (e->deaf) {
		world.sent_count = 0;
	} else {
		peer_pull(&p);
		answer(&p, e);
	}
	if (!e->deaf)
		flush(&p);
	leave(&p, e);
	peer_free(&p);
}

static void check(const struct ending *e)
{
	const struct ledger_record *r = &world.record;

	if (world.ended != 1)
		fail_msg("%s: %u records", e->name, world.ended);
	if (r->cause != e->cause || r->phase != e->phase || r->detail != e->detail)
		fail_msg("%s: %s in phase %s, detail %d", e->name,
			 ledger_cause_name((enum ledger_cause)r->cause),
			 ledger_phase_name((enum ledger_phase)r->phase), r->detail);
	assert_string_equal(r->sni, "example.org");
	assert_string_equal(r->offered.alpn, "acme-tls/1");
	assert_int_equal(r->offered.version[0], e->version);
	assert_int_equal(r->version, e->version);
	assert_true(r->cipher);
	assert_int_equal(r->hello_segments, 1);
	assert_true(r->hello_bytes > 100);
	assert_int_equal(r->hello_us, 0);
	assert_int_equal(r->answer_us, 0);
	if (e->cause == LEDGER_VALIDATED)
		assert_true(r->group);
	if (r->finished_us != (e->cause == LEDGER_VALIDATED ? 700 : LEDGER_NEVER))
		fail_msg("%s: finished after %u us", e->name, r->finished_us);
	assert_true(r->closed_us >= 700 && r->closed_us != LEDGER_NEVER);
	if (e->cause == LEDGER_STOPPED_AFTER_CERTIFICATE || e->cause == LEDGER_NO_CHANGE_CIPHER_SPEC)
		assert_int_equal(r->closed_by_fin, e->leaving == BY_FIN);
}

static void test_endings(void **state)
{
	for (const struct ending *e = endings; e < endings + sizeof(endings) / sizeof(*endings); e++) {
		assert_int_equal(world_setup(state), 0);
		run(e);
		check(e);
		world_teardown(state);
	}
}

/* ---------------------------------------------------------------- declined */

/* Half a hello, as far as its name. */
static void send_half(struct peer *p, const char *sni)
{
	struct segment seg = { .seq = 1000, .ack = 5000, .flags = TCP_ACK | TCP_PSH, .window = 65535 };

	peer_init(p, 1, 4000);
	peer_start(p, sni, TLS1_3_VERSION);
	peer_think(p);
	peer_offer(p);
	seg.data = p->tcp.tx;
	seg.len = p->tcp.tx_len - 10;
	peer_send(p, &seg);
}

static void expect(enum ledger_cause cause, enum ledger_phase phase, const char *sni)
{
	assert_int_equal(world.ended, 1);
	assert_string_equal(ledger_cause_name((enum ledger_cause)world.record.cause),
			    ledger_cause_name(cause));
	assert_int_equal(world.record.phase, phase);
	assert_string_equal(world.record.sni, sni);
	assert_int_equal(world.record.closed_us, LEDGER_NEVER);
	assert_int_equal(world.record.answer_us, LEDGER_NEVER);
}

static void test_half_a_hello(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	send_half(&p, "example.org");
	world_tick(ENGINE_HELLO_TIME - 1);
	assert_int_equal(world.ended, 0);
	world_tick(1);
	expect(LEDGER_HELLO_INCOMPLETE, LEDGER_PHASE_HELLO, "example.org");
	assert_string_equal(world.record.offered.alpn, "acme-tls/1");
	assert_int_equal(world.record.hello_us, LEDGER_NEVER);
	peer_free(&p);
}

static void test_half_a_hello_and_fin(void **state)
{
	struct segment fin = { .ack = 5000, .flags = TCP_ACK | TCP_FIN, .window = 65535 };
	struct peer p;

	(void)state;
	world_add("example.org");
	send_half(&p, "example.org");
	fin.seq = 1000 + (uint32_t)p.tcp.tx_len - 10;
	peer_send(&p, &fin);
	expect(LEDGER_CLOSED_BEFORE_HELLO, LEDGER_PHASE_HELLO, "example.org");
	assert_true(world.record.closed_by_fin);
	peer_free(&p);
}

static void offer_whole(struct peer *p, const char *sni)
{
	peer_init(p, 1, 4000);
	peer_start(p, sni, TLS1_3_VERSION);
	peer_offer(p);
	peer_push(p);
}

static void test_not_pending(void **state)
{
	struct peer p;

	(void)state;
	offer_whole(&p, "other.example");
	expect(LEDGER_NOT_PENDING, LEDGER_PHASE_DECISION, "other.example");
	peer_free(&p);
}

static void test_nobody_answers(void **state)
{
	struct peer p;

	world_teardown(state);
	assert_int_equal(world_setup_asking(state, port_ask), 0);
	world.answer = ENGINE_ASK_WAIT;
	offer_whole(&p, "other.example");
	assert_int_equal(world.ended, 0);
	engine_answered(world.engine, "other.example", world.now);
	expect(LEDGER_NOT_ANSWERED, LEDGER_PHASE_DECISION, "other.example");
	peer_free(&p);
}

static void test_the_gate_says_why(void **state)
{
	static const unsigned char two[] = "\010http/1.1\012acme-tls/1";
	struct peer p;

	(void)state;
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, two, sizeof(two) - 1);
	peer_offer(&p);
	peer_push(&p);
	expect(LEDGER_GATE, LEDGER_PHASE_DECISION, "example.org");
	assert_int_equal(world.record.detail, GATE_ALPN);
	assert_string_equal(world.record.offered.alpn, "http/1.1,acme-tls/1");
	peer_free(&p);
}

static void test_taken_back(void **state)
{
	struct peer p;

	(void)state;
	world_add("example.org");
	send_half(&p, "example.org");
	entry_of(&p.path.key)->used = false;
	world_tick(ENGINE_HOLD);
	expect(LEDGER_TAKEN_BACK, LEDGER_PHASE_HELLO, "example.org");
	peer_free(&p);
}

/* The program says when it saw the first frame. */
static void test_times_begin_with_the_program(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p, 1, 4000);
	peer_start(&p, "other.example", TLS1_3_VERSION);
	peer_offer(&p)->flow.offered_ns = (world.now - 250) * 1000;
	peer_push(&p);
	expect(LEDGER_NOT_PENDING, LEDGER_PHASE_DECISION, "other.example");
	assert_int_equal(world.record.hello_us, 250);
	peer_free(&p);
}

/* More than we have room for: each is written down, too. */
static void test_over_budget(void **state)
{
	struct peer p;
	unsigned i;

	(void)state;
	world_add("example.org");
	for (i = 0; i <= ENGINE_PER_PREFIX; i++) {
		peer_init(&p, 1, (uint16_t)(4000 + i));
		peer_start(&p, "example.org", TLS1_3_VERSION);
		peer_offer(&p);
		peer_push(&p);
		world.sent_count = 0;
		peer_free(&p);
	}
	expect(LEDGER_BUDGET, LEDGER_PHASE_DECISION, "example.org");
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings), ROW(test_half_a_hello),
		ROW(test_half_a_hello_and_fin), ROW(test_not_pending),
		ROW(test_nobody_answers),       ROW(test_the_gate_says_why),
		ROW(test_taken_back),           ROW(test_times_begin_with_the_program),
		ROW(test_over_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
