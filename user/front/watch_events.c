/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* inotify(7): what an event means for the nodes. Nothing is read here, nodes are only put into the queue. */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "front/watch.h"

/* Buffers of one turn: the others of this process want theirs, too. */
enum { TURN_BUFFERS = 16 };

#define IS_LOST (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define IS_THERE (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB)
#define IS_GONE (IN_DELETE | IN_MOVED_FROM)

/* Events were dropped (/proc/sys/fs/inotify/max_queued_events): all that is watched is listed again. */
static void overflow(struct front *f)
{
	struct watch_node *const *all;
	size_t count;

	log_notice("watch: more events than the kernel keeps; everything is looked at again");
	all = watch_directories(f->watch->table, &count);
	for (size_t i = 0; i < count; i++)
		if (!all[i]->gone)
			watch_queue(f->watch->table, all[i], WATCH_NOW, f->now);
}

static void lost(struct front *f, struct watch_node *n)
{
	struct watch_node *child = n->child, *next;

	if (n->parent) {
		watch_forget(f, n);
		return;
	}
	for (; child; child = next) {
		next = child->next;
		watch_forget(f, child);
	}
	watch_queue(f->watch->table, n, WATCH_NOW, f->now);
}

static void in_directory(struct front *f, struct watch_node *n, const struct inotify_event *e)
{
	enum watch_kind kind = f->options->settings.watch[n->watch].kind;
	bool is_directory = n->depth + 1 < watch_depth(kind);
	struct watch_node *child;

	if (!watch_matches(kind, n->depth + 1, e->name))
		return;
	child = watch_find(f->watch->table, n, e->name);
	/* Another directory of the same name is not the one that we know. */
	if (child && (e->mask & IS_GONE || (child->directory && e->mask & (IN_CREATE | IN_MOVED_TO)))) {
		watch_forget(f, child);
		child = NULL;
	}
	if (!(e->mask & IS_THERE) || (is_directory && (!(e->mask & IN_ISDIR) || (child && child->wd >= 0))))
		return;
	/* A client tells its CA at once: no look is lost on a file that cannot have been written yet. */
	watch_entry(f, n, e->name, is_directory,
		    !is_directory && e->mask & IN_CREATE ? WATCH_MADE : WATCH_NOW);
}

static void event(struct front *f, const struct inotify_event *e)
{
	struct watch_node *const *all;
	size_t count;

	if (e->mask & IN_Q_OVERFLOW) {
		overflow(f);
		return;
	}
	/* Backwards: forgetting one moves only those behind it. */
	all = watch_directories(f->watch->table, &count);
	for (size_t i = count; i-- > 0;) {
		struct watch_node *n = i < count ? all[i] : NULL;

		if (!n || n->wd != e->wd)
			continue;
		if (e->mask & IS_LOST)
			lost(f, n);
		else if (e->len)
			in_directory(f, n, e);
		watch_directories(f->watch->table, &count);
	}
}

void watch_events(struct front *f)
{
	union {
		struct inotify_event align;
		char bytes[65536];
	} buffer;

	for (int i = 0; i < TURN_BUFFERS; i++) {
		ssize_t got = read(f->options->inotify, buffer.bytes, sizeof(buffer.bytes));

		if (got <= 0) {
			if (got < 0 && errno != EAGAIN && errno != EINTR)
				front_end(f, strerror(errno));
			return;
		}
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *e = (const void *)(buffer.bytes + at);

			event(f, e);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
}
