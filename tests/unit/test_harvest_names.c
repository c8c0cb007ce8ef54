/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which names the front ends are asked for: strangers choose them, so each costs at most one question a second, and all
 * of them together a bounded number. The test is the front; time is what it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/worker.h"

#define T0 (1000 * USEC_PER_SEC)
#define NAME "www.example.org"
static const char DIGEST[] = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";

static struct worker *w;
static int front;

static void open_front(void)
{
	int pair[2];

	if (front > 0)
		close(front);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	front = pair[0];
	worker_front_open(w, pair[1]);
}

static int setup(void **state)
{
	struct engine_options options = { .unix_at_zero_s = 1700000000 };

	(void)state;
	w = calloc(1, sizeof(*w));
	w->front.fd = w->notify.fd = -1;
	w->now = T0;
	pthread_mutex_init(&w->harvest.lock, NULL);
	w->store = options.store = challenge_store_new();
	w->threads = 1;
	w->thread[0].worker = w;
	options.ports = worker_ports(&w->thread[0]);
	assert_int_equal(engine_new(&options, &w->thread[0].engine), 0);
	w->harvest.on = true;
	front = -1;
	open_front();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	worker_front_close(w);
	close(front);
	engine_free(w->thread[0].engine);
	challenge_store_free(w->store);
	free(w);
	return 0;
}

static enum engine_ask ask(const char *name)
{
	w->thread[0].now = w->now;
	return worker_harvest_ask(&w->thread[0], name);
}

