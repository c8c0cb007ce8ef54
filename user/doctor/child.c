// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of the system that are run for what they print: found in fixed places, in a fixed language, and not for long. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "doctor/read.h"

enum { OUTPUT_MAX = 16 << 20, OUTPUT_STEP = 64 << 10 };

/* Not by PATH: this is run as root. */
const char *program_find(const char *name, char *path, size_t size)
{
	static const char *const places[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, "%s/%s", places[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

static int spawn(const char *const argv[], int output, pid_t *pid)
{
	static char *const environment[] = { "LC_ALL=C", "PATH=/usr/sbin:/sbin:/usr/bin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	char *arguments[8] = { NULL };
	int err;

	for (size_t i = 0; argv[i] && i + 1 < ARRAY_SIZE(arguments); i++)
		arguments[i] = (char *)(uintptr_t)argv[i]; /* posix_spawn(3) does not write there */
	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!err)
		err = posix_spawn(pid, arguments[0], &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Everything that comes through the pipe until its end, NUL-terminated. */
static char *collect(int fd, usec_t deadline, const char **why)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *text = NULL;
	size_t len = 0;

	for (;;) {
		char *grown = realloc(text, len + OUTPUT_STEP + 1);
		usec_t now = clock_now();
		ssize_t got;

		*why = "no memory";
		if (!grown)
			break;
		text = grown;
		*why = "it took too long";
		if (now >= deadline || poll(&p, 1, (int)((deadline - now) / USEC_PER_MSEC) + 1) != 1)
			break;
		got = read(fd, text + len, OUTPUT_STEP);
		if (got == 0) {
			text[len] = '\0';
			return text;
		}
		*why = "its output could not be read";
		len += got > 0 ? (size_t)got : 0;
		if (got < 0 || len > OUTPUT_MAX)
			break;
	}
	free(text);
	return NULL;
}

char *program_output(const char *const argv[], int timeout_ms, const char **why)
{
	usec_t deadline = clock_now() + (usec_t)timeout_ms * USEC_PER_MSEC;
	int ends[2], status;
	char *text;
	pid_t pid;

	*why = "it could not be run";
	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	if (spawn(argv, ends[1], &pid)) {
		close(ends[0]);
		close(ends[1]);
		return NULL;
	}
	close(ends[1]);
	text = collect(ends[0], deadline, why);
	close(ends[0]);
	if (!text)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid && text && !(WIFEXITED(status) && !WEXITSTATUS(status))) {
		*why = "it failed";
		free(text);
		return NULL;
	}
	return text;
}
