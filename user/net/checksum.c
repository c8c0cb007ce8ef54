/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071). 64 bits cannot overflow within a frame, so carries are folded once. Four bytes at a
 * time: the upper half of such a word counts as much as the lower one (2^16 is 1 modulo 2^16 - 1).
 */
#include "net/layout.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i + 3 < len; i += 4)
		sum += get_u32(bytes + i);
	if (i + 1 < len) {
		sum += get_u16(bytes + i);
		i += 2;
	}
	if (i < len)
		sum += (uint64_t)bytes[i] << 8;
	return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t checksum_pseudo(const uint8_t *saddr, const uint8_t *daddr, size_t addr_len, size_t tcp_len)
{
	uint64_t sum = PROTO_TCP + (uint64_t)tcp_len;

	sum = checksum_add(sum, saddr, addr_len);
	return checksum_add(sum, daddr, addr_len);
}
