/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the fuzz targets share. A target is one file tests/fuzz/NAME.c, a libFuzzer program; scripts/fuzz runs it.
 *
 * A target does more than survive: it states with MUST() what has to hold for every input. Its input is a plain
 * buffer, of which fuzz_take_*() bite off numbers; an input that has ended gives zeros.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes,
			   size_t len); /* always returns 0: keep the input if it is new */

#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

static inline uint8_t fuzz_take_u8(struct reader *r)
{
	uint8_t v = 0;

	read_u8(r, &v);
	return v;
}

static inline uint16_t fuzz_take_u16(struct reader *r)
{
	uint16_t high = fuzz_take_u8(r);

	return (uint16_t)(high << 8 | fuzz_take_u8(r));
}

/* A copy of exactly len bytes, so that the sanitizer sees the first byte read past them. To be freed. */
static inline uint8_t *fuzz_exact(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	MUST(copy);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* The same as a string. */
static inline char *fuzz_text(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	MUST(copy);
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

#endif
