/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why: a problem beside the facts. The first row of a table whose test holds is the finding. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "explain/private.h"

static const char *const cause_names[] = {
#define X(symbol, name) [EXPLAIN_CAUSE_##symbol] = name,
	EXPLAIN_CAUSES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(cause_names) == NUM_EXPLAIN_CAUSES, "every cause needs a name");

const char *explain_cause_name(enum explain_cause cause)
{
	return cause_names[cause];
}

const char *explain_confidence_name(enum explain_confidence confidence)
{
	static const char *const names[] = { "guess", "likely", "certain" };

	return names[confidence];
}

/* ------------------------------------------------- what follows from facts */

static void locate(struct judged *j, const struct in6_addr *address)
{
	bool public = false, v4 = IN6_IS_ADDR_V4MAPPED(address);

	j->where = j->f->hosts ? WHERE_ELSEWHERE : WHERE_UNKNOWN;
	for (size_t i = 0; i < j->f->hosts; i++) {
		const struct explain_host *h = &j->f->host[i];

		public = public || (!!IN6_IS_ADDR_V4MAPPED(&h->address) == v4 &&
				    !address_is_private(h->address.s6_addr));
		if (memcmp(&h->address, address, sizeof(*address)) != 0)
			continue;
		j->where = h->attached ? WHERE_ATTACHED : WHERE_OTHER_INTERFACE;
		j->interface = h->interface;
		return;
	}
	j->behind_nat = !public && v4;
}

static void derive(struct judged *j)
{
	struct in6_addr address;

	snprintf(j->name, sizeof(j->name), "%s", *j->p->ident ? j->p->ident : "the name");
	if (*j->p->address && address_parse(j->p->address, address.s6_addr))
		locate(j, &address);
	for (size_t i = 0; i < j->f->flows; i++) {
		if (!strcmp(j->f->flow[i].outcome, "validated"))
			j->finished++;
		else if (!j->failed)
			j->failed = &j->f->flow[i];
	}
	if (j->p->has_wanted)
		digest_format(j->p->wanted, j->wanted);
	if (j->p->has_got)
		digest_format(j->p->got, j->got);
}

static bool is_pending(const struct judged *j, const uint8_t digest[DIGEST_LEN])
{
	for (size_t i = 0; i < j->f->pending; i++)
		if (!memcmp(j->f->digest[i], digest, DIGEST_LEN))
			return true;
	return false;
}

