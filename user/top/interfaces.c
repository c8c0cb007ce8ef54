/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Interfaces: a line of rates each, beneath it rare reasons that are counted at the moment, and its queues if there are several. */
#include <string.h>
#include "top/private.h"

/* What the lines below an interface are for, in the order in which they are given up. */
enum { WITH_QUEUES, WITH_REASONS, WITH_NEITHER };

/* Every host has these all the time; of the rest each is a hint at something. */
static bool is_ordinary(enum reason reason)
{
	static const enum reason ordinary[] = { REASON_INJECTED,   REASON_NOT_IP,  REASON_NOT_TCP,
						REASON_OTHER_PORT, REASON_FLOW,    REASON_FLOW_SILENCE,
						REASON_UNARMED,    REASON_OFFERED, REASON_NO_PAYLOAD,
						REASON_NOT_HELLO,  REASON_FRAGMENT };

	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (ordinary[i] == reason)
			return true;
	return false;
}

/* The same interface in the sample before; one that was not there began with nothing. */
static const struct top_interface *earlier(const struct view *v, const struct top_interface *i)
{
	static const struct top_interface nothing;

	for (unsigned n = 0; v->before && n < v->before->interfaces; n++)
		if (!strcmp(v->before->interface[n].name, i->name))
			return &v->before->interface[n];
	return &nothing;
}

static uint64_t packets(const struct top_interface *i)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < NUM_REASONS; n++)
		sum += i->reason[n];
	return sum;
}

/* Redirected into the engine's socket. */
static uint64_t taken(const struct top_interface *i)
{
	return i->reason[REASON_FLOW] + i->reason[REASON_OFFERED];
}

static void put_beat(struct line *l, uint64_t age_ms)
{
	if (age_ms < 10000)
		line_add(l, "%5llu ms", (unsigned long long)age_ms);
	else
		line_add(l, "%8s", "silent");
}

static void put_interface(struct view *v, const struct top_interface *i, const struct top_interface *was)
{
	struct line l;

	line_begin(&l);
	line_add(&l, "%-15s %-8s%2u %s", i->name, i->mode, i->queues, "");
	put_beat(&l, i->heartbeat_age_ms);
	put_rate(v, &l, 10, packets(was), packets(i));
	put_rate(v, &l, 9, packets(was) - taken(was), packets(i) - taken(i));
	put_rate(v, &l, 9, taken(was), taken(i));
	put_rate(v, &l, 8, was->reason[REASON_OFFERED], i->reason[REASON_OFFERED]);
	put_rate(v, &l, 9, was->sent, i->sent);
	view_put(v, &l);
}

static void put_queues(struct view *v, const struct top_interface *i, const struct top_interface *was)
{
	struct line l;

	for (unsigned q = 0; q < i->queues && q < ALPNXDP_MAX_QUEUES; q++) {
		line_begin(&l);
		line_add(&l, "  queue %-17u  ", q);
		put_beat(&l, i->queue[q].heartbeat_age_ms);
		line_add(&l, "%19s", "");
		put_rate(v, &l, 9, was->queue[q].received, i->queue[q].received);
		line_add(&l, "%8s", "");
		put_rate(v, &l, 9, was->queue[q].sent, i->queue[q].sent);
		view_put(v, &l);
	}
}

/* As many as fit one line; false: there are none at the moment. */
static bool put_reasons(struct view *v, const struct top_interface *i, const struct top_interface *was,
			bool write)
{
	const char *between = "";
	struct line l;

	line_begin(&l);
	line_add(&l, "  ");
	for (unsigned n = 0; n < NUM_REASONS && v->before; n++) {
		if (is_ordinary((enum reason)n) || i->reason[n] <= was->reason[n])
			continue;
		line_add(&l, "%s%s ", between, xdp_reason_name((enum reason)n));
		put_rate(v, &l, 0, was->reason[n], i->reason[n]);
		line_add(&l, "/s");
		between = ", ";
	}
	if (*between && write)
		view_put(v, &l);
	return *between;
}

static unsigned lines_needed(struct view *v, int with)
{
	unsigned lines = 0;

	for (unsigned n = 0; n < v->now->interfaces; n++) {
		const struct top_interface *i = &v->now->interface[n];

		lines++;
		if (with <= WITH_REASONS)
			lines += put_reasons(v, i, earlier(v, i), false);
		if (with == WITH_QUEUES && i->queues > 1)
			lines += i->queues;
	}
	return lines;
}

static void put_heading(struct view *v)
{
	struct line l;

	line_begin(&l);
	line_add(&l, "%-15s %-8s%2s %8s%10s%9s%9s%8s%9s", "INTERFACE", "MODE", "Q", "ALIVE", "PACKETS/S",
		 "PASSED/S", "ENGINE/S", "OFFER/S", "SENT/S");
	view_put(v, &l);
}

void interfaces_put(struct view *v, size_t event_count)
{
	/* Beneath: an empty line, a heading, validations. */
	unsigned below = 2 + (unsigned)MIN(event_count, (size_t)TOP_LEAST_EVENTS), most = v->now->interfaces,
		 room;
	int with = WITH_QUEUES;
	struct line l;

	put_heading(v);
	room = v->screen.lines - v->out->lines;
	room = room > below ? room - below : 1;
	while (with < WITH_NEITHER && lines_needed(v, with) > room)
		with++;
	if (most > room)
		most = room - 1;
	for (unsigned n = 0; n < most; n++) {
		const struct top_interface *i = &v->now->interface[n], *was = earlier(v, i);

		put_interface(v, i, was);
		if (with <= WITH_REASONS)
			put_reasons(v, i, was, true);
		if (with == WITH_QUEUES && i->queues > 1)
			put_queues(v, i, was);
	}
	if (most == v->now->interfaces)
		return;
	line_begin(&l);
	line_add(&l, "... and %u more", v->now->interfaces - most);
	view_put(v, &l);
}
