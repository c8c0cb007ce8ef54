/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The control server's connections: slow, silent, half-closed, departed, and too many clients. */
#include "control_fixture.h"

static void test_one_request(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	say(fd, "echo text=hello\n");
	serve(f);
	assert_string_equal(heard(fd), "hello\n");
	say(fd, "echo text=again\n");
	serve(f);
	assert_string_equal(heard(fd), "again\n");
	close(fd);
	serve(f);
	assert_true(control_server_deadline(f->server) == USEC_NEVER);
}

static void test_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	for (const char *c = "echo text=slow\n"; *c; c++) {
		assert_string_equal(heard(fd), "-");
		assert_int_equal(send(fd, c, 1, 0), 1);
		serve(f);
	}
	assert_string_equal(heard(fd), "slow\n");
	close(fd);
}

static void test_pipelined(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	say(fd, "echo text=1\necho text=2\nlater\necho text=4\nlater\necho te");
	serve(f);
	assert_string_equal(heard(fd), "1\n2\n");
	assert_int_equal(f->later, 1);
	control_server_reply(f->server, &f->last, strdup("3"));
	serve(f);
	assert_string_equal(heard(fd), "3\n4\n");
	assert_int_equal(f->later, 2);
	control_server_reply(f->server, &f->last, strdup("5"));
	say(fd, "xt=6\n");
	serve(f);
	assert_string_equal(heard(fd), "5\n6\n");
	close(fd);
}

static void test_half_closed(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	say(fd, "echo text=1\nlater\necho text=3\n");
	shutdown(fd, SHUT_WR);
	serve(f);
	assert_string_equal(heard(fd), "1\n");
	control_server_reply(f->server, &f->last, strdup("2"));
	serve(f);
	assert_string_equal(heard(fd), "2\n3\n");
	assert_string_equal(heard(fd), "");
	close(fd);
}

static void test_unfinished_line(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	say(fd, "echo text=cut");
	shutdown(fd, SHUT_WR);
	serve(f);
	assert_non_null(strstr(heard(fd), "\"error\":\"the line has no end\""));
	assert_string_equal(heard(fd), "");
	close(fd);
}

static void test_bad_line(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);

	say(fd, "no good\necho text=fine\n");
	serve(f);
	assert_non_null(strstr(heard(fd),
			       "\"code\":2,\"error\":\"a word after the verb is not key=value\"}\nfine\n"));
	close(fd);
}

static void test_line_length(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);
	char *text = malloc(CONTROL_LINE_MAX + 1);

	assert_non_null(text);
	memset(text, 'x', CONTROL_LINE_MAX);
	text[CONTROL_LINE_MAX] = '\0';
	memcpy(text, "later x=", 8);
	text[CONTROL_LINE_MAX - 1] = '\n'; /* the longest line there is, newline included */
	say(fd, text);
	serve(f);
	assert_int_equal(f->later, 1);
	control_server_reply(f->server, &f->last, strdup("ok"));
	serve(f);
	assert_string_equal(heard(fd), "ok\n");

	text[CONTROL_LINE_MAX - 1] = 'x';
	say(fd, text);
	serve(f);
	assert_non_null(strstr(heard(fd), "\"error\":\"the line is too long\""));
	assert_string_equal(heard(fd), "");
	assert_int_equal(f->later, 1);
	free(text);
	close(fd);
}

static void test_slow_reader(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);
	size_t total = 0;
	const char *text;

	say(fd, "big size=3000000\necho text=tail\n");
	for (int rounds = 0; rounds < 2000; rounds++) {
		serve(f);
		text = heard(fd);
		if (*text == '-')
			break;
		total += strlen(text);
		f->now += CONTROL_IDLE / 2; /* slow, but moving */
	}
	assert_int_equal(total, 3000001 + 5);
	close(fd);
}

static void test_never_reads(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f);
	int pieces = 0;

	say(fd, "big size=3000000\n");
	serve(f);
	f->now += CONTROL_IDLE;
	assert_true(control_server_deadline(f->server) == f->now);
	control_server_serve(f->server, NULL, 0, f->now);
	assert_true(control_server_deadline(f->server) == USEC_NEVER);
	while (*heard(fd) == 'b')
		pieces++;
	assert_in_range(pieces, 1, 3000000 / 4096); /* what the socket held, and then the end */
	assert_string_equal(heard(fd), "");
	close(fd);
}

static void test_idle(void **state)
{
	struct fixture *f = *state;
	int idle = connect_to(f), waiting = connect_to(f);

	serve(f);
	f->now += CONTROL_IDLE - 1;
	say(waiting, "later\n");
	serve(f);
	assert_true(control_server_deadline(f->server) == f->now + 1);
	f->now += 1;
	control_server_serve(f->server, NULL, 0, f->now);
	assert_string_equal(heard(idle), "");
	assert_string_equal(heard(waiting), "-");

	/*
	 * A reply that took longer than CONTROL_IDLE is our doing: the client gets it, and is not dropped for
	 * it.
	 */
	assert_true(control_server_deadline(f->server) == USEC_NEVER);
	f->now += 3 * CONTROL_IDLE;
	control_server_reply(f->server, &f->last, strdup("at last"));
	control_server_serve(f->server, NULL, 0, f->now);
	serve(f);
	assert_string_equal(heard(waiting), "at last\n");
	say(waiting, "echo text=more\n");
	serve(f);
	assert_string_equal(heard(waiting), "more\n");
	close(idle);
	close(waiting);
}

static void test_late_reply_to_nobody(void **state)
{
	struct fixture *f = *state;
	int first = connect_to(f), second;
	struct control_client gone;

	say(first, "later\n");
	serve(f);
	gone = f->last;
	close(first);
	serve(f);
	second = connect_to(f);
	say(second, "later\n");
	serve(f);
	assert_int_equal(f->last.slot, gone.slot);
	control_server_reply(f->server, &gone, strdup("for the first"));
	serve(f);
	assert_string_equal(heard(second), "-");
	control_server_reply(f->server, &f->last, strdup("for the second"));
	control_server_reply(f->server, &f->last, strdup("once more"));
	serve(f);
	assert_string_equal(heard(second), "for the second\n");
	assert_string_equal(heard(second), "-");
	close(second);
}

static void test_many_clients(void **state)
{
	struct fixture *f = *state;
	int fd[CONTROL_CLIENTS], extra;
	char line[32];

	if (getuid() != 0) /* some places are root's alone */
		skip();

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fd[i] = connect_to(f);
		serve(f);
	}
	extra = connect_to(f);
	serve(f);
	assert_non_null(strstr(heard(extra), "\"code\":75,\"error\":\"too many clients"));
	assert_string_equal(heard(extra), "");
	close(extra);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		snprintf(line, sizeof(line), "echo text=%d\n", i);
		say(fd[i], line);
	}
	serve(f);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		snprintf(line, sizeof(line), "%d\n", i);
		assert_string_equal(heard(fd[i]), line);
	}
	close(fd[7]);
	serve(f);
	fd[7] = connect_to(f);
	say(fd[7], "echo text=again\n");
	serve(f);
	assert_string_equal(heard(fd[7]), "again\n");
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		close(fd[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_request), TEST(test_byte_by_byte),         TEST(test_pipelined),
		TEST(test_half_closed), TEST(test_unfinished_line),      TEST(test_bad_line),
		TEST(test_line_length), TEST(test_slow_reader),          TEST(test_never_reads),
		TEST(test_idle),        TEST(test_late_reply_to_nobody), TEST(test_many_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
