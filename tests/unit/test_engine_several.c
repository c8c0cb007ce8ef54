/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several engines: each has its share of the budgets and its own queues, and two threads of them use one store while its
 * owner changes it. With -fsanitize=thread this is what shows that nothing but the store is shared.
 */
#define WORLD_STORAGE static _Thread_local
#include <pthread.h>
#include "engine_world.h"

enum { THREADS = 2, VALIDATIONS = 100 };

/* ------------------------------------------------------------------ shares */

static void start_engine(unsigned flows, bool (*pass_on)(void *, const struct engine_frame *, unsigned))
{
	struct engine_options o = { .ports = { .flow_get = port_flow_get,
					       .hello_get = port_hello_get,
					       .flow_set = port_flow_set,
					       .flow_delete = port_flow_delete,
					       .transmit = port_transmit,
					       .give_back = port_give_back,
					       .silence = port_silence,
					       .probe = port_probe,
					       .pass_on = pass_on },
				    .store = world.store,
				    .flows = flows,
				    .unix_at_zero_s = 1800000000 };

	assert_int_equal(engine_new(&o, &world.engine), 0);
}

static void begin(struct challenge_store *store)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000 * USEC_PER_SEC;
	world.kernel = PROBE_SOCKET;
	world.store = store;
}

static const uint8_t half[] = { 22, 3, 1, 1, 0, 1, 0, 0, 252 };

static void send_half(uint8_t host, uint16_t port)
{
	const struct segment seg = {
		.seq = 1000, .ack = 5000, .flags = TCP_ACK, .window = 65535, .data = half, .len = sizeof(half)
	};
	struct peer p;

	peer_init(&p, host, port);
	p.path.key.saddr[14] = host;
	peer_offer(&p);
	peer_send(&p, &seg);
}

static void test_a_share_of_the_budgets(void **state)
{
	enum { ROOM = ENGINE_FLOWS_LEAST, PREFIX = ENGINE_PER_PREFIX * ROOM / ENGINE_FLOWS };

	(void)state;
	begin(challenge_store_new());
	start_engine(ROOM, NULL);
	assert_int_equal(engine_credit(world.engine), ROOM - ENGINE_RESERVE * ROOM / ENGINE_FLOWS);
	for (uint16_t i = 0; i < PREFIX + 3; i++)
		send_half(1, (uint16_t)(4000 + i));
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 3);
	assert_int_equal(engine_flow_count(world.engine), PREFIX);
	for (unsigned i = 0; i < ROOM; i++)
		send_half((uint8_t)(2 + i / 16), (uint16_t)(4000 + i));
	assert_int_equal(engine_flow_count(world.engine), ROOM);
	assert_int_equal(OUTCOME(DECLINED_BUDGET), 3 + PREFIX);
	/* What was declined waits, too: the flow map must hold all of them. */
	world_tick(ENGINE_DECLINE_GRACE);
	assert_int_equal(engine_flow_count(world.engine), ROOM);
	world_tick(ENGINE_HELLO_TIME);
	world_tick(ENGINE_DECLINE_GRACE);
	assert_int_equal(engine_flow_count(world.engine), 0);
	engine_free(world.engine);
	challenge_store_free(world.store);
}

static void test_sums(void **state)
{
	struct engine_counters sum = { .passed_on = 1 },
			       one = { .outcome[0] = 2, .duration_sum_us = 3, .passed_on = 4 };

	(void)state;
	engine_counters_add(&sum, &one);
	engine_counters_add(&sum, &one);
	assert_int_equal(sum.outcome[0], 4);
	assert_int_equal(sum.duration_sum_us, 6);
	assert_int_equal(sum.passed_on, 9);
}

/* ------------------------------------------------------------------ queues */

static unsigned passed_to;

static bool port_pass_on(void *c, const struct engine_frame *frame, unsigned queue)
{
	(void)c;
	assert_int_equal(frame->queue, 0);
	passed_to = queue;
	return queue % 2 == 1; /* of two threads the other one's */
}

static void test_a_flow_belongs_to_the_queue_of_its_hello(void **state)
{
	const struct segment seg = {
		.seq = 1000, .ack = 5000, .flags = TCP_ACK, .window = 65535, .data = half, .len = sizeof(half)
	};
	struct entry *e;
	struct peer p;

	(void)state;
	begin(challenge_store_new());
	start_engine(0, port_pass_on);
	peer_init(&p, 1, 4000);
	e = peer_offer(&p);
	e->flow.queue = 3;
	/* Offered to the other one, adopted by it, and lingering there. */
	for (enum flow_state s = FLOW_OFFERED; s <= FLOW_LINGER; s++) {
		e->flow.state = (uint8_t)s;
		peer_send(&p, &seg);
		assert_int_equal(passed_to, 3);
		assert_int_equal(engine_counters(world.engine)->passed_on, s);
		assert_int_equal(engine_flow_count(world.engine), 0);
	}
	/* The kernel has it again: it need not make a detour. */
	e->flow.state = FLOW_DECLINED;
	peer_send(&p, &seg);
	assert_int_equal(engine_counters(world.engine)->passed_on, FLOW_LINGER);
	assert_int_equal(world.given_back, 1);
	/* Another queue of ours. */
	e->flow.state = FLOW_OFFERED;
	e->flow.queue = 2;
	peer_send(&p, &seg);
	assert_int_equal(passed_to, 2);
	assert_int_equal(engine_counters(world.engine)->passed_on, FLOW_LINGER);
	assert_int_equal(engine_flow_count(world.engine), 1);
	engine_free(world.engine);
	challenge_store_free(world.store);
}

