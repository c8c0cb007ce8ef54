/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The RST that ends the kernel's half of a flow without a sound, and what it must look like.
 *
 * Only a RST whose sequence number is exactly the kernel's rcv_nxt at this moment ends the connection in silence: one
 * behind it is ignored, one ahead of it makes the kernel send a challenge ACK (RFC 5961 3.2).
 *
 * Segments that passed may still wait in GRO; a RST that overtakes them makes the kernel answer them with a RST of its
 * own, on the wire. So whoever sends one says the least that the kernel must have come to.
 */
#ifndef ALPNXDP_SILENCE_H
#define ALPNXDP_SILENCE_H

#include "handoff.h"

static __always_inline bool silence_in_time(__u32 rcv_nxt, __u32 least)
{
	return (__s32)(rcv_nxt - least) >= 0;
}

/* RFC 1624: the sum is updated by what changed; never with plain subtraction (section 3 there). */
static __always_inline __sum16 checksum_update(__sum16 check, __be32 from, __be32 to)
{
	__u32 sum = (__u16)~check;

	sum += (__u16)~from;
	sum += (__u16) ~(from >> 16);
	sum += (__u16)to;
	sum += to >> 16;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline void silence_set_seq(struct tcphdr *tcp, __u32 seq)
{
	__be32 to = bpf_htonl(seq);

	tcp->check = checksum_update(tcp->check, tcp->seq, to);
	tcp->seq = to;
}

#endif
