/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The status as metrics: form, names, values, and interface names that would like to be something else. */
#include "openmetrics.h"
#include <jansson.h>
#include <alpnxdp/abi.h>
#include "engine/engine.h"
#include "xdp/xdp.h"

static struct om om;

static json_t *numbers(unsigned count, const char *(*name)(unsigned), unsigned first)
{
	json_t *object = json_object();

	for (unsigned n = 0; n < count; n++)
		json_object_set_new(object, name(n), json_integer(first + n));
	return object;
}

static const char *reason(unsigned n)
{
	return xdp_reason_name((enum reason)n);
}

static const char *outcome(unsigned n)
{
	return engine_outcome_name((enum engine_outcome)n);
}

static const char *gate(unsigned n)
{
	return gate_reject_name((enum gate_reject)n);
}

static const char *source(unsigned n)
{
	return challenge_source_name((enum challenge_source)n);
}

/* Its counters are 1000, 1001, ... in the order of ALPNXDP_REASONS. */
static json_t *interface(const char *name, unsigned index)
{
	return json_pack("{s:s%,s:i,s:s,s:i,s:o,s:{s:i,s:i,s:i,s:i}}", "name", name, strlen(name), "ifindex",
			 (int)index, "mode", "native", "heartbeat_age_ms", 1250, "counters",
			 numbers(NUM_REASONS, reason, 1000), "rings", "rx_dropped", 1, "rx_ring_full", 2,
			 "rx_fill_empty", 3, "tx_invalid", 4);
}

static json_t *durations(void)
{
	json_t *buckets = json_array();

	for (unsigned n = 0; n < ENGINE_DURATIONS; n++)
		json_array_append_new(buckets,
				      json_pack("{s:I,s:i}", "le_us", (json_int_t)engine_duration_bound[n],
						"count", (int)n));
	return json_pack("{s:o,s:i,s:i}", "buckets", buckets, "sum_us", 12345678, "count",
			 ENGINE_DURATIONS + 5);
}

/* What worker_status() writes; takes the interfaces. */
static json_t *status_of(json_t *interfaces)
{
	return json_pack(
		"{s:b,s:{s:i,s:I,s:i,s:s,s:s},s:o,s:{s:i,s:i,s:i,s:i},s:o,s:i,s:o,s:o,s:{s:i},s:{s:i,s:i},s:"
		"{s:i,s:i},s:{s:i,s:i,s:i},s:i,s:i,s:o,s:{s:b},s:{s:b,s:i,s:i,s:i,s:i},s:{s:i,s:i},s:i}",
		"ok", 1, "daemon", "uptime_s", 60, "started_unix", (json_int_t)1800000000, "epoch", 2,
		"version", "1.0", "tls_library", "wolfSSL 5.7.2", "interfaces", interfaces, "flows_by_state",
		"held", 1, "waiting", 2, "served", 3, "lingering", 4, "challenges_by_source",
		numbers(NUM_CHALLENGE_SOURCES, source, 10), "oldest_challenge_s", 77, "outcomes",
		numbers(NUM_OUTCOMES, outcome, 100), "gate", numbers(NUM_GATE_REJECTS, gate, 200), "drops",
		"short", 5, "silence", "silenced", 6, "unsilenced", 7, "given_back", "frames", 8, "failed", 9,
		"transmit", "frames", 10, "failed", 11, "retransmits", 12, "strays", 13, "stale_offers", 14,
		"handshake_seconds", durations(), "front", "up", 1, "harvest", "on", 0, "asked", 20,
		"answered", 21, "failed", 22, "refused", 23, "probes", "own_names", 24, "unsolicited", 25,
		"notes_lost", 26);
}

static char *text_of(json_t *status, enum metrics_format format)
{
	char *json, *text;

	assert_non_null(status);
	json = json_dumps(status, JSON_COMPACT);
	text = metrics_format(json, format);
	free(json);
	return text;
}

static void read_status(json_t *interfaces, enum metrics_format format)
{
	json_t *status = status_of(interfaces);
	char *text = text_of(status, format);

	json_decref(status);
	assert_non_null(text);
	om_read(&om, text, format);
	free(text);
}

