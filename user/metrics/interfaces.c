/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The samples of interfaces, and what the program's reasons say of hellos and of failing open, of all interfaces together.
 */
#include <string.h>
#include <alpnxdp/abi.h>
#include "metrics/rows.h"

static const char *const reason_name[] = {
#define X(symbol, name, help) [REASON_##symbol] = name,
	ALPNXDP_REASONS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(reason_name) == NUM_REASONS, "every reason has a name");

static const char *verdict_of(enum reason reason)
{
	return reason == REASON_OFFERED || reason == REASON_FLOW ? "redirect" : "pass";
}

/* X(symbol, name): what came of a segment that belongs to a hello. */
#define HELLO_RESULTS(X)              \
	X(OFFERED, "offered")         \
	X(OTHER, "other-protocol")    \
	X(NOT_PENDING, "not-pending") \
	X(UNDECIDED, "undecided")     \
	X(MALFORMED, "malformed")     \
	X(NOT_TAKEN, "not-taken")     \
	X(FAILED_OPEN, "failed-open")

enum hello_result {
	NO_HELLO,
#define X(symbol, name) HELLO_##symbol,
	HELLO_RESULTS(X)
#undef X
		NUM_HELLO_RESULTS
};

static const char *const hello_name[] = { [NO_HELLO] = NULL,
#define X(symbol, name) [HELLO_##symbol] = name,
					  HELLO_RESULTS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(hello_name) == NUM_HELLO_RESULTS, "every result has a name");

static const enum hello_result hello_of[NUM_REASONS] = {
	[REASON_OFFERED] = HELLO_OFFERED,           [REASON_HELLO_OTHER] = HELLO_OTHER,
	[REASON_NOT_PENDING] = HELLO_NOT_PENDING,   [REASON_HELLO_UNDECIDED] = HELLO_UNDECIDED,
	[REASON_HELLO_EARLY] = HELLO_UNDECIDED,     [REASON_HELLO_MALFORMED] = HELLO_MALFORMED,
	[REASON_OVERSIZE] = HELLO_NOT_TAKEN,        [REASON_TCP_FLAGS] = HELLO_NOT_TAKEN,
	[REASON_TCP_OPTION] = HELLO_NOT_TAKEN,      [REASON_KERNEL_NONE] = HELLO_NOT_TAKEN,
	[REASON_KERNEL_LISTENER] = HELLO_NOT_TAKEN, [REASON_KERNEL_STATE] = HELLO_NOT_TAKEN,
	[REASON_KERNEL_SEQ] = HELLO_NOT_TAKEN,      [REASON_KERNEL_ACK] = HELLO_NOT_TAKEN,
	[REASON_KERNEL_FEATURE] = HELLO_NOT_TAKEN,  [REASON_KERNEL_TIMESTAMP] = HELLO_NOT_TAKEN,
	[REASON_ROUTE] = HELLO_NOT_TAKEN,           [REASON_ENGINE_SILENT] = HELLO_FAILED_OPEN,
	[REASON_NO_SOCKET] = HELLO_FAILED_OPEN,     [REASON_NO_CREDIT] = HELLO_FAILED_OPEN,
	[REASON_TABLE_FULL] = HELLO_FAILED_OPEN,
};

/* Something was wrong with us, and the web server got what we would have answered. */
static const enum reason failed_open[] = {
	REASON_ENGINE_SILENT, REASON_NO_SOCKET,  REASON_NO_CREDIT,
	REASON_TABLE_FULL,    REASON_FLOW_STALE, REASON_FLOW_NO_SOCKET,
};
static const char *const failed_open_later[] = { "declined-budget", "declined-error", "taken-back" };

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/*
 * An interface's name is any bytes but NUL, '/', ':' and white space. Two that are not UTF-8 could look the same here,
 * where replacement characters stand for what they are: such a one goes by its number.
 */
static void put_interface(FILE *out, const json_t *interface)
{
	const char *name = json_string_value(json_object_get(interface, "name"));
	char index[32];

	if (!name || strstr(name, "\xef\xbf\xbd")) {
		snprintf(index, sizeof(index), "ifindex:%" JSON_INTEGER_FORMAT, number(interface, "ifindex"));
		name = index;
	}
	text_label(out, "{", "iface", name);
}

void samples_modes(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
	{
		const char *mode = json_string_value(json_object_get(interface, "mode"));

		text_name(out, m, "");
		put_interface(out, interface);
		text_label(out, ",", "mode", mode ? mode : "");
		fputc('}', out);
		text_integer(out, 1);
	}
}

void samples_heartbeats(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
	{
		text_name(out, m, "");
		put_interface(out, interface);
		fputc('}', out);
		text_seconds(out, number(interface, "heartbeat_age_ms") * (json_int_t)USEC_PER_MSEC);
	}
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* The status tells it in words, of which the first says how it went. */
void samples_self_checks(FILE *out, const struct metric *m, const json_t *status)
{
	json_t *checks = json_object_get(status, m->from), *value;
	const char *ifname;

	json_object_foreach(checks, ifname, value)
	{
		const char *text = json_string_value(value);

		if (!text || begins(text, "not done") || begins(text, "not over"))
			continue;
		text_name(out, m, "");
		text_label(out, "{", "iface", ifname);
		fputc('}', out);
		text_integer(out, begins(text, "passed"));
	}
}

void samples_rings(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
	{
		text_name(out, m, "");
		put_interface(out, interface);
		fputc('}', out);
		text_integer(out, number(json_object_get(interface, "rings"), m->key));
	}
}

static void put_packets(FILE *out, const struct metric *m, const json_t *interface)
{
	const json_t *counters = json_object_get(interface, "counters");

	for (enum reason r = 0; r < NUM_REASONS; r++) {
		text_name(out, m, "");
		put_interface(out, interface);
		text_label(out, ",", "verdict", verdict_of(r));
		text_label(out, ",", "reason", reason_name[r]);
		fputc('}', out);
		text_integer(out, number(counters, reason_name[r]));
	}
}

void samples_packets(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
		put_packets(out, m, interface);
}

static json_int_t sum_of(const json_t *status, enum reason reason)
{
	const json_t *interface;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface) sum +=
		number(json_object_get(interface, "counters"), reason_name[reason]);
	return sum;
}

static void put(FILE *out, const struct metric *m, const char *value, json_int_t count)
{
	text_name(out, m, "");
	text_label(out, "{", m->label, value);
	fputc('}', out);
	text_integer(out, count);
}

void samples_hellos(FILE *out, const struct metric *m, const json_t *status)
{
	json_int_t count[NUM_HELLO_RESULTS] = { 0 };

	for (enum reason r = 0; r < NUM_REASONS; r++)
		count[hello_of[r]] += sum_of(status, r);
	for (unsigned n = NO_HELLO + 1; n < NUM_HELLO_RESULTS; n++)
		put(out, m, hello_name[n], count[n]);
}

void samples_failopen(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *outcomes = json_object_get(status, "outcomes");

	for (size_t i = 0; i < ARRAY_SIZE(failed_open); i++)
		put(out, m, reason_name[failed_open[i]], sum_of(status, failed_open[i]));
	for (size_t i = 0; i < ARRAY_SIZE(failed_open_later); i++)
		put(out, m, failed_open_later[i], number(outcomes, failed_open_later[i]));
}
