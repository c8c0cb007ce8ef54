/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this host knows, for explain: the daemon's interfaces, connections and digests, its own addresses, DNS. */
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/explain.h"
#include "resolve/resolve.h"

enum { PAGES_MOST = 64, VALIDATION_S = 120, RESOLVE_MS = 3000 };

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static bool is_attached(const json_t *interfaces, const char *name)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(interfaces, i, interface)
	{
		if (!strcmp(reply_string(interface, "name"), name))
			return true;
	}
	return false;
}

static void gather_addresses(const json_t *interfaces, struct explain_facts *out)
{
	struct ifaddrs *first;

	if (getifaddrs(&first))
		return;
	for (const struct ifaddrs *a = first; a && out->hosts < EXPLAIN_ADDRESSES; a = a->ifa_next) {
		struct explain_host *h = &out->host[out->hosts];

		if (!address_from_sockaddr(a->ifa_addr, h->address.s6_addr))
			continue;
		copy(h->interface, sizeof(h->interface), a->ifa_name);
		h->attached = is_attached(interfaces, a->ifa_name);
		out->hosts++;
	}
	freeifaddrs(first);
}

static void gather_status(const struct command *c, struct explain_facts *out)
{
	json_t *status = NULL;

	out->daemon = !ask(c, ASK_MS, "status", (const char *[]){ NULL }, &status) && reply_ok(status);
	gather_addresses(json_object_get(status, "interfaces"), out);
	json_decref(status);
}

/* The newest first. */
static void keep_flow(const json_t *event, struct explain_facts *out)
{
	struct explain_flow *f = &out->flow[0];

	memmove(f + 1, f, sizeof(*f) * (EXPLAIN_FLOWS - 1));
	out->flows = MIN(out->flows + 1, (size_t)EXPLAIN_FLOWS);
	copy(f->client, sizeof(f->client), reply_string(event, "client"));
	copy(f->server, sizeof(f->server), reply_string(event, "server"));
	copy(f->interface, sizeof(f->interface), reply_string(event, "interface"));
	copy(f->outcome, sizeof(f->outcome), reply_string(event, "outcome"));
	copy(f->time, sizeof(f->time), reply_string(event, "time"));
	copy(f->text, sizeof(f->text), reply_string(event, "text"));
	copy(f->fix, sizeof(f->fix), reply_string(event, "fix"));
}

static int64_t seconds_of(const struct explain_flow *f)
{
	struct tm tm = { 0 };

	return strptime(f->time, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* A validation looks from all its perspectives within seconds: what came long before the last one is another one's. */
static void drop_earlier(struct explain_facts *out)
{
	size_t n = 0;

	while (n < out->flows && seconds_of(&out->flow[0]) - seconds_of(&out->flow[n]) <= VALIDATION_S)
		n++;
	out->flows = n;
}

static void gather_flows(const struct command *c, const char *ident, struct explain_facts *out)
{
	char number[24] = "";
	const json_t *event;
	size_t n, got = 1;
	json_t *reply;

	for (unsigned pages = 0; got && pages < PAGES_MOST; pages++) {
		const char *pairs[] = { "ident", ident, "from", *number ? number : NULL, NULL };

		if (ask(c, ASK_MS, "events", pairs, &reply))
			return;
		out->ledger = reply_ok(reply);
		got = json_array_size(json_object_get(reply, "events"));
		json_array_foreach(json_object_get(reply, "events"), n, event) keep_flow(event, out);
		copy(number, sizeof(number), reply_string(reply, "next"));
		json_decref(reply);
	}
	drop_earlier(out);
}

static void gather_pending(const struct command *c, const struct identifier *ident, struct explain_facts *out)
{
	struct pending_digests *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	out->listed = pending_ask(c, ident, p);
	/* The one added last is answered with, and stands first. */
	for (size_t i = p->count; i-- && out->pending < EXPLAIN_PENDING;)
		memcpy(out->digest[out->pending++], p->digest[i], DIGEST_LEN);
	free(p);
}

static void gather_dns(const char *ident, struct explain_facts *out)
{
	struct resolve_name name;

	/* As the CA asks: without a search list. */
	snprintf(name.name, sizeof(name.name), "%s.", ident);
	resolve_names(&name, 1, RESOLVE_MS);
	out->dns = name.answered;
	out->resolved = MIN(name.count, (size_t)EXPLAIN_RESOLVED);
	memcpy(out->address, name.address, out->resolved * sizeof(out->address[0]));
}

void explain_facts_gather(const struct command *c, const char *ident, struct explain_facts *out)
{
	struct identifier name;
	const char *why;

	*out = (struct explain_facts){ 0 };
	gather_status(c, out);
	if (!*ident || identifier_parse(ident, &name, &why))
		return;
	if (out->daemon) {
		gather_flows(c, ident, out);
		gather_pending(c, &name, out);
	}
	if (!c->no_dns && name.kind == IDENT_DNS)
		gather_dns(ident, out);
}
