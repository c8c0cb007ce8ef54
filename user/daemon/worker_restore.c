/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was pending when the last engine process ended.
 *
 * A million challenges take seconds, and the keeper waits for this process to serve: so only the first part is read at
 * once, and the rest between packets. A hello for a name that is not there yet goes to the web server.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/worker.h"

enum {
	RESTORE_FIRST = 20000,
	RESTORE_TURN = 2000
}; /* lines: 50 ms before anything is served, 5 ms of a turn */

static void finish(struct worker *w)
{
	const struct control_server_options options = { .listen_fd = w->listen_fd,
							.answer = worker_answer,
							.context = w };
	int err;

	if (w->restore.text)
		munmap(w->restore.text, w->restore.len);
	if (w->restore.at.restored)
		log_info("engine: %zu pending challenges restored", w->restore.at.restored);
	w->restore = (struct worker_restore){ 0 };
	err = control_server_new(&options, &w->server);
	if (err)
		log_error("engine: control socket: %s", strerror(-err));
}

static void go_on(struct worker *w, size_t lines)
{
	bool more = challenge_restore_some(w->store, &w->restore.at, lines, w->now);

	worker_arm(w);
	if (!more)
		finish(w);
}

/* False: nothing that could be restored. */
static bool map(struct worker *w, int fd)
{
	struct worker_restore *r = &w->restore;
	struct stat st;
	char *text;

	if (fstat(fd, &st) || st.st_size == 0)
		return false;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	r->text = text;
	r->len = (size_t)st.st_size;
	if (!challenge_restore_begin(&r->at, text, r->len))
		return true;
	log_warning("engine: the saved challenges cannot be read: they are not ours");
	return false;
}

void worker_restore(struct worker *w, int fd)
{
	bool found = fd >= 0 && map(w, fd);

	if (fd >= 0)
		close(fd);
	if (found)
		go_on(w, RESTORE_FIRST);
	else
		finish(w);
}

void worker_restore_serve(struct worker *w)
{
	if (worker_restoring(w))
		go_on(w, RESTORE_TURN);
}
