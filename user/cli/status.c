/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * status: what the daemon says of itself, its interfaces and its flows, and what the kernel says when no
 * daemon runs. The other programs on an interface are asked of the kernel in both cases, which needs root.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"

enum { NEIGHBOURS_MAX = 16 };

static void add_neighbours(json_t *interface)
{
	struct xdp_neighbour on_hook[NEIGHBOURS_MAX];
	enum xdp_mode mode;
	json_t *list;
	int count = xdp_neighbours(reply_string(interface, "name"), on_hook, NEIGHBOURS_MAX, &mode);

	if (count < 0)
		return;
	list = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:I,s:b}", "name", on_hook[i].name, "id",
						(json_int_t)on_hook[i].id, "ours", (int)on_hook[i].ours));
	json_object_set_new(interface, "neighbours", list);
}

static json_t *read_counters(const struct xdp_maps *maps)
{
	uint64_t value[NUM_REASONS] = { 0 };
	json_t *counters = json_object();

	if (xdp_counters_read(maps, value) < 0)
		return counters;
	for (enum reason r = 0; r < NUM_REASONS; r++)
		json_object_set_new(counters, xdp_reason_name(r), json_integer((json_int_t)value[r]));
	return counters;
}

/* Appends an interface as the kernel shows it, if our program is there. */
static void add_found(json_t *interfaces, const char *ifname)
{
	struct xdp_attachment a;
	struct xdp_error error;
	json_t *interface;

	if (xdp_find(ifname, &a, &error) < 0)
		return;
	interface = attachment_json(&a);
	json_object_set_new(interface, "counters", read_counters(&a.maps));
	xdp_attachment_close(&a);
	json_array_append_new(interfaces, interface);
}

static json_t *find_attached(const struct command *c)
{
	json_t *interfaces = json_array();
	char(*list)[IF_NAMESIZE] = NULL;
	struct xdp_error error;
	int count = 0;

	if (geteuid() != 0)
		return interfaces;
	if (c->operands)
		add_found(interfaces, c->operand[0]);
	else
		count = xdp_list(&list, &error);
	for (int i = 0; i < count; i++)
		add_found(interfaces, list[i]);
	free(list);
	return interfaces;
}

static int print_status(const struct command *c, json_t *status)
{
	json_t *interface;
	size_t i;

	if (geteuid() == 0)
		json_array_foreach(json_object_get(status, "interfaces"), i, interface)
			add_neighbours(interface);
	if (!c->json) {
		report_print(status);
		json_decref(status);
		return EXIT_DONE;
	}
	print_json("status", status);
	return EXIT_DONE;
}

/* Nobody answers: everything passes. What is attached is shown all the same. */
static int status_alone(const struct command *c, int err)
{
	bool silent = err == -ETIMEDOUT;
	enum control_exit code = silent ? EXIT_TRY_AGAIN : EXIT_NOT_ATTACHED;
	json_t *status = json_pack("{s:b,s:i,s:s,s:n,s:o}", "ok", 0, "code", (int)code, "error",
				   silent ? "the daemon does not answer" : "no daemon runs", "daemon",
				   "interfaces", find_attached(c));

	print_status(c, status);
	return (int)code;
}

int run_status(const struct command *c)
{
	const char *pairs[] = { "iface", c->operands ? c->operand[0] : NULL, NULL };
	json_t *reply;
	int err = ask(c, ASK_MS, "status", pairs, &reply);

	if (ask_nobody(err) || err == -ETIMEDOUT)
		return status_alone(c, err);
	if (err)
		return ask_failed(c, err);
	if (!reply_ok(reply)) {
		struct failure f = reply_failure(reply);

		err = failure_tell(c, &f);
		json_decref(reply);
		return err;
	}
	return print_status(c, reply);
}
