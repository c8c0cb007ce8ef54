/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine's door: which flow a frame belongs to, and what time demands of each flow.
 *
 * A wake-up for time looks at one array of times (8 kB), not at the flows, and one for a frame not even at that; everything
 * else happens to the flow that a frame names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "engine/flow.h"

int engine_new(const struct engine_options *o, struct engine **out)
{
	struct engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	err = tls_context_new(&e->tls);
	if (err) {
		free(e);
		return err;
	}
	e->ports = o->ports;
	tls_context_keys(e->tls, &(struct tls_keys){ .context = o->ports.context,
						     .wanted = o->ports.wants_keys,
						     .take = o->ports.key });
	e->store = o->store;
	e->unix_at_zero_s = o->unix_at_zero_s;
	e->room = o->flows ? o->flows : ENGINE_FLOWS;
	memcpy(e->hash_key, o->hash_key, sizeof(e->hash_key));
	table_init(e);
	waiting_init(e);
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->room; i++)
		tls_free(e->flow[i].tls);
	tls_context_free(e->tls);
	free(e);
}

void flow_count(struct engine *e, struct engine_flow *f, enum engine_outcome outcome)
{
	if (f->counted)
		return;
	f->counted = true;
	e->counters.outcome[outcome]++;
	record_outcome(e, f, outcome);
}

void flow_forget(struct engine *e, struct engine_flow *f)
{
	tls_free(f->tls);
	f->tls = NULL;
	f->unanswered = false;
	table_release(e, f);
}

bool flow_mark(struct engine *e, struct engine_flow *f, enum flow_state state)
{
	f->entry.state = (uint8_t)state;
	return e->ports.flow_set(e->ports.context, f->port, &f->in.key, &f->entry);
}

void flow_end_entry(struct engine *e, unsigned port, const struct flow_key *key, enum flow_state state)
{
	struct flow entry;

	if (e->ports.flow_get(e->ports.context, port, key, &entry) && entry.state == state)
		e->ports.flow_delete(e->ports.context, port, key);
}

static usec_t held_wake(const struct engine_flow *f)
{
	usec_t end = f->born + ENGINE_HELLO_TIME;

	return MIN(end, f->acknowledged ? tcp_deadline(&f->tcp) : f->born + ENGINE_HOLD);
}

void flow_schedule(struct engine *e, const struct engine_flow *f)
{
	usec_t wake = f->silence == SILENCE_DUE ? f->silence_at : USEC_NEVER;

	switch (f->phase) {
	case PHASE_FREE:
		return;
	case PHASE_HELD:
		wake = held_wake(f);
		break;
	case PHASE_WAITING:
		wake = waiting_wake(e, f);
		break;
	case PHASE_SERVED:
		wake = MIN(wake, MIN(tcp_deadline(&f->tcp), f->born + ENGINE_LIFE));
		break;
	case PHASE_LINGER:
		wake = MIN(wake, f->lingers_until);
		break;
	}
	e->wake[f->index] = wake;
	e->earliest = MIN(e->earliest, wake);
}

static void held_time(struct engine *e, struct engine_flow *f, usec_t now)
{
	if (now >= f->born + ENGINE_HELLO_TIME) {
		decline_flow(e, f, OUTCOME_DECLINED_HELLO_TIME, now);
		return;
	}
	serve_acknowledge(e, f, now);
}

static void flow_time(struct engine *e, struct engine_flow *f, usec_t now)
{
	silence_ask(e, f, now);
	silence_step(e, f, now);
	if (f->phase == PHASE_HELD) {
		held_time(e, f, now);
	} else if (f->phase == PHASE_WAITING) {
		waiting_time(e, f, now);
	} else if (f->phase == PHASE_SERVED) {
		if (now >= f->born + ENGINE_LIFE)
			tcp_close(&f->tcp, TCP_CLOSE_RESET);
		serve_flush(e, f, now);
	} else if (now >= f->lingers_until) {
		silence_now(e, f);
		flow_end_entry(e, f->port, &f->in.key, FLOW_LINGER);
		flow_forget(e, f);
	}
	flow_schedule(e, f);
}

void engine_tick(struct engine *e, usec_t now)
{
	answer_all(e, now);
	decline_expire(e, now);
	if (now < e->earliest)
		return;
	for (unsigned i = 0; i < e->room; i++)
		if (e->wake[i] <= now)
			flow_time(e, &e->flow[i], now);
	e->earliest = USEC_NEVER;
	for (unsigned i = 0; i < e->room; i++)
		e->earliest = MIN(e->earliest, e->wake[i]);
}

usec_t engine_deadline(const struct engine *e)
{
	return MIN(e->earliest, decline_deadline(e));
}

static void remember_last(struct engine_flow *f, const struct segment *seg)
{
	f->last = *seg;
	f->last.data = NULL;
	f->last.len = 0;
}

/* A segment of a flow that we have. */
static void flow_input(struct engine *e, struct engine_flow *f, const struct segment *seg, usec_t now)
{
	remember_last(f, seg);
	if (f->phase == PHASE_HELD && seg->len)
		f->record.hello_segments++;
	tcp_input(&f->tcp, seg, now);
	switch (f->phase) {
	case PHASE_FREE:
		return;
	case PHASE_HELD:
		serve_held(e, f, now);
		break;
	case PHASE_WAITING:
		waiting_input(e, f, now);
		break;
	case PHASE_SERVED:
		serve_drive(e, f, now);
		answer_later(e, f, now);
		break;
	case PHASE_LINGER:
		answer_later(e, f, now);
		break;
	}
	flow_schedule(e, f);
}

