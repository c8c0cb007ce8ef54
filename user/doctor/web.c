// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings about the web server on the port, and what stands between it and its clients. Pure. */
#include <stdio.h>
#include <string.h>
#include "doctor/findings.h"

static bool address_is_local(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		return a->s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(a);
}

static bool all_local(const struct web_facts *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!address_is_local(&w->listeners[i].address))
			return false;
	return w->count > 0;
}

static void add_listener(const struct web_facts *w, struct doctor_report *r)
{
	char list[200];
	size_t len = 0;

	for (size_t i = 0; i < w->count && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s%s%s", i ? ", " : "",
					w->listeners[i].text, *w->listeners[i].device ? "%" : "",
					w->listeners[i].device);
	finding_add(r, FINDING_LISTENER, "", "a server listens on port %u: %s", w->port, list);
}

static void judge_listeners(const struct facts *facts, struct doctor_report *r)
{
	const struct web_facts *w = &facts->web;
	bool elsewhere = firewall_find(&facts->firewall, FIREWALL_DNAT) ||
			 firewall_find(&facts->firewall, FIREWALL_TPROXY);
	bool mptcp = false;

	if (w->error)
		finding_fix(finding_add(r, FINDING_LISTENER_UNCHECKED, "",
					"not checked: whether a server listens on port %u (%s)", w->port,
					strerror(-w->error)),
			    "ss -Hltn 'sport = :%u'", w->port);
	else if (!w->count && !elsewhere)
		finding_fix(finding_add(r, FINDING_NO_LISTENER, "",
					"no server listens on port %u, so no validator can connect", w->port),
			    "ss -Hltnp   # the web server's port; then: sudo alpnxdp attach IFACE --port N");
	else if (all_local(w) && !elsewhere)
		finding_fix(finding_add(r, FINDING_LISTENER_LOCAL, "",
					"the server on port %u listens only to this host itself (%s)",
					w->port, w->listeners[0].text),
			    "grep -rn listen /etc/nginx   # the web server's configuration");
	else if (w->count)
		add_listener(w, r);
	for (size_t i = 0; i < w->count; i++)
		mptcp |= w->listeners[i].mptcp;
	if (mptcp)
		finding_fix(
			finding_add(r, FINDING_LISTENER_MPTCP, "",
				    "the server on port %u takes MPTCP: a client that uses it passes, CAs "
				    "do not",
				    w->port),
			"sudo sysctl -w net.mptcp.enabled=0   # if that matters");
}

/* A VRF stands before the server: its sockets are found only if they are not bound to it. */
static void judge_vrf(const struct facts *facts, struct doctor_report *r)
{
	for (size_t i = 0; i < facts->devices; i++) {
		const struct device_facts *d = &facts->device[i];

		if (!strcmp(d->master_kind, "vrf"))
			finding_fix(finding_add(r, FINDING_VRF, d->name,
						"%s belongs to the VRF %s%s: its connections pass", d->name,
						d->master,
						facts->web.l3mdev == FACT_YES
							? ", whose sockets are shared (tcp_l3mdev_accept)"
							: ""),
				    "sudo ip link set dev %s nomaster   # takes it out of the VRF", d->name);
	}
}

void web_judge(const struct facts *facts, struct doctor_report *r)
{
	const struct web_facts *w = &facts->web;

	judge_listeners(facts, r);
	judge_vrf(facts, r);
	for (size_t i = 0; i < w->hints; i++)
		finding_fix(finding_add(r, FINDING_PROXY_PROTOCOL, "",
					"%s lets port %u speak PROXY protocol: such connections do not begin "
					"with a TLS hello, and pass",
					w->hint[i], w->port),
			    "sudo alpnxdp attach IFACE   # on the load balancer that sends it");
	if (*w->unreadable)
		finding_fix(finding_add(r, FINDING_CONFIG_UNCHECKED, "",
					"not checked for PROXY protocol: %s cannot be read", w->unreadable),
			    "sudo alpnxdp doctor");
}
