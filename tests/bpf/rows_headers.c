/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps 0 and 1 of the ladder. Where an encapsulation must be seen through, the proof is an offer. */
#include "bench.h"

enum {
	Q = 0x8100,
	QINQ = 0x88a8,
	HBH = 255,
	ROUTING = 43,
	FRAG = 44,
	AH = 51,
	DST = 60,
	UDP = 17,
	ICMP6 = 58
};

#define POKE(layer, at, value)                       \
	{                                            \
		{                                    \
			LAYER_##layer, (at), (value) \
		}                                    \
	}
#define POKES(layer, at, value, at2, value2)           \
	{                                              \
		{ LAYER_##layer, (at), (value) },      \
		{                                      \
			LAYER_##layer, (at2), (value2) \
		}                                      \
	}

const struct row rows_headers[] = {
	/* seen through */
	{ "IPv4", PEER_SOCKET, .reason = REASON_OFFERED },
	{ "IPv6", PEER_SOCKET, .frame.family = 6, .reason = REASON_OFFERED },
	{ "802.1Q", PEER_SOCKET, .frame.tags = { Q }, .reason = REASON_OFFERED },
	{ "802.1Q, IPv6", PEER_SOCKET, .frame = { .family = 6, .tags = { Q } }, .reason = REASON_OFFERED },
	{ "QinQ", PEER_SOCKET, .frame.tags = { QINQ, Q }, .reason = REASON_OFFERED },
	{ "QinQ, IPv6", PEER_SOCKET, .frame = { .family = 6, .tags = { Q, Q } }, .reason = REASON_OFFERED },
	{ "IPv4 options", PEER_SOCKET, .frame.ip_options = 4, .reason = REASON_OFFERED },
	{ "all IPv4 options", PEER_SOCKET, .frame.ip_options = 40, .reason = REASON_OFFERED },
	{ "don't fragment", PEER_SOCKET, .frame.fragment = 0x4000, .reason = REASON_OFFERED },
	{ "hop-by-hop", PEER_SOCKET, .frame = { .family = 6, .extensions = { HBH } },
	  .reason = REASON_OFFERED },
	{ "destination options", PEER_SOCKET, .frame = { .family = 6, .extensions = { DST } },
	  .reason = REASON_OFFERED },
	{ "routing header", PEER_SOCKET, .frame = { .family = 6, .extensions = { ROUTING } },
	  .reason = REASON_OFFERED },
	{ "six extension headers", PEER_SOCKET,
	  .frame = { .family = 6, .extensions = { HBH, DST, ROUTING, DST, DST, DST } },
	  .reason = REASON_OFFERED },
	{ "tags, extension headers", PEER_SOCKET,
	  .frame = { .family = 6, .tags = { QINQ, Q }, .extensions = { HBH, DST } },
	  .reason = REASON_OFFERED },
	{ "padding behind the hello", PEER_SOCKET, .frame.padding = 20, .reason = REASON_OFFERED },
	{ "padding is no data", PEER_SOCKET, .no_data = true, .frame.padding = 20,
	  .reason = REASON_NO_PAYLOAD },
	{ "padding is no data, IPv6", PEER_SOCKET, .no_data = true, .frame = { .family = 6, .padding = 9 },
	  .reason = REASON_NO_PAYLOAD },

	/* not IP, not TCP */
	{ "ARP", .frame.ethertype = 0x0806, .reason = REASON_NOT_IP },
	{ "three tags", .frame.tags = { QINQ, Q, Q }, .reason = REASON_NOT_IP },
	{ "UDP", .frame.protocol = UDP, .reason = REASON_NOT_TCP },
	{ "ICMPv6", .frame = { .family = 6, .protocol = ICMP6 }, .reason = REASON_NOT_TCP },
	{ "authentication header", .frame = { .family = 6, .extensions = { AH } }, .reason = REASON_NOT_TCP },
	{ "seven extension headers",
	  .frame = { .family = 6, .extensions = { HBH, DST, DST, DST, DST, DST, DST } },
	  .reason = REASON_NOT_TCP },
	{ "first fragment", .frame.fragment = 0x2000, .reason = REASON_FRAGMENT },
	{ "last fragment", .frame.fragment = 0x0010, .reason = REASON_FRAGMENT },
	{ "fragment of UDP", .frame = { .fragment = 0x2000, .protocol = UDP }, .reason = REASON_NOT_TCP },
	{ "IPv6 fragment", .frame = { .family = 6, .extensions = { HBH, FRAG } }, .reason = REASON_FRAGMENT },

	/* too short, or against each other */
	{ "Ethernet alone", .frame.keep = 14, .reason = REASON_MALFORMED },
	{ "cut in a tag", .frame = { .tags = { Q }, .keep = 17 }, .reason = REASON_MALFORMED },
	{ "cut in the IPv4 header", .frame.keep = 33, .reason = REASON_MALFORMED },
	{ "cut in the IPv6 header", .frame = { .family = 6, .keep = 53 }, .reason = REASON_MALFORMED },
	{ "version 6 as IPv4", .frame.pokes = POKE(IP, 0, 0x65), .reason = REASON_MALFORMED },
	{ "version 4 as IPv6", .frame = { .family = 6, .pokes = POKE(IP, 0, 0x40) },
	  .reason = REASON_MALFORMED },
	{ "ihl 4", .frame.pokes = POKE(IP, 0, 0x44), .reason = REASON_MALFORMED },
	{ "shorter than its IPv4 length", .frame.cut = 1, .reason = REASON_MALFORMED },
	{ "shorter than its IPv6 length", .frame = { .family = 6, .cut = 1 }, .reason = REASON_MALFORMED },
	{ "IPv4 length below its header", .frame.pokes = POKES(IP, 2, 0, 3, 19), .reason = REASON_MALFORMED },
	{ "IPv4 options without room", .no_data = true, .frame = { .keep = 54, .pokes = POKE(IP, 0, 0x4f) },
	  .reason = REASON_MALFORMED },
	{ "cut in the TCP header", .no_data = true, .no_timestamps = true,
	  .frame = { .cut = 1, .pokes = POKES(IP, 2, 0, 3, 39) }, .reason = REASON_MALFORMED },
	{ "IPv4 length within the TCP header", .no_data = true, .frame.pokes = POKES(IP, 2, 0, 3, 39),
	  .reason = REASON_MALFORMED },
	{ "IPv6 jumbogram", .frame = { .family = 6, .pokes = POKES(IP, 4, 0, 5, 0) },
	  .reason = REASON_MALFORMED },
	{ "extension header over the end",
	  .frame = { .family = 6, .extensions = { DST }, .pokes = POKE(IP, 41, 200) },
	  .reason = REASON_MALFORMED },
	{ "cut in an extension header", .no_data = true,
	  .frame = { .family = 6, .extensions = { DST }, .keep = 55, .pokes = POKES(IP, 4, 0, 5, 1) },
	  .reason = REASON_MALFORMED },
	{ "doff 4", .frame.pokes = POKE(TCP, 12, 0x40), .reason = REASON_MALFORMED },
	{ "doff over the end", .no_data = true, .frame.pokes = POKE(TCP, 12, 0xf0),
	  .reason = REASON_MALFORMED },

	{ "another port", PEER_SOCKET, .frame.dport = 80, .reason = REASON_OTHER_PORT },
	{ "another port, IPv6", PEER_SOCKET, .frame = { .family = 6, .dport = 444 },
	  .reason = REASON_OTHER_PORT },

	/* step 0 */
	{ "injected by us", PEER_SOCKET, .generic = true, .frame.own_mac = 0x5a, .reason = REASON_INJECTED },
	{ "generic mode, a stranger's frame", PEER_SOCKET, .generic = true, .reason = REASON_OFFERED },
	{ "native mode, our address", PEER_SOCKET, .frame.own_mac = 0x5a, .reason = REASON_OFFERED },
};
const size_t num_rows_headers = sizeof(rows_headers) / sizeof(*rows_headers);
