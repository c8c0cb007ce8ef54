/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The self-check's steps, each answered by hand as the kernel and the program would, and its connection against the real
 * engine. What it wants is written down as a line, so that a test is a transcript.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include "engine/engine.h"
#include "selfcheck/selfcheck.h"

enum { PASS = 2, REDIRECT = 4, ISN = 0x69abcdef, FRAMES = 32 };

struct frame {
	uint8_t bytes[2048];
	size_t len;
};

struct world {
	struct selfcheck *check;
	struct engine *engine;
	struct tls_context *tls;
	struct challenge_store *store;
	usec_t now;

	/* How things are. */
	int listens;  /* what a look at the listener answers */
	int answered; /* what a look after the SYN answers */
	int silenced; /* what a look at the end answers */
	int verdict;
	const char *why;
	bool hold;         /* the question about the hello is put off */
	bool deaf;         /* nothing that is run through the program arrives */
	unsigned lose_run; /* this frame of those run, counted from 1 */

	/* What happened. */
	char log[400];
	bool syn_sent, offered, rst_seen;
	uint32_t syn_seq;
	struct flow flow;
	unsigned runs, answers;
	struct frame run[FRAMES];
	unsigned run_first, run_last; /* the ring */
	struct frame last;            /* that was handed out */
};

static struct engine_port port = { .own_mac = { 2, 0, 0, 0, 0, 4 }, .mtu = 1500 };

/* ------------------------------------------------------------ the engine's side */

static bool flow_get(void *context, unsigned number, const struct flow_key *key, struct flow *out)
{
	const struct world *w = context;

	(void)number;
	(void)key;
	if (w->offered)
		*out = w->flow;
	return w->offered;
}

static bool flow_set(void *context, unsigned number, const struct flow_key *key, const struct flow *flow)
{
	struct world *w = context;

	(void)number;
	(void)key;
	w->flow = *flow;
	return w->offered;
}

static void flow_delete(void *context, unsigned number, const struct flow_key *key)
{
	(void)number;
	(void)key;
	((struct world *)context)->offered = false;
}

static bool transmit(void *context, unsigned number, unsigned queue, const uint8_t *frame, size_t len)
{
	struct world *w = context;

	(void)number;
	(void)queue;
	assert_memory_equal(frame, "\2\0\0\0\0\5", 6); /* to the pretended validator: never leaves */
	w->answers++;
	assert_true(selfcheck_input(w->check, frame, len, w->now));
	return true;
}

static int carry(void *context, unsigned number, const uint8_t *frame, size_t len)
{
	(void)context;
	(void)number;
	(void)frame;
	(void)len;
	return 0;
}

static enum probe_answer probe(void *context, unsigned number, const uint8_t *frame, size_t len)
{
	(void)context;
	(void)number;
	(void)frame;
	(void)len;
	return PROBE_NONE;
}

/* ------------------------------------------------------------------- the world */

static const struct selfcheck_host four = { .mac = { 2, 0, 0, 0, 0, 1 },
					    .count = 1,
					    .address = { { [10] = 0xff, 0xff, 10, 77, 1, 1 } } };

