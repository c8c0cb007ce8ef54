/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table: fixed, keyed by SipHash, so that no choice of ports makes one bucket long. Budgets are counted here.
 *
 * Who makes room for a new flow when the table is full: the oldest that lingers; else the oldest that is held; else the
 * oldest that is served and either has taken longer than ENGINE_PATIENCE, or belongs to a prefix that has more than
 * twice as many flows as the newcomer's. Whoever says a hello and then nothing costs itself a connection, but us a place: so
 * however fast four neighbourhoods fill the table, a validator from a fifth finds one. Within the newcomer's own prefix the
 * same goes for addresses, also when the prefix has all that one may have. Age is counted from the first frame, for anybody can keep on saying
 * something. The factor of two: among equals nobody is put out.
 */
#include <string.h>
#include "engine/flow.h"

void table_init(struct engine *e)
{
	for (unsigned i = 0; i < e->room; i++) {
		e->flow[i].index = (uint16_t)i;
		e->flow[i].next = (uint16_t)(i + 1 < e->room ? i + 1 : NO_FLOW);
		e->wake[i] = USEC_NEVER;
		e->held_since[i] = USEC_NEVER;
		e->served_since[i] = USEC_NEVER;
	}
	for (unsigned i = 0; i < ENGINE_BUCKETS; i++)
		e->bucket[i] = NO_FLOW;
	e->free = 0;
	e->earliest = USEC_NEVER;
	e->linger_first = e->linger_last = NO_FLOW;
}

static uint16_t *bucket_of(struct engine *e, const struct flow_key *key)
{
	return &e->bucket[hash_keyed(e->hash_key, key, sizeof(*key)) % ENGINE_BUCKETS];
}

/* Where a flow comes from, as hashes that are never 0. */
struct source {
	uint64_t
		prefix; /* the /24 of a mapped IPv4 address, the /56 of an IPv6 one: what one person can be given */
	uint64_t address;
};

static struct source source_of(const struct engine *e, const struct flow_key *key)
{
	size_t len = address_is_ipv4(key->saddr) ? 15 : 7;

	return (struct source){ .prefix = hash_keyed(e->hash_key, key->saddr, len) | 1,
				.address = hash_keyed(e->hash_key, key->saddr, sizeof(key->saddr)) | 1 };
}

static bool is_flow(const struct engine_flow *f, unsigned port, const struct flow_key *key)
{
	return f->port == port && !memcmp(&f->in.key, key, sizeof(*key));
}

struct engine_flow *table_find(struct engine *e, unsigned port, const struct flow_key *key)
{
	for (uint16_t i = *bucket_of(e, key); i != NO_FLOW; i = e->flow[i].next)
		if (is_flow(&e->flow[i], port, key))
			return &e->flow[i];
	return NULL;
}

static uint16_t *crowd_of(struct engine *e, uint64_t hash)
{
	return &e->crowd[(hash >> 1) % ENGINE_CROWDS]; /* the lowest bit is always set */
}

/* A crowd may be of several prefixes: they are counted only when it is large enough. */
static bool prefix_is_full(struct engine *e, uint64_t prefix)
{
	unsigned budget = engine_share(e, ENGINE_PER_PREFIX), count = 0;

	if (*crowd_of(e, prefix) < budget)
		return false;
	for (unsigned i = 0; i < e->room; i++)
		count += e->prefix[i] == prefix;
	return count >= budget;
}

static void crowd_join(struct engine *e, const struct engine_flow *f, const struct source *from)
{
	e->prefix[f->index] = from->prefix;
	e->address[f->index] = from->address;
	++*crowd_of(e, from->prefix);
	++*crowd_of(e, from->address);
}

static void crowd_leave(struct engine *e, const struct engine_flow *f)
{
	if (!e->prefix[f->index])
		return;
	--*crowd_of(e, e->prefix[f->index]);
	--*crowd_of(e, e->address[f->index]);
	e->prefix[f->index] = e->address[f->index] = 0;
}

/*
 * The flow that has waited longest for the rest of its hello goes to the web server, which is where it would be in
 * ENGINE_HELLO_TIME anyway: whoever sends half a hello, and ten thousand times, keeps nobody out. prefix: one of
 * these, 0: any. False: none is held.
 */
static bool give_up_held(struct engine *e, uint64_t prefix, usec_t now)
{
	usec_t since = USEC_NEVER;
	unsigned oldest = NO_FLOW;

	for (unsigned i = 0; i < e->room; i++) {
		if (e->held_since[i] >= since || (prefix && e->prefix[i] != prefix))
			continue;
		since = e->held_since[i];
		oldest = i;
	}
	if (oldest == NO_FLOW)
		return false;
	decline_flow(e, &e->flow[oldest], OUTCOME_DECLINED_BUDGET, now);
	return true;
}

