/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flows whose name is not pending, while somebody who may know a challenge for it is asked.
 *
 * What the gate has read of the hello is kept, so that it is read once however often the validator repeats itself. A
 * name is asked for once as long as anybody waits for it: those who come later are answered together with the first.
 * Nobody who waits is put out for a newer one: their number and their time are bounded, and with the oldest would go the one
 * whose answer is nearest.
 */
#include <string.h>
#include "engine/flow.h"

_Static_assert(ENGINE_WAITING <= UINT8_MAX + 1, "the place is kept in a byte");

/* Who waits already, seen from one that would like to. */
struct tally {
	unsigned name;
	unsigned prefix;
	struct waiter *free; /* NULL: none is */
};

void waiting_init(struct engine *e)
{
	for (unsigned i = 0; i < ENGINE_WAITING; i++)
		e->waiter[i].flow = NO_FLOW;
}

static void count(struct engine *e, const struct engine_flow *f, const char *sni, struct tally *out)
{
	*out = (struct tally){ 0 };
	for (unsigned i = 0; i < engine_share(e, ENGINE_WAITING); i++) {
		struct waiter *w = &e->waiter[i];

		if (w->flow == NO_FLOW) {
			out->free = w;
			continue;
		}
		out->name += !strcmp(w->hello.sni, sni);
		out->prefix += e->prefix[w->flow] == e->prefix[f->index];
	}
}

static bool is_over(const struct engine_flow *f)
{
	return f->tcp.end != TCP_ALIVE || tcp_peer_closed(&f->tcp);
}

void waiting_begin(struct engine *e, struct engine_flow *f, const struct tls_hello *hello, usec_t now)
{
	struct tally others;

	if (!e->ports.ask || is_over(f)) {
		decline_flow(e, f, OUTCOME_DECLINED_NAME, now);
		return;
	}
	count(e, f, hello->sni, &others);
	if (!others.free || others.name >= ENGINE_WAITING_PER_NAME ||
	    others.prefix >= engine_share(e, ENGINE_WAITING_PER_PREFIX)) {
		decline_flow(e, f, OUTCOME_DECLINED_BUDGET, now);
		return;
	}
	if (!others.name && e->ports.ask(e->ports.context, hello->sni) != ENGINE_ASK_WAIT) {
		decline_flow(e, f, OUTCOME_DECLINED_NAME, now);
		return;
	}
	others.free->until = now + ENGINE_ASK_TIME;
	others.free->hello = *hello;
	table_wait(e, f, others.free);
	if (f->acknowledged)
		serve_flush(e, f, now);
}

void waiting_input(struct engine *e, struct engine_flow *f, usec_t now)
{
	const uint8_t *bytes;

	if (is_over(f))
		decline_flow(e, f, OUTCOME_GONE_BEFORE_HELLO, now);
	else if (tcp_read(&f->tcp, 0, &bytes) > e->waiter[f->waiter].hello.length)
		serve_reject(e, f, GATE_TRAILING, now);
	else if (f->acknowledged)
		serve_flush(e, f, now);
}

/* The challenge may have come in another way than the one that was asked: a last look before it is given up. */
void waiting_time(struct engine *e, struct engine_flow *f, usec_t now)
{
	const struct waiter *w = &e->waiter[f->waiter];

	if (now < w->until)
		serve_acknowledge(e, f, now);
	else if (serve_knows(e, w->hello.sni))
		serve_hello(e, f, &w->hello, now);
	else
		decline_flow(e, f, OUTCOME_DECLINED_ASK_TIME, now);
}

usec_t waiting_wake(const struct engine *e, const struct engine_flow *f)
{
	return MIN(e->waiter[f->waiter].until,
		   f->acknowledged ? tcp_deadline(&f->tcp) : f->born + ENGINE_HOLD);
}

/* A flow that is served or declined leaves its place; what the place holds stays readable until the next one begins to wait. */
void engine_answered(struct engine *e, const char *sni, usec_t now)
{
	for (unsigned i = 0; i < ENGINE_WAITING; i++) {
		const struct waiter *w = &e->waiter[i];
		struct engine_flow *f;

		if (w->flow == NO_FLOW || strcmp(w->hello.sni, sni) != 0)
			continue;
		f = &e->flow[w->flow];
		serve_hello(e, f, &w->hello, now);
		flow_schedule(e, f);
	}
}