static void open_world(struct world *w, const struct selfcheck_host *host)
{
	struct engine_options e = { .unix_at_zero_s = 1790000000,
				    .ports = { .context = w,
					       .flow_get = flow_get,
					       .flow_set = flow_set,
					       .flow_delete = flow_delete,
					       .transmit = transmit,
					       .give_back = carry,
					       .silence = carry,
					       .probe = probe } };
	struct selfcheck_options o = { .host = host, .port = 443, .mtu = 1500 };
	struct challenge_order order = { .expires = USEC_NEVER };

	*w = (struct world){ .now = 5 * USEC_PER_SEC,
			     .listens = PROBE_LISTENER,
			     .answered = PROBE_REQUEST,
			     .silenced = PROBE_LISTENER,
			     .verdict = REDIRECT };
	w->store = challenge_store_new();
	e.store = w->store;
	assert_int_equal(engine_new(&e, &w->engine), 0);
	assert_int_equal(tls_context_new(&w->tls), 0);
	o.tls = w->tls;
	memcpy(o.own_mac, port.own_mac, 6);
	for (size_t i = 0; i < sizeof(o.random); i++)
		o.random[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(selfcheck_new(&o, w->now, &w->check), 0);
	order.ident = selfcheck_identifier(w->check);
	order.digest = selfcheck_digest(w->check);
	assert_int_equal(challenge_add(w->store, &order, w->now), 0);
}

static void close_world(struct world *w)
{
	selfcheck_free(w->check);
	tls_context_free(w->tls);
	engine_free(w->engine);
	challenge_store_free(w->store);
}

static void note(struct world *w, const char *word)
{
	size_t at = strlen(w->log);

	assert_true(at + strlen(word) + 2 < sizeof(w->log));
	if (at)
		w->log[at++] = ' ';
	strcpy(w->log + at, word);
}

/* Not twice in a row. */
static void note_once(struct world *w, const char *word)
{
	size_t at = strlen(w->log), len = strlen(word);

	if (at < len || strcmp(w->log + at - len, word))
		note(w, word);
}

static struct segment decode(const struct selfcheck_frame *f, struct path *path)
{
	struct segment seg;

	assert_int_equal(net_decode(f->bytes, f->len, &seg, path), NET_OK);
	assert_int_equal(ntohs(path->key.dport), 443);
	return seg;
}

/* The kernel is asked about the SYN's connection, whatever has become of it. */
static void peek(struct world *w, const struct selfcheck_frame *f)
{
	struct path path;
	struct segment seg = decode(f, &path);
	int answer = w->listens;

	assert_int_equal(seg.flags, TCP_SYN);
	assert_memory_equal(f->bytes, four.mac, 6);
	w->syn_seq = seg.seq;
	if (w->syn_sent)
		answer = w->runs ? w->silenced : w->answered;
	if (!w->syn_sent || w->runs)
		note_once(w, w->runs ? "look-end" : "look");
	selfcheck_peeked(w->check, answer, answer == PROBE_REQUEST ? ISN + 1 : 0, w->now);
}

static void inject(struct world *w, const struct selfcheck_frame *f)
{
	struct path path;
	struct segment seg = decode(f, &path);

	assert_int_equal(seg.flags, TCP_SYN);
	assert_memory_equal(f->bytes + 6, port.own_mac, 6); /* passes in generic mode */
	w->syn_sent = true;
	assert_int_equal(w->syn_seq, seg.seq);
	note(w, "syn");
}

/* The first segment: the handshake's last ACK with the hello on it. */
static void try(struct world *w, const struct selfcheck_frame *f)
{
	struct path path;
	struct segment seg = decode(f, &path);
	struct tls_hello hello;

	assert_memory_equal(f->bytes + 6, "\2\0\0\0\0\5", 6);
	assert_int_equal(seg.seq, w->syn_seq + 1);
	assert_int_equal(seg.ack, ISN + 1u);
	assert_int_equal(tls_gate(seg.data, seg.len, &hello), GATE_ACCEPT);
	assert_string_equal(hello.sni, selfcheck_identifier(w->check)->sni);
	w->flow = (struct flow){ .state = FLOW_OFFERED, .slot = ALPNXDP_NO_SLOT };
	w->flow.handoff = (struct handoff){ .source = HANDOFF_REQUEST,
					    .rcv_nxt = seg.seq,
					    .snd_nxt = seg.ack,
					    .snd_wnd = seg.window,
					    .rcv_wnd = 64240,
					    .mss = 536 };
	w->offered = w->verdict == REDIRECT;
	w->last.len = f->len;
	memcpy(w->last.bytes, f->bytes, f->len);
	if (w->hold)
		return;
	note(w, "try");
	selfcheck_tried(w->check, w->verdict, w->why, w->now);
}

static void run(struct world *w, const struct selfcheck_frame *f)
{
	struct frame *to = &w->run[w->run_last % FRAMES];
	struct path path;
	struct segment seg = decode(f, &path);

	if (!w->runs++) {
		assert_int_equal(f->len, w->last.len); /* what was tried, to the byte */
		assert_memory_equal(f->bytes, w->last.bytes, f->len);
		note(w, "run");
	}
	w->rst_seen |= seg.flags & TCP_RST;
	if (w->deaf || w->runs == w->lose_run)
		return;
	memcpy(to->bytes, f->bytes, f->len);
	to->len = f->len;
	w->run_last++;
}

static void reset(struct world *w, const struct selfcheck_frame *f)
{
	struct path path;
	struct segment seg = decode(f, &path);

	assert_int_equal(seg.flags, TCP_RST);
	assert_int_equal(seg.seq, w->syn_seq + 1);
	note(w, "reset");
}

/* What the ring has brought, then what time demands: as the packet loop. */
static void serve(struct world *w)
{
	while (w->run_first != w->run_last) {
		struct frame *f = &w->run[w->run_first++ % FRAMES];
		const struct engine_frame frame = { .iface = &port, .bytes = f->bytes, .len = f->len };

		engine_input(w->engine, &frame, w->now);
	}
	engine_tick(w->engine, w->now);
}

static enum selfcheck_want act(struct world *w)
{
	struct selfcheck_frame f;
	enum selfcheck_want want = selfcheck_next(w->check, &f, w->now);

	if (want == SELFCHECK_PEEK)
		peek(w, &f);
	else if (want == SELFCHECK_INJECT)
		inject(w, &f);
	else if (want == SELFCHECK_TRY)
		try(w, &f);
	else if (want == SELFCHECK_RUN)
		run(w, &f);
	else if (want == SELFCHECK_RESET)
		reset(w, &f);
	return want;
}

static const struct selfcheck_result *finish(struct world *w)
{
	usec_t begun = w->now;

	for (unsigned i = 0; i < 20000; i++) {
		enum selfcheck_want want = act(w);

		if (want == SELFCHECK_OVER)
			return selfcheck_result(w->check);
		serve(w);
		if (want == SELFCHECK_WAIT && w->run_first == w->run_last) {
			usec_t due = MIN(selfcheck_deadline(w->check), engine_deadline(w->engine));

			w->now = MAX(w->now + 100, due);
		}
		assert_true(w->now < begun + SELFCHECK_TIME + USEC_PER_SEC);
	}
	fail_msg("it never ends: %s", w->log);
	return NULL;
}

/* ------------------------------------------------------------------- what passes */

static void test_passes(void **state)
{
	const struct selfcheck_result *r;
	struct world w;

	(void)state;
	open_world(&w, &four);
	r = finish(&w);
	assert_string_equal(w.log, "look syn try run look-end");
	assert_true(r->ok);
	assert_memory_equal(r->what, "passed in ", 10);
	assert_string_equal(r->fix, "");
	assert_false(w.rst_seen);
	assert_int_equal(engine_counters(w.engine)->outcome[OUTCOME_VALIDATED], 1);
	assert_int_equal(engine_flow_count(w.engine), 1); /* lingers */
	w.now += ENGINE_LINGER;
	serve(&w);
	assert_int_equal(engine_flow_count(w.engine), 0);
	close_world(&w);
}

static void test_lost_frames(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		struct world w;

		open_world(&w, &four);
		w.lose_run = n;
		assert_true(finish(&w)->ok);
		assert_int_equal(engine_counters(w.engine)->outcome[OUTCOME_VALIDATED], 1);
		close_world(&w);
	}
}

