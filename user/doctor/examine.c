// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The examination: which interfaces, all facts about them and the machine, then the judgement. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "doctor/findings.h"
#include "doctor/read.h"

static void take(const struct links *links, const struct link *link, struct facts *facts)
{
	if (link && facts->devices < DOCTOR_INTERFACES)
		device_read(links, link, &facts->device[facts->devices++]);
}

/* The attached ones, as far as we may see them; else those that lead to the world. */
static void take_usual(const struct links *links, struct facts *facts)
{
	unsigned indices[DOCTOR_INTERFACES];
	char(*names)[IF_NAMESIZE] = NULL;
	struct xdp_error unused;
	int attached = xdp_list(&names, &unused);
	size_t routes;

	for (int i = 0; i < attached; i++)
		take(links, link_by_name(links, names[i]), facts);
	free(names);
	if (facts->devices)
		return;
	routes = routes_default(indices, ARRAY_SIZE(indices));
	for (size_t i = 0; i < routes; i++)
		take(links, link_by_index(links, indices[i]), facts);
}

static int devices_read(const struct doctor_options *o, struct facts *facts)
{
	struct links links;
	const struct link *link;
	int err = links_read(&links);

	if (err)
		return err;
	if (o->ifname) {
		link = link_by_name(&links, o->ifname);
		err = link ? 0 : -ENODEV;
		take(&links, link, facts);
	} else {
		take_usual(&links, facts);
	}
	free(links.list);
	return err;
}

static uint16_t port_of(const struct doctor_options *o, const struct facts *facts)
{
	if (o->port)
		return o->port;
	for (size_t i = 0; i < facts->devices; i++)
		if (facts->device[i].ours && facts->device[i].port)
			return facts->device[i].port;
	return 443;
}

int doctor_examine(const struct doctor_options *o, struct doctor_report *out)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	uint16_t port;
	int err;

	if (!facts)
		return -ENOMEM;
	err = devices_read(o, facts);
	if (err)
		goto out;
	port = port_of(o, facts);
	kernel_read(&facts->kernel);
	firewall_read(port, &facts->firewall);
	web_read(port, &facts->web);
	names_read(o->socket_path, &facts->names);
	memset(out, 0, sizeof(*out));
	facts_judge(facts, out);
out:
	free(facts);
	return err;
}