/* The validator's port, used again: the new flow is the other engine's, and ours lingers under the same key. */
static void test_a_reused_port_may_be_the_other_one_s(void **state)
{
	struct entry *e;
	struct peer p;

	(void)state;
	begin(challenge_store_new());
	start_engine(0, port_pass_on);
	world_add("example.org");
	peer_init(&p, 1, 4000);
	peer_start(&p, "example.org", TLS1_3_VERSION);
	e = peer_offer(&p);
	peer_talk(&p);
	assert_true(p.done);
	peer_free(&p);
	assert_int_equal(e->flow.state, FLOW_LINGER);
	e->flow.state = FLOW_ADOPTED;
	e->flow.queue = 1;
	peer_send(&p, &(struct segment){ .seq = 1, .ack = 1, .flags = TCP_ACK, .window = 65535 });
	assert_int_equal(engine_counters(world.engine)->passed_on, 1);
	assert_int_equal(engine_flow_count(world.engine), 0);
	assert_int_equal(e->flow.state, FLOW_ADOPTED);
	engine_free(world.engine);
	challenge_store_free(world.store);
}

/* ----------------------------------------------------------------- threads */

static struct {
	pthread_mutex_t lock; /* of the numbers, and to begin */
	pthread_barrier_t born;
	unsigned validated, running;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *validate(void *store)
{
	unsigned done = 0;

	begin(store);
	/* As in the daemon not two at once, nor while others work: wolfSSL looks without a lock at how many use it. */
	pthread_mutex_lock(&all.lock);
	start_engine(0, NULL);
	assert_int_equal(tls_warm_up(), 0);
	pthread_mutex_unlock(&all.lock);
	pthread_barrier_wait(&all.born);
	for (unsigned i = 0; i < VALIDATIONS; i++) {
		struct peer p;

		peer_init(&p, 1, (uint16_t)(4000 + i));
		peer_start(&p, "example.org", i % 2 ? TLS1_2_VERSION : TLS1_3_VERSION);
		peer_offer(&p);
		world.kernel = PROBE_SOCKET;
		peer_talk(&p);
		done += p.done;
		peer_free(&p);
		world.now += ENGINE_LINGER;
		engine_tick(world.engine, world.now);
	}
	assert_int_equal(OUTCOME(VALIDATED), done);
	engine_free(world.engine);
	pthread_mutex_lock(&all.lock);
	all.validated += done;
	all.running--;
	pthread_mutex_unlock(&all.lock);
	return NULL;
}

static bool still_running(void)
{
	bool running;

	pthread_mutex_lock(&all.lock);
	running = all.running;
	pthread_mutex_unlock(&all.lock);
	return running;
}

/* One digest stays; a newer one, which is what is served, comes and goes with its certificate. */
static void test_one_store_for_two_threads(void **state)
{
	struct challenge_store *store = challenge_store_new();
	uint8_t digest[DIGEST_LEN] = { 8 };
	struct identifier ident;
	struct challenge_order order = { .ident = &ident, .digest = digest };
	pthread_t id[THREADS];
	const char *why;
	char *text;

	(void)state;
	begin(store);
	world_add("example.org");
	identifier_parse("example.org", &ident, &why);
	all.running = THREADS;
	pthread_barrier_init(&all.born, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&id[i], NULL, validate, store), 0);
	for (unsigned n = 1; still_running(); n++) {
		order.expires = n % 3 ? USEC_NEVER - 1 : world.now + n;
		assert_int_equal(challenge_add(store, &order, world.now), 0);
		text = challenge_store_save(store);
		assert_non_null(text);
		free(text);
		if (n % 3)
			assert_int_equal(challenge_remove(store, &ident, digest), 1);
		else
			assert_int_equal(challenge_expire(store, order.expires), 1);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	assert_int_equal(all.validated, THREADS * VALIDATIONS);
	challenge_store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_share_of_the_budgets),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_a_flow_belongs_to_the_queue_of_its_hello),
		cmocka_unit_test(test_a_reused_port_may_be_the_other_one_s),
		cmocka_unit_test(test_one_store_for_two_threads),
	};

	return cmocka_run_group_tests_name("several engines", tests, NULL, NULL);
}
