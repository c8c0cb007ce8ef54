/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keeper's side of the front ends' process: its sockets, its birth, and the three things it may ask for.
 *
 * It asks on behalf of what strangers have sent it, so nothing of it is believed: a file is opened only beneath a
 * directory of the settings, by a path that the kernel keeps from leaving it (openat2(2)), and only to be read. What is
 * in it the keeper never sees. With no front end set there is no such process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "daemon/keeper.h"
#include "daemon/sandbox.h"
#include "daemon/state.h"
#include "front/front.h"

bool keeper_front_wanted(const struct keeper *k)
{
	const struct settings *s = &k->settings;

	return *s->ualpn_socket || s->watches || *s->harvest || *s->metrics_socket || *s->metrics_textfile;
}

/* ----------------------------------------------------------------- sockets */

static int open_listener(const char *path, struct xdp_error *error)
{
	int fd = control_listen(path);

	if (fd >= 0)
		return fd;
	snprintf(error->what, sizeof(error->what), "%s: cannot listen there", path);
	snprintf(error->system, sizeof(error->system), "%s", strerror(-fd));
	if (fd == -EADDRINUSE)
		snprintf(error->fix, sizeof(error->fix),
			 "another program answers there: end it, or set another path");
	if (fd == -ENOENT)
		snprintf(error->fix, sizeof(error->fix), "its directory is missing: make it with mkdir -p");
	/* Of the control socket these two tell who asked that a daemon runs already, or that none does. */
	if (fd == -EADDRINUSE)
		return -EBUSY;
	return fd == -ENOENT ? -ENOTDIR : fd;
}

static void close_listener(struct front_listener *l)
{
	if (l->fd < 0)
		return;
	close(l->fd);
	unlink(l->path);
	l->fd = -1;
	l->path[0] = '\0';
}

/* *fresh: what is to take the place of the one that is there; the same, when it stays. */
static int open_path(const struct front_listener *old, const char *path, struct front_listener *fresh,
		     struct xdp_error *error)
{
	*fresh = *old;
	if (!strcmp(old->path, path))
		return 0;
	fresh->fd = *path ? open_listener(path, error) : -1;
	snprintf(fresh->path, sizeof(fresh->path), "%s", path);
	return *path && fresh->fd < 0 ? fresh->fd : 0;
}

static void replace(struct front_listener *l, const struct front_listener *fresh)
{
	if (strcmp(l->path, fresh->path))
		close_listener(l);
	*l = *fresh;
}

/* Both or none: where one cannot be opened, the front that runs goes on with what it has. */
int keeper_front_listen(struct keeper *k, const struct settings *s, struct xdp_error *error)
{
	struct front_listener ualpn, metrics;
	int err = open_path(&k->ualpn, s->ualpn_socket, &ualpn, error);

	if (err)
		return err;
	err = open_path(&k->metrics, s->metrics_socket, &metrics, error);
	if (err) {
		if (strcmp(k->ualpn.path, ualpn.path))
			close_listener(&ualpn);
		return err;
	}
	replace(&k->ualpn, &ualpn);
	replace(&k->metrics, &metrics);
	return 0;
}

/* ------------------------------------------------------------ birth and end */