static const struct selfcheck_host six = { .mac = { 2, 0, 0, 0, 0, 1 },
					   .count = 1,
					   .address = { { 0xfd, 0x77, [15] = 1 } } };

/* Addresses that nobody has, and of these none in the host's own network. */
static void test_pretended_address(void **state)
{
	struct selfcheck_host lab = four;
	struct world w;

	(void)state;
	open_world(&w, &six);
	assert_true(finish(&w)->ok);
	assert_memory_equal(selfcheck_result(w.check)->key.saddr, "\1\0\0\0\0\0\0\0", 8);
	assert_true(selfcheck_is_pretended(selfcheck_result(w.check)->key.saddr));
	close_world(&w);
	open_world(&w, &four);
	assert_true(finish(&w)->ok);
	assert_memory_equal(selfcheck_result(w.check)->key.saddr + 10, "\xff\xff\xc0\0\2", 5);
	assert_true(selfcheck_is_pretended(selfcheck_result(w.check)->key.saddr));
	close_world(&w);
	memcpy(lab.address[0] + 12, "\xc0\0\2\1", 4);
	open_world(&w, &lab);
	assert_true(finish(&w)->ok);
	assert_memory_equal(selfcheck_result(w.check)->key.saddr + 10, "\xff\xff\xc6\x33\x64", 5);
	assert_true(selfcheck_is_pretended(selfcheck_result(w.check)->key.saddr));
	assert_false(selfcheck_is_pretended(four.address[0]));
	assert_false(selfcheck_is_pretended(six.address[0]));
	close_world(&w);
}

