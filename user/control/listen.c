/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The listening socket: who may connect is its file mode, and a socket that somebody answers is never
 * replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/control.h"

/*
 * Makes way: 0 when nothing is left at the path, -EADDRINUSE when a daemon is there, -EEXIST when it is no
 * socket.
 */
static int path_clear(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, err = -EADDRINUSE;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A full backlog is EAGAIN: somebody listens, if slowly. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED)
		err = unlink(address->sun_path) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* The owner's alone until group and mode are set: there is no moment in which others could connect. */
static int bind_closed(int fd, const struct sockaddr_un *address)
{
	const struct group *group = getgrnam(CONTROL_GROUP);

	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (group && chown(address->sun_path, (uid_t)-1, group->gr_gid) < 0)
		return -errno;
	if (chmod(address->sun_path, 0660) < 0)
		return -errno;
	return listen(fd, CONTROL_CLIENTS) < 0 ? -errno : 0;
}

static int listen_alone(const struct sockaddr_un *address)
{
	int fd, err = path_clear(address);

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = bind_closed(fd, address);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/*
 * Daemons that start at once take turns: a socket that is bound but not listened on yet looks like one left by the dead.
 * Whoever may read the directory can hold this lock, /run's for instance: one that is kept for so long is no daemon's, and
 * is not waited for any more.
 */
enum { LOCK_PATIENCE_MS = 1000, LOCK_STEP_MS = 10 };

static int lock_or_go_on(int fd)
{
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= LOCK_PATIENCE_MS)
			break;
		poll(NULL, 0, LOCK_STEP_MS);
	}
	return 0;
}

static int directory_lock(char *path)
{
	char *slash = strrchr(path, '/');
	int fd, err;

	if (slash)
		slash[slash == path] = '\0';
	fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = lock_or_go_on(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[sizeof(address.sun_path)];
	int fd, lock;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	strcpy(directory, path);
	lock = directory_lock(directory);
	if (lock < 0)
		return lock;
	fd = listen_alone(&address);
	close(lock);
	return fd;
}
