/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* harvest: its place in the loop; nothing is done yet. */
#include "front/private.h"

static int open_harvest(struct front *f)
{
	(void)f;
	return 0;
}

static void close_harvest(struct front *f)
{
	(void)f;
}

static size_t poll_harvest(struct front *f, struct pollfd *fds, size_t max)
{
	(void)f;
	(void)fds;
	(void)max;
	return 0;
}

static void serve_harvest(struct front *f, const struct pollfd *fds, size_t count)
{
	(void)f;
	(void)fds;
	(void)count;
}

static usec_t deadline_harvest(const struct front *f)
{
	(void)f;
	return USEC_NEVER;
}

const struct front_part front_part_harvest = {
	.name = "harvest",
	.open = open_harvest,
	.close = close_harvest,
	.poll = poll_harvest,
	.serve = serve_harvest,
	.deadline = deadline_harvest,
};

void harvest_asked(struct front *f, const char *sni)
{
	(void)f;
	(void)sni;
}
