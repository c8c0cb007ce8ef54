// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the machine must offer before anything is tried: rights and a kernel. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "xdp/private.h"

int xdp_system_check_rights(const char *verb, const char *ifname, struct xdp_error *error)
{
	if (xdp_permitted())
		return 0;
	xdp_error_refuse(error, -EPERM,
			 "XDP programs need root (CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN)");
	xdp_error_fix(error, "sudo alpnxdp %s%s%s", verb, ifname[0] ? " " : "", ifname);
	return -EPERM;
}

int xdp_system_check_kernel(const char *release, struct xdp_error *error)
{
	static const struct {
		unsigned major, minor;
		const char *feature;
	} needs[] = {
		{ 5, 18, "handing frames to the kernel (BPF_F_TEST_XDP_LIVE_FRAMES)" },
		{ 5, 19, "using BPF maps without capabilities" },
		{ 6, 1, "everything else; no older kernel was tested" },
	};
	unsigned major = 0, minor = 0;
	size_t i;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return 0; /* a release that names itself otherwise: the calls themselves will tell */
	for (i = 0; i < ARRAY_SIZE(needs); i++) {
		if (major > needs[i].major || (major == needs[i].major && minor >= needs[i].minor))
			continue;
		xdp_error_refuse(error, -EOPNOTSUPP, "kernel %u.%u is too old: %u.%u is needed for %s", major,
				 minor, needs[i].major, needs[i].minor, needs[i].feature);
		xdp_error_fix(error, "apt-get install -t bookworm-backports linux-image-amd64");
		return -EOPNOTSUPP;
	}
	return 0;
}
