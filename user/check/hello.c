/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ClientHello in the order and the size of Go 1.26's, 1,509 bytes and the name: what a validator of today sends. Nobody ever
 * finishes its handshake, so its key shares are well formed and nothing else: 768 coefficients below 3329 and a seed (FIPS 203 7.2),
 * and an X25519 point, which any 32 bytes are (RFC 7748 5).
 */
#include <string.h>
#include "check/look.h"

enum { COEFFICIENTS = 768, MODULUS = 3329, KEM_SHARE = COEFFICIENTS * 12 / 8 + 32 + 32 };

struct writer {
	uint8_t *at;
	size_t len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->at + w->len, bytes, len);
	w->len += len;
}

static void put16(struct writer *w, size_t value)
{
	put(w, (const uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

/* Everything between SNI and key shares is the same in each hello; lengths included. */
static const uint8_t SUITES[] = { 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc,
				  0xa9, 0xcc, 0xa8, 0xc0, 0x09, 0xc0, 0x13, 0xc0, 0x0a,
				  0xc0, 0x14, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03 };
static const uint8_t
	EXTENSIONS[] = {
		0x00, 0x0b, 0,    2,    1, 0,                 /* point formats: uncompressed */
		0xff, 0x01, 0,    1,    0,                    /* renegotiation */
		0x00, 0x17, 0,    0,                          /* extended master secret */
		0x00, 0x12, 0,    0,                          /* signed certificate timestamps */
		0x00, 0x05, 0,    5,    1, 0,  0,    0,    0, /* status request */
		0x00, 0x0a, 0,    16,   0, 14, 0x11, 0xec, 0x11, 0xeb, /* groups: X25519MLKEM768 and two more of its kind, */
		0x11, 0xed, 0,    29,   0, 23, 0,    24,   0,    25, /* X25519, P-256, P-384, P-521 */
		0x00, 0x0d, 0,    22,   0, 20, 8,    4,    4,    3,    8,   7,   8,   5,   8,
		6,    4,    1,    5,    1, 6,  1,    5,    3,    6,    3, /* signatures */
		0x00, 0x32, 0,    26,   0, 24, 8,    4,    4,    3,    8,   7,   8,   5,   8,
		6,    4,    1,    5,    1, 6,  1,    5,    3,    6,    3,   2,   1,   2,   3,
		0x00, 0x10, 0,    13,   0, 11, 10,   'a',  'c',  'm',  'e', '-', 't', 'l', 's',
		'/',  '1',  0x00, 0x2b, 0, 5,  4,    3,    4,    3,    3, /* TLS 1.3 and 1.2 */
	};

static void put_name(struct writer *w, const char *sni, size_t len)
{
	put16(w, 0);
	put16(w, len + 5);
	put16(w, len + 3);
	put(w, "", 1);
	put16(w, len);
	put(w, sni, len);
}

/* FIPS 203 4.2.1: two coefficients in three bytes. */
static void put_coefficients(struct writer *w, const uint8_t *random)
{
	for (size_t i = 0; i < COEFFICIENTS; i += 2) {
		unsigned a = (unsigned)(random[2 * i] << 8 | random[2 * i + 1]) % MODULUS;
		unsigned b = (unsigned)(random[2 * i + 2] << 8 | random[2 * i + 3]) % MODULUS;

		put(w, (const uint8_t[]){ (uint8_t)a, (uint8_t)(a >> 8 | b << 4), (uint8_t)(b >> 4) }, 3);
	}
}

static void put_shares(struct writer *w, const uint8_t *random)
{
	const uint8_t *point = random + 2 * COEFFICIENTS, *seed = point + 32;

	put16(w, 0x33);
	put16(w, 2 + 4 + KEM_SHARE + 4 + 32);
	put16(w, 4 + KEM_SHARE + 4 + 32);
	put16(w, 0x11ec);
	put16(w, KEM_SHARE);
	put_coefficients(w, random);
	put(w, seed, 32);
	put(w, point, 32); /* the same point twice, as Go does */
	put16(w, 29);
	put16(w, 32);
	put(w, point, 32);
}

size_t hello_large(const char *sni, const uint8_t random[HELLO_RANDOM], uint8_t out[HELLO_ROOM])
{
	size_t name = strlen(sni),
	       extensions = 9 + name + sizeof(EXTENSIONS) + 4 + 2 + 4 + KEM_SHARE + 4 + 32;
	size_t body = 2 + 32 + 1 + 32 + 2 + sizeof(SUITES) + 2 + 2 + extensions;
	const uint8_t *rest = random + 2 * COEFFICIENTS + 64;
	struct writer w = { .at = out };

	if (name > IDENT_MAX)
		return 0;
	put(&w, "\x16\x03\x01", 3);
	put16(&w, body + 4);
	put(&w, "\x01\x00", 2);
	put16(&w, body);
	put(&w, "\x03\x03", 2);
	put(&w, rest, 32);
	put(&w, "\x20", 1);
	put(&w, rest + 32, 32);
	put16(&w, sizeof(SUITES));
	put(&w, SUITES, sizeof(SUITES));
	put(&w, "\x01\x00", 2);
	put16(&w, extensions);
	put_name(&w, sni, name);
	put(&w, EXTENSIONS, sizeof(EXTENSIONS));
	put_shares(&w, random);
	return w.len;
}