static void check_values(enum metrics_format format)
{
	char abi[16];

	read_status(json_pack("[o,o]", interface("eth0", 2), interface("eth1", 3)), format);
	snprintf(abi, sizeof(abi), "%u", ALPNXDP_ABI);
	assert_true(OM(&om, "alpnxdp_build_info", "version", "1.0", "tls_library", "wolfSSL 5.7.2", "abi",
		       abi) == 1);
	assert_true(OM(&om, "alpnxdp_start_time_seconds") == 1800000000);
	assert_true(OM(&om, "alpnxdp_front_up") == 1);
	assert_true(OM(&om, "alpnxdp_engines_total") == 2);
	assert_true(OM(&om, "alpnxdp_packets_total", "iface", "eth1", "verdict", "pass", "reason",
		       "injected") == 1000);
	assert_true(OM(&om, "alpnxdp_packets_total", "iface", "eth0", "verdict", "redirect", "reason",
		       "offered") == 1000 + REASON_OFFERED);
	assert_true(OM(&om, "alpnxdp_clienthello_total", "result", "offered") == 2 * (1000 + REASON_OFFERED));
	assert_true(OM(&om, "alpnxdp_clienthello_total", "result", "undecided") ==
		    2 * (2000 + REASON_HELLO_UNDECIDED + REASON_HELLO_EARLY));
	assert_true(OM(&om, "alpnxdp_failopen_total", "reason", "no-credit") ==
		    2 * (1000 + REASON_NO_CREDIT));
	assert_true(OM(&om, "alpnxdp_failopen_total", "reason", "taken-back") == 100 + OUTCOME_TAKEN_BACK);
	assert_true(OM(&om, "alpnxdp_heartbeat_age_seconds", "iface", "eth0") == 1.25);
	assert_true(OM(&om, "alpnxdp_interface_info", "iface", "eth0", "mode", "native") == 1);
	assert_true(OM(&om, "alpnxdp_xsk_fill_empty_total", "iface", "eth1") == 3);
	assert_true(OM(&om, "alpnxdp_flows", "state", "waiting") == 2);
	assert_true(OM(&om, "alpnxdp_handshakes_total", "outcome", "validated") == 100);
	assert_true(OM(&om, "alpnxdp_gate_rejects_total", "reason", "alpn") == 200 + GATE_ALPN);
	assert_true(OM(&om, "alpnxdp_neutralise_total", "method", "rst", "outcome", "unsilenced") == 7);
	assert_true(OM(&om, "alpnxdp_challenges", "source", "harvest") == 10 + CHALLENGE_SOURCE_HARVEST);
	assert_true(OM(&om, "alpnxdp_challenge_age_seconds") == 77);
	assert_true(OM(&om, "alpnxdp_harvest_enabled") == 0);
	assert_true(OM(&om, "alpnxdp_own_names") == 24);
	assert_true(OM(&om, "alpnxdp_unsolicited_probes_total") == 25);
	assert_true(OM(&om, "alpnxdp_notes_lost_total") == 26);
	assert_true(OM(&om, "alpnxdp_harvest_names_total", "result", "refused") == 23);
}

static void check_durations(void)
{
	double before = 0;
	unsigned buckets = 0;

	for (size_t i = 0; i < om.count; i++) {
		if (strcmp(om.series[i].name, "alpnxdp_handshake_duration_seconds_bucket"))
			continue;
		assert_true(om.series[i].value >= before);
		before = om.series[i].value;
		buckets++;
	}
	assert_int_equal(buckets, ENGINE_DURATIONS + 1);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_bucket", "le", "0.0005") == 0);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_bucket", "le", "1.0") == 10);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_bucket", "le", "2.5") == 11);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_bucket", "le", "10.0") == 13);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_bucket", "le", "+Inf") == before);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_count") == before);
	assert_true(OM(&om, "alpnxdp_handshake_duration_seconds_sum") == 12.345678);
}

static void test_openmetrics(void **state)
{
	(void)state;
	check_values(METRICS_OPENMETRICS);
	check_durations();
}

static void test_the_older_format(void **state)
{
	(void)state;
	check_values(METRICS_TEXTFILE);
	check_durations();
}

/* Sixteen queues, as many interfaces as that may be: one, or four with four each. */
static void test_few_series(void **state)
{
	json_t *interfaces = json_array();
	char name[16];

	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		snprintf(name, sizeof(name), "eth%u", n);
		json_array_append_new(interfaces, interface(name, n + 2));
	}
	read_status(interfaces, METRICS_OPENMETRICS);
	print_message("%zu series of four interfaces\n", om.count);
	assert_true(om.count <= 300);
}

