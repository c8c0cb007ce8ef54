/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Directories: opened and watched by the keeper, listed here; what appears in them, and what is there no more.
 *
 * The watch is there before the list is read, so nothing falls between them; what is seen twice is looked at once.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "front/watch.h"

static enum watch_kind kind_of(const struct front *f, const struct watch_node *n)
{
	return f->options->settings.watch[n->watch].kind;
}

int watch_keeper(struct front *f, const struct watch_node *n, enum front_verb verb, int *wd)
{
	struct front_request request = { .verb = verb, .watch = n->watch };
	struct front_reply reply = { 0 };
	int fd = -1, err;

	if (!watch_path(n, request.path))
		return -ENAMETOOLONG;
	err = front_keeper_ask(f, &request, -1, &reply, &fd);
	if (err)
		return err;
	if (wd)
		*wd = reply.wd;
	return fd >= 0 ? fd : -EPROTO;
}

/* One inode has one watch, even when two paths lead to it. */
static void unwatch(struct front *f, struct watch_node *n)
{
	struct watch_node *const *all;
	int wd = n->wd;
	size_t count;

	n->wd = -1;
	if (wd < 0)
		return;
	all = watch_directories(f->watch->table, &count);
	for (size_t i = 0; i < count; i++)
		if (all[i]->wd == wd)
			return;
	inotify_rm_watch(f->options->inotify, wd); /* that it is gone already is fine */
}

static void forget_children(struct front *f, struct watch_node *n)
{
	struct watch_node *child = n->child, *next;

	for (; child; child = next) {
		next = child->next;
		watch_forget(f, child);
	}
	unwatch(f, n);
}

void watch_forget(struct front *f, struct watch_node *n)
{
	struct watch_table *t = f->watch->table;

	if (n->directory)
		forget_children(f, n);
	n->gone = true;
	if (n->pending) {
		watch_queue(t, n, WATCH_NOW, f->now); /* the engine is told when the link has room */
	} else if (n->child) {
		watch_queue(t, n, WATCH_IDLE, f->now);
	} else {
		watch_unask(f, n);
		watch_remove(t, n);
	}
}

void watch_let_go(struct front *f, struct watch_node *n)
{
	struct watch_node *parent;

	for (; n->parent && n->gone && !n->child; n = parent) {
		parent = n->parent;
		watch_unask(f, n);
		watch_remove(f->watch->table, n);
	}
}

static void tell_full(struct front *f, const struct watch_node *directory)
{
	if (!f->watch->full_told)
		watch_say(
			f, LOG_LEVEL_ERROR, directory,
			"more than 1,024 directories or 100,000 files are watched: the rest is not looked at");
	f->watch->full_told = true;
}

void watch_entry(struct front *f, struct watch_node *directory, const char *name, bool is_directory,
		 enum watch_step when)
{
	struct watch_table *t = f->watch->table;
	struct watch_node *n = watch_find(t, directory, name);
	int err = n ? 0 : watch_add(t, directory, is_directory, name, &n);
	bool recent;

	if (err == -ENOSPC)
		tell_full(f, directory);
	if (err)
		return;
	n->scan = f->watch->scans;
	n->gone = false;
	if (n->step == WATCH_NOW || n->step == WATCH_SOON)
		return;
	recent = !n->directory && n->checked && f->now - n->checked < 20 * USEC_PER_MSEC;
	watch_queue(t, n, recent ? WATCH_SOON : when, f->now);
}

static void entry(struct front *f, struct watch_node *n, const struct dirent64 *e)
{
	enum watch_kind kind = kind_of(f, n);
	bool is_directory = n->depth + 1 < watch_depth(kind);

	if (!watch_matches(kind, n->depth + 1, e->d_name))
		return;
	if (is_directory && e->d_type != DT_DIR && e->d_type != DT_LNK && e->d_type != DT_UNKNOWN)
		return;
	watch_entry(f, n, e->d_name, is_directory, WATCH_NOW);
}

/* False: not all of it. */
static bool list(struct front *f, struct watch_node *n, int fd)
{
	union {
		struct dirent64 align;
		char bytes[32768];
	} buffer;
	size_t entries = 0;
	ssize_t got;

	while ((got = getdents64(fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (ssize_t at = 0; at < got; entries++) {
			const struct dirent64 *e = (const void *)(buffer.bytes + at);

			entry(f, n, e);
			at += e->d_reclen;
		}
		if (entries > WATCH_ENTRIES) {
			watch_report(f, n, "has more than 1,000,000 entries: the rest is not looked at");
			return false;
		}
	}
	return !got;
}

static void take_list(struct front *f, struct watch_node *n, int fd)
{
	unsigned scan = ++f->watch->scans;
	struct watch_node *child, *next;

	if (!list(f, n, fd))
		return;
	for (child = n->child; child; child = next) {
		next = child->next;
		if (child->scan != scan)
			watch_forget(f, child);
	}
}

static void not_open(struct front *f, struct watch_node *n, int err)
{
	const char *system = err == -ENOSPC ? "no more inotify watches (sysctl fs.inotify.max_user_watches)"
					    : strerror(-err);
	char why[160];

	if (err == -ENOENT && n->parent) {
		watch_forget(f, n);
		return;
	}
	forget_children(f, n);
	watch_queue(f->watch->table, n, WATCH_REOPEN, f->now);
	if (!n->told) {
		snprintf(why, sizeof(why), "cannot be watched: %s; tried again every 3 s", system);
		watch_report(f, n, why);
	}
	n->told = true;
}

void watch_open_directory(struct front *f, struct watch_node *n)
{
	bool verify = n->step == WATCH_VERIFY;
	int wd = -1, fd = watch_keeper(f, n, FRONT_OPEN_DIR, &wd);

	if (fd < 0) {
		not_open(f, n, fd);
		return;
	}
	/* Each inode has its watch: this one again, and it is the same directory. */
	if (n->wd != wd) {
		forget_children(f, n);
		n->wd = wd;
		verify = false;
	}
	/* Of what is beneath, the directory above tells; nothing tells of what is above the watched directory. */
	watch_queue(f->watch->table, n, n->parent ? WATCH_IDLE : WATCH_VERIFY, f->now);
	if (n->told)
		watch_say(f, LOG_LEVEL_NOTICE, n, "is watched now");
	n->told = false;
	if (!verify)
		take_list(f, n, fd);
	close(fd);
}
