/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base64, character by character. */
#include <stdlib.h>
#include <string.h>
#include "challenge/base64.h"
#include "challenge/challenge.h"

const char BASE64_ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int base64_value(char c)
{
	const char *at;

	if (c == '+')
		c = '-';
	if (c == '/')
		c = '_';
	at = c ? strchr(BASE64_ALPHABET, c) : NULL;
	return at ? (int)(at - BASE64_ALPHABET) : -1;
}

int base64_take(struct base64 *b, char c, uint8_t *out)
{
	int value = base64_value(c);

	if (value < 0)
		return -1;
	b->bits = b->bits << 6 | (uint32_t)value;
	b->have += 6;
	if (b->have < 8)
		return 0;
	b->have -= 8;
	*out = (uint8_t)(b->bits >> b->have);
	b->bits &= (1u << b->have) - 1;
	return 1;
}

bool base64_ended(const struct base64 *b)
{
	return b->have < 6 && !b->bits;
}

char *base64url_encode(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len / 3 * 4 + 5), *to = text;
	uint32_t bits = 0;
	unsigned have = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		have += 8;
		for (; have >= 6; have -= 6)
			*to++ = BASE64_ALPHABET[bits >> (have - 6) & 63];
	}
	if (have)
		*to++ = BASE64_ALPHABET[bits << (6 - have) & 63];
	*to = 0;
	return text;
}

bool base64url_decode(const char *text, uint8_t *out, size_t cap, size_t *len)
{
	struct base64 b = { 0 };
	size_t at = 0;

	for (; *text; text++) {
		uint8_t next;
		int got = base64_take(&b, *text, &next);

		if (got < 0 || (got && at == cap))
			return false;
		if (got)
			out[at++] = next;
	}
	*len = at;
	return base64_ended(&b);
}
