// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By themselves, so that who only reads settings needs no libbpf. */
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
