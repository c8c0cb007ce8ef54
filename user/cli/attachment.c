/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One attached interface in the form that control.h gives it, whoever tells us about it. */
#include <inttypes.h>
#include "cli/command.h"

json_t *attachment_json(const struct xdp_attachment *a)
{
	return json_pack("{s:s,s:I,s:s,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:s}", "name", a->ifname, "ifindex",
			 (json_int_t)a->ifindex, "mode", xdp_mode_name(a->mode), "dispatcher",
			 (int)a->dispatcher, "conntrack", (int)a->conntrack, "taken_over", (int)a->taken_over,
			 "program_id", (json_int_t)a->prog_id, "port", (json_int_t)a->port, "queues",
			 (json_int_t)a->queues, "mtu", (json_int_t)a->mtu, "fallback", a->fallback);
}

void attachment_print_facts(const json_t *interface)
{
	uint64_t queues = reply_number(interface, "queues");
	const char *fallback = reply_string(interface, "fallback");

	printf("%s mode, %" PRIu64 " queue%s, program id %" PRIu64 ", port %" PRIu64,
	       reply_string(interface, "mode"), queues, queues == 1 ? "" : "s",
	       reply_number(interface, "program_id"), reply_number(interface, "port"));
	if (*fallback)
		printf(" (generic mode: native is not possible: %s)", fallback);
	if (reply_true(interface, "taken_over"))
		printf(" (taken over)");
	if (reply_true(interface, "dispatcher"))
		printf(" (beside other programs through libxdp's dispatcher)");
	putchar('\n');
}
