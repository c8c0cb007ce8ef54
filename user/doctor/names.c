// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings about pending names: whether validators that ask for them come here. Pure. */
#include <errno.h>
#include <string.h>
#include "doctor/findings.h"

/* Behind a translating router a host does not have the address that its names point to. */
static bool host_is_private(const struct names_facts *n)
{
	for (size_t i = 0; i < n->hosts; i++)
		if (IN6_IS_ADDR_V4MAPPED(&n->host[i].address) &&
		    !address_is_private(n->host[i].address.s6_addr))
			return false;
	return true;
}

static const struct host_address *host_find(const struct names_facts *n, const struct name_facts *name)
{
	for (size_t i = 0; i < name->count; i++)
		for (size_t j = 0; j < n->hosts; j++)
			if (IN6_ARE_ADDR_EQUAL(&name->addresses[i], &n->host[j].address))
				return &n->host[j];
	return NULL;
}

/* Whether frames for an address of this interface come through one that we look at: itself, or its port or lower one. */
static bool interface_covered(const struct facts *facts, const char *ifname)
{
	for (size_t i = 0; i < facts->devices; i++) {
		const struct device_facts *d = &facts->device[i];

		/* Addresses of lo, and of VLANs, may be reached through any of them. */
		if (!strcmp(d->name, ifname) || !strcmp(d->master, ifname) || strstr(d->vlans, ifname))
			return true;
	}
	return !strcmp(ifname, "lo");
}

static void add_elsewhere(const struct names_facts *n, const struct name_facts *name, struct doctor_report *r)
{
	bool translated = host_is_private(n) && !address_is_private(name->addresses[0].s6_addr);

	if (translated)
		finding_fix(
			finding_add(r, FINDING_NAME_TRANSLATED, "",
				    "%s points to an address that this host does not have itself: right if "
				    "a router translates it to here",
				    name->name),
			"getent ahosts %s", name->name);
	else
		finding_fix(finding_add(r, FINDING_NAME_ELSEWHERE, "",
					"%s is pending here, but points to another host: validators go there",
					name->name),
			    "alpnxdp remove %s   # and add it on that host: getent ahosts %s", name->name,
			    name->name);
}

/* Returns whether it points here. */
static bool judge_name(const struct facts *facts, const struct name_facts *name, struct doctor_report *r)
{
	const struct names_facts *n = &facts->names;
	const struct host_address *host = host_find(n, name);

	if (!name->resolved) {
		finding_fix(finding_add(r, FINDING_NAME_UNRESOLVED, "",
					"%s is pending here, but has no address, or none was found in time",
					name->name),
			    "getent ahosts %s", name->name);
		return false;
	}
	if (!host) {
		add_elsewhere(n, name, r);
		return false;
	}
	if (interface_covered(facts, host->ifname))
		return true;
	finding_fix(finding_add(r, FINDING_NAME_INTERFACE, "",
				"%s is pending here, but points to an address of %s, which is not among the "
				"interfaces looked at",
				name->name, host->ifname),
		    "sudo alpnxdp attach %s", host->ifname);
	return false;
}

void names_judge(const struct facts *facts, struct doctor_report *r)
{
	const struct names_facts *n = &facts->names;
	size_t here = 0;

	if (n->error == -ENOENT || n->error == -ECONNREFUSED)
		return; /* no daemon: nothing is pending */
	if (n->error)
		finding_fix(
			finding_add(r, FINDING_NAMES_UNCHECKED, "",
				    "not checked: where pending names point; the daemon was not asked (%s)",
				    strerror(-n->error)),
			"sudo alpnxdp list");
	for (size_t i = 0; i < n->count; i++)
		here += judge_name(facts, &n->list[i], r);
	if (n->total > n->count)
		finding_fix(finding_add(r, FINDING_NAMES_UNCHECKED, "",
					"not checked: where %zu of %zu pending names point",
					n->total - n->count, n->total),
			    "alpnxdp list");
	if (here)
		finding_add(r, FINDING_NAMES, "", "%zu pending name%s here", here,
			    here == 1 ? " points" : "s point");
}
