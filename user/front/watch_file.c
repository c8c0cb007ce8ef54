/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One look at one file: opened by the keeper, read whole, understood, and the engine told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "front/watch.h"

static const char NOT_REGULAR[] = "is not a regular file";

static void note_version(struct watch_node *n, const struct stat *s)
{
	const struct watch_version version = {
		.device = s->st_dev,
		.inode = s->st_ino,
		.size = (uint64_t)s->st_size,
		.seconds = s->st_mtim.tv_sec,
		.nanoseconds = s->st_mtim.tv_nsec,
	};

	if (memcmp(&version, &n->version, sizeof(version)))
		n->told = false;
	n->version = version;
}

/* Length, or -errno. One byte more than allowed is asked for, so that a file that grows is noticed. */
static ssize_t read_whole(int fd, char *text, size_t cap)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, text + len, cap - len);
		if (got < 0 && errno != EINTR)
			return -errno;
		len += got > 0 ? (size_t)got : 0;
	} while (got && len < cap);
	return (ssize_t)len;
}

/* Length; -errno; -EINVAL with *why. */
static ssize_t read_open(struct front *f, struct watch_node *n, int fd, const char **why)
{
	struct stat s;
	ssize_t len;

	if (fstat(fd, &s))
		return -errno;
	note_version(n, &s);
	*why = NOT_REGULAR;
	if (!S_ISREG(s.st_mode))
		return -EINVAL;
	len = read_whole(fd, f->watch->text, sizeof(f->watch->text));
	*why = "is larger than 64 KiB";
	return len > WATCH_FILE_MAX ? -EINVAL : len;
}

static int look(struct front *f, struct watch_node *n, struct challenge_facts *facts, const char **why)
{
	int fd = watch_keeper(f, n, FRONT_OPEN_FILE, NULL);
	ssize_t len;

	*why = fd == -EINVAL ? NOT_REGULAR : NULL; /* the keeper looks, too */
	if (fd < 0)
		return fd;
	len = read_open(f, n, fd, why);
	close(fd);
	if (len < 0)
		return (int)len;
	return watch_read(&(struct watch_text){ .kind = f->options->settings.watch[n->watch].kind,
						.folder = n->parent->name,
						.name = n->name,
						.text = f->watch->text,
						.len = (size_t)len },
			  facts, why);
}

void watch_withdraw(struct front *f, struct watch_node *n)
{
	if (n->pending && watch_unpend(f->watch->table, n))
		watch_ask_remove(f, n);
}

static void take(struct front *f, struct watch_node *n, const struct challenge_facts *facts)
{
	struct watch_table *t = f->watch->table;

	if (!watch_pends(n, facts)) {
		watch_withdraw(f, n);
		if (watch_pend(t, n, facts)) {
			watch_queue(t, n, WATCH_SECOND, f->now);
			return;
		}
		watch_say(f, LOG_LEVEL_DEBUG, n, "its challenge is pending");
	}
	watch_queue(t, n, WATCH_RENEW, f->now);
	watch_ask_add(f, n);
}

/* It may be half written, so it is looked at again before anything is said; what was pending stays until then. */
static void wait_or_tell(struct front *f, struct watch_node *n, int err, const char *why)
{
	enum watch_step next = watch_step_after(n->step);

	watch_queue(f->watch->table, n, next, f->now);
	if (next != WATCH_IDLE)
		return;
	watch_withdraw(f, n);
	if (!n->told)
		watch_report(f, n, err == -EINVAL && why ? why : strerror(-err));
	n->told = true;
}

void watch_check_file(struct front *f, struct watch_node *n)
{
	struct challenge_facts facts;
	const char *why;
	int err;

	n->checked = f->now;
	err = look(f, n, &facts, &why);
	if (!err) {
		take(f, n, &facts);
	} else if (err == -ENOENT) {
		watch_forget(f, n);
	} else if (err == -ENOMSG) {
		watch_queue(f->watch->table, n, WATCH_IDLE, f->now);
		watch_withdraw(f, n);
	} else {
		wait_or_tell(f, n, err, why);
	}
}
