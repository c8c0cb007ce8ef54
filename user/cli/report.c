/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The text of status. Counters that are zero are not printed: what is there deserves to be read. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "engine/engine.h"

/* How evenly the queues are used. */
static void print_threads(const json_t *threads)
{
	const json_t *thread;
	size_t i;

	if (json_array_size(threads) < 2)
		return;
	printf("threads: %zu, with validations:", json_array_size(threads));
	json_array_foreach(threads, i, thread) printf(" %" PRIu64, reply_number(thread, "completed"));
	putchar('\n');
}

/* Being watched over costs bystanders something, so it is said. */
static void print_probes(const json_t *status)
{
	const json_t *probes = json_object_get(status, "probes");
	uint64_t names = reply_number(probes, "own_names");

	if (names)
		printf("own names: %" PRIu64 ", asked for unsolicited %" PRIu64
		       " times; the program looks at hellos all the time\n",
		       names, reply_number(probes, "unsolicited"));
	if (reply_true(status, "tracing"))
		puts("somebody traces: the program looks at every hello");
	if (reply_true(status, "capturing"))
		puts("somebody captures: packets are kept for them");
}

static void print_daemon(const json_t *status)
{
	const json_t *daemon = json_object_get(status, "daemon");
	char up[DURATION_TEXT_LEN];

	if (!json_is_object(daemon)) {
		printf("daemon: %s\n",
		       reply_number(status, "code") == EXIT_TRY_AGAIN
			       ? "does not answer; once it is silent for a second, everything passes"
			       : "not running, everything passes");
		return;
	}
	text_format_duration(reply_number(daemon, "uptime_s"), up);
	printf("daemon: running for %s, process %" PRIu64 " (engine %" PRIu64 "), epoch %" PRIu64
	       ", version %s\n",
	       up, reply_number(daemon, "pid"), reply_number(daemon, "engine_pid"),
	       reply_number(daemon, "epoch"), reply_string(daemon, "version"));
	printf("challenges: %" PRIu64 " pending, %" PRIu64 " flows\n", reply_number(status, "challenges"),
	       reply_number(status, "flows"));
	print_threads(json_object_get(status, "threads"));
	print_probes(status);
}

/* A heading that is printed with the first row under it. */
struct section {
	const char *title;
	bool printed;
};

static void print_row(struct section *s, const char *name, uint64_t value, const char *help)
{
	if (!value)
		return;
	if (!s->printed)
		printf("  %s\n", s->title);
	s->printed = true;
	printf("    %-20s %12" PRIu64 "%s%s\n", name, value, *help ? "  " : "", help);
}

/* All members of an object of numbers. */
static void print_numbers(const char *title, json_t *numbers)
{
	struct section s = { .title = title };
	const char *name;
	json_t *value;

	json_object_foreach(numbers, name, value)
		print_row(&s, name, (uint64_t)json_integer_value(value), "");
}

static void print_counters(const json_t *counters)
{
	struct section s = { .title = "packets" };

	for (enum reason r = 0; r < NUM_REASONS; r++)
		print_row(&s, xdp_reason_name(r), reply_number(counters, xdp_reason_name(r)),
			  xdp_reason_help(r));
}

static void print_outcomes(const json_t *outcomes)
{
	struct section s = { .title = "how flows ended" };

	for (enum engine_outcome o = 0; o < NUM_OUTCOMES; o++)
		print_row(&s, engine_outcome_name(o), reply_number(outcomes, engine_outcome_name(o)),
			  engine_outcome_help(o));
}

static void print_gate(const json_t *gate)
{
	struct section s = { .title = "hellos not answered" };

	for (enum gate_reject r = 0; r < NUM_GATE_REJECTS; r++)
		print_row(&s, gate_reject_name(r), reply_number(gate, gate_reject_name(r)),
			  gate_reject_help(r));
}

static void print_neighbours(const json_t *list)
{
	const json_t *program;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("  on the hook: ");
	json_array_foreach(list, i, program)
		printf("%s%s (id %" PRIu64 "%s)", i ? ", " : "", reply_string(program, "name"),
		       reply_number(program, "id"), reply_true(program, "ours") ? ", ours" : "");
	putchar('\n');
}

static void print_self_check(const json_t *checks, const char *ifname)
{
	const char *text = json_string_value(json_object_get(checks, ifname));

	if (text)
		printf("  self-check: %s\n", text);
}

static void print_interface(const json_t *interface, const json_t *checks)
{
	uint64_t age = reply_number(interface, "heartbeat_age_ms");

	printf("\n%s: ", reply_string(interface, "name"));
	attachment_print_facts(interface);
	if (json_object_get(interface, "heartbeat_age_ms"))
		printf("  heartbeat: %" PRIu64 " ms ago%s\n", age,
		       age > ALPNXDP_HEARTBEAT_MS ? ": the engine hangs, everything passes" : "");
	if (json_is_false(json_object_get(interface, "conntrack")))
		puts("  conntrack: cannot be asked; web servers behind DNAT are not answered for");
	print_self_check(checks, reply_string(interface, "name"));
	print_neighbours(json_object_get(interface, "neighbours"));
	print_counters(json_object_get(interface, "counters"));
	print_numbers("rings", json_object_get(interface, "rings"));
}

/*
 * The RST carries exactly the number that is expected (RFC 5961 3.2), so the kernel takes it if it gets it. `tcp flags
 * rst drop` was seen to keep it away; `ct state invalid drop` was not.
 */
static void print_unsilenced(uint64_t count)
{
	if (!count)
		return;
	printf("  %" PRIu64
	       " of the kernel's sockets could not be ended: the web server keeps them until its own\n"
	       "  timeout. The validations are not touched by this.\n"
	       "    cause: most likely a firewall rule that drops RSTs; `alpnxdp doctor` names it\n"
	       "    fix: before that rule: nft insert rule inet filter input tcp flags rst accept\n",
	       count);
}

static void print_flows(const json_t *status)
{
	static const struct {
		const char *key, *title;
	} rows[] = {
		{ "flows_by_state", "flows now" },    { "harvest", "names asked for" },
		{ "drops", "frames not understood" }, { "silence", "the kernel's half" },
		{ "given_back", "given back" },       { "transmit", "sent" },
	};
	struct section odd = { .title = "frames that belong to no flow" };

	putchar('\n');
	print_outcomes(json_object_get(status, "outcomes"));
	print_gate(json_object_get(status, "gate"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		print_numbers(rows[i].title, json_object_get(status, rows[i].key));
	print_row(&odd, "strays", reply_number(status, "strays"), "nobody offered their flow");
	print_row(&odd, "stale-offers", reply_number(status, "stale_offers"),
		  "the offer was another frame's");
	print_unsilenced(reply_number(json_object_get(status, "silence"), "unsilenced"));
}

void report_print(const json_t *status)
{
	const json_t *interfaces = json_object_get(status, "interfaces"), *interface;
	size_t i;

	print_daemon(status);
	json_array_foreach(interfaces, i, interface)
		print_interface(interface, json_object_get(status, "self_check"));
	if (json_array_size(interfaces) == 0)
		puts(geteuid() == 0 ? "interfaces: none is attached"
				    : "interfaces: only root can see what is attached");
	if (json_is_object(json_object_get(status, "daemon")))
		print_flows(status);
}
