/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The front's two neighbours: order, patience, and what they must not say. */
#include "front_fixture.h"

static struct {
	unsigned count;
	uint64_t token[LINK_WAITING + 8];
	struct link_reply last; /* its texts are gone */
	char error[64];
	bool ask_again;
} told;

static struct fixture *x;

static int setup(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	x = fixture_new();
	front_begin(x);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(x);
	return 0;
}

static void on_reply(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	assert_ptr_equal(asker->context, &told);
	told.token[told.count++] = asker->token;
	told.last = *r;
	snprintf(told.error, sizeof(told.error), "%s", r->error);
	if (told.ask_again) {
		told.ask_again = false;
		assert_int_equal(link_ask(f, control_format("again", (const char *[]){ NULL }),
					  &(struct link_asker){ on_reply, &told, 99 }),
				 0);
	}
}

static int ask(const char *verb, uint64_t token)
{
	return link_ask(&x->front, control_format(verb, (const char *[]){ "ident", "a b", NULL }),
			&(struct link_asker){ on_reply, &told, token });
}

static void test_in_order(void **state)
{
	(void)state;
	assert_int_equal(ask("one", 1), 0);
	assert_int_equal(link_tell(&x->front, control_format("told", (const char *[]){ NULL })), 0);
	assert_int_equal(ask("two", 2), 0);
	assert_string_equal(engine_heard(x), "one ident=a%20b");
	assert_string_equal(engine_heard(x), "told");
	assert_string_equal(engine_heard(x), "two ident=a%20b");
	assert_string_equal(engine_heard(x), "-");
	engine_says(x, "{\"ok\":true,\"new\":false,\"removed\":3,\"more\":[1]}");
	front_turns(x);
	assert_int_equal(told.count, 1);
	assert_true(told.last.ok && !told.last.added && told.last.removed == 3 && told.last.code == 0);
	told.ask_again = true;
	engine_says(x, "{\"ok\":false,\"code\":75,\"error\":\"full\"}");
	front_turns(x);
	assert_string_equal(engine_heard(x), "again");
	assert_true(!told.last.ok && told.last.code == 75);
	assert_string_equal(told.error, "full");
	engine_says(x, "{\"ok\":true}");
	front_turns(x);
	assert_int_equal(told.count, 3);
	assert_true(told.token[0] == 1 && told.token[1] == 2 && told.token[2] == 99);
	assert_true(told.last.added);
	assert_int_equal(link_room(&x->front), LINK_WAITING);
	assert_false(x->front.ended);
}

/* An engine that does not read: requests wait here, then their askers do. */
static void test_full(void **state)
{
	char expected[32];

	(void)state;
	for (uint64_t i = 0; i < LINK_WAITING; i++) {
		snprintf(expected, sizeof(expected), "n%d", (int)i);
		assert_int_equal(ask(expected, i), 0);
	}
	assert_int_equal(ask("more", 0), -EAGAIN);
	assert_int_equal(link_tell(&x->front, control_format("told", (const char *[]){ NULL })), -EAGAIN);
	assert_int_equal(link_room(&x->front), 0);
	for (int i = 0; i < LINK_WAITING; i++) {
		const char *got = engine_heard(x);

		if (*got == '-') {
			front_turn(x);
			got = engine_heard(x);
		}
		snprintf(expected, sizeof(expected), "n%d ident=a%%20b", i);
		assert_string_equal(got, expected);
		engine_says(x, "{\"ok\":true}");
		if (i % 50 == 0)
			front_turns(x);
	}
	front_turns(x);
	assert_int_equal(told.count, LINK_WAITING);
	for (uint64_t i = 0; i < LINK_WAITING; i++)
		assert_true(told.token[i] == i);
	assert_int_equal(link_room(&x->front), LINK_WAITING);
	assert_int_equal(ask("more", 0), 0);
}

static void test_refuses_to_send(void **state)
{
	char *big = malloc(CONTROL_LINE_MAX + 3);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', CONTROL_LINE_MAX + 2);
	big[CONTROL_LINE_MAX + 2] = '\0';
	assert_int_equal(link_ask(&x->front, big, &(struct link_asker){ on_reply, &told, 0 }), -EMSGSIZE);
	assert_int_equal(link_tell(&x->front, NULL), -ENOMEM);
	assert_string_equal(engine_heard(x), "-");
}