static bool passed_on(const struct explain_flow *flow)
{
	static const char *const outcomes[] = { "gate",         "budget",     "kernel",
						"engine-error", "taken-back", "not-answered" };

	for (size_t i = 0; flow && i < ARRAY_SIZE(outcomes); i++)
		if (!strcmp(flow->outcome, outcomes[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------ the tests */

#define S(symbol) (UINT64_C(1) << EXPLAIN_##symbol)
#define NOT_CONNECTED (S(CONNECT_TIMEOUT) | S(REFUSED) | S(UNREACHABLE) | S(NO_FALLBACK) | S(NOT_REACHED))
#define CUT (S(RESET) | S(SILENT) | S(GARBLED) | S(ALERT) | S(NOT_REACHED) | S(NO_FALLBACK))
#define OTHER_ANSWERED                                                                                     \
	(S(NOT_OURS) | S(NO_CERTIFICATE) | S(NO_ALPN) | S(NOT_SELF_SIGNED) | S(NO_EXTENSION) | S(NO_SAN) | \
	 S(NAMES))
#define BAD \
	(S(TWICE) | S(OBSOLETE) | S(SPELLING) | S(NOT_CRITICAL) | S(MALFORMED) | S(NAMES) | S(NO_EXTENSION))
#define VALIDATION (NOT_CONNECTED | CUT | OTHER_ANSWERED | BAD | S(PLAIN) | S(DIGEST))

static bool always(const struct judged *j)
{
	return j != NULL;
}
static bool elsewhere(const struct judged *j)
{
	return j->where == WHERE_ELSEWHERE && j->f->ledger && !j->f->flows && !j->behind_nat;
}
static bool elsewhere_unseen(const struct judged *j) /* nobody could be asked what arrived */
{
	return j->where == WHERE_ELSEWHERE && !j->f->ledger && !j->behind_nat;
}
static bool elsewhere_nat(const struct judged *j)
{
	return j->where == WHERE_ELSEWHERE && !j->f->flows && j->behind_nat;
}
static bool other_interface(const struct judged *j)
{
	return j->where == WHERE_OTHER_INTERFACE && j->f->daemon && !j->f->flows;
}
static bool no_daemon(const struct judged *j)
{
	return !j->f->daemon;
}
static bool some_finished(const struct judged *j)
{
	return j->finished && j->failed && strcmp(j->failed->outcome, "not-pending") != 0;
}
static bool flow_not_pending(const struct judged *j)
{
	return j->failed && !strcmp(j->failed->outcome, "not-pending");
}
static bool flow_passed_on(const struct judged *j)
{
	return passed_on(j->failed);
}
static bool flow_failed(const struct judged *j)
{
	return j->failed != NULL;
}
static bool nothing_pending(const struct judged *j)
{
	return j->f->listed && !j->f->pending && !j->f->flows;
}
static bool no_flow(const struct judged *j)
{
	return j->f->ledger && *j->p->ident && !j->f->flows;
}
static bool only_finished(const struct judged *j)
{
	return j->finished && !j->failed;
}
static bool wanted_answered_older(const struct judged *j)
{
	return j->p->has_wanted && j->p->has_got && is_pending(j, j->p->wanted) && is_pending(j, j->p->got);
}
static bool wanted_pending(const struct judged *j)
{
	return j->p->has_wanted && is_pending(j, j->p->wanted);
}
static bool got_pending(const struct judged *j)
{
	return j->p->has_got && is_pending(j, j->p->got);
}
static bool some_pending(const struct judged *j)
{
	return j->f->pending > 0 && !j->p->has_got;
}
static bool got_known(const struct judged *j)
{
	return j->p->has_got && j->f->listed && !only_finished(j);
}

/* -------------------------------------------------------------- the table */

/* text and fix are patterns of explain_fill(). */
struct rule {
	uint64_t symptoms;
	bool (*holds)(const struct judged *j);
	enum explain_cause cause;
	enum explain_confidence confidence;
	const char *text, *fix;
};

#define AGAIN "run the client again"
static const struct rule rules[] = {
	/* what is not about a connection */
	{ S(RATE), always, EXPLAIN_CAUSE_RATE_LIMIT, EXPLAIN_CERTAIN,
	  "this is not about tls-alpn-01: a rate limit of the CA is used up, so nothing was validated",
	  "wait for as long as the CA says, and test with its staging environment meanwhile" },
	{ S(CAA), always, EXPLAIN_CAUSE_CAA_FORBIDS, EXPLAIN_CERTAIN,
	  "this is not about tls-alpn-01: a CAA record of %n, or of a domain above it, does not allow this CA to issue",
	  "add the CA to the CAA records: example.org. CAA 0 issue \"letsencrypt.org\"" },
	{ S(OTHER_METHOD), always, EXPLAIN_CAUSE_NOT_TLS_ALPN, EXPLAIN_CERTAIN,
	  "this is not about tls-alpn-01: the client has tried http-01 or dns-01",
	  "tell the client to use tls-alpn-01: README's table of ACME clients has the line for each" },
	{ S(NO_ADDRESS), always, EXPLAIN_CAUSE_DNS_NONE, EXPLAIN_CERTAIN,
	  "DNS has no address for %n that the CA could connect to",
	  "add an A or AAAA record for %n with a public address of this host" },
	{ S(DNS_FAILED), always, EXPLAIN_CAUSE_DNS_SERVERS, EXPLAIN_LIKELY,
	  "the DNS servers of %n did not give the CA an answer; nobody has connected to this host",
	  "ask them as the CA does: dig +trace %n, then dig +dnssec %n A, AAAA and CAA" },

	/* the digest */
	{ S(DIGEST), wanted_answered_older, EXPLAIN_CAUSE_TWO_DIGESTS, EXPLAIN_CERTAIN,
	  "two digests are pending for %n, and the CA wants %w, while the one added last is answered with: %p",
	  "let only one client validate this name at a time: alpnxdp remove %n --digest %g" },
	{ S(DIGEST), wanted_pending, EXPLAIN_CAUSE_NOT_YET_PENDING, EXPLAIN_LIKELY,
	  "the CA wants digest %w, which is pending now: it was not yet when the CA came",
	  "let the client call its hook before it tells the CA to validate, then " AGAIN },
	{ S(DIGEST), got_pending, EXPLAIN_CAUSE_OTHER_CHALLENGE, EXPLAIN_CERTAIN,
	  "the CA wants digest %w; %p is pending: the client that added it used another account or an older token",
	  AGAIN ": it adds the new digest; if it does not, alpnxdp remove %n" },
	{ S(DIGEST), some_pending, EXPLAIN_CAUSE_OTHER_CHALLENGE, EXPLAIN_LIKELY,
	  "the CA wants another digest than %p, which is pending for %n: the client that added it used another account "
	  "or an older token",
	  AGAIN ": it adds the new digest; if it does not, alpnxdp remove %n" },
	{ S(DIGEST), elsewhere, EXPLAIN_CAUSE_DNS_ELSEWHERE, EXPLAIN_CERTAIN,
	  "the CA connected to %a, which is no address of this host; another responder there answered with a digest of "
	  "its own",
	  "point the %k record of %n to this host, or remove it" },
	{ S(DIGEST), only_finished, EXPLAIN_CAUSE_OTHER_CHALLENGE, EXPLAIN_LIKELY,
	  "alpnxdp answered for %n with a digest that is not the CA's, and that is not pending any more: the client "
	  "that added it used another account or an older token",
	  AGAIN },
	{ S(DIGEST), got_known, EXPLAIN_CAUSE_OTHER_RESPONDER, EXPLAIN_LIKELY,
	  "the digest that the CA received, %g, is not pending here: another responder answered for %n",
	  "look for a second one (Caddy, mod_md, lighttpd, ualpn, another host behind the same name) and stop it" },
	{ S(DIGEST), always, EXPLAIN_CAUSE_OTHER_CHALLENGE, EXPLAIN_GUESS,
	  "what was answered with for %n is of another challenge: another account, or an older token",
	  AGAIN ", and see with alpnxdp list which digest is pending" },

	/* who was reached */
	{ VALIDATION, some_finished, EXPLAIN_CAUSE_PERSPECTIVE, EXPLAIN_CERTAIN,
	  "%c of %o perspectives finished; of the one from %f: %t", "%x" },
	{ VALIDATION, elsewhere, EXPLAIN_CAUSE_DNS_ELSEWHERE, EXPLAIN_CERTAIN,
	  "the CA connected to %a, which is no address of this host; no flow arrived on any attached interface from it: "
	  "%k points elsewhere",
	  "point the %k record of %n to this host, or remove it; if a CDN or proxy is meant to be there, let it pass TLS "
	  "through" },
	{ VALIDATION, elsewhere_unseen, EXPLAIN_CAUSE_DNS_ELSEWHERE, EXPLAIN_LIKELY,
	  "the CA connected to %a, which is no address of this host, and there %s%r: if this is the one that should "
	  "have answered, %k points elsewhere",
	  "point the %k record of %n to this host, or remove it; or ask on the host that has %a" },
	{ VALIDATION, elsewhere_nat, EXPLAIN_CAUSE_DNS_ELSEWHERE, EXPLAIN_LIKELY,
	  "the CA connected to %a; this host has only private addresses, and no flow is on record: %k points elsewhere, or the "
	  "router that has that address does not forward port 443 to this host",
	  "forward port 443 of %a to this host, or point the %k record of %n to the router that does" },
	{ VALIDATION, other_interface, EXPLAIN_CAUSE_NOT_ATTACHED, EXPLAIN_CERTAIN,
	  "the CA connected to %a, an address of %i, to which alpnxdp is not attached",
	  "sudo alpnxdp attach %i" },
	{ S(REFUSED), always, EXPLAIN_CAUSE_NOTHING_LISTENS, EXPLAIN_LIKELY,
	  "nothing listens on port 443 there, or a firewall refuses it; connections are taken over only after the "
	  "kernel has accepted them",
	  "start the web server, then: sudo alpnxdp doctor" },
	{ S(PLAIN), always, EXPLAIN_CAUSE_NO_TLS, EXPLAIN_LIKELY,
	  "the web server speaks plain HTTP on port 443 for %n, and was the one to answer the CA",
	  "let the web server speak TLS on port 443; see that %n is pending before the CA comes" },
	{ OTHER_ANSWERED, no_daemon, EXPLAIN_CAUSE_NOT_RUNNING, EXPLAIN_LIKELY,
	  "the web server answered: no alpnxdp runs here", "sudo alpnxdp attach IFACE, then " AGAIN },
	{ OTHER_ANSWERED | S(ALERT), flow_not_pending, EXPLAIN_CAUSE_NOT_PENDING, EXPLAIN_CERTAIN,
	  "no challenge was pending for %n when the CA came from %f: the web server answered",
	  "let the client call its hook before it tells the CA to validate: README's table of ACME clients" },
	{ VALIDATION, flow_passed_on, EXPLAIN_CAUSE_PASSED_ON, EXPLAIN_CERTAIN,
	  "the CA's connection from %f was left to the web server: %t", "%x" },
	{ VALIDATION & ~OTHER_ANSWERED, flow_failed, EXPLAIN_CAUSE_FLOW_FAILED, EXPLAIN_CERTAIN,
	  "of the CA's connection from %f: %t", "%x" },
	{ OTHER_ANSWERED, nothing_pending, EXPLAIN_CAUSE_NOT_PENDING, EXPLAIN_LIKELY,
	  "the web server answered: no challenge is pending for %n, and no flow for it is on record",
	  "let the client call its hook before it tells the CA to validate: README's table of ACME clients" },
	{ S(NOT_REACHED) | S(ALERT) | S(GARBLED), no_daemon, EXPLAIN_CAUSE_NOT_RUNNING, EXPLAIN_LIKELY,
	  "%s%r; no alpnxdp runs here, so if the CA came, it was the web server's",
	  "sudo alpnxdp attach IFACE, then " AGAIN },
	{ S(NOT_REACHED) | S(ALERT) | S(GARBLED), nothing_pending, EXPLAIN_CAUSE_NOT_PENDING, EXPLAIN_LIKELY,
	  "no challenge is pending for %n, and without one a connection is the web server's; %s%r",
	  "let the client call its hook before it tells the CA to validate: README's table of ACME clients" },
	{ S(CONNECT_TIMEOUT), always, EXPLAIN_CAUSE_BLOCKED, EXPLAIN_LIKELY,
	  "no SYN of the CA got an answer on port 443 of %a: a firewall here or before this host drops it",
	  "let everybody reach TCP port 443, for CAs do not tell their addresses; then: sudo alpnxdp doctor" },
	{ S(NOT_REACHED) | S(NO_FALLBACK) | S(UNREACHABLE), no_flow, EXPLAIN_CAUSE_NO_FLOW, EXPLAIN_LIKELY,
	  "the CA could not connect, or its handshake failed, and no flow for %n arrived on any attached interface: nothing "
	  "listens on port 443, a firewall drops it, or DNS points elsewhere",
	  "see that the web server listens and DNS is right: sudo alpnxdp doctor" },
	{ OTHER_ANSWERED | CUT, no_flow, EXPLAIN_CAUSE_NO_FLOW, EXPLAIN_LIKELY,
	  "%s; no flow for %n arrived on any attached interface: the CA reached another host, or came over another "
	  "interface",
	  "compare the addresses of %n in DNS with those of the attached interfaces: sudo alpnxdp doctor" },
	{ S(NO_FALLBACK) | S(UNREACHABLE) | S(NOT_REACHED), always, EXPLAIN_CAUSE_BLOCKED, EXPLAIN_GUESS,
	  "%s",
	  "see that the web server listens on this address, and what drops its packets: sudo alpnxdp doctor" },
	{ S(SILENT) | S(RESET) | S(GARBLED) | S(ALERT), always, EXPLAIN_CAUSE_UNFINISHED, EXPLAIN_GUESS,
	  "%s%r; something on the way may drop large or second segments, or the web server had the connection",
	  "watch the next try: alpnxdp events, or sudo alpnxdp doctor" },
	{ BAD & ~OTHER_ANSWERED, always, EXPLAIN_CAUSE_BAD_CERTIFICATE, EXPLAIN_LIKELY,
	  "%s: another responder made it, for alpnxdp's own are right in this",
	  "stop the other responder, or update the ACME client whose certificate was given with --cert" },
	{ OTHER_ANSWERED, always, EXPLAIN_CAUSE_OTHER_RESPONDER, EXPLAIN_GUESS,
	  "%s%r: the web server, a CDN, or another responder answered in place of alpnxdp",
	  "see that alpnxdp list has %n when the CA comes, and where DNS points: sudo alpnxdp doctor" },
};

static void type_finding(const struct explain_problem *p, struct explain_finding *out)
{
	const struct explain_type *t = explain_type_find(p->type, strlen(p->type));

	out->cause = EXPLAIN_CAUSE_NOT_TLS_ALPN;
	out->confidence = EXPLAIN_CERTAIN;
	snprintf(out->text, sizeof(out->text), "this is not about tls-alpn-01: %s",
		 t ? t->text : "the CA refused something else");
	snprintf(out->fix, sizeof(out->fix), "%s", t ? t->fix : "");
}

void explain_judge(const struct explain_problem *p, const struct explain_facts *f,
		   struct explain_finding *out)
{
	struct judged j = { .p = p, .f = f };

	*out = (struct explain_finding){ .cause = EXPLAIN_CAUSE_UNKNOWN };
	derive(&j);
	if (p->symptom == EXPLAIN_TYPE) {
		type_finding(p, out);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
			const struct rule *r = &rules[i];

			if (!(r->symptoms >> p->symptom & 1) || !r->holds(&j))
				continue;
			out->cause = r->cause;
			out->confidence = r->confidence;
			explain_fill(&j, r->text, out->text, sizeof(out->text));
			explain_fill(&j, r->fix, out->fix, sizeof(out->fix));
			break;
		}
	}
	explain_evidence(p, f, j.interface, out);
}
