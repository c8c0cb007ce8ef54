/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "base/base.h"

enum { TAG_NUMBER = 0x1f }; /* these bits set: the tag goes on */

/* X.690 10.1: the shortest form of a length; nothing here has three bytes of it. */
static bool read_length(struct reader *r, size_t *out)
{
	uint8_t first, byte;
	uint16_t word;

	if (!read_u8(r, &first))
		return false;
	*out = first;
	if (first < 0x80)
		return true;
	if (first == 0x81 && read_u8(r, &byte) && byte >= 0x80) {
		*out = byte;
		return true;
	}
	if (first == 0x82 && read_u16(r, &word) && word >= 0x100) {
		*out = word;
		return true;
	}
	return false;
}

bool der_read(struct reader *r, uint8_t *tag, struct reader *content)
{
	struct reader at = *r;
	size_t len;

	if (!read_u8(&at, tag) || (*tag & TAG_NUMBER) == TAG_NUMBER || !read_length(&at, &len) ||
	    !read_span(&at, len, content))
		return false;
	*r = at;
	return true;
}

bool der_take(struct reader *r, uint8_t wanted, struct reader *content)
{
	struct reader at = *r;
	uint8_t tag;

	if (!der_read(&at, &tag, content) || tag != wanted)
		return false;
	*r = at;
	return true;
}

bool der_take_only(struct reader *r, uint8_t wanted, struct reader *content)
{
	return der_take(r, wanted, content) && !reader_left(r);
}

bool reader_equals(const struct reader *r, const void *bytes, size_t len)
{
	return reader_left(r) == len && !memcmp(r->at, bytes, len);
}