/* ----------------------------------------------------------------- what does not */

struct bad {
	const char *log;
	const char *what; /* its beginning */
	int listens, answered, verdict;
	const char *why;
	bool deaf, rst;
};

static const struct bad bads[] = {
	{ "look", "not done: no server listens on port 443", .listens = PROBE_NONE },
	{ "look syn reset", "the kernel did not answer our SYN from 192.0.2.0/24 to 10.77.1.1:443",
	  .answered = PROBE_LISTENER },
	{ "look syn reset", "the kernel did not answer our SYN", .answered = PROBE_NONE },
	{ "look syn reset", "not done: connections to 10.77.1.1:443 go on elsewhere by DNAT",
	  .answered = PROBE_SOCKET },
	{ "look reset", "not done: the kernel could not be asked: Operation not permitted", .listens = -1 },
	{ "look syn try reset", "the program did not take our hello: because", .verdict = PASS,
	  .why = "because" },
	{ "look syn try reset", "our hello did not come through the programs on the XDP hook", .verdict = 1 },
	{ "look syn try reset", "not done: the program cannot be run for this: Invalid argument",
	  .verdict = -22 },
	{ "look syn try run reset", "the program took our hello, and nobody answered it", .deaf = true,
	  .rst = true },
};

static void test_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
		const struct bad *b = &bads[i];
		const struct selfcheck_result *r;
		struct world w;

		open_world(&w, &four);
		w.listens = b->listens || !strcmp(b->log, "look") ? b->listens : w.listens;
		w.answered = strstr(b->log, "syn reset") ? b->answered : w.answered;
		w.verdict = b->verdict ? b->verdict : w.verdict;
		w.why = b->why;
		w.deaf = b->deaf;
		r = finish(&w);
		assert_false(r->ok);
		if (strncmp(r->what, b->what, strlen(b->what)))
			print_error("%s\n", r->what);
		assert_memory_equal(r->what, b->what, strlen(b->what));
		assert_string_equal(w.log, b->log);
		assert_int_equal(w.rst_seen, b->rst);
		assert_int_equal(engine_flow_count(w.engine), 0);
		close_world(&w);
	}
}

static void test_no_address(void **state)
{
	const struct selfcheck_host none = { .count = 0 };
	struct world w;

	(void)state;
	open_world(&w, &none);
	assert_memory_equal(finish(&w)->what, "not done: the interface has no address", 38);
	assert_string_equal(w.log, "");
	close_world(&w);
}

