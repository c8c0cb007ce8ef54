/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes: which hellos make one, what is in it, and that none is written without credit, room, or somebody who asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include "../corpus/corpus.h"
#include "bench.h"
#include "books.h"
#include "undecided.h"

enum {
	CREDIT = 3,
	OLD = 1500,
	VOUCHED = NUM_REASONS,
	RING_NOTES = ALPNXDP_NOTES_BYTES / (sizeof(struct note) + 8)
};

/* Always: offers acme-tls/1, and passes. kernel: as in struct note. */
static const struct passed {
	struct row row;
	unsigned kernel;
} passed[] = {
	{ { "not pending", PEER_SOCKET, .pending = "e.example.org", .reason = REASON_NOT_PENDING }, VOUCHED },
	{ { "not pending, a request", PEER_REQUEST, .pending = "e.example.org",
	    .reason = REASON_NOT_PENDING },
	  VOUCHED },
	{ { "not pending, forged", PEER_STRANGER, .pending = "e.example.org", .reason = REASON_NOT_PENDING },
	  REASON_KERNEL_LISTENER },
	{ { "not pending, a forged number", PEER_SOCKET, .pending = "e.example.org", .frame.seq = 5000,
	    .reason = REASON_NOT_PENDING },
	  REASON_KERNEL_SEQ },
	{ { "not pending, IPv6", PEER_SOCKET, .pending = "e.example.org", .frame.family = 6,
	    .reason = REASON_NOT_PENDING },
	  VOUCHED },
	{ { "engine silent", PEER_SOCKET, .heartbeat_age_ms = OLD, .reason = REASON_ENGINE_SILENT },
	  REASON_ENGINE_SILENT },
	{ { "no credit", PEER_SOCKET, .no_credit = true, .reason = REASON_NO_CREDIT }, REASON_NO_CREDIT },
	{ { "no socket", PEER_SOCKET, .no_slot = true, .reason = REASON_NO_SOCKET }, REASON_NO_SOCKET },
	{ { "oversize", PEER_SOCKET, .frame.filler = 3100, .reason = REASON_OVERSIZE }, REASON_OVERSIZE },
	{ { "flags", PEER_SOCKET, .frame.flags = FIN | ACK, .reason = REASON_TCP_FLAGS }, REASON_TCP_FLAGS },
	{ { "a listener", PEER_STRANGER, .reason = REASON_KERNEL_LISTENER }, REASON_KERNEL_LISTENER },
	{ { "nobody", PEER_NOBODY, .reason = REASON_KERNEL_NONE }, REASON_KERNEL_NONE },
	{ { "a number that is wrong", PEER_SOCKET, .frame.seq = 1, .reason = REASON_KERNEL_SEQ },
	  REASON_KERNEL_SEQ },
	{ { "another way back", PEER_ASTRAY, .reason = REASON_ROUTE }, REASON_ROUTE },
	{ { "MPTCP", PEER_MPTCP, .reason = REASON_KERNEL_FEATURE }, REASON_KERNEL_FEATURE },
};

/* Only while somebody traces. */
static const struct row traced[] = {
	{ "taken", PEER_SOCKET, .reason = REASON_OFFERED },
	{ "a browser", PEER_SOCKET, .hello = "chromium-2", .reason = REASON_HELLO_OTHER },
	{ "no ALPN", PEER_SOCKET, .hello = "nss-3.110-tstclnt", .reason = REASON_HELLO_OTHER },
	{ "a browser, ALPN in the second segment", PEER_SOCKET, .hello = "chromium-1", .segment = 1,
	  .reason = REASON_HELLO_UNDECIDED },
	{ "a piece", PEER_SOCKET, .bytes = 1, .reason = REASON_HELLO_UNDECIDED },
	{ "one that has overtaken", PEER_SOCKET, .hello = "chromium-1", .segment = 2, .frame.seq = 1400,
	  .syn_seen = true, .reason = REASON_HELLO_EARLY },
};

/* Never. */
static const struct row silent[] = {
	{ "HTTP", PEER_SOCKET, .text = "GET / HTTP/1.1\r\n\r\n", .reason = REASON_NOT_HELLO },
	{ "HTTP, the SYN was seen", PEER_SOCKET, .text = "GET / HTTP/1.1\r\n\r\n", .syn_seen = true,
	  .reason = REASON_NOT_HELLO },
	{ "ACK alone", PEER_SOCKET, .no_data = true, .reason = REASON_NO_PAYLOAD },
	{ "another port", PEER_SOCKET, .frame.dport = 80, .reason = REASON_OTHER_PORT },
	{ "nothing is pending", PEER_SOCKET, .unarmed = true, .reason = REASON_UNARMED },
};

/* Runs the row; how many notes, and the last one. */
static unsigned run(const struct row *row, struct note *note)
{
	print_message("  %s\n", row->name);
	undecided_clear();
	memset(note, 0, sizeof(*note));
	bench_run(row, NULL);
	return books_notes(note);
}

static void expect_hello(const struct note *n, const struct row *row)
{
	struct corpus_bytes hello;

	corpus_load(row->hello ? row->hello : DEFAULT_HELLO, &hello);
	if (row->bytes)
		hello.len = row->bytes;
	else if (row->segment)
		hello.len = hello.ends[row->segment - 1];
	assert_int_equal(n->hello_len, hello.len < ALPNXDP_NOTE_HELLO ? hello.len : ALPNXDP_NOTE_HELLO);
	assert_memory_equal(n->hello, hello.bytes, n->hello_len);
}

