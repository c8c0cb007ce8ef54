// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Findings about the packet filter, from rules that nft.c and iptables.c have understood. Pure.
 *
 * A RST that is carried inwards ends the kernel's half of a flow, so a rule that drops RSTs keeps those sockets alive
 * until the web server's own timeout. Conntrack calls that RST valid as long as it follows the connection. What a
 * transparent proxy has accepted is found like any socket, since it has the client's and the server's addresses.
 */
#include <stdio.h>
#include <string.h>
#include "doctor/findings.h"

bool firewall_matters(const struct firewall_rule *rule)
{
	if (rule->effect == FIREWALL_DROP)
		return !rule->narrowed && (rule->invalid || rule->rst || rule->port);
	return rule->effect != FIREWALL_NONE;
}

void firewall_take(struct firewall_facts *f, const struct firewall_rule *rule)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct firewall_rule *r = &f->rules[i];

		if (r->effect == rule->effect && r->invalid == rule->invalid && r->rst == rule->rst &&
		    r->port == rule->port && !strcmp(r->family, rule->family) &&
		    !strcmp(r->table, rule->table) && !strcmp(r->chain, rule->chain) &&
		    (!r->handle || !rule->handle))
			return; /* nft and iptables-save show the same rule */
	}
	if (f->count < FIREWALL_RULES) {
		f->rules[f->count++] = *rule;
		return;
	}
	f->read = false;
	snprintf(f->why, sizeof(f->why), "there are more than %d that matter", FIREWALL_RULES);
	snprintf(f->fix, sizeof(f->fix), "sudo nft list ruleset");
}

bool firewall_chain_inward(const char *name)
{
	static const char *const outward[] = { "output",  "OUTPUT",  "postrouting", "POSTROUTING",
					       "forward", "FORWARD", "DOCKER-USER" };

	for (size_t i = 0; i < ARRAY_SIZE(outward); i++)
		if (strstr(name, outward[i]))
			return false;
	return true;
}

const struct firewall_rule *firewall_find(const struct firewall_facts *f, enum firewall_effect effect)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->rules[i].effect == effect)
			return &f->rules[i];
	return NULL;
}

/* Before the rule: an exception for what we send inwards. */
static void fix_accept_rst(struct doctor_finding *out, const struct firewall_rule *rule, uint16_t port)
{
	if (rule->handle)
		finding_fix(out, "sudo nft insert rule %s %s %s handle %u tcp dport %u tcp flags rst accept",
			    rule->family, rule->table, rule->chain, rule->handle, port);
	else
		finding_fix(out,
			    "sudo ip%stables -t %s -I %s -p tcp --dport %u --tcp-flags RST RST -j ACCEPT",
			    strcmp(rule->family, "ip6") ? "" : "6", rule->table, rule->chain, port);
}

static void fix_delete(struct doctor_finding *out, const struct firewall_rule *rule)
{
	if (rule->handle)
		finding_fix(out, "sudo nft delete rule %s %s %s handle %u", rule->family, rule->table,
			    rule->chain, rule->handle);
	else
		finding_fix(out, "sudo ip%stables -t %s -D %s", strcmp(rule->family, "ip6") ? "" : "6",
			    rule->table, rule->rule);
}

static void judge_drop(const struct firewall_rule *rule, const char *where, uint16_t port,
		       struct doctor_report *r)
{
	if (rule->invalid)
		fix_accept_rst(
			finding_add(r, FINDING_FIREWALL_INVALID, "",
				    "%s drops what conntrack calls invalid: only where conntrack has lost "
				    "a flow does the web server keep its half for a while",
				    where),
			rule, port);
	else if (rule->rst)
		fix_accept_rst(finding_add(r, FINDING_FIREWALL_RST, "",
					   "%s drops RSTs, by which the kernel's half of an answered flow is "
					   "ended: the web server keeps it until its own timeout",
					   where),
			       rule, port);
	else
		fix_delete(finding_add(r, FINDING_FIREWALL_PORT, "",
				       "%s drops connections to port %u: no validator gets through", where,
				       port),
			   rule);
}

