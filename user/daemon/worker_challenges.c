/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pending challenges as others see them: the map of names in every program, the number that arms it, and the blob that the
 * keeper writes to disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "daemon/worker.h"

/* A large store is not written more often than this: a save costs time in proportion to its size. */
#define SAVE_EVERY (50 * USEC_PER_MSEC)
enum { SAVE_AT_ONCE = 1000 };

/* A name that does not fit into the map must not be missed: then the program stops dismissing hellos by name. */
static void name_changed(struct worker_interface *i, const char *sni, bool pending)
{
	int err =
		pending ? xdp_name_add(&i->attachment.maps, sni) : xdp_name_remove(&i->attachment.maps, sni);

	if (err && pending)
		__atomic_fetch_or(&i->shared.config->flags, CONFIG_ANY_NAME, __ATOMIC_RELAXED);
}

void worker_names_changed(const char *sni, bool pending, void *worker)
{
	struct worker *w = worker;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			name_changed(&w->interface[n], sni, pending);
}

static bool load_name(struct challenge *c, void *context)
{
	name_changed(context, c->ident.sni, true);
	return true;
}

/* While harvest is on no name may be dismissed: it may be one that a listener here knows. */
void worker_names_load(struct worker *w, struct worker_interface *i)
{
	if (w->harvest.on)
		__atomic_fetch_or(&i->shared.config->flags, CONFIG_ANY_NAME, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&i->shared.config->flags, ~(uint32_t)CONFIG_ANY_NAME, __ATOMIC_RELAXED);
	xdp_name_clear(&i->attachment.maps);
	challenge_each(w->store, load_name, i);
}

void worker_names_any(struct worker *w)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			worker_names_load(w, &w->interface[n]);
}

void worker_arm(struct worker *w)
{
	uint32_t count = (uint32_t)challenge_count(w->store) + w->harvest.on;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			__atomic_store_n(&w->interface[n].shared.config->armed, count, __ATOMIC_RELEASE);
}

static int send_blob(struct worker *w, const char *text, size_t len)
{
	struct message m = { .type = MESSAGE_SAVE, .fd_count = 1 };
	size_t at = 0;
	int err = 0;

	m.fd[0] = memfd_create("challenges", MFD_CLOEXEC);
	if (m.fd[0] < 0)
		return -errno;
	while (!err && at < len) {
		ssize_t put = write(m.fd[0], text + at, len - at);

		if (put < 0)
			err = -errno;
		else
			at += (size_t)put;
	}
	if (!err)
		err = channel_send(w->channel, &m);
	close(m.fd[0]);
	return err;
}

void worker_save(struct worker *w)
{
	char *text = challenge_store_save(w->store);
	size_t len =
		text && challenge_count(w->store) ? strlen(text) : 0; /* nothing pending: nothing to keep */
	int err = text ? send_blob(w, text, len) : -ENOMEM;

	if (err && err != -EAGAIN)
		log_warning("engine: the challenges are not saved: %s", strerror(-err));
	w->unsaved = err == -EAGAIN; /* the keeper is busy: again in a moment */
	w->saved = w->now;
	free(text);
}

usec_t worker_save_due(const struct worker *w)
{
	if (!w->unsaved)
		return USEC_NEVER;
	return challenge_count(w->store) < SAVE_AT_ONCE && w->saved != w->now ? w->now
									      : w->saved + SAVE_EVERY;
}
