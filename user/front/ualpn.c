/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ualpn: its place in the loop; nothing is done yet. */
#include "front/private.h"

static int open_ualpn(struct front *f)
{
	(void)f;
	return 0;
}

static void close_ualpn(struct front *f)
{
	(void)f;
}

static size_t poll_ualpn(struct front *f, struct pollfd *fds, size_t max)
{
	(void)f;
	(void)fds;
	(void)max;
	return 0;
}

static void serve_ualpn(struct front *f, const struct pollfd *fds, size_t count)
{
	(void)f;
	(void)fds;
	(void)count;
}

static usec_t deadline_ualpn(const struct front *f)
{
	(void)f;
	return USEC_NEVER;
}

const struct front_part front_part_ualpn = {
	.name = "ualpn",
	.open = open_ualpn,
	.close = close_ualpn,
	.poll = poll_ualpn,
	.serve = serve_ualpn,
	.deadline = deadline_ualpn,
};
