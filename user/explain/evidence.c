/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a finding rests on: the CA's words, and each fact that was looked at. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "explain/private.h"

#define LINE(out) (out)->line[(out)->evidence++], sizeof((out)->line[0])

static bool about_validation(const struct explain_problem *p)
{
	return p->symptom < EXPLAIN_RATE && p->symptom != EXPLAIN_NO_ADDRESS &&
	       p->symptom != EXPLAIN_DNS_FAILED;
}

static void say_pending(const struct explain_problem *p, const struct explain_facts *f,
			struct explain_finding *out)
{
	char digest[DIGEST_TEXT_LEN];

	if (!*p->ident || !f->listed)
		return;
	if (!f->pending) {
		explain_say(LINE(out), "pending for %s now: nothing", p->ident);
		return;
	}
	digest_format(f->digest[0], digest);
	explain_say(LINE(out), "pending for %s now: %zu, of which %s is answered with", p->ident, f->pending,
		    digest);
}

static void say_flows(const struct explain_problem *p, const struct explain_facts *f,
		      struct explain_finding *out)
{
	size_t finished = 0;

	if (!*p->ident || !f->ledger)
		return;
	for (size_t i = 0; i < f->flows; i++)
		finished += !strcmp(f->flow[i].outcome, "validated");
	if (!f->flows)
		explain_say(LINE(out), "connections for %s: none on record", p->ident);
	else
		explain_say(LINE(out),
			    "connections for %s: %zu, %zu finished, the last from %s over %s at %s: %s",
			    p->ident, f->flows, finished, f->flow[0].client, f->flow[0].interface,
			    f->flow[0].time, f->flow[0].outcome);
}

static void say_dns(const struct explain_problem *p, const struct explain_facts *f,
		    struct explain_finding *out)
{
	char list[200] = "", text[ADDRESS_TEXT];
	size_t n = 0;

	if (!*p->ident || !f->dns)
		return;
	for (size_t i = 0; i < f->resolved && n < sizeof(list) - INET6_ADDRSTRLEN - 2; i++) {
		address_format(f->address[i].s6_addr, text);
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", text);
	}
	explain_say(LINE(out), "DNS as seen from here: %s %s", p->ident, n ? list : "has no address");
}

void explain_evidence(const struct explain_problem *p, const struct explain_facts *f, const char *interface,
		      struct explain_finding *out)
{
	if (!about_validation(p))
		return;
	if (p->secondary)
		explain_say(LINE(out), "the CA's first perspective was content; another one was not");
	if (*p->address && f->hosts)
		explain_say(LINE(out), "%s is %s%s", p->address,
			    interface ? "an address of " : "no address of this host",
			    interface ? interface : "");
	say_dns(p, f, out);
	say_pending(p, f, out);
	say_flows(p, f, out);
	if (!f->daemon)
		explain_say(LINE(out), "not compared with what is pending and what came: no daemon answers");
	else if (!*p->ident)
		explain_say(LINE(out),
			    "not compared with what is pending and what came: the text has no name");
	else if (!f->ledger)
		explain_say(LINE(out), "not compared with what came: the daemon keeps no record of it");
}
