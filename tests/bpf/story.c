/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "../corpus/corpus.h"
#include "follow.h"
#include "story.h"
#include "undecided.h"

struct telling {
	const struct story *story;
	struct row conditions;
	struct follow follow;
	uint8_t bytes[MADE_ROOM + STORY_DATA];
	size_t hello_len;
	bool remembered[FOLLOW_ROOM];
	unsigned remembered_segments;
	const struct step *held[STORY_STEPS];
	unsigned held_count;
	bool offered;
	uint32_t window_end;
};

static void begin(struct telling *t, const struct story *story, int family, bool timestamps)
{
	memset(t, 0, sizeof(*t));
	t->story = story;
	t->conditions = (struct row){
		.name = story->name,
		.kind = story->spoofed ? PEER_STRANGER
			: story->kind  ? story->kind
				       : PEER_SOCKET,
		.no_timestamps = !timestamps,
		.pending = story->pending,
		.syn_seen = !story->syn_unseen,
	};
	t->hello_len = made_hello(story->hello, story->form, story->at, t->bytes);
	memset(t->bytes + t->hello_len, 23, STORY_DATA);
	follow_open(&t->follow, &t->conditions, family, t->bytes, t->hello_len + STORY_DATA);
	t->window_end = t->follow.peer.seq + t->follow.peer.advertised;
}

static size_t step_from(const struct telling *t, const struct step *s)
{
	return s->data ? t->hello_len : s->from;
}

static size_t step_to(const struct telling *t, const struct step *s)
{
	return s->data ? t->hello_len + STORY_DATA : s->to ? s->to : t->hello_len;
}

static void cause(struct telling *t, enum step_event event)
{
	if (event == SLOT_EXPIRES)
		undecided_expire(&t->follow.key);
	t->conditions.heartbeat_age_ms = event == ENGINE_HANGS ? ALPNXDP_HEARTBEAT_MS + 500 : 0;
	t->conditions.no_credit = event == CREDIT_ENDS;
	t->conditions.no_slot = event == SOCKET_CLOSES;
	books_set_conditions(&t->conditions);
}

static enum reason show(struct telling *t, const struct step *s)
{
	struct frame segment = follow_segment(&t->follow, step_from(t, s), step_to(t, s));
	struct corpus_bytes foreign;

	segment.seq += s->change.seq;
	segment.ack += s->change.ack;
	segment.ts_echo += s->change.ts_echo;
	segment.filler = s->change.filler;
	if (s->change.flags)
		segment.flags = s->change.flags;
	if (s->foreign) {
		corpus_load(s->foreign, &foreign);
		segment.data = foreign.bytes;
		segment.data_len = foreign.len;
	}
	return follow_show(&t->follow, &segment);
}

static void give(struct telling *t, const struct step *s)
{
	uint32_t end;
	unsigned i;

	if (s->fate == HELD)
		t->held[t->held_count++] = s;
	if (s->fate != GIVEN)
		return;
	for (i = 0; i < t->held_count; i++)
		follow_give(&t->follow, step_from(t, t->held[i]), step_to(t, t->held[i]));
	t->held_count = 0;
	follow_give(&t->follow, step_from(t, s), step_to(t, s));
	end = peer_window_end(&t->follow.peer);
	if (end)
		t->window_end = end;
}

static void take_step(struct telling *t, const struct step *s)
{
	enum reason reason;

	cause(t, s->event);
	reason = show(t, s);
	if (reason != s->reason)
		print_error("%s, step %d\n", t->story->name, (int)(s - t->story->steps) + 1);
	assert_int_equal(reason, s->reason);
	if (reason == REASON_HELLO_UNDECIDED || reason == REASON_HELLO_EARLY || reason == REASON_OFFERED) {
		memset(t->remembered + step_from(t, s), 1, step_to(t, s) - step_from(t, s));
		t->remembered_segments++;
	}
	t->offered |= reason == REASON_OFFERED;
	if (reason != REASON_OFFERED && reason != REASON_FLOW)
		give(t, s);
}

/* Every byte that was remembered is there, and no other. */
static void check_slot(const struct telling *t, const struct hello_slot *slot)
{
	size_t i;

	assert_int_equal(slot->first, t->follow.peer.seq);
	for (i = 0; i < ALPNXDP_MAX_HELLO; i++) {
		if (undecided_has(slot, i) != t->remembered[i])
			print_error("%s: byte %zu\n", t->story->name, i);
		assert_int_equal(undecided_has(slot, i), t->remembered[i]);
		if (t->remembered[i])
			assert_int_equal(slot->bytes[i], t->bytes[i]);
	}
}

static void check_offer(const struct telling *t)
{
	struct flow flow;

	assert_true(books_flow(&t->follow.key, &flow));
	assert_int_equal(flow.handoff.rcv_nxt, t->follow.peer.seq);
	assert_int_equal(flow.handoff.snd_nxt, t->follow.peer.ack);
	/* The invitation stands: its end must not move back (RFC 9293 3.8.6), however much of it is used up. */
	assert_int_equal(flow.handoff.rcv_wnd, t->window_end - t->follow.peer.seq);
	if (t->remembered_segments == 1) {
		assert_int_equal(flow.slot, ALPNXDP_NO_SLOT);
		return;
	}
	assert_int_equal(flow.slot, undecided_find(&t->follow.key));
	assert_in_range(flow.slot, 0, ALPNXDP_SLOTS - 1);
	check_slot(t, undecided_slot((unsigned)flow.slot));
}

void story_run(const struct story *story, int family, bool timestamps)
{
	static struct telling t;
	const struct step *s;
	struct flow flow;

	begin(&t, story, family, timestamps);
	for (s = story->steps; s < story->steps + STORY_STEPS; s++)
		if (s->reason)
			take_step(&t, s);
	if (t.offered)
		check_offer(&t);
	else
		assert_false(books_flow(&t.follow.key, &flow));
	assert_int_equal(undecided_under_way(), story->waiting);
	assert_int_equal(undecided_clear(), story->waiting);
	follow_close(&t.follow);
}
