/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What pending challenges cost between requests: their expiry, and the file of them that the keeper writes. All of it is
 * done in parts, for packets wait meanwhile.
 *
 * A save walks the store with a cursor and hands over what it has written when it has come to the end. What is added or
 * removed meanwhile is in the file or not; either way another save follows.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "daemon/worker.h"

/*
 * How soon a save follows the last one. A single challenge is on the disk at once; a store that changes all the time is
 * written for a fifth of the time.
 */
#define SAVE_EVERY (2 * USEC_PER_MSEC)
#define SAVE_EVERY_EACH ((usec_t)4)

enum { SAVE_PIECE = 1 << 16, SAVE_PIECES = 4 }; /* bytes at once, and how often in a turn: about 2 ms */

static void give_up(struct worker *w, int err)
{
	log_warning("engine: the challenges are not saved: %s", strerror(-err));
	challenge_cursor_close(w->store, &w->save.cursor);
	close(w->save.fd);
	w->save = (struct worker_save){ 0 };
	w->saved = w->now;
}

static int put(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t written = write(fd, text, len);

		if (written < 0)
			return -errno;
		text += written;
		len -= (size_t)written;
	}
	return 0;
}

static int begin(struct worker *w)
{
	int err;

	w->unsaved = false;
	w->save = (struct worker_save){ .fd = memfd_create("challenges", MFD_CLOEXEC), .begun = true };
	if (w->save.fd < 0)
		return -errno;
	err = put(w->save.fd, CHALLENGE_SAVE_HEAD, strlen(CHALLENGE_SAVE_HEAD));
	challenge_cursor_open(w->store, &w->save.cursor);
	return err;
}

/* 0, also when there is more. */
static int go_on(struct worker *w)
{
	static char piece[SAVE_PIECE];
	size_t len = 1;
	int err = 0;

	for (unsigned n = 0; n < SAVE_PIECES && len && !err; n++) {
		len = challenge_save_some(&w->save.cursor, piece, sizeof(piece));
		err = put(w->save.fd, piece, len);
	}
	if (len || err)
		return err;
	challenge_cursor_close(w->store, &w->save.cursor);
	/* Nothing pending, nothing to keep. */
	return challenge_count(w->store) || !ftruncate(w->save.fd, 0) ? 0 : -errno;
}

static void hand_over(struct worker *w)
{
	const struct message m = { .type = MESSAGE_SAVE, .fd_count = 1, .fd = { w->save.fd } };
	int err = channel_send(w->channel, &m);

	w->saved = w->now;
	if (err == -EAGAIN) /* the keeper is busy: again in a moment */
		return;
	if (err) {
		give_up(w, err);
		return;
	}
	close(w->save.fd);
	w->save = (struct worker_save){ 0 };
}

static void save(struct worker *w)
{
	int err = 0;

	if (!w->save.begun)
		err = begin(w);
	if (!err && w->save.cursor.open)
		err = go_on(w);
	if (err)
		give_up(w, err);
	else if (!w->save.cursor.open)
		hand_over(w);
}

static usec_t save_due(const struct worker *w)
{
	if (worker_restoring(w)) /* what is on the disk has more */
		return USEC_NEVER;
	if (w->save.cursor.open)
		return w->now;
	if (w->save.begun)
		return w->saved + SAVE_EVERY;
	return w->unsaved ? w->saved + SAVE_EVERY + challenge_count(w->store) * SAVE_EVERY_EACH : USEC_NEVER;
}

void worker_challenges_serve(struct worker *w)
{
	worker_restore_serve(w);
	if (challenge_expire(w->store, w->now)) {
		worker_arm(w);
		w->unsaved = true;
	}
	w->names_due = worker_names_serve(w) ? w->now : USEC_NEVER;
	if (w->now >= save_due(w))
		save(w);
}

usec_t worker_challenges_due(const struct worker *w)
{
	if (worker_restoring(w))
		return w->now;
	return MIN(MIN(challenge_next_expiry(w->store), w->names_due), save_due(w));
}
