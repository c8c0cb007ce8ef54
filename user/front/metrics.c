/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* metrics: its place in the loop; nothing is done yet. */
#include "front/private.h"

static int open_metrics(struct front *f)
{
	(void)f;
	return 0;
}

static void close_metrics(struct front *f)
{
	(void)f;
}

static size_t poll_metrics(struct front *f, struct pollfd *fds, size_t max)
{
	(void)f;
	(void)fds;
	(void)max;
	return 0;
}

static void serve_metrics(struct front *f, const struct pollfd *fds, size_t count)
{
	(void)f;
	(void)fds;
	(void)count;
}

static usec_t deadline_metrics(const struct front *f)
{
	(void)f;
	return USEC_NEVER;
}

const struct front_part front_part_metrics = {
	.name = "metrics",
	.open = open_metrics,
	.close = close_metrics,
	.poll = poll_metrics,
	.serve = serve_metrics,
	.deadline = deadline_metrics,
};
