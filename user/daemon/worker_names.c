/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map of pending names in every program.
 *
 * While it is not complete, the program dismisses no hello by its name (CONFIG_ANY_NAME): as long as it is being loaded, a
 * part per turn, and when a name has found no room in it. Then it is loaded once more as soon as all names are few enough.
 */
#include "daemon/worker.h"

enum {
	NAMES_TURN = 1000, /* a system call each, for every interface */
	NAMES_FEW = ALPNXDP_MAX_NAMES -
		    ALPNXDP_MAX_NAMES / 4 /* below the limit, so that it is not tried at every name */
};

static void tell_program(const struct worker *w, struct worker_interface *i)
{
	/* While harvest is on no name may be dismissed: it may be one that a listener here knows. */
	if (i->names.cursor.open || i->names.missed || w->harvest.on)
		__atomic_fetch_or(&i->shared.config->flags, CONFIG_ANY_NAME, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&i->shared.config->flags, ~(uint32_t)CONFIG_ANY_NAME, __ATOMIC_RELAXED);
}

static void name_missed(struct worker *w, struct worker_interface *i)
{
	challenge_cursor_close(w->store, &i->names.cursor);
	i->names.missed = true;
	tell_program(w, i);
}

void worker_names_changed(const char *sni, bool pending, void *worker)
{
	struct worker *w = worker;

	if (!pending)
		worker_probes_removed(w, sni);

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		struct worker_interface *i = &w->interface[n];

		if (!i->serving)
			continue;
		if (!pending)
			xdp_name_remove(&i->attachment.maps, sni);
		else if (!i->names.missed && xdp_name_add(&i->attachment.maps, sni))
			name_missed(
				w, i); /* and no more are tried: in a map that is full that takes 4 us each */
	}
}

static void load_some(struct worker *w, struct worker_interface *i)
{
	const struct challenge *c = NULL;
	char sni[IDENT_MAX + 1];

	for (unsigned n = 0; n < NAMES_TURN && (c = challenge_cursor_next(&i->names.cursor)); n++) {
		challenge_sni(c, sni);
		if (!xdp_name_add(&i->attachment.maps, sni))
			continue;
		name_missed(w, i);
		return;
	}
	if (c)
		return;
	challenge_cursor_close(w->store, &i->names.cursor);
	tell_program(w, i);
}

static void load(struct worker *w, struct worker_interface *i)
{
	i->names.missed = false;
	challenge_cursor_open(w->store, &i->names.cursor);
	tell_program(w, i);
	load_some(w, i);
}

void worker_names_load(struct worker *w, struct worker_interface *i)
{
	worker_names_forget(w, i);
	i->names.missed = true;
	tell_program(w, i);
	xdp_name_clear(&i->attachment.maps);
	if (challenge_names(w->store) <= ALPNXDP_MAX_NAMES)
		load(w, i);
}

void worker_names_forget(struct worker *w, struct worker_interface *i)
{
	challenge_cursor_close(w->store, &i->names.cursor);
}

void worker_names_any(struct worker *w)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			tell_program(w, &w->interface[n]);
}

bool worker_names_serve(struct worker *w)
{
	bool more = false;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		struct worker_interface *i = &w->interface[n];

		if (!i->serving)
			continue;
		if (i->names.cursor.open)
			load_some(w, i);
		else if (i->names.missed && challenge_names(w->store) <= NAMES_FEW)
			load(w, i);
		more |= i->names.cursor.open;
	}
	return more;
}

void worker_arm(struct worker *w)
{
	uint32_t count = (uint32_t)challenge_count(w->store) + w->harvest.on + (w->probes.names > 0) +
			 worker_tracing(w);

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			__atomic_store_n(&w->interface[n].shared.config->armed, count, __ATOMIC_RELEASE);
}
