/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files under the socket's directory: `challenges`, `daemon.pid`, `log`.
 *
 * The challenges are an opaque blob here: the keeper copies bytes, and never looks at them. A reader finds the old file or
 * the new one, never half of one: it is written under another name and renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "daemon/state.h"

enum { LOG_MAX = 1 << 20 };

/* "<directory of the socket>/<name>". -ENAMETOOLONG if it does not fit. */
static int state_path(const char *socket_path, const char *name, char out[STATE_PATH_MAX])
{
	const char *slash = strrchr(socket_path, '/');
	int directory = slash ? (int)(slash - socket_path) : 1;
	int len = snprintf(out, STATE_PATH_MAX, "%.*s/%s", directory, slash ? socket_path : ".", name);

	return len < STATE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int state_prepare(const char *socket_path)
{
	char directory[STATE_PATH_MAX];
	int err = state_path(socket_path, "", directory);

	if (err)
		return err;
	if (mkdir(directory, 0755))
		return errno == EEXIST ? 0 : -errno;
	/* Whatever the umask: the socket's group must get to the socket. */
	return chmod(directory, 0755) ? -errno : 0;
}

static int copy(int from, off_t size, int to)
{
	off_t at = 0;

	while (at < size)
		if (sendfile(to, from, &at, (size_t)(size - at)) <= 0)
			return errno ? -errno : -EIO;
	return 0;
}

/* What another user may have put in the temporary file's place is taken away, not written into. */
static int open_temporary(const char *path, mode_t mode)
{
	int fd;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return fd < 0 ? -errno : fd;
}

int state_write_file(const char *path, int memfd, mode_t mode)
{
	char temporary[STATE_PATH_MAX + 4];
	struct stat st;
	int err, fd;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	if (fstat(memfd, &st))
		return -errno;
	if (st.st_size > STATE_MAX)
		return -EFBIG;
	fd = open_temporary(temporary, mode);
	if (fd < 0)
		return fd;
	err = copy(memfd, st.st_size, fd);
	if (!err && fchmod(fd, mode)) /* whatever the umask */
		err = -errno;
	close(fd);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

int state_save(const char *socket_path, int memfd)
{
	char path[STATE_PATH_MAX];
	struct stat st;
	int err = state_path(socket_path, "challenges", path);

	if (err)
		return err;
	if (fstat(memfd, &st))
		return -errno;
	if (st.st_size == 0)
		return unlink(path) && errno != ENOENT ? -errno : 0;
	return state_write_file(path, memfd, 0600);
}

/* In a directory like /tmp the file may be anybody's, and whoever writes it gets certificates for our names. */
static bool is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

int state_open(const char *socket_path)
{
	char path[STATE_PATH_MAX];
	int err = state_path(socket_path, "challenges", path);
	int fd;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); /* a FIFO would keep us waiting */
	if (fd < 0)
		return -errno;
	if (is_ours(fd))
		return fd;
	close(fd);
	log_warning("keeper: %s: not used: it is not a file of ours alone", path);
	return -EPERM;
}

int state_write_pid(const char *socket_path)
{
	char path[STATE_PATH_MAX];
	int err = state_path(socket_path, "daemon.pid", path);
	int fd;

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%d\n", (int)getpid()) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void remove_file(const char *socket_path, const char *name)
{
	char path[STATE_PATH_MAX];

	if (!state_path(socket_path, name, path))
		unlink(path);
}

void state_clear(const char *socket_path, bool detached)
{
	if (detached)
		remove_file(socket_path, "log");
	remove_file(socket_path, "daemon.pid");
	unlink(socket_path); /* last: from here on another daemon may start */
}

int state_open_log(const char *socket_path)
{
	char path[STATE_PATH_MAX];
	int err = state_path(socket_path, "log", path);
	struct stat st;
	int fd;

	if (err)
		return err;
	if (!stat(path, &st) && st.st_size > LOG_MAX)
		unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}
