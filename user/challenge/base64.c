/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base64, character by character. */
#include <string.h>
#include "challenge/base64.h"

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
