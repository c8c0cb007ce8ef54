/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live view as text: rates of two samples, what gives way where lines are few, and what a terminal must never get. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "top/top.h"

static struct top_sample before, now;
static struct top_event events[TOP_EVENTS];
static struct top_text text;

static void fill_interface(struct top_interface *i, const char *name, uint64_t scale)
{
	*i = (struct top_interface){ .queues = 2, .heartbeat_age_ms = 3, .sent = 7 * scale };
	strcpy(i->name, name);
	strcpy(i->mode, "native");
	i->reason[REASON_UNARMED] = 1000 * scale;
	i->reason[REASON_FLOW] = 9 * scale;
	i->reason[REASON_OFFERED] = scale;
	i->reason[REASON_NOT_PENDING] = scale / 2;
	i->queue[1] =
		(struct top_queue){ .heartbeat_age_ms = 12000, .received = 10 * scale, .sent = 7 * scale };
}

static int setup(void **state)
{
	(void)state;
	before = (struct top_sample){
		.at = 5 * USEC_PER_SEC, .up = true, .uptime_s = 99, .epoch = 2, .engine_pid = 77
	};
	strcpy(before.version, "0.1.0");
	before.interfaces = 1;
	fill_interface(&before.interface[0], "eth0", 0);
	now = before;
	now.at = 7 * USEC_PER_SEC; /* two seconds later */
	now.unix_s = 86399;
	now.uptime_s = 183900;
	now.pending = 3;
	now.held = 1;
	now.validated = 5;
	now.failed = 1;
	fill_interface(&now.interface[0], "eth0", 10);
	memset(events, 0, sizeof(events));
	return 0;
}

static void add_event(size_t i, const char *client, const char *name, const char *outcome)
{
	strcpy(events[i].time, "23:59:58");
	strcpy(events[i].client, client);
	strcpy(events[i].name, name);
	strcpy(events[i].outcome, outcome);
}

static void layout(const struct top_sample *first, size_t count, unsigned columns, unsigned lines)
{
	size_t longest = 0, begin = 0;

	top_layout(first, &now, events, count, (struct top_screen){ columns, lines }, &text);
	assert_int_equal(strlen(text.bytes), text.len);
	for (size_t i = 0; i < text.len; i++) {
		if (text.bytes[i] != '\n')
			assert_in_range(text.bytes[i], ' ', '~');
		else if (i - begin > longest)
			longest = i - begin;
		if (text.bytes[i] == '\n')
			begin = i + 1;
	}
	assert_true(longest <= (columns < TOP_COLUMNS_LEAST ? TOP_COLUMNS_LEAST : columns));
	assert_true(text.lines <= (lines < 6 ? 6 : lines));
}

static void test_frame(void **state)
{
	(void)state;
	add_event(0, "203.0.113.7", "www.example.org", "validated");
	add_event(1, "2001:db8::5", "mail.example.org", "alert-received: bad_certificate (42)");
	layout(&before, 2, 80, 24);
	assert_string_equal(
		text.bytes,
		"alpnxdp 0.1.0 - 23:59:59 UTC, up 2d 3h, engine 77 (number 2)\n"
		"pending 3; flows 1 held, 0 waiting, 0 served, 0 lingering\n"
		"validations 2.5/s, not finished 0.5/s; since the engine began 5 and 1\n"
		"\n"
		"INTERFACE       MODE     Q    ALIVE PACKETS/S PASSED/S ENGINE/S OFFER/S   SENT/S\n"
		"eth0            native   2     3 ms      5052     5002       50     5.0       35\n"
		"  not-pending 2.5/s\n"
		"  queue 0                      0 ms                           0                0\n"
		"  queue 1                    silent                          50               35\n"
		"\n"
		"TIME     CLIENT      NAME                   OUTCOME\n"
		"23:59:58 203.0.113.7 www.example.org        validated\n"
		"23:59:58 2001:db8::5 mail.example.org       alert-received: bad_certificate (42)\n");
}

/* Without a sample before, or one of another engine, or of a later time, no rate is made up. */
static void test_no_rates(void **state)
{
	(void)state;
	layout(NULL, 0, 80, 24);
	assert_non_null(strstr(text.bytes, "validations -/s"));
	before.engine_pid++;
	layout(&before, 0, 80, 24);
	assert_non_null(strstr(text.bytes, "validations -/s"));
	before.engine_pid--;
	before.at = now.at;
	layout(&before, 0, 80, 24);
	assert_non_null(strstr(text.bytes, "validations -/s"));
	assert_non_null(strstr(text.bytes, "no validation has been seen"));
	now.up = false;
	layout(&before, 0, 80, 24);
	assert_string_equal(text.bytes, "alpnxdp 0.1.0 - 23:59:59 UTC, no daemon answers\n");
}

static void test_rate(void **state)
{
	(void)state;
	assert_true(top_rate(10, 30, 2 * USEC_PER_SEC) == 10);
	assert_true(top_rate(30, 10, USEC_PER_SEC) == 0); /* it began anew */
	now.interface[0].reason[REASON_UNARMED] = UINT32_MAX;
	now.validated = 0;
	before.validated = 7;
	layout(&before, 0, 80, 24);
	assert_non_null(strstr(text.bytes, "validations 0/s"));
	assert_non_null(strstr(text.bytes, "2147.5M"));
}

/* Queues give way first, then reasons, then interfaces; validations are seen on any screen. */
static void test_few_lines(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 1; i < TOP_INTERFACES; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		fill_interface(&now.interface[i], name, 10);
	}
	for (size_t i = 0; i < 20; i++)
		add_event(i, "192.0.2.1", "example.org", "validated");
	layout(&before, 20, 80, 14);
	assert_null(strstr(text.bytes, "queue"));
	assert_non_null(strstr(text.bytes, "not-pending"));
	now.interfaces = TOP_INTERFACES;
	layout(&before, 20, 80, 24);
	assert_null(strstr(text.bytes, "not-pending"));
	assert_non_null(strstr(text.bytes, "eth10"));
	assert_non_null(strstr(text.bytes, "... and 5 more\n"));
	assert_non_null(strstr(text.bytes, "validated\n"));
	assert_int_equal(text.lines, 24);
	layout(&before, 20, 132, 50);
	assert_non_null(strstr(text.bytes, "eth15"));
	for (unsigned lines = 0; lines < 60; lines++)
		for (unsigned columns = 1; columns < 200; columns += 13)
			layout(&before, 20, columns, lines);
}

static void test_hostile_text(void **state)
{
	(void)state;
	memset(events[0].name, 'n', sizeof(events[0].name) - 1);
	strcpy(events[0].time, "\033[2J\x07");
	memset(events[0].client, 0xff, sizeof(events[0].client) - 1);
	memset(events[0].outcome, 'o', sizeof(events[0].outcome) - 1);
	layout(&before, 1, 80, 24);
	assert_non_null(strstr(text.bytes, "?[2J?"));
	assert_non_null(strstr(text.bytes, "nnn~ oo"));
	layout(&before, 1, 60, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_frame, setup),
		cmocka_unit_test_setup(test_no_rates, setup),
		cmocka_unit_test_setup(test_rate, setup),
		cmocka_unit_test_setup(test_few_lines, setup),
		cmocka_unit_test_setup(test_hostile_text, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