/* Whatever dev_valid_name() of Linux lets pass, and more: the label's value is the name, and nothing else changes. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"a\"} 1",  "b\\",      "c\n# EOF\n",        "d\",x=\"", "\\\"", "{}",
		"e\\n",    "\x7f\x01", "\xc3\xa9t\xc3\xa9", "%s%n",     "#",    "f,g=h",
		"alpnxdp", "",
	};
	json_t *interfaces = json_array();

	(void)state;
	for (unsigned n = 0; n < ARRAY_SIZE(names); n++)
		json_array_append_new(interfaces, interface(names[n], n + 1));
	read_status(interfaces, METRICS_OPENMETRICS);
	for (unsigned n = 0; n < ARRAY_SIZE(names); n++)
		assert_true(OM(&om, "alpnxdp_xsk_rx_dropped_total", "iface", names[n]) == 1);
}

/* Words to people; how it went is a number, and where it could not be done there is none. */
static void test_self_checks(void **state)
{
	json_t *status = status_of(json_array());
	size_t before;
	char *text;

	(void)state;
	json_object_set_new(status, "self_check", json_object());
	text = text_of(status, METRICS_OPENMETRICS);
	om_read(&om, text, METRICS_OPENMETRICS);
	before = om.count;
	free(text);
	json_object_set_new(status, "self_check",
			    json_pack("{s:s,s:s,s:s,s:s,s:i}", "a\"", "passed in 3.1 ms", "b",
				      "the program did not take our hello", "c", "not done: no server", "d",
				      "not over yet", "e", 1));
	text = text_of(status, METRICS_OPENMETRICS);
	om_read(&om, text, METRICS_OPENMETRICS);
	assert_true(OM(&om, "alpnxdp_self_check_passed", "iface", "a\"") == 1);
	assert_true(OM(&om, "alpnxdp_self_check_passed", "iface", "b") == 0);
	assert_int_equal(om.count, before + 2);
	free(text);
	json_decref(status);
}

/* Two names that are not UTF-8 are the same text in a status; their series are told apart. */
static void test_names_that_look_the_same(void **state)
{
	(void)state;
	read_status(json_pack("[o,o]", interface("x\xef\xbf\xbd", 7), interface("x\xef\xbf\xbd", 8)),
		    METRICS_OPENMETRICS);
	assert_true(OM(&om, "alpnxdp_xsk_rx_dropped_total", "iface", "ifindex:7") == 1);
	assert_true(OM(&om, "alpnxdp_xsk_rx_dropped_total", "iface", "ifindex:8") == 1);
}

/* Any key of an object is a label, but no more of them than there can be of ours. */
static void test_an_object_that_never_ends(void **state)
{
	json_t *status = status_of(json_array()), *outcomes = json_object_get(status, "outcomes");
	char name[32], *text;

	(void)state;
	for (unsigned n = 0; n < 1000; n++) {
		snprintf(name, sizeof(name), "\"}\n%u", n);
		json_object_set_new(outcomes, name, json_integer(1));
	}
	text = text_of(status, METRICS_OPENMETRICS);
	om_read(&om, text, METRICS_OPENMETRICS);
	assert_true(om.count < 300);
	free(text);
	json_decref(status);
}

static void test_no_status(void **state)
{
	static const char *const texts[] = { "",
					     "{",
					     "[]",
					     "{}",
					     "{\"ok\":false,\"daemon\":{}}",
					     "{\"ok\":true}",
					     "{\"ok\":true,\"daemon\":1}" };
	char *text;

	(void)state;
	for (unsigned n = 0; n < ARRAY_SIZE(texts); n++)
		assert_null(metrics_format(texts[n], METRICS_OPENMETRICS));
	/* One of a daemon that has nothing to say is one. */
	text = metrics_format("{\"ok\":true,\"daemon\":{}}", METRICS_OPENMETRICS);
	assert_non_null(text);
	om_read(&om, text, METRICS_OPENMETRICS);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_the_older_format),
		cmocka_unit_test(test_few_series),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_self_checks),
		cmocka_unit_test(test_names_that_look_the_same),
		cmocka_unit_test(test_an_object_that_never_ends),
		cmocka_unit_test(test_no_status),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
