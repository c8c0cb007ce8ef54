/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames for the tests of the BPF programs: described field by field, right or wrong on purpose.
 */
#ifndef TESTS_BPF_FRAME_H
#define TESTS_BPF_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 3500, FRAME_POKES = 3 };

enum frame_layer { LAYER_NONE, LAYER_ETHERNET, LAYER_IP, LAYER_TCP };

/* Overwrites one byte at the end of building: how most malformed frames are made. */
struct frame_poke {
	enum frame_layer layer;
	unsigned at;
	uint8_t value;
};

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

struct frame {
	int family; /* 4 or 6 */
	uint8_t saddr[16], daddr[16];
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags;

	uint16_t tags[3];      /* protocol of each VLAN tag, outermost first; 0: none */
	uint16_t ethertype;    /* 0: by family */
	uint8_t protocol;      /* 0: TCP */
	uint16_t fragment;     /* IPv4 flags and offset */
	uint8_t ip_options;    /* bytes of IPv4 options (NOPs), a multiple of 4 */
	uint8_t extensions[8]; /* IPv6 extension headers, 8 bytes each; a hop-by-hop is written as 255 */
	uint8_t own_mac;       /* last byte of the source MAC */
	bool timestamps;
	uint32_t ts_value, ts_echo;
	uint8_t options[40]; /* TCP options besides the timestamps, padded by the caller */
	uint8_t options_len;
	const uint8_t *data;
	size_t data_len;
	size_t filler;  /* bytes of zero behind the data, within the segment */
	size_t padding; /* bytes behind the datagram, as Ethernet pads */
	size_t cut;     /* bytes taken off the end of the frame */
	size_t keep;    /* if not 0, only that many bytes of the frame are left */
	struct frame_poke pokes[FRAME_POKES];
};

struct frame_bytes {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	size_t ip;  /* offset of the IP header */
	size_t tcp; /* offset of the TCP header */
};

/* Both checksums are filled in, before the pokes. */
void frame_build(const struct frame *f, struct frame_bytes *out);

/* RFC 1071 over the TCP segment and its pseudo header: 0 when the checksum is right. */
uint16_t frame_tcp_residue(const struct frame_bytes *f, int family);

#endif
