// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What those need who only read settings: no libbpf is behind it. */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "xdp/xdp.h"

const char *xdp_mode_name(enum xdp_mode mode)
{
	static const char *const names[] = {
		[XDP_MODE_AUTO] = "auto",
		[XDP_MODE_NATIVE] = "native",
		[XDP_MODE_GENERIC] = "generic",
	};

	return names[mode];
}

/* CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON; opening a program by its id asks for CAP_SYS_ADMIN itself. */
bool xdp_permitted(void)
{
	static const unsigned needed[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	size_t i;

	if (syscall(SYS_capget, &header, data))
		return false;
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!(data[CAP_TO_INDEX(needed[i])].effective & CAP_TO_MASK(needed[i])))
			return false;
	return true;
}
