/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one reader of the clock. */
#include <time.h>
#include "base/base.h"

usec_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}