static void start(struct engine_flow *f, const struct arrival *a, const struct flow *entry, usec_t now)
{
	f->entry = *entry;
	f->queue = a->frame->queue;
	f->iface = *a->frame->iface;
	net_path_reverse(&a->path, &f->out);
	f->in = a->path;
	memcpy(f->in.l2 + 6, f->iface.own_mac, 6);
	f->born = now;
	f->acknowledged = f->counted = false;
	f->passed = 0;
	f->silence = SILENCE_NOT_YET;
	f->silence_tries = 0;
	remember_last(f, &a->seg);
	record_begin(f, now);
}

/* A hello that the program has offered. What we cannot take goes on to the web server at once. */
static void adopt(struct engine *e, const struct arrival *a, struct flow *entry, usec_t now)
{
	const struct tcp_adoption adoption = { .handoff = &entry->handoff,
					       .first = &a->seg,
					       .mtu = a->frame->iface->mtu,
					       .ipv4 = a->path.ipv4 };
	struct engine_flow *f = table_take(e, a->frame->port, &a->path.key, now);
	enum engine_outcome why = f ? OUTCOME_DECLINED_ERROR : OUTCOME_DECLINED_BUDGET;

	if (f && !tcp_adopt(&f->tcp, &adoption, now)) {
		start(f, a, entry, now);
		if (entry->slot != ALPNXDP_NO_SLOT) {
			f->passed = remembered_passed(e, &a->seg);
			remembered_input(e, f, &a->seg, now);
		}
		serve_held(e, f, now);
		flow_schedule(e, f);
		return;
	}
	e->counters.outcome[why]++;
	record_refused(e, a, entry, why, now);
	if (f)
		flow_forget(e, f);
	decline_frame(e, a->frame, &a->path.key, entry);
	decline_remember(e, a->frame->port, &a->path.key, now);
}

/*
 * A flow's frames come by one queue as long as the device spreads them by their addresses. It need not: its table of
 * queues may change, and a virtual device takes the sender's word. Two engines must never have one flow.
 */
static bool pass_on(struct engine *e, const struct arrival *a, const struct flow *entry)
{
	return entry->queue != a->frame->queue && e->ports.pass_on &&
	       e->ports.pass_on(e->ports.context, a->frame, entry->queue);
}

/* A frame of a flow that we do not have: an offer, one that came late after a decline, or a stray. */
static void stranger_input(struct engine *e, const struct arrival *a, usec_t now)
{
	struct flow entry;

	if (!e->ports.flow_get(e->ports.context, a->frame->port, &a->path.key, &entry))
		e->counters.stray_frames++;
	else if (entry.state == FLOW_DECLINED)
		decline_frame(e, a->frame, &a->path.key, &entry);
	else if (pass_on(e, a, &entry))
		e->counters.passed_on++;
	else if (entry.state != FLOW_OFFERED)
		e->counters.stray_frames++;
	else if (!remembered_fits(e, a, &entry))
		e->counters.stale_offers++;
	else
		adopt(e, a, &entry, now);
}

/* A validator may use its port again: an offer under the key of a lingering flow is a new connection, perhaps another engine's. */
static bool is_reused(struct engine *e, const struct engine_flow *f, const struct segment *seg)
{
	struct flow entry;

	/* Here an offer comes with its hello; another engine's may have come before. */
	if (f->phase != PHASE_LINGER || (!seg->len && !e->ports.pass_on))
		return false;
	return e->ports.flow_get(e->ports.context, f->port, &f->in.key, &entry) &&
	       (entry.state == FLOW_OFFERED || entry.queue != f->queue);
}

void engine_input(struct engine *e, const struct engine_frame *frame, usec_t now)
{
	struct arrival a = { .frame = frame };
	enum net_drop drop = net_decode(frame->bytes, frame->len, &a.seg, &a.path);
	struct engine_flow *f;

	if (drop != NET_OK) {
		e->counters.net_drop[drop]++;
		return;
	}
	f = table_find(e, frame->port, &a.path.key);
	/* No silence any more for the old one: the RST would meet the new connection. */
	if (f && is_reused(e, f, &a.seg)) {
		flow_forget(e, f);
		f = NULL;
	}
	if (f)
		flow_input(e, f, &a.seg, now);
	else
		stranger_input(e, &a, now);
}

unsigned engine_credit(const struct engine *e)
{
	unsigned busy = e->flows - e->lingering - e->held, free = e->room - busy;
	unsigned reserve = engine_share(e, ENGINE_RESERVE);

	return MAX(free, reserve + engine_share(e, ENGINE_FULL_CREDIT)) - reserve;
}

void engine_port_gone(struct engine *e, unsigned port)
{
	for (unsigned i = 0; i < e->room; i++)
		if (e->flow[i].phase != PHASE_FREE && e->flow[i].port == port)
			flow_forget(e, &e->flow[i]);
	decline_port_gone(e, port);
}

unsigned engine_flow_count(const struct engine *e)
{
	return e->flows;
}

void engine_flows(const struct engine *e, struct engine_flows *out)
{
	*out = (struct engine_flows){ .held = e->held, .waiting = e->waiting, .lingering = e->lingering };
	out->served = e->flows - e->held - e->waiting - e->lingering;
}

const struct engine_counters *engine_counters(const struct engine *e)
{
	return &e->counters;
}
