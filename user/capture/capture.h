/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * capture: packets as pcapng, block by block, into a buffer of the caller's. Pure.
 *
 * Owns: the form of the file (draft-ietf-opsawg-pcapng): one section in this machine's byte order, its interfaces, packets with
 * direction, queue, XDP's verdict and a comment, and the secrets with which a reader decrypts TLS. libpcap writes none of these
 * options, and no secrets.
 * Refuses: a block that does not fit whole. Text of interfaces and comments is cut at CAPTURE_TEXT_MAX bytes, and what is
 * not printable ASCII becomes '?'.
 */
#ifndef ALPNXDP_CAPTURE_H
#define ALPNXDP_CAPTURE_H

#include "base/base.h"

enum {
	CAPTURE_TEXT_MAX = 255,
	CAPTURE_BLOCK_MAX = 8192, /* enough for all but secrets, with frames of up to 7,000 bytes */
};

/* INWARD: put into the kernel's own stack from inside the host: it was on no wire, so it has no direction there. */
enum capture_direction { CAPTURE_IN, CAPTURE_OUT, CAPTURE_INWARD };

/* "in", "out", "inward"; NULL behind the last. */
const char *capture_direction_name(enum capture_direction d);

struct capture_packet {
	unsigned interface; /* in the order of capture_interface() */
	unsigned queue;
	enum capture_direction direction;
	uint64_t time_ns;    /* since 1970 */
	const char *comment; /* NULL: none */
	const uint8_t *bytes;
	size_t len;
};

/* Each writes a block: its length, or 0: more than cap. */
size_t capture_begin(uint8_t *out, size_t cap, const char *application);
size_t capture_interface(uint8_t *out, size_t cap, const char *name);
size_t capture_packet(uint8_t *out, size_t cap, const struct capture_packet *p);
/* Lines of a TLS key log (RFC 9850), each with its newline; before the packets that they open. */
size_t capture_keys(uint8_t *out, size_t cap, const char *lines, size_t len);

#endif