static void test_passed(void **state)
{
	name_hash_t name = NAME_HASH_INIT;
	struct note note;

	(void)state;
	for (const char *c = "d.example.org"; *c; c++)
		name = NAME_HASH_STEP(name, *c);
	for (const struct passed *p = passed; p < passed + sizeof(passed) / sizeof(*passed); p++) {
		struct row row = p->row;

		row.notes = CREDIT;
		assert_int_equal(run(&row, &note), 1);
		assert_int_equal(note.reason, row.reason);
		assert_int_equal(note.kernel, p->kernel);
		assert_int_equal(note.flags, NOTE_ACME | NOTE_NAME);
		assert_true(note.name == name);
		assert_int_equal(note.key.dport, htons(PEER_PORT));
		assert_int_equal(note.ifindex, 1);
		assert_int_equal(note.queue, 0);
		assert_true(note.time_ns > 0 && note.data_len >= note.hello_len &&
			    note.stream == note.data_len);
		if (!row.frame.filler)
			expect_hello(&note, &row);
		assert_int_equal(books_notes_left(), CREDIT - 1);
		assert_true(books_notes_lost() == 0);
	}
}

static void test_without_credit(void **state)
{
	struct note note;

	(void)state;
	for (const struct passed *p = passed; p < passed + sizeof(passed) / sizeof(*passed); p++) {
		struct row row = p->row;

		row.trace = p != passed;
		assert_int_equal(run(&row, &note), 0);
		assert_int_equal(books_notes_left(), 0);
		assert_true(books_notes_lost() == 1);
	}
}

static void test_traced(void **state)
{
	static const uint8_t nobody[16] = { [10] = 0xff, [11] = 0xff, 203, 0, 113, 9 };
	struct note note;
	uint8_t client[16];

	(void)state;
	for (const struct row *r = traced; r < traced + sizeof(traced) / sizeof(*traced); r++) {
		struct row row = *r;

		row.notes = CREDIT;
		assert_int_equal(run(&row, &note), 0);
		assert_int_equal(books_notes_left(), CREDIT);
		row.trace = true;
		assert_int_equal(run(&row, &note), 1);
		assert_int_equal(note.reason, row.reason);
		assert_int_equal(note.flags & NOTE_ACME, row.reason == REASON_OFFERED ? NOTE_ACME : 0);
		if (row.reason != REASON_HELLO_EARLY)
			expect_hello(&note, &row);
		memcpy(client, note.key.saddr, sizeof(client));
		row.trace = false;
		row.trace_from = nobody;
		assert_int_equal(run(&row, &note), 0);
		assert_true(books_notes_lost() == 0);
		row.trace_from = client;
		assert_int_equal(run(&row, &note), 1);
	}
}

static void test_silent(void **state)
{
	struct note note;

	(void)state;
	for (const struct row *r = silent; r < silent + sizeof(silent) / sizeof(*silent); r++) {
		struct row row = *r;

		row.notes = CREDIT;
		row.trace = true;
		assert_int_equal(run(&row, &note), 0);
		assert_int_equal(books_notes_left(), CREDIT);
	}
}

/* The bytes come from where the hello was put together. */
static void test_two_segments(void **state)
{
	struct row row = { "in two segments", PEER_SOCKET, .hello = "boulder-va-go1.26",
			   .pending = "e.example.org" };
	struct note note;
	struct peer p;

	(void)state;
	undecided_clear();
	assert_int_equal(peer_open(&p, PEER_SOCKET, 4, true), 0);
	row.notes = CREDIT;
	row.bytes = 200;
	row.reason = REASON_HELLO_UNDECIDED;
	bench_run_over(&row, &p, NULL);
	assert_int_equal(books_notes(&note), 0);
	row.bytes = 260; /* from its beginning again, with more, as clients do */
	row.reason = REASON_NOT_PENDING;
	bench_run_over(&row, &p, NULL);
	assert_int_equal(books_notes(&note), 1);
	assert_int_equal(note.kernel, VOUCHED);
	assert_int_equal(note.stream, 260);
	expect_hello(&note, &row);
	peer_close(&p);
}

static void test_full(void **state)
{
	struct row row = { "a full ring", PEER_SOCKET, .no_credit = true, .notes = CREDIT,
			   .reason = REASON_NO_CREDIT };
	unsigned written = 0;
	struct note note;
	struct peer p;

	(void)state;
	assert_int_equal(peer_open(&p, PEER_SOCKET, 4, true), 0);
	for (; written <= RING_NOTES; written++) {
		bench_run_over(&row, &p, NULL);
		if (books_notes_lost())
			break;
	}
	assert_in_range(written, RING_NOTES - 2, RING_NOTES);
	assert_int_equal(books_notes(&note), written);
	bench_run_over(&row, &p, NULL);
	assert_int_equal(books_notes(&note), 1);
	peer_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passed),       cmocka_unit_test(test_without_credit),
		cmocka_unit_test(test_traced),       cmocka_unit_test(test_silent),
		cmocka_unit_test(test_two_segments), cmocka_unit_test(test_full),
	};
	const char *why;
	int failed;
	int err = bench_setup(&why);

	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_teardown();
	return failed;
}
