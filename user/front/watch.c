/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watched directories: their place in the loop, and the queue's end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "front/watch.h"

/* Nodes of one turn: each costs a question to the keeper and a file. */
enum { TURN_NODES = 32 };

static int open_roots(struct front *f)
{
	const struct settings *s = &f->options->settings;
	struct watch *w = f->watch;

	for (unsigned i = 0; i < s->watches; i++) {
		w->root[i] = watch_root(w->table, i);
		if (!w->root[i])
			return -ENOMEM;
		watch_queue(w->table, w->root[i], WATCH_NOW, f->now);
	}
	return 0;
}

static int open_watch(struct front *f)
{
	uint8_t key[16];

	if (!f->options->settings.watches)
		return 0;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	f->watch = calloc(1, sizeof(*f->watch));
	if (!f->watch)
		return -ENOMEM;
	f->watch->minute = f->now;
	f->watch->table = watch_table_new(key);
	return f->watch->table ? open_roots(f) : -ENOMEM;
}

static void close_watch(struct front *f)
{
	if (f->watch)
		watch_table_free(f->watch->table);
	free(f->watch);
	f->watch = NULL;
}

static size_t poll_watch(struct front *f, struct pollfd *fds, size_t max)
{
	if (!f->watch || !max)
		return 0;
	fds[0] = (struct pollfd){ .fd = f->options->inotify, .events = POLLIN };
	return 1;
}

static void work(struct front *f, struct watch_node *n)
{
	if (n->gone) {
		watch_queue(f->watch->table, n, WATCH_IDLE, f->now);
		watch_withdraw(f, n);
		watch_let_go(f, n);
	} else if (n->directory) {
		watch_open_directory(f, n);
	} else {
		watch_check_file(f, n);
	}
}

static void serve_watch(struct front *f, const struct pollfd *fds, size_t count)
{
	struct watch_node *n;

	if (!f->watch)
		return;
	if (count && fds[0].revents)
		watch_events(f);
	for (int i = 0; i < TURN_NODES && watch_may_ask(f) && !f->ended; i++) {
		n = watch_due(f->watch->table, f->now);
		if (!n)
			break;
		work(f, n);
	}
}

/* While the link is full, replies wake us. */
static usec_t deadline_watch(const struct front *f)
{
	return f->watch && watch_may_ask(f) ? watch_next(f->watch->table) : USEC_NEVER;
}

const struct front_part front_part_watch = {
	.name = "watched directories",
	.open = open_watch,
	.close = close_watch,
	.poll = poll_watch,
	.serve = serve_watch,
	.deadline = deadline_watch,
};
