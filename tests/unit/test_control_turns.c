/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clients that ask more than their share: of the time of a call, and of the places. */
#include "control_fixture.h"

/* One call of control_server_serve(): how many requests it answers. */
static unsigned serve_once(struct fixture *f)
{
	struct pollfd fds[CONTROL_CLIENTS + 1];
	size_t n = control_server_poll(f->server, fds, ARRAY_SIZE(fds));
	unsigned before = f->answered;

	if (poll(fds, n, 0) > 0)
		control_server_serve(f->server, fds, n, f->now);
	return f->answered - before;
}

static void test_one_request_of_each_at_a_time(void **state)
{
	enum { CLIENTS = 40 };
	struct fixture *f = *state;
	int fd[CLIENTS];
	unsigned answered = 0;

	for (int i = 0; i < CLIENTS; i++) {
		fd[i] = connect_to(f);
		serve(f);
	}
	for (int i = 0; i < CLIENTS; i++)
		say(fd[i], "echo text=1\necho text=2\necho text=3\n");
	/* Sixteen a call; after five calls everybody has had a turn, and nobody more than two. */
	for (int i = 0; i < 5; i++)
		answered += serve_once(f);
	assert_int_equal(answered, 5 * 16);
	for (int i = 0; i < CLIENTS; i++) {
		const char *text = heard(fd[i]);

		assert_true(!strcmp(text, "1\n") || !strcmp(text, "1\n2\n") || !strcmp(text, "1\n2\n3\n"));
	}
	serve(f);
	assert_int_equal(f->answered, 3 * CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
}

static void test_large_replies_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	int fd[3];

	for (int i = 0; i < 3; i++) {
		fd[i] = connect_to(f);
		serve(f);
	}
	for (int i = 0; i < 3; i++)
		say(fd[i], "big size=3000000\n");
	assert_int_equal(serve_once(f), 1);
	assert_int_equal(serve_once(f), 1);
	assert_int_equal(serve_once(f), 1);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

static void test_root_has_a_place(void **state)
{
	const uid_t nobody = 65534;
	struct fixture *f = *state;
	int fd[CONTROL_CLIENTS], extra;

	if (getuid() != 0)
		skip();
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(seteuid(nobody), 0);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fd[i] = connect_to(f);
		serve(f);
	}
	assert_int_equal(seteuid(0), 0);
	assert_string_equal(heard(fd[0]), "-");
	assert_non_null(strstr(heard(fd[CONTROL_CLIENTS - 1]), "\"code\":75,\"error\":\"too many clients"));
	extra = connect_to(f);
	say(extra, "echo text=root\n");
	serve(f);
	assert_string_equal(heard(extra), "root\n");
	close(extra);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		close(fd[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_request_of_each_at_a_time),
		TEST(test_large_replies_one_at_a_time),
		TEST(test_root_has_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
