/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* watched directories: its place in the loop; nothing is done yet. */
#include "front/private.h"

static int open_watch(struct front *f)
{
	(void)f;
	return 0;
}

static void close_watch(struct front *f)
{
	(void)f;
}

static size_t poll_watch(struct front *f, struct pollfd *fds, size_t max)
{
	(void)f;
	(void)fds;
	(void)max;
	return 0;
}

static void serve_watch(struct front *f, const struct pollfd *fds, size_t count)
{
	(void)f;
	(void)fds;
	(void)count;
}

static usec_t deadline_watch(const struct front *f)
{
	(void)f;
	return USEC_NEVER;
}

const struct front_part front_part_watch = {
	.name = "watched directories",
	.open = open_watch,
	.close = close_watch,
	.poll = poll_watch,
	.serve = serve_watch,
	.deadline = deadline_watch,
};
