// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pending names, from the daemon, and the addresses of this host. */
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "control/control.h"
#include "doctor/read.h"
#include "resolve/resolve.h"

enum { DAEMON_MS = 2000, RESOLVE_MS = 3000 };
_Static_assert(DOCTOR_NAMES <= (int)RESOLVE_NAMES && NAME_ADDRESSES <= (int)RESOLVE_ADDRESSES,
	       "all are asked for at once");

static void hosts_read(struct names_facts *out)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return;
	for (a = all; a && out->hosts < HOST_ADDRESSES; a = a->ifa_next) {
		struct host_address *h = &out->host[out->hosts];

		if (!address_from_sockaddr(a->ifa_addr, h->address.s6_addr))
			continue;
		strncpy(h->ifname, a->ifa_name, sizeof(h->ifname) - 1);
		out->hosts++;
	}
	freeifaddrs(all);
}

static void list_take(const json_t *reply, struct names_facts *out)
{
	const json_t *challenges = json_object_get(reply, "challenges"), *row;
	size_t i;

	/* The reply is the first page of what may be a million. */
	out->total = (size_t)json_integer_value(json_object_get(reply, "total"));
	json_array_foreach(challenges, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "identifier"));
		struct name_facts *n = &out->list[out->count];

		if (!name || strlen(name) >= sizeof(n->name) || out->count == DOCTOR_NAMES)
			continue;
		if (out->count && !strcmp(out->list[out->count - 1].name, name)) {
			out->total--; /* a second digest of the same name */
			continue;
		}
		strcpy(n->name, name);
		out->count++;
	}
}

static void resolve(struct names_facts *out)
{
	struct resolve_name *names = calloc(out->count ? out->count : 1, sizeof(*names));

	if (!names)
		return;
	for (size_t i = 0; i < out->count; i++)
		strcpy(names[i].name, out->list[i].name);
	resolve_names(names, out->count, RESOLVE_MS);
	for (size_t i = 0; i < out->count; i++) {
		struct name_facts *n = &out->list[i];

		n->count = MIN(names[i].count, (size_t)NAME_ADDRESSES);
		n->resolved = n->count > 0;
		memcpy(n->addresses, names[i].address, n->count * sizeof(n->addresses[0]));
	}
	free(names);
}

void names_read(const char *socket_path, struct names_facts *out)
{
	char *line = control_format("list", (const char *[]){ NULL }), *text;
	json_t *reply;

	*out = (struct names_facts){ 0 };
	hosts_read(out);
	out->error = line ? control_call(socket_path, line, DAEMON_MS, &text) : -ENOMEM;
	free(line);
	if (out->error)
		return;
	reply = json_loads(text, 0, NULL);
	free(text);
	if (!json_is_true(json_object_get(reply, "ok")))
		out->error = -EPROTO;
	else
		list_take(reply, out);
	json_decref(reply);
	resolve(out);
}
