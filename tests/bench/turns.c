/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several servers in turn, each for 10 to 100 ms, over and over. The clock of a shared host drifts, and its
 * caches are others' too: over seconds by tens of percent, over two turns that follow each other by little. So their sums
 * can be told apart where runs of seconds could not.
 *
 * A turn is over when every answer of its own is there; connections of pages then wait for their lane's next one. What a server
 * still does then is another's: lanes go forward and backward, and who is first changes, so that each is behind each other one.
 */
#include "client.h"

enum { PARKING_MS = 10 };

static bool is_done(void)
{
	for (unsigned i = 0; i < load.in_flight; i++)
		if (load.lane->flow[i].fd >= 0 && !load.lane->flow[i].parked)
			return false;
	return true;
}

static void unpark(struct flow *f, uint64_t now)
{
	if (!f->parked)
		return;
	f->parked = false;
	f->begun_us = now;
	flow_drive(f);
}

static void turn(uint64_t now)
{
	uint64_t end = now + (uint64_t)(load.turn * 1e6);

	load.parking = false;
	for (unsigned i = 0; i < load.in_flight; i++)
		unpark(&load.lane->flow[i], now);
	now = meter_now_us(); /* an answer may be there already */
	while ((now < end || !is_done()) && !load.lane->meter.wrong) {
		load.parking = now >= end;
		flows_begin(now);
		flows_wait(load.parking ? PARKING_MS : 1);
		now = meter_now_us();
	}
}

/* So many of each lane. */
static void turns(unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		for (unsigned i = 0; i < load.num_lanes; i++) {
			unsigned step = n % 2 ? load.num_lanes - i : i;

			load.lane = &load.lanes[(n / 2 + step) % load.num_lanes];
			meter_go_on(&load.lane->meter);
			turn(meter_now_us());
			meter_pause(&load.lane->meter);
			if (load.lane->meter.wrong)
				return;
		}
	}
}

void turns_run(void)
{
	turns((unsigned)(load.warmup / load.turn) + 1);
	for (unsigned i = 0; i < load.num_lanes; i++)
		meter_begin(&load.lanes[i].meter);
	turns((unsigned)(load.seconds / load.turn) + 1);
}
