/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A byte queue that grows to a limit. */
#include <stdlib.h>
#include <string.h>
#include "tls/outbox.h"

enum { ROOM_MIN = 2048 }; /* holds the usual flight */

bool outbox_put(struct outbox *b, const void *bytes, size_t len)
{
	if (len > OUTBOX_MAX - b->len)
		return false;
	if (b->len + len > b->room) {
		size_t room = MAX(b->len + len, (size_t)ROOM_MIN);
		uint8_t *grown = realloc(b->bytes, room);

		if (!grown)
			return false;
		b->bytes = grown;
		b->room = room;
	}
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	return true;
}

size_t outbox_take(struct outbox *b, uint8_t *out, size_t room)
{
	size_t taken = MIN(room, b->len - b->at);

	if (taken)
		memcpy(out, b->bytes + b->at, taken);
	b->at += taken;
	if (b->at == b->len)
		b->at = b->len = 0;
	return taken;
}

void outbox_free(struct outbox *b)
{
	free(b->bytes);
	*b = (struct outbox){ 0 };
}
