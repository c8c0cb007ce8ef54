/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Starting: in the foreground, or as a child that reports through a pipe before its parent returns. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "control/control.h"
#include "daemon/keeper.h"
#include "daemon/state.h"

struct announcement {
	const struct daemon_options *options;
	void (*started)(const struct daemon_options *o, const struct daemon_report *reports);
	struct daemon_report *reports; /* of the caller */
	int pipe;                      /* background: to the parent */
};

static void announce_foreground(void *context, const struct daemon_report *reports)
{
	struct announcement *a = context;

	memcpy(a->reports, reports, sizeof(*reports) * a->options->settings.interfaces);
	a->started(a->options, a->reports);
}

static void announce_background(void *context, const struct daemon_report *reports)
{
	struct announcement *a = context;
	const size_t len = sizeof(*reports) * DAEMON_MAX_INTERFACES;

	if (write(a->pipe, reports, len) != (ssize_t)len)
		log_error("keeper: nobody waits for our report: %s", strerror(errno));
	close(a->pipe);
}

static int leave_terminal(const char *socket_path)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = state_open_log(socket_path);

	if (null < 0 || log < 0)
		return null < 0 ? -errno : log;
	if (setsid() < 0 || chdir("/") || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
		return -errno;
	close(null);
	close(log);
	return 0;
}

static _Noreturn void run_background(struct announcement *a, int listen_fd)
{
	int err = leave_terminal(a->options->settings.socket);

	if (!err)
		err = keeper_run(a->options, listen_fd, announce_background, a);
	_exit(err ? EXIT_FAILED : EXIT_DONE);
}

static int read_reports(int fd, struct daemon_report *reports, size_t count)
{
	struct daemon_report all[DAEMON_MAX_INTERFACES];
	size_t got = 0;

	while (got < sizeof(all)) {
		ssize_t n = read(fd, (char *)all + got, sizeof(all) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EPIPE;
		got += (size_t)n;
	}
	memcpy(reports, all, sizeof(*reports) * count);
	for (size_t i = 0; i < count; i++)
		if (!reports[i].ok)
			return reports[i].err;
	return 0;
}

/* The parent's copy of the listening socket is closed, or connections to a dead daemon would wait in it. */
static int start_background(struct announcement *a, int listen_fd)
{
	int pipes[2], err;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		err = -errno;
		close(pipes[1]);
	} else if (child == 0) {
		close(pipes[0]);
		a->pipe = pipes[1];
		run_background(a, listen_fd);
	} else {
		close(pipes[1]);
		err = read_reports(pipes[0], a->reports, a->options->settings.interfaces);
		if (err)
			waitpid(child, NULL, 0);
	}
	close(pipes[0]);
	close(listen_fd);
	return err;
}

int daemon_start(const struct daemon_options *o, struct daemon_report *reports,
		 void (*started)(const struct daemon_options *o, const struct daemon_report *reports))
{
	struct announcement a = { .options = o, .started = started, .reports = reports };
	int listen_fd, err;

	if (o->settings.interfaces < 1 || o->settings.interfaces > DAEMON_MAX_INTERFACES)
		return -EINVAL;
	memset(reports, 0, sizeof(*reports) * o->settings.interfaces);
	err = state_prepare(o->settings.socket);
	if (err)
		return err;
	listen_fd = control_listen(o->settings.socket);
	if (listen_fd < 0)
		return listen_fd;
	err = o->foreground ? keeper_run(o, listen_fd, announce_foreground, &a)
			    : start_background(&a, listen_fd);
	return err;
}

/* Who can listen in its place is alone. */
void daemon_clear(const char *socket_path)
{
	int fd = control_listen(socket_path);

	if (fd < 0)
		return;
	close(fd);
	state_clear(socket_path, true);
}
