/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of hex: how hellos are kept in files. */
#ifndef INTEROP_HEX_H
#define INTEROP_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static size_t hex_decode(const char *line, uint8_t *out, size_t cap)
{
	unsigned byte;
	size_t n = 0;

	while (n < cap && sscanf(line + 2 * n, "%2x", &byte) == 1)
		out[n++] = (uint8_t)byte;
	return n;
}

#endif