/* What the front has heard; "" when nothing. */
static const char *heard(void)
{
	static char line[512];
	ssize_t got = recv(front, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[got > 0 ? got : 0] = '\0';
	return line;
}

static void say(const char *line)
{
	assert_int_equal(send(front, line, strlen(line), 0), strlen(line));
	worker_front_serve(w);
}

static void test_asked_once(void **state)
{
	(void)state;
	assert_int_equal(ask(NAME), ENGINE_ASK_WAIT);
	assert_string_equal(heard(), "harvest ident=" NAME);
	assert_int_equal(ask(NAME), ENGINE_ASK_WAIT);
	assert_string_equal(heard(), "");
}

static void test_off_or_alone(void **state)
{
	(void)state;
	w->harvest.on = false;
	assert_int_equal(ask(NAME), ENGINE_ASK_NOBODY);
	w->harvest.on = true;
	worker_front_close(w);
	assert_int_equal(ask(NAME), ENGINE_ASK_NOBODY);
}

static void test_answer_is_pending_for_a_second(void **state)
{
	char line[128];

	(void)state;
	ask(NAME);
	snprintf(line, sizeof(line), "harvested ident=%s digest=%s", NAME, DIGEST);
	say(line);
	assert_non_null(challenge_find(w->store, NAME));
	assert_int_equal(challenge_next_expiry(w->store), T0 + USEC_PER_SEC);
	assert_int_equal(w->harvest.counters.answered, 1);
	/* Later, and not before, there may be another challenge of that name. */
	challenge_expire(w->store, T0 + USEC_PER_SEC);
	w->now = T0 + USEC_PER_SEC;
	heard();
	assert_int_equal(ask(NAME), ENGINE_ASK_WAIT);
	assert_string_equal(heard(), "harvest ident=" NAME);
}

static void test_no_answer_is_remembered(void **state)
{
	(void)state;
	ask(NAME);
	heard();
	say("harvested ident=" NAME " error=certificate");
	assert_null(challenge_find(w->store, NAME));
	w->now += USEC_PER_SEC - 1;
	assert_int_equal(ask(NAME), ENGINE_ASK_NOBODY);
	w->now += 1;
	assert_int_equal(ask(NAME), ENGINE_ASK_WAIT);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	ask(NAME);
	say("harvested ident=" NAME " error=refused");
	assert_int_equal(ask("other.example.org"), ENGINE_ASK_NOBODY);
	w->now += USEC_PER_SEC;
	assert_int_equal(ask("other.example.org"), ENGINE_ASK_WAIT);
}

static void test_what_nobody_asked_for_is_ignored(void **state)
{
	char line[128];

	(void)state;
	snprintf(line, sizeof(line), "harvested ident=%s digest=%s", NAME, DIGEST);
	say(line);
	assert_null(challenge_find(w->store, NAME));
	ask(NAME);
	say(line);
	challenge_expire(w->store, USEC_NEVER - 1);
	say(line); /* a second answer to one question */
	assert_null(challenge_find(w->store, NAME));
}

/* An operator's challenge of the same name keeps its digest and its time. */
static void test_added_meanwhile(void **state)
{
	static const uint8_t digest[DIGEST_LEN] = { 1 };
	struct identifier ident;
	char line[128];
	const char *why;

	(void)state;
	ask(NAME);
	assert_int_equal(identifier_parse(NAME, &ident, &why), 0);
	challenge_add(w->store,
		      &(struct challenge_order){
			      .ident = &ident, .digest = digest, .expires = T0 + 3600 * USEC_PER_SEC },
		      T0);
	snprintf(line, sizeof(line), "harvested ident=%s digest=%s", NAME, DIGEST);
	say(line);
	assert_int_equal(challenge_count(w->store), 1);
	assert_int_equal(challenge_next_expiry(w->store), T0 + 3600 * USEC_PER_SEC);
}

static unsigned ask_many(unsigned first, unsigned count, bool answer)
{
	char name[64], line[128];
	unsigned waits = 0;

	for (unsigned n = first; n < first + count; n++) {
		snprintf(name, sizeof(name), "n%u.example.org", n);
		waits += ask(name) == ENGINE_ASK_WAIT;
		heard();
		snprintf(line, sizeof(line), "harvested ident=%s error=certificate", name);
		if (answer)
			say(line);
	}
	return waits;
}

static void test_so_many_at_once(void **state)
{
	(void)state;
	assert_int_equal(ask_many(0, 100, false), HARVEST_OUTSTANDING);
	assert_int_equal(w->harvest.counters.refused, 100 - HARVEST_OUTSTANDING);
}

static void test_so_many_in_a_second(void **state)
{
	(void)state;
	assert_int_equal(ask_many(0, 1000, true), HARVEST_NAMES);
	w->now += USEC_PER_SEC;
	assert_int_equal(ask_many(1000, 1000, true), HARVEST_NAMES);
}

/* A front that never answers does not use up the places for ever. */
static void test_silent_front(void **state)
{
	(void)state;
	assert_int_equal(ask_many(0, 100, false), HARVEST_OUTSTANDING);
	w->now += ENGINE_ASK_TIME;
	assert_int_equal(ask_many(100, 100, false), HARVEST_OUTSTANDING);
}

static void test_new_front_is_asked_again(void **state)
{
	(void)state;
	ask(NAME);
	open_front();
	assert_string_equal(heard(), "harvest ident=" NAME);
	assert_string_equal(heard(), "");
}

static void test_only_its_verbs(void **state)
{
	(void)state;
	say("attach iface=lo");
	assert_non_null(strstr(heard(), "\"ok\":false"));
	say("list");
	assert_non_null(strstr(heard(), "\"ok\":false"));
	say("\x01\x02");
	assert_non_null(strstr(heard(), "\"ok\":false"));
	say("add ident=" NAME " digest=n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg source=ualpn");
	assert_non_null(strstr(heard(), "\"ok\":true"));
	assert_int_equal(challenge_count(w->store), 1);
}

/* A front that does not read is not served; nothing is lost when it reads again. */
static void test_front_that_does_not_read(void **state)
{
	static const char line[] = "remove ident=" NAME;
	unsigned sent = 0, replies = 0;

	(void)state;
	while (sent < 100000 && send(front, line, strlen(line), MSG_DONTWAIT) > 0) {
		worker_front_serve(w);
		sent++;
	}
	assert_in_range(sent, 10, 99999);
	for (unsigned turn = 0; turn < 100000 && replies < sent; turn++) {
		worker_front_serve(w);
		replies += *heard() != '\0';
	}
	assert_int_equal(replies, sent);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_asked_once),
		TEST(test_off_or_alone),
		TEST(test_answer_is_pending_for_a_second),
		TEST(test_no_answer_is_remembered),
		TEST(test_nobody_listens),
		TEST(test_what_nobody_asked_for_is_ignored),
		TEST(test_added_meanwhile),
		TEST(test_so_many_at_once),
		TEST(test_so_many_in_a_second),
		TEST(test_silent_front),
		TEST(test_new_front_is_asked_again),
		TEST(test_only_its_verbs),
		TEST(test_front_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