/* In the child. */
static int run(const int *fd, const void *context)
{
	struct front_options options = { .keeper = fd[0],
					 .engine = fd[1],
					 .inotify = fd[2],
					 .ualpn_listen = fd[3],
					 .metrics_listen = fd[4],
					 .settings = *(const struct settings *)context };

	signal(SIGPIPE, SIG_IGN);
	/* What a terminal or a service manager sends to all of us is for the keeper; the front ends when it does. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (sandbox_enter(SANDBOX_FRONT, NULL, NULL))
		return EXIT_FAILED;
	return front_run(&options);
}

int keeper_front_start(struct keeper *k)
{
	struct message link = { .type = MESSAGE_FRONT, .fd_count = 1 };
	struct child_birth birth = { .fds = 4, .run = run, .context = &k->settings };
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -errno;
	k->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = k->inotify < 0 ? -errno : 0;
	birth.fd[0] = pair[1];
	birth.fd[1] = k->inotify;
	birth.fd[2] = k->ualpn.fd;
	birth.fd[3] = k->metrics.fd;
	if (!err)
		err = child_start(&k->front, &birth);
	link.fd[0] = pair[0];
	if (!err)
		err = keeper_tell(k, &link);
	close(pair[0]);
	close(pair[1]);
	if (err)
		keeper_front_stop(k);
	return err;
}

void keeper_front_stop(struct keeper *k)
{
	child_stop(&k->front);
	if (k->inotify >= 0)
		close(k->inotify);
	k->inotify = -1;
}

void keeper_front_close(struct keeper *k)
{
	keeper_front_stop(k);
	close_listener(&k->ualpn);
	close_listener(&k->metrics);
}

/* ----------------------------------------------------------------- requests */

/*
 * The same by hand, and without any symbolic link: where a service manager's filter has no openat2(2), since it cannot see
 * the mode in it (RestrictSUIDSGID= of systemd.exec(5)).
 */
static int walk_beneath(int root, const char *path, int flags)
{
	char copy[FRONT_PATH], *rest = copy;
	int at = root, next = -EINVAL;

	snprintf(copy, sizeof(copy), "%s", *path ? path : ".");
	for (char *name = strsep(&rest, "/"); name; name = strsep(&rest, "/")) {
		if (!strcmp(name, ".."))
			next = -EXDEV;
		else
			next = openat(at, *name ? name : ".",
				      (rest ? O_PATH | O_DIRECTORY : flags) | O_NOFOLLOW | O_CLOEXEC);
		if (next == -1)
			next = -errno;
		if (at != root)
			close(at);
		if (next < 0)
			break;
		at = next;
	}
	return next;
}

static int open_beneath(const char *directory, const char *path, uint64_t flags)
{
	const struct open_how how = { .flags = flags | O_CLOEXEC,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	if (fd < 0)
		fd = errno == ENOSYS ? walk_beneath(root, path, (int)flags) : -errno;
	close(root);
	return fd;
}

static int open_file(const char *directory, const char *path)
{
	int fd = open_beneath(directory, path,
			      O_RDONLY | O_NONBLOCK | O_NOCTTY); /* a FIFO would keep us waiting */
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return -EINVAL;
}

/* inotify knows directories by path; that of the descriptor cannot be exchanged for another meanwhile. */
static int open_directory(const struct keeper *k, const struct front_request *r, struct front_reply *reply)
{
	int fd = open_beneath(k->settings.watch[r->watch].path, r->path, O_RDONLY | O_DIRECTORY);
	char self[32];
	int err;

	if (fd < 0)
		return fd;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	reply->wd = inotify_add_watch(k->inotify, self, FRONT_WATCH_EVENTS);
	if (reply->wd >= 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int write_textfile(const struct keeper *k, int memfd)
{
	const char *path = k->settings.metrics_textfile;

	return memfd < 0 || !*path ? -EINVAL : state_write_file(path, memfd, 0644);
}

/* A descriptor for the reply, or a negative number; reply->err is written in any case. */
static int serve(struct keeper *k, struct front_request *r, int given, struct front_reply *reply)
{
	int fd = -EINVAL;

	r->path[sizeof(r->path) - 1] = '\0';
	if (r->verb == FRONT_TEXTFILE) {
		reply->err = write_textfile(k, given);
		return -1;
	}
	if (r->watch < k->settings.watches && r->verb == FRONT_OPEN_FILE)
		fd = open_file(k->settings.watch[r->watch].path, r->path);
	else if (r->watch < k->settings.watches && r->verb == FRONT_OPEN_DIR)
		fd = open_directory(k, r, reply);
	reply->err = MIN(fd, 0);
	return fd;
}

/* One request, one reply; a front that does not read its replies is ended. */
int keeper_front_hear(struct keeper *k)
{
	struct front_reply reply = { .wd = -1 };
	struct front_request r;
	struct packet in = { .bytes = &r, .len = sizeof(r) };
	struct packet out = { .bytes = &reply, .len = sizeof(reply) };
	int got = packet_receive(k->front.channel, &in);
	int err;

	if (got <= 0)
		return got;
	out.fd[0] = serve(k, &r, in.fds ? in.fd[0] : -1, &reply);
	out.fds = out.fd[0] >= 0;
	err = packet_send(k->front.channel, &out);
	packet_close(&out);
	packet_close(&in);
	if (err == -EAGAIN) /* it had child_start()'s patience; to our caller this would be nothing to read */
		err = -ETIMEDOUT;
	return err ? err : 1;
}
