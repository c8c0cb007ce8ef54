/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the keeper opens for the front ends' process, which strangers may have taken over: files beneath the watched
 * directories, to be read, and nothing else. The test is that process.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/keeper.h"
#include "front/front.h"

static struct keeper *k;
static char directory[] = "/tmp/alpnxdp-test-XXXXXX";
static int front;

static void path_of(const char *name, char out[SETTINGS_PATH])
{
	snprintf(out, SETTINGS_PATH, "%s/%s", directory, name);
}

static void put(const char *name, const char *text)
{
	char path[SETTINGS_PATH];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	char path[SETTINGS_PATH];
	int pair[2];

	(void)state;
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	assert_non_null(mkdtemp(directory));
	path_of("watched", path);
	mkdir(path, 0700);
	path_of("watched/below", path);
	mkdir(path, 0700);
	put("secret", "secret");
	put("watched/file", "hello");
	put("watched/below/file", "below");
	path_of("watched/out", path);
	assert_int_equal(symlink("../secret", path), 0);
	path_of("watched/in", path);
	assert_int_equal(symlink("file", path), 0);
	path_of("watched/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	front = pair[0];
	k = calloc(1, sizeof(*k));
	k->front = (struct child){ .name = "front", .channel = pair[1] };
	k->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	k->settings.watches = 1;
	path_of("watched", k->settings.watch[0].path);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	close(front);
	close(k->front.channel);
	close(k->inotify);
	free(k);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

/* The reply's err; *fd is what came along, or -1. */
static int ask(struct front_request *r, int given, struct front_reply *reply, int *fd)
{
	struct packet out = { .bytes = r, .len = sizeof(*r), .fds = given >= 0, .fd = { given } };
	struct packet in = { .bytes = reply, .len = sizeof(*reply) };

	assert_int_equal(packet_send(front, &out), 0);
	assert_int_equal(keeper_front_hear(k), 1);
	assert_int_equal(packet_receive(front, &in), 1);
	*fd = in.fds ? in.fd[0] : -1;
	assert_true((*fd >= 0) == (reply->err == 0 && r->verb != FRONT_TEXTFILE));
	return reply->err;
}

static void test_open(void **state)
{
	static const struct {
		enum front_verb verb;
		const char *path;
		int err;
	} rows[] = {
		{ FRONT_OPEN_FILE, "file", 0 },
		{ FRONT_OPEN_FILE, "below/file", 0 },
		{ FRONT_OPEN_FILE, "below/../file", 0 },
		{ FRONT_OPEN_FILE, "in", 0 },
		{ FRONT_OPEN_FILE, "nothing", -ENOENT },
		{ FRONT_OPEN_FILE, "../secret", -EXDEV },
		{ FRONT_OPEN_FILE, "out", -EXDEV },
		{ FRONT_OPEN_FILE, "/etc/passwd", -EXDEV },
		{ FRONT_OPEN_FILE, "below/../../secret", -EXDEV },
		{ FRONT_OPEN_FILE, "fifo", -EINVAL },
		{ FRONT_OPEN_FILE, "below", -EINVAL },
		{ FRONT_OPEN_FILE, "", -EINVAL },
		{ FRONT_OPEN_DIR, "", 0 },
		{ FRONT_OPEN_DIR, "below", 0 },
		{ FRONT_OPEN_DIR, "file", -ENOTDIR },
		{ FRONT_OPEN_DIR, "..", -EXDEV },
		{ FRONT_OPEN_DIR, "/", -EXDEV },
		{ (enum front_verb)0, "file", -EINVAL },
		{ (enum front_verb)99, "file", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct front_request r = { .verb = rows[i].verb };
		struct front_reply reply;
		int fd, err;

		snprintf(r.path, sizeof(r.path), "%s", rows[i].path);
		err = ask(&r, -1, &reply, &fd);
		if (err != rows[i].err)
			fail_msg("%d '%s': %s", rows[i].verb, rows[i].path, strerror(-err));
		if (fd < 0)
			continue;
		assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		assert_true((reply.wd >= 0) == (r.verb == FRONT_OPEN_DIR));
		close(fd);
	}
}

static void test_only_what_is_watched(void **state)
{
	struct front_request r = { .verb = FRONT_OPEN_FILE, .watch = 1, .path = "file" };
	struct front_reply reply;
	int fd;

	(void)state;
	assert_int_equal(ask(&r, -1, &reply, &fd), -EINVAL);
	r.watch = UINT32_MAX;
	assert_int_equal(ask(&r, -1, &reply, &fd), -EINVAL);
	r.watch = 0;
	memset(r.path, 'a', sizeof(r.path)); /* no end */
	assert_int_equal(ask(&r, -1, &reply, &fd), -ENAMETOOLONG);
}

static void test_the_watch_tells(void **state)
{
	struct front_request r = { .verb = FRONT_OPEN_DIR, .path = "below" };
	_Alignas(struct inotify_event) char events[1024];
	const struct inotify_event *event = (const struct inotify_event *)events;
	struct front_reply reply;
	int fd;

	(void)state;
	assert_int_equal(ask(&r, -1, &reply, &fd), 0);
	put("watched/below/new", "x");
	assert_true(read(k->inotify, events, sizeof(events)) > 0);
	assert_int_equal(event->wd, reply.wd);
	close(fd);
}

static void test_text_file(void **state)
{
	struct front_request r = { .verb = FRONT_TEXTFILE };
	struct front_reply reply;
	char text[16] = "";
	int fd, memfd = memfd_create("test", MFD_CLOEXEC);
	struct stat st;

	(void)state;
	assert_int_equal(write(memfd, "a 1\n", 4), 4);
	/* Not set: nothing is written anywhere. */
	assert_int_equal(ask(&r, memfd, &reply, &fd), -EINVAL);
	path_of("metrics.prom", k->settings.metrics_textfile);
	assert_int_equal(ask(&r, -1, &reply, &fd), -EINVAL);
	assert_int_equal(ask(&r, memfd, &reply, &fd), 0);
	fd = open(k->settings.metrics_textfile, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	close(fd);
	close(memfd);
}

/* A link in the temporary file's place is not written through. */
static void test_text_file_beside_a_link(void **state)
{
	struct front_request r = { .verb = FRONT_TEXTFILE };
	struct front_reply reply;
	char path[SETTINGS_PATH], text[16] = "";
	int fd, memfd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(memfd, "a 1\n", 4), 4);
	path_of("metrics.prom", k->settings.metrics_textfile);
	path_of("metrics.prom.new", path);
	assert_int_equal(symlink("secret", path), 0);
	assert_int_equal(ask(&r, memfd, &reply, &fd), 0);
	path_of("secret", path);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	assert_string_equal(text, "secret");
	close(fd);
	close(memfd);
}

static void test_wrong_length(void **state)
{
	(void)state;
	assert_int_equal(send(front, "x", 1, 0), 1);
	assert_int_equal(keeper_front_hear(k), -EPROTO);
	close(front);
	assert_int_equal(keeper_front_hear(k), 0);
	front = -1;
}

/* One that asks and does not read the answers costs the keeper's patience once, not at every request. */
static void test_deaf(void **state)
{
	const struct timeval patience = { .tv_usec = 10000 };
	const struct front_request r = { .verb = FRONT_OPEN_FILE, .path = "nothing" };
	int got = 1, least = 1, size;
	socklen_t len = sizeof(size);

	(void)state;
	setsockopt(k->front.channel, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	assert_int_equal(getsockopt(k->front.channel, SOL_SOCKET, SO_SNDBUF, &size, &len), 0);
	setsockopt(k->front.channel, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	for (int i = 0; i <= size && got == 1; i++) {
		assert_int_equal(send(front, &r, sizeof(r), 0), sizeof(r));
		got = keeper_front_hear(k);
	}
	assert_int_equal(got, -ETIMEDOUT);
}

static void socket_of(const char *name, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%s", directory, name);
}

/* Where the second socket cannot be opened, the first stays where it was, and the front that listens on it. */
static void test_half_a_change(void **state)
{
	struct settings s = { 0 };
	struct xdp_error error;
	struct stat before, after;
	char path[SETTINGS_PATH];

	(void)state;
	k->ualpn.fd = k->metrics.fd = -1;
	socket_of("a.sock", s.ualpn_socket, sizeof(s.ualpn_socket));
	assert_int_equal(keeper_front_listen(k, &s, &error), 0);
	assert_int_equal(stat(s.ualpn_socket, &before), 0);
	socket_of("b.sock", s.ualpn_socket, sizeof(s.ualpn_socket));
	socket_of("missing/m.sock", s.metrics_socket, sizeof(s.metrics_socket));
	assert_int_equal(keeper_front_listen(k, &s, &error), -ENOTDIR);
	assert_int_equal(access(s.ualpn_socket, F_OK), -1);
	path_of("a.sock", path);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	socket_of("b.sock", s.metrics_socket, sizeof(s.metrics_socket));
	socket_of("a.sock", s.ualpn_socket, sizeof(s.ualpn_socket));
	assert_int_equal(keeper_front_listen(k, &s, &error), 0);
	assert_int_equal(access(s.metrics_socket, F_OK), 0);
	keeper_front_close(k);
	assert_int_equal(access(s.ualpn_socket, F_OK), -1);
	assert_int_equal(access(s.metrics_socket, F_OK), -1);
	k->front.channel = k->inotify = -1;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_open),      TEST(test_only_what_is_watched),    TEST(test_the_watch_tells),
		TEST(test_text_file), TEST(test_text_file_beside_a_link), TEST(test_wrong_length),
		TEST(test_deaf),      TEST(test_half_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
