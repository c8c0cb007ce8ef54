/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include "../corpus/corpus.h"
#include "made.h"

enum { RECORD_HEADER = 5, HEADERS = 9, SESSION_ID = 43, PADDING = 21 };

static void put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t get_u16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static size_t make_records(const struct corpus_bytes *hello, size_t at, uint8_t *out)
{
	assert(at > HEADERS && at < hello->len);
	memcpy(out, hello->bytes, at);
	put_u16(out + 3, at - RECORD_HEADER);
	memcpy(out + at, hello->bytes, 3);
	put_u16(out + at + 3, hello->len - at);
	memcpy(out + at + RECORD_HEADER, hello->bytes + at, hello->len - at);
	return hello->len + RECORD_HEADER;
}

/* RFC 8446 4.1.2: where the length of the extensions stands. */
static size_t extensions_at(const uint8_t *bytes)
{
	size_t at = SESSION_ID;

	at += 1u + bytes[at];
	at += 2u + get_u16(bytes + at);
	return at + 1u + bytes[at];
}

static size_t make_padded(const struct corpus_bytes *hello, size_t padding, uint8_t *out)
{
	size_t list = extensions_at(hello->bytes), begin = list + 2, more = padding + 4;

	assert(hello->len + more <= MADE_ROOM);
	memcpy(out, hello->bytes, begin);
	put_u16(out + begin, PADDING);
	put_u16(out + begin + 2, padding);
	memset(out + begin + 4, 0, padding);
	memcpy(out + begin + more, hello->bytes + begin, hello->len - begin);
	put_u16(out + 3, get_u16(out + 3) + more);
	put_u16(out + 7, get_u16(out + 7) + more);
	put_u16(out + list, get_u16(out + list) + more);
	return hello->len + more;
}

size_t made_hello(const char *file, enum made_form form, size_t at, uint8_t out[MADE_ROOM])
{
	struct corpus_bytes hello;

	corpus_load(file, &hello);
	if (form == MADE_RECORDS)
		return make_records(&hello, at, out);
	if (form == MADE_PADDED)
		return make_padded(&hello, at, out);
	memcpy(out, hello.bytes, hello.len);
	return hello.len;
}