static void judge_rule(const struct firewall_rule *rule, const struct facts *facts, struct doctor_report *r)
{
	static const struct {
		enum firewall_effect effect;
		enum finding finding;
		const char *text;
	} rows[] = {
		{ FIREWALL_TPROXY, FINDING_TPROXY,
		  "%s hands connections to a transparent proxy (TPROXY): challenges are answered in its stead" },
		{ FIREWALL_SYNPROXY, FINDING_SYNPROXY,
		  "%s answers SYNs in the kernel's stead (SYNPROXY) and translates sequence numbers: its "
		  "flows pass" },
		{ FIREWALL_DUP, FINDING_NFT_DUP,
		  "%s copies packets elsewhere: those of answered flows are not among them" },
		{ FIREWALL_FWD, FINDING_NFT_FWD,
		  "%s forwards packets away before the kernel's TCP: connections that it takes pass" },
	};
	char where[160];

	if (rule->handle)
		snprintf(where, sizeof(where), "rule %u of nft's chain %s %s %s", rule->handle, rule->family,
			 rule->table, rule->chain);
	else
		snprintf(where, sizeof(where), "a rule of ip%stables' chain %s %s",
			 strcmp(rule->family, "ip6") ? "" : "6", rule->table, rule->chain);
	if (rule->effect == FIREWALL_DROP)
		judge_drop(rule, where, facts->web.port, r);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].effect == rule->effect)
			fix_delete(finding_add(r, rows[i].finding, "", rows[i].text, where), rule);
}

/* A web server that is not in this stack, or not on this port, is known to conntrack alone. */
static void judge_dnat(const struct facts *facts, struct doctor_report *r)
{
	const struct firewall_rule *dnat = firewall_find(&facts->firewall, FIREWALL_DNAT);
	const struct kernel_facts *k = &facts->kernel;

	if (!dnat)
		return;
	if (k->conntrack == FACT_NO)
		finding_fix(
			finding_add(r, FINDING_DNAT_UNSEEN, "",
				    "port %u goes to %s (DNAT), which this kernel does not let us follow: "
				    "its challenges pass",
				    facts->web.port, dnat->target),
			"sudo modprobe nf_conntrack   # Linux 6.0 or later");
	else
		finding_fix(finding_add(r, FINDING_DNAT, "",
					"port %u goes to %s (DNAT): followed through conntrack",
					facts->web.port, dnat->target),
			    "sudo conntrack -L -p tcp --orig-port-dst %u", facts->web.port);
	if (k->liberal == FACT_YES)
		finding_fix(finding_add(r, FINDING_CONNTRACK_LIBERAL, "",
					"conntrack does not keep exact sequence numbers "
					"(nf_conntrack_tcp_be_liberal): challenges behind DNAT pass"),
			    "sudo sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=0");
	if (k->loose == FACT_YES)
		finding_fix(finding_add(r, FINDING_CONNTRACK_LOOSE, "",
					"conntrack takes up connections in their middle "
					"(nf_conntrack_tcp_loose): those are not answered"),
			    "sudo sysctl -w net.netfilter.nf_conntrack_tcp_loose=0");
}

void firewall_judge(const struct facts *facts, struct doctor_report *r)
{
	const struct firewall_facts *f = &facts->firewall;
	size_t before = r->count + r->left_out;

	for (size_t i = 0; i < f->count; i++)
		judge_rule(&f->rules[i], facts, r);
	judge_dnat(facts, r);
	if (!f->read)
		finding_fix(finding_add(r, FINDING_FIREWALL_UNCHECKED, "",
					"not checked, or not all of it: the rules of the firewall (%s)",
					f->why),
			    "%s", f->fix);
	else if (r->count + r->left_out == before)
		finding_add(r, FINDING_FIREWALL, "", "no rule of the firewall is in the way");
}
