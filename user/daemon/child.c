/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Birth, end, and the pause before the next one: for the engine process and for that of the front ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "control/control.h"
#include "daemon/child.h"

#define RESTART_LEAST (100 * USEC_PER_MSEC)
#define RESTART_MOST (5 * USEC_PER_SEC)
#define GROWN_UP (10 * USEC_PER_SEC) /* one that lived for so long did not die of its start */
enum { END_WAIT_MS = 2000, FIRST_FD = 3, ASIDE = FIRST_FD + 1 + CHILD_FDS };

/* First aside, then into place: no number is taken that another descriptor still has. */
static int arrange(int channel, const struct child_birth *birth, int out[1 + CHILD_FDS])
{
	size_t count = 1 + birth->fds;

	for (size_t i = 0; i < count; i++) {
		int fd = i ? birth->fd[i - 1] : channel;

		out[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD, ASIDE);
		if (fd >= 0 && out[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++) {
		int to = FIRST_FD + (int)i;

		if (out[i] < 0) {
			close(to);
			continue;
		}
		if (dup2(out[i], to) < 0)
			return -errno;
		out[i] = to;
	}
	return close_range(FIRST_FD + (unsigned)count, ~0u, 0) ? -errno : 0;
}

/* In the child: nothing of the keeper's stays open but what it was given, and the log. */
static _Noreturn void live(const struct child *c, int channel, const struct child_birth *birth)
{
	int fd[1 + CHILD_FDS];
	char name[16];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (arrange(channel, birth, fd))
		_exit(EXIT_FAILED);
	snprintf(name, sizeof(name), "alpnxdp-%s", c->name);
	prctl(PR_SET_NAME, name);
	_exit(birth->run(fd, birth->context));
}

int child_start(struct child *c, const struct child_birth *birth)
{
	/* For one that does not read: whoever waited for it would be deaf to signals and links. */
	const struct timeval patience = { .tv_sec = 1 };
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		log_warning("keeper: %s", strerror(errno));
	c->pid = fork();
	if (c->pid < 0) {
		err = -errno;
		c->pid = 0;
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (c->pid == 0)
		live(c, pair[1], birth);
	close(pair[1]);
	c->channel = pair[0];
	c->started = clock_now();
	return 0;
}

/* It ends by itself when the channel does; it is not waited for longer than END_WAIT_MS. */
void child_stop(struct child *c)
{
	if (c->channel >= 0)
		close(c->channel);
	c->channel = -1;
	if (c->pid <= 0)
		return;
	for (int waited = 0; waitpid(c->pid, NULL, WNOHANG) == 0; waited += 10) {
		if (waited >= END_WAIT_MS)
			kill(c->pid, SIGKILL);
		poll(NULL, 0, 10);
	}
	c->pid = 0;
}

void child_ended(struct child *c)
{
	usec_t now = clock_now();

	child_stop(c);
	if (now - c->started > GROWN_UP || !c->restart_delay)
		c->restart_delay = RESTART_LEAST;
	else
		c->restart_delay = MIN(c->restart_delay * 2, RESTART_MOST);
	c->restart_at = now + c->restart_delay;
	log_error("keeper: the %s process has ended; another starts in %u ms", c->name,
		  (unsigned)(c->restart_delay / USEC_PER_MSEC));
}

bool child_due(const struct child *c, usec_t now)
{
	return c->channel < 0 && now >= c->restart_at;
}
