/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * capture: packets as pcapng, block by block, into a buffer of the caller's; and those that nobody has fetched yet. Pure.
 *
 * Owns: the form of the file (draft-ietf-opsawg-pcapng): one section in this machine's byte order, its interfaces, packets with
 * direction, queue, XDP's verdict and a comment, and the secrets with which a reader decrypts TLS. libpcap writes none of these
 * options, and no secrets. The ring of frames between who sees them and who asks for them, and for how long they are kept.
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
	unsigned queue;     /* not written of what went inward */
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

/* -------------------------------------------------------------------- ring */

enum { CAPTURE_RING_BYTES = 2 * 1024 * 1024, CAPTURE_RING_ROWS = 4096, CAPTURE_IFNAME = 16 };

struct capture_row {
	uint64_t time_ns, at; /* at: the ring's own, where the bytes are */
	const char *comment;  /* outlives the ring */
	char ifname[CAPTURE_IFNAME];
	unsigned queue;
	unsigned mark; /* the caller's own */
	uint32_t len;  /* at most CAPTURE_RING_BYTES */
	enum capture_direction direction;
};

/* Frames have numbers, oldest <= n < next. A new one takes the place of as many of the oldest as it needs. */
struct capture_ring {
	uint64_t next, oldest, head;
	struct capture_row row[CAPTURE_RING_ROWS];
	uint8_t bytes[CAPTURE_RING_BYTES];
};

/* Of memory that is zero; its first frame will have this number. */
void capture_ring_begin(struct capture_ring *r, uint64_t first);
void capture_ring_put(struct capture_ring *r, const struct capture_row *row, const uint8_t *bytes);
/* Where to go on for who has all below `from`, and how many are lost to them. Beyond next: from what comes now, nothing lost. */
uint64_t capture_ring_from(const struct capture_ring *r, uint64_t from, uint64_t *lost);
/* A frame that is there; its bytes are in one piece. */
const struct capture_row *capture_ring_row(const struct capture_ring *r, uint64_t number);
const uint8_t *capture_ring_bytes(const struct capture_ring *r, uint64_t number);

/* Until when somebody wants frames, and secrets, which go with frames only. All zero: nobody does. */
struct capture_lease {
	usec_t frames, keys;
};
void capture_lease_extend(struct capture_lease *l, usec_t until, bool keys);
bool capture_lease_wants_frames(const struct capture_lease *l, usec_t now);
bool capture_lease_wants_keys(const struct capture_lease *l, usec_t now);

#endif
