/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Recorded hellos cut at random, repeated, overlapped, reordered, held back from the kernel: each through the program
 * over a connection of its own. Whatever the network does, the program knows as much as it has been shown; so
 *
 *   a validator's hello is offered once, with the segment that completes its ALPN list, and with every byte shown;
 *   a bystander's is never redirected, and its last undecided segment is the one that completes its list.
 *
 *   test_cuts [COUNT [SEED]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../bpf/hello.h"
#include "../corpus/corpus.h"
#include "follow.h"
#include "undecided.h"

enum { MAX_CUTS = 7, MAX_PIECES = 3 * (MAX_CUTS + 1), NEAR = 12, OVERLAP = 60 };

static unsigned count = 10000;
static uint64_t seed = 8737;
static char again[24]; /* the seed of the flow at hand */

struct sample {
	const struct corpus_hello *hello;
	struct corpus_bytes bytes;
	size_t decided; /* the first so many bytes have the verdict of all, fewer have none */
};

struct piece {
	size_t from, to;
	bool held;
};

struct plan {
	const struct sample *sample;
	struct row conditions;
	struct piece pieces[MAX_PIECES];
	unsigned num;
};

static struct sample samples[CORPUS_HELLOS];
static struct {
	unsigned segments, offered, later, early, behind, bystanders;
} seen;

/* splitmix64 */
static uint64_t random_u64(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static size_t below(size_t limit)
{
	return (size_t)(random_u64() % limit);
}

static enum hello_verdict walk(const uint8_t *bytes, size_t len)
{
	static uint8_t room[ALPNXDP_MAX_HELLO];
	struct hello h;

	memcpy(room, bytes, len);
	return hello_walk(room, (__u32)len, &h);
}

static void load_samples(void)
{
	struct sample *s;

	for (s = samples; s < samples + CORPUS_HELLOS; s++) {
		s->hello = &corpus[s - samples];
		corpus_load(s->hello->file, &s->bytes);
		while (walk(s->bytes.bytes, s->decided) == HELLO_MORE)
			s->decided++;
	}
}

/* Anywhere; or where lengths and the list are. */
static size_t random_cut(const struct sample *s)
{
	size_t cut = below(s->bytes.len), kind = below(4);

	if (kind == 0)
		cut = 1 + below(NEAR);
	else if (kind == 1)
		cut = s->decided - NEAR + below(2 * NEAR);
	return cut < 1 ? 1 : cut >= s->bytes.len ? s->bytes.len - 1 : cut;
}

static int compare_sizes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static void add_piece(struct plan *p, size_t from, size_t to)
{
	if (!below(4))
		from -= below(from < OVERLAP ? from + 1 : OVERLAP);
	if (!below(4))
		to += below(p->sample->bytes.len - to < OVERLAP ? p->sample->bytes.len - to + 1 : OVERLAP);
	p->pieces[p->num++] = (struct piece){ .from = from, .to = to, .held = !below(4) };
}

static void cut_hello(struct plan *p)
{
	size_t cuts[MAX_CUTS + 2] = { 0 }, n = below(MAX_CUTS + 1), i, copies;

	for (i = 1; i <= n; i++)
		cuts[i] = random_cut(p->sample);
	cuts[n + 1] = p->sample->bytes.len;
	qsort(cuts, n + 2, sizeof(*cuts), compare_sizes);
	for (i = 0; i <= n; i++)
		for (copies = cuts[i] < cuts[i + 1] ? 1u + (below(5) == 0) + (below(9) == 0) : 0; copies;
		     copies--)
			add_piece(p, cuts[i], cuts[i + 1]);
}

/* All of it, or neighbours only, or not at all. */
static void reorder(struct plan *p)
{
	size_t kind = below(3), i, j;
	struct piece kept;

	for (i = p->num; kind && i-- > 1;) {
		j = kind == 1 ? below(i + 1) : i - (below(3) == 0);
		kept = p->pieces[i];
		p->pieces[i] = p->pieces[j];
		p->pieces[j] = kept;
	}
}

static void make_plan(struct plan *p)
{
	static const enum peer_kind kinds[] = { PEER_REQUEST, PEER_DEFERRED, PEER_SOCKET };
	size_t kind = below(8);

	memset(p, 0, sizeof(*p));
	p->sample = &samples[below(CORPUS_HELLOS)];
	p->conditions = (struct row){
		.name = p->sample->hello->file,
		.kind = kinds[kind < 2 ? kind : 2],
		.no_timestamps = below(2),
		.syn_seen = below(8),
	};
	cut_hello(p);
	reorder(p);
}

/* Without the SYN only a hello's beginning is known for one; and what merely looks like a hello ends the mark. */
static bool is_followed(const struct plan *p)
{
	const struct piece *first = p->pieces;
	enum hello_verdict verdict = walk(p->sample->bytes.bytes + first->from, first->to - first->from);

	return !first->from || (p->conditions.syn_seen && (verdict == HELLO_MORE || verdict == HELLO_NOT));
}

static bool is_complete(const struct follow *f, size_t len)
{
	return !memchr(f->shown, 0, len);
}

static void check_remembered(const struct follow *f)
{
	const struct hello_slot *slot;
	struct flow flow;
	size_t i;

	assert_true(books_flow(&f->key, &flow));
	assert_int_equal(flow.handoff.rcv_nxt, f->peer.seq);
	if (flow.slot == ALPNXDP_NO_SLOT)
		return;
	seen.later++;
	slot = undecided_slot((unsigned)flow.slot);
	for (i = 0; i < ALPNXDP_MAX_HELLO; i++)
		assert_int_equal(undecided_has(slot, i), f->shown[i]);
	for (i = 0; i < f->len; i++)
		if (f->shown[i])
			assert_int_equal(slot->bytes[i], f->bytes[i]);
}

/* What one segment must be judged, given what was known before. */
static void check_reason(const struct plan *p, const struct follow *f, enum reason reason, bool decided)
{
	bool complete = is_complete(f, p->sample->decided), acme = p->sample->hello->acme;

	if (!acme)
		assert_true(reason != REASON_OFFERED && reason != REASON_FLOW);
	if (!is_followed(p) || (decided && !acme))
		return;
	if (decided)
		assert_int_equal(reason, REASON_FLOW);
	else if (complete)
		assert_int_equal(reason, acme ? REASON_OFFERED : REASON_HELLO_OTHER);
	else
		assert_true(reason == REASON_HELLO_UNDECIDED || reason == REASON_HELLO_EARLY ||
			    reason == REASON_KERNEL_SEQ);
}

static void give_to(struct follow *f, const struct plan *p, unsigned *given, unsigned end)
{
	for (; *given < end; ++*given)
		follow_give(f, p->pieces[*given].from, p->pieces[*given].to);
}

static void run_plan(const struct plan *p)
{
	static struct follow f;
	unsigned i, given = 0, offers = 0;
	struct frame segment;
	enum reason reason;
	bool decided = false;

	follow_open(&f, &p->conditions, below(2) ? 4 : 6, p->sample->bytes.bytes, p->sample->bytes.len);
	for (i = 0; i < p->num; i++) {
		segment = follow_segment(&f, p->pieces[i].from, p->pieces[i].to);
		reason = follow_show(&f, &segment);
		check_reason(p, &f, reason, decided);
		decided = is_complete(&f, p->sample->decided);
		offers += reason == REASON_OFFERED;
		seen.early += reason == REASON_HELLO_EARLY;
		seen.behind += reason == REASON_KERNEL_SEQ;
		if (reason == REASON_OFFERED && is_followed(p))
			check_remembered(&f);
		if (!offers && !p->pieces[i].held)
			give_to(&f, p, &given, i + 1);
	}
	assert_true(offers <= 1);
	if (!offers)
		give_to(&f, p, &given, p->num);
	seen.offered += offers;
	seen.segments += p->num;
	seen.bystanders += !p->sample->hello->acme;
	follow_close(&f);
}

static void test_cuts(void **state)
{
	unsigned i;
	struct plan p;

	(void)state;
	load_samples();
	for (i = 0; i < count; i++) {
		snprintf(again, sizeof(again), "%llu", (unsigned long long)seed);
		make_plan(&p);
		run_plan(&p);
	}
	print_message("  %u flows, %u segments: %u early, %u behind the kernel; %u bystanders, %u offered, "
		      "%u of them with remembered bytes\n",
		      count, seen.segments, seen.early, seen.behind, seen.bystanders, seen.offered,
		      seen.later);
	assert_true(count < 1000 || (seen.later > count / 4 && seen.early > count / 4));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cuts) };
	const char *why;
	int failed, err;

	if (argc > 1)
		count = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	err = bench_setup(&why);
	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (failed)
		printf("to see it again: build/tests/bpf/test_cuts 1 %s\n", again);
	bench_teardown();
	return failed;
}
