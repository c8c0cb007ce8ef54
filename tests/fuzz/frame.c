/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames: decode, encode, decode again, and nothing may have changed.
 *
 * Most bytes that a fuzzer thinks of fall to a checksum. So a frame is judged as it is, and once more with its
 * checksums repaired.
 */
#include "fuzz.h"
#include "net/net.h"

enum { ROOM = 70000, ETHERTYPE_AT = 12 };

/* One's complement sum of an IPv4 header, written to where it belongs; not net's own code, which is on trial. */
static void repair_ipv4(uint8_t *frame, size_t len)
{
	size_t at = ETHERTYPE_AT, header;
	uint32_t sum = 0;

	while (at + 4 < len && (frame[at] << 8 | frame[at + 1]) != 0x0800 && at < ETHERTYPE_AT + 8)
		at += 4;
	at += 2;
	if (at + 20 > len || frame[at] >> 4 != 4)
		return;
	header = (size_t)(frame[at] & 15) * 4;
	if (header < 20 || at + header > len)
		return;
	frame[at + 10] = frame[at + 11] = 0;
	for (size_t i = 0; i < header; i += 2)
		sum += (uint32_t)(frame[at + i] << 8 | frame[at + i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	frame[at + 10] = (uint8_t) ~(sum >> 8);
	frame[at + 11] = (uint8_t)~sum;
}

static void same_segment(const struct segment *a, const struct segment *b)
{
	MUST(a->seq == b->seq && a->ack == b->ack && a->window == b->window && a->flags == b->flags);
	MUST(a->has_ts == b->has_ts && a->tsval == b->tsval && a->tsecr == b->tsecr);
	MUST(!a->has_sack && !b->has_sack);
	MUST(a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len)));
}

static void same_path(const struct path *a, const struct path *b)
{
	MUST(!memcmp(&a->key, &b->key, sizeof(a->key)));
	MUST(a->l2_len == b->l2_len && !memcmp(a->l2, b->l2, a->l2_len) && a->ipv4 == b->ipv4);
}

static void round_trip(const struct segment *seg, const struct path *path)
{
	static uint8_t wire[ROOM];
	struct segment again;
	struct path back, path_again;
	size_t len = net_encode(path, seg, wire, sizeof(wire)), exact;

	/* Options that are dropped, and extension headers, can only make it shorter; timestamps may be padded more. */
	if (!len)
		return;
	exact = net_encode(path, seg, wire, len);
	MUST(exact == len && !net_encode(path, seg, wire, len - 1));
	MUST(net_decode(wire, len, &again, &path_again) == NET_OK);
	same_segment(seg, &again);
	same_path(path, &path_again);
	net_path_reverse(path, &back);
	net_path_reverse(&back, &path_again);
	same_path(path, &path_again);
}

static enum net_drop judge(const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;
	enum net_drop drop = net_decode(frame, len, &seg, &path);

	MUST(drop < NUM_NET_DROPS && net_drop_name(drop));
	if (drop != NET_OK)
		return drop;
	MUST(path.l2_len == 14 || path.l2_len == 18 || path.l2_len == 22);
	MUST(seg.data >= frame && seg.data + seg.len <= frame + len);
	round_trip(&seg, &path);
	return drop;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t *frame = fuzz_exact(bytes, len);
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	enum net_drop drop;

	judge(frame, len);
	repair_ipv4(frame, len);
	drop = judge(frame, len);
	net_complete(frame, len, mac);
	if (drop == NET_OK || drop == NET_DROP_CHECKSUM)
		MUST(judge(frame, len) != NET_DROP_CHECKSUM);
	free(frame);
	return 0;
}
