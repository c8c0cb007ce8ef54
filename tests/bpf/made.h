/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hellos made from recorded ones, in forms that no recorded client uses. */
#ifndef TESTS_BPF_MADE_H
#define TESTS_BPF_MADE_H

#include <stddef.h>
#include <stdint.h>

enum { MADE_ROOM = 8000 };

enum made_form {
	MADE_PLAIN, /* as recorded */
	MADE_RECORDS, /* cut over two TLS records, the first one ending `at` bytes into the stream (RFC 8446 5.1) */
	MADE_PADDED, /* a padding extension of `at` bytes (RFC 7685) before all others */
};

/* The length. */
size_t made_hello(const char *file, enum made_form form, size_t at, uint8_t out[MADE_ROOM]);

#endif