/* A firewall, or nobody, at the first address; the second does. */
static void test_second_address(void **state)
{
	struct selfcheck_host two = four;
	struct world w;

	(void)state;
	two.count = 2;
	two.address[1][0] = 0xfd;
	two.address[1][15] = 1;
	open_world(&w, &two);
	w.answered = PROBE_LISTENER;
	while (!strstr(w.log, "reset")) {
		act(&w);
		w.now += 1000;
	}
	w.syn_sent = false;
	w.answered = PROBE_REQUEST;
	assert_true(finish(&w)->ok);
	assert_string_equal(w.log, "look syn reset look syn try run look-end");
	close_world(&w);
}

/* Nobody may be offered to the engine beside us; if others always are, it is given up. */
static void test_never_alone(void **state)
{
	struct selfcheck_frame f;
	struct world w;

	(void)state;
	open_world(&w, &four);
	w.hold = true;
	assert_false(selfcheck_talks(w.check));
	while (act(&w) != SELFCHECK_TRY)
		;
	assert_int_equal(act(&w), SELFCHECK_TRY);
	assert_true(selfcheck_talks(w.check));
	w.now += SELFCHECK_TIME;
	assert_int_equal(selfcheck_next(w.check, &f, w.now), SELFCHECK_RESET);
	assert_false(selfcheck_talks(w.check));
	assert_int_equal(selfcheck_next(w.check, &f, w.now), SELFCHECK_OVER);
	assert_string_equal(selfcheck_result(w.check)->what,
			    "not done: others were being validated all the time");
	close_world(&w);
}

/* The engine answers with something else than what was asked for. */
static void test_other_digest(void **state)
{
	const uint8_t other[DIGEST_LEN] = { 1 };
	struct challenge_order order = { .digest = other, .expires = USEC_NEVER };
	struct world w;

	(void)state;
	open_world(&w, &four);
	order.ident = selfcheck_identifier(w.check);
	challenge_add(w.store, &order, w.now + 1);
	assert_false(finish(&w)->ok);
	assert_string_equal(selfcheck_result(w.check)->what, "the answer's certificate has another digest");
	assert_true(w.rst_seen);
	close_world(&w);
}

static void test_declined(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, &four);
	challenge_remove(w.store, selfcheck_identifier(w.check), NULL);
	assert_false(finish(&w)->ok);
	assert_true(selfcheck_result(w.check)->answered);
	assert_int_equal(engine_counters(w.engine)->outcome[OUTCOME_DECLINED_NAME], 1);
	close_world(&w);
}

static void test_not_silenced(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, &four);
	w.silenced = PROBE_REQUEST;
	assert_true(finish(&w)->ok);
	assert_non_null(strstr(selfcheck_result(w.check)->what, "ms, but the kernel's half"));
	assert_non_null(strstr(selfcheck_result(w.check)->fix, "doctor"));
	close_world(&w);
}

/* Frames of others, and garbage, are none of its. */
static void test_strange_frames(void **state)
{
	uint8_t frame[128] = { 0 };
	struct segment seg = { .flags = TCP_RST };
	struct path path = { .l2 = { [12] = 8 }, .l2_len = 14, .ipv4 = true };
	struct world w;
	size_t len;

	(void)state;
	open_world(&w, &four);
	memset(path.key.saddr + 10, 0xff, 2);
	memset(path.key.daddr + 10, 0xff, 2);
	len = net_encode(&path, &seg, frame, sizeof(frame));
	assert_false(selfcheck_input(w.check, frame, len, w.now));
	while (act(&w) != SELFCHECK_RUN)
		;
	assert_false(selfcheck_input(w.check, frame, len, w.now));
	for (size_t cut = 0; cut < len; cut++)
		assert_false(selfcheck_input(w.check, frame, cut, w.now));
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_lost_frames),
		cmocka_unit_test(test_pretended_address),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_second_address),
		cmocka_unit_test(test_never_alone),
		cmocka_unit_test(test_other_digest),
		cmocka_unit_test(test_declined),
		cmocka_unit_test(test_not_silenced),
		cmocka_unit_test(test_strange_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
