/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ledger: its ring as a reader sees it, summaries by name, and a sentence for whatever may have happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ledger/ledger.h"

static const uint8_t key[16] = { 1, 2, 3 };
static struct ledger *ledger;

static int setup(void **state)
{
	(void)state;
	ledger = ledger_new(key);
	return ledger ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ledger_free(ledger);
	return 0;
}

static uint64_t add(const char *sni, uint8_t host, enum ledger_cause cause, usec_t began)
{
	struct ledger_record r;

	ledger_record_init(&r);
	strcpy(r.sni, sni);
	r.key.saddr[15] = host;
	r.cause = (uint8_t)cause;
	r.began = began;
	return ledger_add(ledger, &r);
}

static void add_many(unsigned count)
{
	while (count--)
		add("a.example", 1, LEDGER_VALIDATED, 1);
}

static void test_reading(void **state)
{
	uint64_t at = 0, lost = 0;
	struct ledger_record r;

	(void)state;
	assert_false(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(at, 1);
	assert_int_equal(add("a.example", 1, LEDGER_RESET, 1), 1);
	assert_int_equal(add("b.example", 2, LEDGER_GATE, 2), 2);
	assert_true(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(r.number, 1);
	assert_string_equal(r.sni, "a.example");
	assert_int_equal(r.hello_us, LEDGER_NEVER);
	assert_true(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(r.number, 2);
	assert_false(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(at, 3);
	assert_int_equal(ledger_next(ledger), 3);
}

static void test_the_slow_miss_what_is_overwritten(void **state)
{
	uint64_t at = 5, lost = 0;
	struct ledger_record r;

	(void)state;
	add_many(LEDGER_RECORDS + 4);
	assert_true(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(r.number, 5);
	assert_int_equal(lost, 0);
	add_many(10);
	assert_true(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(r.number, 15);
	assert_int_equal(lost, 9); /* 6 to 14 */
}

/* The number is of a ledger before a restart. */
static void test_a_number_from_elsewhere(void **state)
{
	uint64_t at = 1000, lost = 0;
	struct ledger_record r;

	(void)state;
	add_many(3);
	assert_false(ledger_read(ledger, &at, &lost, &r));
	assert_int_equal(at, 4);
	assert_int_equal(lost, 0);
}

static void test_summary(void **state)
{
	struct ledger_summary s;

	(void)state;
	assert_false(ledger_summarize(ledger, "a.example", 0, &s));
	add("a.example", 9, LEDGER_RESET, 5); /* before the challenge was added */
	for (uint8_t host = 1; host <= 4; host++)
		add("a.example", host, LEDGER_VALIDATED, 20);
	add("a.example", 5, LEDGER_STOPPED_AFTER_CERTIFICATE, 21);
	add("b.example", 6, LEDGER_RESET, 22);
	assert_true(ledger_summarize(ledger, "a.example", 10, &s));
	assert_int_equal(s.finished, 4);
	assert_int_equal(s.others, 1);
	assert_int_equal(s.last.cause, LEDGER_STOPPED_AFTER_CERTIFICATE);
	assert_int_equal(s.last.key.saddr[15], 5);
	assert_false(ledger_summarize(ledger, "a.example", 30, &s));
	assert_false(ledger_summarize(ledger, "c.example", 0, &s));
}

/* Who fails and then gets through from the same address is through, in whatever order. */
static void test_summary_counts_addresses(void **state)
{
	struct ledger_summary s;

	(void)state;
	add("a.example", 1, LEDGER_TIMED_OUT, 1);
	add("a.example", 1, LEDGER_VALIDATED, 2);
	add("a.example", 2, LEDGER_VALIDATED, 3);
	add("a.example", 2, LEDGER_RESET, 4);
	add("a.example", 3, LEDGER_RESET, 5);
	add("a.example", 3, LEDGER_GATE, 6);
	assert_true(ledger_summarize(ledger, "a.example", 0, &s));
	assert_int_equal(s.finished, 2);
	assert_int_equal(s.others, 1);
	assert_int_equal(s.last.cause, LEDGER_GATE);
}

static void test_summary_is_bounded(void **state)
{
	struct ledger_summary s;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		add("a.example", (uint8_t)i, i == 199 ? LEDGER_RESET : LEDGER_VALIDATED, 1);
	assert_true(ledger_summarize(ledger, "a.example", 0, &s));
	assert_int_equal(s.finished + s.others, LEDGER_PERSPECTIVES);
	assert_int_equal(s.others, 1);
}

static void test_summary_after_the_ring_has_turned(void **state)
{
	struct ledger_summary s;

	(void)state;
	add("old.example", 1, LEDGER_RESET, 1);
	add_many(LEDGER_RECORDS - 1);
	assert_true(ledger_summarize(ledger, "old.example", 0, &s));
	add_many(1);
	assert_false(ledger_summarize(ledger, "old.example", 0, &s));
}

/* ------------------------------------------------------------------- words */

static void check_text(const char *text, size_t room)
{
	assert_true(strlen(text) < room - 1); /* not cut */
	for (; *text; text++)
		assert_true(*text >= ' ' && *text <= '~');
}

static struct ledger_words words(enum ledger_cause cause, enum ledger_phase phase, int detail)
{
	struct ledger_words w;
	struct ledger_record r;

	ledger_record_init(&r);
	r.cause = (uint8_t)cause;
	r.phase = (uint8_t)phase;
	r.detail = (int16_t)detail;
	ledger_words(&r, &w);
	check_text(w.text, sizeof(w.text));
	check_text(w.fix, sizeof(w.fix));
	check_text(w.detail, sizeof(w.detail));
	assert_true(strlen(w.text) > 20);
	assert_string_not_equal(w.text, "not known");
	assert_true(w.fix[0] || cause == LEDGER_VALIDATED);
	return w;
}

static void test_every_cause_has_a_sentence(void **state)
{
	(void)state;
	for (unsigned cause = 0; cause < NUM_LEDGER_CAUSES; cause++)
		for (unsigned phase = 0; phase < NUM_LEDGER_PHASES; phase++)
			for (int detail = LEDGER_NO_DETAIL; detail < 300; detail++)
				words((enum ledger_cause)cause, (enum ledger_phase)phase, detail);
}

static void test_details(void **state)
{
	(void)state;
	assert_string_equal(words(LEDGER_ALERT_RECEIVED, LEDGER_PHASE_RECEIVED, 42).detail,
			    "bad_certificate (42)");
	assert_string_equal(words(LEDGER_ALERT_SENT, LEDGER_PHASE_LAST_MESSAGE, 51).detail,
			    "decrypt_error (51)");
	assert_string_equal(words(LEDGER_ALERT_RECEIVED, LEDGER_PHASE_RECEIVED, 200).detail, "unknown (200)");
	assert_string_equal(words(LEDGER_GATE, LEDGER_PHASE_DECISION, GATE_ALPN).detail, "alpn");
	assert_string_equal(words(LEDGER_KERNEL, LEDGER_PHASE_DECISION, REASON_KERNEL_LISTENER).detail,
			    "kernel-listener");
	assert_string_equal(words(LEDGER_TIMED_OUT, LEDGER_PHASE_SENT, LEDGER_NO_DETAIL).detail, "sent");
	assert_string_equal(words(LEDGER_VALIDATED, LEDGER_PHASE_FINISHED, LEDGER_NO_DETAIL).detail, "");
}

/* A different cause reads differently. */
static void test_no_two_causes_read_alike(void **state)
{
	(void)state;
	for (unsigned a = 0; a < NUM_LEDGER_CAUSES; a++)
		for (unsigned b = a + 1; b < NUM_LEDGER_CAUSES; b++)
			assert_string_not_equal(
				words((enum ledger_cause)a, LEDGER_PHASE_RECEIVED, LEDGER_NO_DETAIL).text,
				words((enum ledger_cause)b, LEDGER_PHASE_RECEIVED, LEDGER_NO_DETAIL).text);
}

static void test_names(void **state)
{
	char text[LEDGER_NUMBER_TEXT];
	enum ledger_cause cause;

	(void)state;
	for (unsigned i = 0; i < NUM_LEDGER_CAUSES; i++) {
		assert_true(ledger_cause_find(ledger_cause_name((enum ledger_cause)i), &cause));
		assert_int_equal(cause, i);
		assert_non_null(ledger_cause_help(cause));
	}
	assert_false(ledger_cause_find("no such cause", &cause));
	assert_string_equal(ledger_group_name(0x11ec, text), "X25519MLKEM768");
	assert_string_equal(ledger_group_name(0x1234, text), "0x1234");
	assert_string_equal(ledger_version_name(0x0304, text), "1.3");
	assert_string_equal(ledger_cipher_name(0x1301, text), "TLS_AES_128_GCM_SHA256");
	assert_string_equal(ledger_alert_name(48), "unknown_ca");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_slow_miss_what_is_overwritten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_number_from_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_summary, setup, teardown),
		cmocka_unit_test_setup_teardown(test_summary_counts_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_summary_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_summary_after_the_ring_has_turned, setup, teardown),
		cmocka_unit_test(test_every_cause_has_a_sentence),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_no_two_causes_read_alike),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
