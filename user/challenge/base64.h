/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base64 for digests, PEM blocks and the control socket: both alphabets of RFC 4648 are read, the URL's is written. */
#ifndef ALPNXDP_CHALLENGE_BASE64_H
#define ALPNXDP_CHALLENGE_BASE64_H

#include "base/base.h"

extern const char BASE64_ALPHABET[]; /* base64url's 64 characters and NUL */

int base64_value(char c); /* of a character of either alphabet; -1: it is none */

/*
 * Bytes from characters that come one by one. The bits that the last byte leaves over must be zero (RFC 4648 3.5), so that
 * what was cut short is not taken for something else.
 */
struct base64 {
	uint32_t bits;
	unsigned have; /* bits of it that are not out yet */
};

/* 1: *out is the next byte; 0: more is needed; -1: no character of base64. */
int base64_take(struct base64 *b, char c, uint8_t *out);
bool base64_ended(const struct base64 *b); /* nothing is left over */

#endif
