/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs' notes as the worker reads them, hostile bytes included; and which names are below another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "corpus/corpus.h"
#include "daemon/worker.h"

static struct note note_of(const char *file, enum reason reason)
{
	struct note n = {
		.time_ns = 5000000, .reason = (uint8_t)reason, .kernel = (uint8_t)reason, .queue = 3
	};
	struct corpus_bytes hello;

	corpus_load(file, &hello);
	n.stream = n.data_len = (uint32_t)hello.len;
	n.hello_len = (uint16_t)MIN(hello.len, (size_t)ALPNXDP_NOTE_HELLO);
	n.flags = NOTE_ACME;
	memcpy(n.hello, hello.bytes, n.hello_len);
	return n;
}

/* Whatever their order of extensions, 2,048 bytes have the name of all. */
static void test_corpus(void **state)
{
	struct ledger_record r;

	(void)state;
	for (const struct corpus_hello *h = corpus; h < corpus + CORPUS_HELLOS; h++) {
		struct note n = note_of(h->file, REASON_NOT_PENDING);

		assert_true(worker_note_read(&n, &r));
		assert_string_equal(r.sni, h->name);
		assert_int_equal(h->acme, strstr(r.offered.alpn, "acme-tls/1") != NULL);
		assert_int_equal(r.began, 5000);
		assert_int_equal(r.queue, 3);
		assert_int_equal(r.hello_bytes, n.stream);
		assert_int_equal(r.hello_segments, 1);
		assert_int_equal(r.cause, LEDGER_NOT_PENDING);
		assert_int_equal(r.detail, REASON_NOT_PENDING);
		assert_false(r.unsolicited);
	}
}

static void test_causes(void **state)
{
	static const struct {
		enum reason reason;
		enum ledger_cause cause;
	} rows[] = {
		{ REASON_NOT_PENDING, LEDGER_NOT_PENDING }, { REASON_NO_CREDIT, LEDGER_BUDGET },
		{ REASON_TABLE_FULL, LEDGER_BUDGET },       { REASON_ENGINE_SILENT, LEDGER_TAKEN_BACK },
		{ REASON_NO_SOCKET, LEDGER_TAKEN_BACK },    { REASON_KERNEL_NONE, LEDGER_KERNEL },
		{ REASON_KERNEL_LISTENER, LEDGER_KERNEL },  { REASON_OVERSIZE, LEDGER_KERNEL },
		{ REASON_TCP_FLAGS, LEDGER_KERNEL },        { REASON_ROUTE, LEDGER_KERNEL },
	};
	struct ledger_words words;
	struct ledger_record r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct note n = note_of("boulder-va-go1.26", rows[i].reason);

		assert_true(worker_note_read(&n, &r));
		assert_int_equal(r.cause, rows[i].cause);
		ledger_words(&r, &words);
		assert_string_equal(words.detail, xdp_reason_name(rows[i].reason));
		assert_true(words.text[0] && words.fix[0]);
	}
}

/* In blocks of just their size, so that the sanitizer sees a read past the end. */
static void test_hostile(void **state)
{
	struct note *n = malloc(sizeof(*n));
	struct ledger_record r;
	uint32_t seed = 1;

	(void)state;
	assert_non_null(n);
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t *bytes = (uint8_t *)n;

		*n = note_of(corpus[round % CORPUS_HELLOS].file, REASON_NOT_PENDING);
		for (unsigned i = 0; i < 1 + round % 40; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[(seed >> 8) % (i % 4 ? sizeof(*n) : offsetof(struct note, hello) + 400)] =
				(uint8_t)(seed >> 16);
		}
		if (!worker_note_read(n, &r))
			continue;
		assert_true(memchr(r.sni, 0, sizeof(r.sni)));
		assert_true(memchr(r.offered.alpn, 0, sizeof(r.offered.alpn)));
		assert_in_range(r.detail, 0, NUM_REASONS - 1);
		for (const char *c = r.sni; *c; c++)
			assert_in_range(*c, '-', 'z');
	}
	*n = note_of("boulder-va-go1.26", REASON_NOT_PENDING);
	n->hello_len = UINT16_MAX;
	n->stream = UINT16_MAX;
	assert_false(worker_note_read(n, &r));
	n->stream = 0; /* there was no walk */
	assert_true(worker_note_read(n, &r));
	assert_string_equal(r.sni, "");
	n->reason = NUM_REASONS;
	assert_false(worker_note_read(n, &r));
	free(n);
}

static void test_real(void **state)
{
	static const uint8_t real[] = { NUM_REASONS, REASON_KERNEL_FEATURE, REASON_ROUTE, REASON_NO_CREDIT,
					REASON_TABLE_FULL };
	struct note n = { 0 };
	unsigned count = 0;

	(void)state;
	for (unsigned kernel = 0; kernel <= UINT8_MAX; kernel++) {
		n.kernel = (uint8_t)kernel;
		assert_int_equal(worker_note_is_real(&n), memchr(real, (int)kernel, sizeof(real)) != NULL);
		count += worker_note_is_real(&n);
	}
	assert_int_equal(count, sizeof(real));
}

static void test_covers(void **state)
{
	static const struct {
		const char *suffix, *sni;
		bool covers;
	} rows[] = {
		{ "example.org", "example.org", true },
		{ "example.org", "www.example.org", true },
		{ "example.org", "a.b.example.org", true },
		{ "example.org", "notexample.org", false },
		{ "example.org", "example.org.evil.net", false },
		{ "example.org", "org", false },
		{ "example.org", "", false },
		{ "", "example.org", false },
		{ "www.example.org", "example.org", false },
		{ "xn--bcher-kva.example", "www.xn--bcher-kva.example", true },
		{ "7.2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa", true },
		{ "7.2.0.192.in-addr.arpa", "17.2.0.192.in-addr.arpa", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(identifier_covers(rows[i].suffix, rows[i].sni), rows[i].covers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus), cmocka_unit_test(test_causes), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_real),   cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
