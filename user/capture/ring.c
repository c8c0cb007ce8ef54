/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames lie one behind the other, each in one piece: one that would not fit before the end begins at the beginning again. Where
 * they are is counted on without end, so that a frame is gone when `head` is more than the ring's size past its first byte.
 */
#include <string.h>
#include "capture/capture.h"

void capture_ring_begin(struct capture_ring *r, uint64_t first)
{
	r->next = r->oldest = first;
	r->head = 0;
}

static bool is_overwritten(const struct capture_ring *r, uint64_t number)
{
	return r->next - number >= CAPTURE_RING_ROWS ||
	       r->row[number % CAPTURE_RING_ROWS].at + CAPTURE_RING_BYTES < r->head;
}

void capture_ring_put(struct capture_ring *r, const struct capture_row *row, const uint8_t *bytes)
{
	uint64_t at = r->head, left = CAPTURE_RING_BYTES - at % CAPTURE_RING_BYTES;
	struct capture_row *to = &r->row[r->next % CAPTURE_RING_ROWS];

	if (row->len > left)
		at += left;
	r->head = at + row->len;
	while (r->oldest < r->next && is_overwritten(r, r->oldest))
		r->oldest++;
	memcpy(r->bytes + at % CAPTURE_RING_BYTES, bytes, row->len);
	*to = *row;
	to->at = at;
	r->next++;
}

uint64_t capture_ring_from(const struct capture_ring *r, uint64_t from, uint64_t *lost)
{
	uint64_t at = MIN(from, r->next);

	*lost = at < r->oldest ? r->oldest - at : 0;
	return at + *lost;
}

const struct capture_row *capture_ring_row(const struct capture_ring *r, uint64_t number)
{
	return &r->row[number % CAPTURE_RING_ROWS];
}

const uint8_t *capture_ring_bytes(const struct capture_ring *r, uint64_t number)
{
	return r->bytes + capture_ring_row(r, number)->at % CAPTURE_RING_BYTES;
}

void capture_lease_extend(struct capture_lease *l, usec_t until, bool keys)
{
	l->frames = until;
	if (keys)
		l->keys = until;
}

bool capture_lease_wants_frames(const struct capture_lease *l, usec_t now)
{
	return now < l->frames;
}

bool capture_lease_wants_keys(const struct capture_lease *l, usec_t now)
{
	return now < l->keys;
}