/* Each ends the process: the engine is not the one that we were built with. */
static void test_engine_not_understood(void **state)
{
	static const char *const says[] = {
		"{\"ok\":true,\"new\":1}",
		"{\"ok\":true,\"removed\":\"1\"}",
		"{\"ok\":1}",
		"{}",
		"{\"ok\":false}",
		"{\"ok\":false,\"code\":1}",
		"{\"ok\":true,\"ok\":true}",
		"{\"ok\":true",
		"{\"ok\":true} x",
		"{\"ok\":false,\"code\":1.5,\"error\":\"\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		assert_int_equal(ask("one", 1), 0);
		engine_says(x, says[i]);
		front_turns(x);
		assert_true(x->front.ended);
		assert_int_equal(x->front.status, EXIT_FAILED);
		assert_int_equal(told.count, 0);
		teardown(state);
		setup(state);
	}
	engine_says(x, "{\"ok\":true}"); /* to no request */
	front_turns(x);
	assert_true(x->front.ended);
}

/* A request that we do not know is not answered, and no reason to end. */
static void test_unknown_request(void **state)
{
	(void)state;
	engine_says(x, "frobnicate a=b");
	engine_says(x, "harvest");
	engine_says(x, "Garbage \x01");
	front_turns(x);
	assert_false(x->front.ended);
	assert_string_equal(engine_heard(x), "-");
}

static void test_neighbours_gone(void **state)
{
	ask("one", 1);
	close(x->engine);
	x->engine = -1;
	front_turns(x);
	assert_true(x->front.ended);
	assert_int_equal(x->front.status, EXIT_DONE);
	teardown(state);

	setup(state);
	close(x->keeper);
	x->keeper = -1;
	front_turns(x);
	assert_true(x->front.ended);
	assert_int_equal(x->front.status, EXIT_DONE);
}

static void test_keeper(void **state)
{
	struct front_request request = { .verb = FRONT_OPEN_FILE, .watch = 3, .path = "a/b.crt.pem" }, seen;
	struct front_reply reply = { 0 };
	int got, came;

	(void)state;
	keeper_will_say(x, (struct front_reply){ .wd = 7 }, STDERR_FILENO);
	assert_int_equal(front_keeper_ask(&x->front, &request, -1, &reply, &got), 0);
	assert_true(got > STDERR_FILENO && reply.wd == 7);
	close(got);
	assert_true(keeper_heard(x, &seen, &came));
	assert_true(came == -1 && seen.verb == FRONT_OPEN_FILE && seen.watch == 3);
	assert_string_equal(seen.path, "a/b.crt.pem");

	/* With an error no descriptor is taken, and one that goes out stays ours. */
	keeper_will_say(x, (struct front_reply){ .err = -ENOENT }, STDERR_FILENO);
	assert_int_equal(front_keeper_ask(&x->front, &request, STDERR_FILENO, &reply, &got), -ENOENT);
	assert_int_equal(got, -1);
	assert_true(keeper_heard(x, &seen, &came));
	assert_true(came > STDERR_FILENO);
	close(came);
	assert_false(x->front.ended);
}

static void test_keeper_not_understood(void **state)
{
	struct front_request request = { .verb = FRONT_OPEN_DIR };
	struct front_reply reply;
	int got;

	(void)state;
	assert_int_equal(send(x->keeper, "?", 1, 0), 1);
	assert_int_equal(front_keeper_ask(&x->front, &request, -1, &reply, &got), -EPIPE);
	assert_true(x->front.ended);
	assert_int_equal(front_keeper_ask(&x->front, &request, -1, &reply, &got), -EPIPE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_order),        TEST(test_full),
		TEST(test_refuses_to_send), TEST(test_engine_not_understood),
		TEST(test_unknown_request), TEST(test_neighbours_gone),
		TEST(test_keeper),          TEST(test_keeper_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
