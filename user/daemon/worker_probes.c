/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unsolicited probes: somebody offers acme-tls/1 for a name that is ours (own-names), while no challenge is pending for it.
 * Perhaps another person's CA looks whether that person may have a certificate for the name. Each is an event, is counted,
 * logged, and told to the keeper, which may have a program to run.
 *
 * CAs look again for a while after the first of them were content and the client has removed the challenge, so a name that was
 * pending within QUIET raises no alarm. What was removed before an engine was started anew is not remembered.
 *
 * Any thread may come here. The lock is the last one to be taken: the store's owner has the store's already when a name comes
 * or goes.
 */
#include <errno.h>
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#include "daemon/worker.h"

#define QUIET (60 * USEC_PER_SEC)
#define LOG_EVERY (1 * USEC_PER_SEC)
#define TELL_EVERY (100 * USEC_PER_MSEC) /* the keeper; it runs at most one program a second */

static name_hash_t hash_of(const char *sni)
{
	name_hash_t hash = NAME_HASH_INIT;

	for (; *sni; sni++)
		hash = NAME_HASH_STEP(hash, *sni);
	return hash;
}

static bool is_own(const struct worker_probes *p, const char *sni)
{
	for (size_t i = 0; i < p->names; i++)
		if (identifier_covers(p->name[i], sni))
			return true;
	return false;
}

/* ------------------------------------------------------------------- names */

/* A name is not pending any more. One that must not be forgotten yet and has to make room keeps all quiet instead. */
void worker_probes_removed(struct worker *w, const char *sni)
{
	struct worker_probes *p = &w->probes;

	pthread_mutex_lock(&p->lock);
	if (is_own(p, sni)) {
		struct probe_recent *r = &p->recent[p->removed++ % ARRAY_SIZE(p->recent)];

		if (r->until > w->now)
			p->quiet_until = MAX(p->quiet_until, r->until);
		*r = (struct probe_recent){ .name = hash_of(sni), .until = w->now + QUIET };
	}
	pthread_mutex_unlock(&p->lock);
}

static bool was_pending_lately(const struct worker_probes *p, const char *sni, usec_t now)
{
	name_hash_t name = hash_of(sni);

	if (now < p->quiet_until)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(p->recent); i++)
		if (p->recent[i].name == name && now < p->recent[i].until)
			return true;
	return false;
}

static void take_names(struct worker_probes *p, char *text)
{
	struct identifier ident;
	const char *why;
	char *line;

	p->names = 0;
	while ((line = strsep(&text, "\n")) && p->names < SETTINGS_OWN_NAMES)
		if (*line && !identifier_parse(line, &ident, &why))
			memcpy(p->name[p->names++], ident.sni, sizeof(p->name[0]));
}

void worker_probes_set(struct worker *w, int fd)
{
	static char text[SETTINGS_OWN_NAMES * (IDENT_MAX + 1) + 1];
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (len < 0) {
		log_error("engine: own-names: %s", strerror(errno));
		return;
	}
	text[len] = '\0';
	pthread_mutex_lock(&w->probes.lock);
	take_names(&w->probes, text);
	pthread_mutex_unlock(&w->probes.lock);
	worker_arm(w);
}

/* ------------------------------------------------------------------- alarm */

static void log_probe(struct worker_probes *p, const struct ledger_record *r, usec_t now)
{
	char client[ADDRESS_TEXT];

	if (now < p->logged + LOG_EVERY && p->logged) {
		p->unlogged++;
		return;
	}
	log_warning("engine: %s: unsolicited: %s asked for the challenge of %s, and none is pending",
		    r->ifname, address_format(r->key.saddr, client), r->sni);
	if (p->unlogged)
		log_warning("engine: and %u more before that, since the last line", p->unlogged);
	p->unlogged = 0;
	p->logged = now;
}

static void tell_keeper(struct worker *w, const struct worker_interface *i, const struct ledger_record *r,
			usec_t now)
{
	struct worker_probes *p = &w->probes;
	struct message m = { .type = MESSAGE_PROBE, .ifindex = i->attachment.ifindex };

	if (!w->settings.probe_hook || (now < p->told + TELL_EVERY && p->told))
		return;
	p->told = now;
	m.probe.key = r->key;
	m.probe.time_us = r->time_us;
	memcpy(m.probe.sni, r->sni, sizeof(m.probe.sni));
	channel_send(w->channel, &m);
}

bool worker_probe(struct worker *w, const struct worker_interface *i, const struct ledger_record *r,
		  usec_t now)
{
	struct worker_probes *p = &w->probes;
	bool pending, alarm;

	if (!r->sni[0] || !__atomic_load_n(&p->names, __ATOMIC_RELAXED))
		return false;
	challenge_lock(w->store);
	pending = challenge_find(w->store, r->sni);
	challenge_unlock(w->store);
	pthread_mutex_lock(&p->lock);
	alarm = !pending && is_own(p, r->sni) && !was_pending_lately(p, r->sni, r->began);
	if (alarm) {
		p->count++;
		log_probe(p, r, now);
		tell_keeper(w, i, r, now);
	}
	pthread_mutex_unlock(&p->lock);
	return alarm;
}

void worker_put_probes(struct worker *w, struct jsonw *j)
{
	struct worker_probes *p = &w->probes;

	pthread_mutex_lock(&p->lock);
	jsonw_open_object(j, "probes");
	jsonw_unsigned(j, "own_names", p->names);
	jsonw_unsigned(j, "unsolicited", p->count);
	jsonw_close_object(j);
	pthread_mutex_unlock(&p->lock);
}
