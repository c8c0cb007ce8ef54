/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A control server with a real UNIX socket in a folder of its own and a clock that the test moves.
 *
 * The answerer knows: "echo text=X" (answers X at once), "later" (answers when the test says so), "big size=N".
 */
#ifndef CONTROL_FIXTURE_H
#define CONTROL_FIXTURE_H

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/control.h"

struct fixture {
	char folder[32];
	char path[64];
	struct control_server *server;
	usec_t now;
	struct control_client last; /* who asked "later" last */
	unsigned later;             /* how many did */
	unsigned answered;          /* requests in all */
	bool leave;                 /* "later" is answered with nothing at all, as when memory ran out */
};

static inline char *fixture_answer(const struct control_request *r, const struct control_client *from,
				   void *context)
{
	struct fixture *f = context;
	size_t size;
	char *big;

	assert_int_equal(from->uid, getuid());
	f->answered++;
	if (strcmp(r->verb, "echo") == 0)
		return strdup(control_value(r, "text"));
	if (strcmp(r->verb, "later") == 0) {
		f->last = *from;
		f->later++;
		if (f->leave)
			control_server_reply(f->server, from, NULL);
		return NULL;
	}
	size = strtoul(control_value(r, "size"), NULL, 10);
	big = malloc(size + 1);
	assert_non_null(big);
	memset(big, 'b', size);
	big[size] = '\0';
	return big;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct control_server_options o = { .answer = fixture_answer, .context = f };

	assert_non_null(f);
	strcpy(f->folder, "/tmp/alpnxdp-test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/control.sock", f->folder);
	o.listen_fd = control_listen(f->path);
	assert_true(o.listen_fd >= 0);
	assert_int_equal(control_server_new(&o, &f->server), 0);
	f->now = 5 * USEC_PER_SEC;
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	control_server_free(f->server);
	unlink(f->path);
	rmdir(f->folder);
	free(f);
	return 0;
}

/* Serves until nothing is left to do, as the daemon's loop would. */
static inline void serve(struct fixture *f)
{
	struct pollfd fds[CONTROL_CLIENTS + 1];

	for (int rounds = 0; rounds < 1000; rounds++) {
		size_t n = control_server_poll(f->server, fds, ARRAY_SIZE(fds));

		if (poll(fds, n, 0) <= 0)
			return;
		control_server_serve(f->server, fds, n, f->now);
	}
	fail_msg("the server is never satisfied: poll() spins");
}

static inline int connect_to(const struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has arrived so far; "-" for nothing yet, "" for the end of the stream. */
static inline const char *heard(int fd)
{
	static char text[4096];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN ? "-" : "";
	text[got] = '\0';
	return text;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
