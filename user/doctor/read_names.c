// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pending names, from the daemon; where they point, from the resolver; and the addresses of this host. Names are resolved
 * all at once and waited for together, so that a mute name server costs NAMES_MS, not that much per name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "control/control.h"
#include "doctor/read.h"

enum { NAMES_MS = 3000, DAEMON_MS = 2000 };

static bool address_of(const struct sockaddr *sa, struct in6_addr *out)
{
	*out = (struct in6_addr){ 0 };
	if (sa && sa->sa_family == AF_INET6) {
		*out = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
		return true;
	}
	if (!sa || sa->sa_family != AF_INET)
		return false;
	memset(out->s6_addr + 10, 0xff, 2);
	memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	return true;
}

static void hosts_read(struct names_facts *out)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return;
	for (a = all; a && out->hosts < HOST_ADDRESSES; a = a->ifa_next) {
		struct host_address *h = &out->host[out->hosts];

		if (!address_of(a->ifa_addr, &h->address))
			continue;
		strncpy(h->ifname, a->ifa_name, sizeof(h->ifname) - 1);
		out->hosts++;
	}
	freeifaddrs(all);
}

static void addresses_take(const struct addrinfo *first, struct name_facts *out)
{
	for (const struct addrinfo *a = first; a && out->count < NAME_ADDRESSES; a = a->ai_next)
		if (address_of(a->ai_addr, &out->addresses[out->count]))
			out->count++;
	out->resolved = out->count > 0;
}

/* What the resolver's threads write to; it outlives the wait if they are still at it. */
struct lookup {
	struct addrinfo hints;
	struct gaicb request[DOCTOR_NAMES];
	struct gaicb *list[DOCTOR_NAMES];
	char name[DOCTOR_NAMES][254];
};

/* Waits for all; true: none is being worked on any more. */
static bool lookup_wait(struct lookup *l, size_t count)
{
	usec_t deadline = clock_now() + NAMES_MS * USEC_PER_MSEC;
	bool busy = true;

	while (busy) {
		usec_t now = clock_now(), left = deadline - MIN(now, deadline);
		struct timespec wait = { .tv_sec = (time_t)(left / USEC_PER_SEC),
					 .tv_nsec = (long)(left % USEC_PER_SEC * 1000) };

		busy = false;
		for (size_t i = 0; i < count; i++)
			busy |= gai_error(&l->request[i]) == EAI_INPROGRESS;
		if (!left || (busy && gai_suspend((const struct gaicb *const *)l->list, (int)count, &wait) ==
					      EAI_AGAIN))
			break;
	}
	return !busy;
}

/* Takes what is there by now. What is still being worked on belongs to the resolver's threads. */
static void lookup_take(struct lookup *l, struct names_facts *out)
{
	for (size_t i = 0; i < out->count; i++) {
		if (gai_error(&l->request[i]))
			continue;
		addresses_take(l->request[i].ar_result, &out->list[i]);
		freeaddrinfo(l->request[i].ar_result);
	}
}

static void names_resolve(struct names_facts *out)
{
	struct lookup *l = calloc(1, sizeof(*l));
	bool done = true;

	if (!l || !out->count) {
		free(l);
		return;
	}
	l->hints = (struct addrinfo){ .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	for (size_t i = 0; i < out->count; i++) {
		strcpy(l->name[i], out->list[i].name);
		l->request[i] = (struct gaicb){ .ar_name = l->name[i], .ar_request = &l->hints };
		l->list[i] = &l->request[i];
	}
	if (!getaddrinfo_a(GAI_NOWAIT, l->list, (int)out->count, NULL)) {
		done = lookup_wait(l, out->count);
		lookup_take(l, out);
	}
	if (done)
		free(l); /* else it is the threads' until this process ends */
}

static void list_take(const json_t *reply, struct names_facts *out)
{
	const json_t *challenges = json_object_get(reply, "challenges"), *row;
	size_t i;

	out->total = json_array_size(challenges);
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
	names_resolve(out);
}