/* The rule above. own: the newcomer's; within: of its prefix only. False: all have a better right to their place. */
static bool put_out_served(struct engine *e, const struct source *own, bool within, usec_t now)
{
	const uint64_t *from = within ? e->address : e->prefix;
	unsigned oldest = NO_FLOW, enough = 2u * (*crowd_of(e, within ? own->address : own->prefix) + 1u);
	usec_t since = USEC_NEVER;

	for (unsigned i = 0; i < e->room; i++) {
		if (e->served_since[i] >= since || (within && e->prefix[i] != own->prefix))
			continue;
		if (e->served_since[i] + ENGINE_PATIENCE > now && *crowd_of(e, from[i]) <= enough)
			continue;
		since = e->served_since[i];
		oldest = i;
	}
	if (oldest == NO_FLOW)
		return false;
	serve_put_out(e, &e->flow[oldest], now);
	return true;
}

static void make_room(struct engine *e, const struct source *own, usec_t now)
{
	struct engine_flow *oldest;

	if (e->free != NO_FLOW)
		return;
	if (e->linger_first == NO_FLOW && (give_up_held(e, 0, now) || (!put_out_served(e, own, false, now) &&
								       !put_out_served(e, own, true, now))))
		return;
	oldest = &e->flow[e->linger_first];
	silence_now(e, oldest);
	flow_end_entry(e, oldest->port, &oldest->in.key, FLOW_LINGER);
	flow_forget(e, oldest);
}

static bool prefix_has_room(struct engine *e, const struct source *own, usec_t now)
{
	return !prefix_is_full(e, own->prefix) || give_up_held(e, own->prefix, now) ||
	       put_out_served(e, own, true, now);
}

struct engine_flow *table_take(struct engine *e, unsigned port, const struct flow_key *key, usec_t now)
{
	const struct source from = source_of(e, key);
	struct engine_flow *f;
	uint16_t *bucket;

	if (!prefix_has_room(e, &from, now))
		return NULL;
	make_room(e, &from, now);
	if (e->free == NO_FLOW)
		return NULL;
	f = &e->flow[e->free];
	e->free = f->next;
	bucket = bucket_of(e, key);
	f->next = *bucket;
	*bucket = f->index;
	f->port = port;
	f->in.key = *key;
	f->phase = PHASE_HELD;
	crowd_join(e, f, &from);
	e->held_since[f->index] = now;
	e->held++;
	e->flows++;
	return f;
}

static void leave_held(struct engine *e, const struct engine_flow *f)
{
	e->held_since[f->index] = USEC_NEVER;
	e->held--;
}

static void leave_waiting(struct engine *e, const struct engine_flow *f)
{
	e->waiter[f->waiter].flow = NO_FLOW;
	e->waiting--;
}

void table_wait(struct engine *e, struct engine_flow *f, struct waiter *place)
{
	leave_held(e, f);
	f->phase = PHASE_WAITING;
	f->waiter = (uint8_t)(place - e->waiter);
	place->flow = f->index;
	e->waiting++;
}

void table_serve(struct engine *e, struct engine_flow *f)
{
	if (f->phase == PHASE_WAITING)
		leave_waiting(e, f);
	else
		leave_held(e, f);
	f->phase = PHASE_SERVED;
	e->served_since[f->index] = f->born;
}

void table_linger(struct engine *e, struct engine_flow *f)
{
	f->phase = PHASE_LINGER;
	f->linger_next = NO_FLOW;
	if (e->linger_first == NO_FLOW)
		e->linger_first = f->index;
	else
		e->flow[e->linger_last].linger_next = f->index;
	e->linger_last = f->index;
	e->lingering++;
	e->served_since[f->index] = USEC_NEVER;
	crowd_leave(e, f);
}

/* Only the oldest leaves in the ordinary course; a reused port may take one out of the middle. */
static void leave_linger(struct engine *e, const struct engine_flow *f)
{
	uint16_t before = NO_FLOW;

	for (uint16_t i = e->linger_first; i != f->index; i = e->flow[i].linger_next)
		before = i;
	if (before == NO_FLOW)
		e->linger_first = f->linger_next;
	else
		e->flow[before].linger_next = f->linger_next;
	if (e->linger_last == f->index)
		e->linger_last = before;
	e->lingering--;
}

void table_release(struct engine *e, struct engine_flow *f)
{
	uint16_t *link = bucket_of(e, &f->in.key);

	if (f->phase == PHASE_LINGER)
		leave_linger(e, f);
	if (f->phase == PHASE_HELD)
		leave_held(e, f);
	if (f->phase == PHASE_WAITING)
		leave_waiting(e, f);
	while (*link != f->index)
		link = &e->flow[*link].next;
	*link = f->next;
	f->next = e->free;
	e->free = f->index;
	f->phase = PHASE_FREE;
	e->wake[f->index] = USEC_NEVER;
	e->served_since[f->index] = USEC_NEVER;
	crowd_leave(e, f);
	if (!--e->flows)
		e->earliest = USEC_NEVER;
}
