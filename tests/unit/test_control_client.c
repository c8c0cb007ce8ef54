/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Both ends of the control socket's path: who may take it over, and the client's one exchange. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "control_fixture.h"

static void test_listen(void **state)
{
	struct fixture *f = *state;
	char other[64];
	struct stat st;
	int fd;

	assert_int_equal(control_listen(f->path), -EADDRINUSE);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);

	snprintf(other, sizeof(other), "%s/other.sock", f->folder);
	fd = control_listen(other);
	assert_true(fd >= 0);
	close(fd); /* as a killed daemon leaves it */
	fd = control_listen(other);
	assert_true(fd >= 0);
	close(fd);
	unlink(other);

	fclose(fopen(other, "w"));
	assert_int_equal(control_listen(other), -EEXIST);
	unlink(other);
	assert_int_equal(control_listen("/nonexistent/control.sock"), -ENOENT);
}

/* Anybody who may read the directory can lock it, for ever. */
static void test_listen_beside_a_lock(void **state)
{
	struct fixture *f = *state;
	char other[64];
	int folder = open(f->folder, O_RDONLY | O_DIRECTORY), fd;

	assert_int_equal(flock(folder, LOCK_EX), 0);
	snprintf(other, sizeof(other), "%s/other.sock", f->folder);
	alarm(10);
	fd = control_listen(other);
	alarm(0);
	assert_true(fd >= 0);
	close(fd);
	close(folder);
	unlink(other);
}

/* The client runs in a process of its own; its exit status is the negative of control_call()'s. */
static int call(struct fixture *f, const char *line, int timeout_ms, const char *reply)
{
	pid_t child = fork();
	char *got = NULL;
	int status, err;

	assert_true(child >= 0);
	if (child == 0) {
		err = control_call(f->path, line, timeout_ms, &got);
		if (!err && strcmp(got, reply) != 0)
			err = -EBADMSG;
		free(got);
		_exit(-err);
	}
	for (int i = 0; i < 500 && waitpid(child, &status, WNOHANG) == 0; i++) {
		serve(f);
		usleep(2000);
	}
	return WEXITSTATUS(status);
}

static void test_client(void **state)
{
	struct fixture *f = *state;
	char *big = malloc(300001);
	char *reply;

	assert_non_null(big);
	memset(big, 'b', 300000);
	big[300000] = '\0';
	assert_int_equal(call(f, "echo text=hello\n", 5000, "hello"), 0);
	assert_int_equal(call(f, "big size=300000\n", 5000, big), 0);
	assert_int_equal(call(f, "later\n", 50, ""), ETIMEDOUT);
	assert_int_equal(call(f, "echo text=1\necho text=2\n", 5000, ""), EPROTO);
	f->leave = true;
	assert_int_equal(call(f, "later\n", 5000, ""), ECONNRESET);
	assert_int_equal(control_call("/nonexistent/sock", "list\n", 100, &reply), -ENOENT);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_listen),
		TEST(test_listen_beside_a_lock),
		TEST(test_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
