/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring. Record number n is in place n modulo its size, as long as it is there. Each record knows the one before it in its
 * bucket of names by number, so that a chain ends by itself where the ring has gone on: nothing is unlinked.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger.h"

enum { BUCKETS = 2 * LEDGER_RECORDS };

struct ledger {
	pthread_mutex_t lock;
	uint8_t hash_key[16];
	uint64_t next;                   /* number of the next record; the first is 1 */
	uint64_t bucket[BUCKETS];        /* number of the newest; 0: none yet */
	uint64_t before[LEDGER_RECORDS]; /* by place: number of the one before it in its bucket */
	struct ledger_record record[LEDGER_RECORDS];
};

struct ledger *ledger_new(const uint8_t hash_key[16])
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (pthread_mutex_init(&l->lock, NULL)) {
		free(l);
		return NULL;
	}
	memcpy(l->hash_key, hash_key, sizeof(l->hash_key));
	l->next = 1;
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void ledger_record_init(struct ledger_record *r)
{
	*r = (struct ledger_record){ .hello_us = LEDGER_NEVER,
				     .answer_us = LEDGER_NEVER,
				     .finished_us = LEDGER_NEVER,
				     .closed_us = LEDGER_NEVER,
				     .detail = LEDGER_NO_DETAIL };
}

static uint64_t *bucket_of(struct ledger *l, const char *sni)
{
	return &l->bucket[hash_keyed(l->hash_key, sni, strlen(sni)) % BUCKETS];
}

/* NULL: it is not there any more, or not yet, or 0. */
static struct ledger_record *place_of(struct ledger *l, uint64_t number)
{
	if (!number || number >= l->next || l->next - number > LEDGER_RECORDS)
		return NULL;
	return &l->record[number % LEDGER_RECORDS];
}

uint64_t ledger_add(struct ledger *l, const struct ledger_record *r)
{
	uint64_t number, *bucket;

	pthread_mutex_lock(&l->lock);
	number = l->next++;
	l->record[number % LEDGER_RECORDS] = *r;
	l->record[number % LEDGER_RECORDS].number = number;
	bucket = bucket_of(l, r->sni);
	l->before[number % LEDGER_RECORDS] = *bucket;
	*bucket = number;
	pthread_mutex_unlock(&l->lock);
	return number;
}

uint64_t ledger_next(struct ledger *l)
{
	uint64_t next;

	pthread_mutex_lock(&l->lock);
	next = l->next;
	pthread_mutex_unlock(&l->lock);
	return next;
}

bool ledger_read(struct ledger *l, uint64_t *at, uint64_t *lost, struct ledger_record *out)
{
	uint64_t oldest, number;
	bool found;

	pthread_mutex_lock(&l->lock);
	oldest = l->next > LEDGER_RECORDS ? l->next - LEDGER_RECORDS : 1;
	number = MIN(MAX(*at, oldest), l->next);
	found = number < l->next;
	if (found)
		*out = l->record[number % LEDGER_RECORDS];
	pthread_mutex_unlock(&l->lock);
	if (number > *at)
		*lost += number - *at;
	*at = number + found;
	return found;
}

/* ---------------------------------------------------------------- summary */

/* An address that has been met, on the way from the newest record to older ones. */
struct met {
	const struct ledger_record *newest;
	bool finished;
};

/* NULL: these are enough. */
static struct met *meet(struct met *met, unsigned *count, const struct ledger_record *r)
{
	for (unsigned i = 0; i < *count; i++)
		if (!memcmp(met[i].newest->key.saddr, r->key.saddr, sizeof(r->key.saddr)))
			return &met[i];
	if (*count == LEDGER_PERSPECTIVES)
		return NULL;
	met[*count] = (struct met){ .newest = r };
	return &met[(*count)++];
}

static unsigned walk(struct ledger *l, const char *sni, usec_t since, struct met *met)
{
	const struct ledger_record *r;
	unsigned count = 0;
	struct met *m;

	for (uint64_t n = *bucket_of(l, sni); (r = place_of(l, n)); n = l->before[n % LEDGER_RECORDS]) {
		if (r->began < since || strcmp(r->sni, sni) != 0)
			continue;
		m = meet(met, &count, r);
		if (!m)
			break;
		m->finished |= r->cause == LEDGER_VALIDATED;
	}
	return count;
}

/* Addresses were met newest first. */
static void sum_up(const struct met *met, unsigned count, struct ledger_summary *out)
{
	out->finished = out->others = 0;
	for (unsigned i = 0; i < count; i++) {
		if (met[i].finished)
			out->finished++;
		else if (!out->others++)
			out->last = *met[i].newest;
	}
}

bool ledger_summarize(struct ledger *l, const char *sni, usec_t since, struct ledger_summary *out)
{
	struct met met[LEDGER_PERSPECTIVES];
	unsigned count;

	pthread_mutex_lock(&l->lock);
	count = walk(l, sni, since, met);
	sum_up(met, count, out);
	pthread_mutex_unlock(&l->lock);
	return count;
}
