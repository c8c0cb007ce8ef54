// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings about the XDP hook of an interface: who is there, and what attaching would say to that. Pure. */
#include <errno.h>
#include <stdio.h>
#include "doctor/findings.h"

static void join_neighbours(const struct device_facts *d, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < d->neighbours && len < size; i++) {
		const struct xdp_neighbour *n = &d->on_hook[i];

		if (!n->ours)
			len += (size_t)snprintf(out + len, size - len, "%s%s (id %u)", len ? ", " : "",
						n->name, n->id);
	}
}

void hook_judge(const struct device_facts *d, struct doctor_report *r)
{
	const struct xdp_error *e = &d->check_error;
	char others[160];

	if (d->ours)
		finding_add(r, FINDING_ATTACHED, d->name, "attached in %s mode, for port %u",
			    xdp_mode_name(d->hook_mode), d->port);
	else if (d->check == -EPERM)
		finding_fix(
			finding_add(r, FINDING_NOT_ROOT, d->name,
				    "not checked: what is on the XDP hook, and whether attaching would be "
				    "refused, which only root can see"),
			"sudo alpnxdp doctor %s", d->name);
	else if (d->check)
		finding_fix(finding_add(r, FINDING_REFUSED, d->name, "%s%s%s", e->what,
					*e->system ? ": " : "", e->system),
			    "%s", *e->fix ? e->fix : "alpnxdp status");
	join_neighbours(d, others, sizeof(others));
	if (*others && (d->ours || !d->check))
		finding_fix(
			finding_add(r, FINDING_NEIGHBOURS, d->name,
				    "other XDP programs are on the hook: %s; what they drop, we do not see",
				    others),
			"sudo xdp-loader status %s", d->name);
}
