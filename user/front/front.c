/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop: one thread, one poll(2), one reading of the clock per wake-up, the parts in turn. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include "control/control.h"
#include "front/private.h"

/* The link is first: replies make room for what the others ask in the same turn. */
static const struct front_part *const parts[] = {
	&front_part_link,     &front_part_ualpn, &front_part_metrics,
	&front_part_textfile, &front_part_watch, &front_part_harvest,
};
static_assert(ARRAY_SIZE(parts) <= ARRAY_SIZE(((struct front_turn *)0)->of_part), "a count for each part");

void front_end(struct front *f, const char *why)
{
	if (!f->ended)
		log_notice("front: ends: %s", why);
	f->ended = true;
}

int front_open(struct front *f, const struct front_options *o, usec_t now)
{
	*f = (struct front){ .options = o, .now = now, .status = EXIT_DONE };
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int err = parts[i]->open(f);

		if (!err)
			continue;
		log_error("front: %s: %s", parts[i]->name, strerror(-err));
		front_close(f);
		return err;
	}
	return 0;
}

void front_close(struct front *f)
{
	for (size_t i = ARRAY_SIZE(parts); i-- > 0;)
		parts[i]->close(f);
}

void front_collect(struct front *f, struct front_turn *t)
{
	t->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		t->of_part[i] = parts[i]->poll(f, t->fds + t->count, FRONT_FDS - t->count);
		t->count += t->of_part[i];
	}
}

void front_serve(struct front *f, const struct front_turn *t, usec_t now)
{
	const struct pollfd *fds = t->fds;

	f->now = now;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && !f->ended; i++) {
		parts[i]->serve(f, fds, t->of_part[i]);
		fds += t->of_part[i];
	}
}

usec_t front_deadline(const struct front *f)
{
	usec_t first = USEC_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		first = MIN(first, parts[i]->deadline(f));
	return first;
}

/* From the last wake-up on: what its work took is waited for too long, which is less than a deadline is good for. */
static int wait_ms(const struct front *f)
{
	usec_t due = front_deadline(f), most = 60 * USEC_PER_SEC;

	if (due <= f->now)
		return 0;
	return (int)((MIN(due - f->now, most) + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

int front_run(const struct front_options *o)
{
	static struct front front;
	static struct front_turn turn;
	struct front *f = &front;

	if (front_open(f, o, clock_now()))
		return EXIT_FAILED;
	while (!f->ended) {
		front_collect(f, &turn);
		if (poll(turn.fds, (nfds_t)turn.count, wait_ms(f)) < 0 && errno != EINTR)
			front_end(f, strerror(errno));
		front_serve(f, &turn, clock_now());
	}
	front_close(f);
	return f->status;
}
