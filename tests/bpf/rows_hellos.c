/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps 4 to 6: data, hello, name; and whether the engine can take another flow. */
#include "bench.h"

enum { OLD = 1500, YOUNG = 500 /* ms, on both sides of ALPNXDP_HEARTBEAT_MS */ };

/* Offset into the hello from the TCP header: 20 bytes and 12 of timestamps before it. */
#define HELLO_BYTE(at, value)                         \
	{                                             \
		{                                     \
			LAYER_TCP, 32 + (at), (value) \
		}                                     \
	}

const struct row rows_hellos[] = {
	{ "ACK alone", PEER_SOCKET, .no_data = true, .reason = REASON_NO_PAYLOAD },
	{ "SYN", .no_data = true, .frame.flags = SYN, .reason = REASON_NO_PAYLOAD },
	{ "HTTP", PEER_SOCKET, .text = "GET / HTTP/1.1\r\n\r\n", .reason = REASON_NOT_HELLO },
	{ "application data", PEER_SOCKET, .text = "\x17\x03\x03\x01\x01\x01", .reason = REASON_NOT_HELLO },
	{ "ServerHello", PEER_SOCKET, .frame.pokes = HELLO_BYTE(5, 2), .reason = REASON_NOT_HELLO },
	{ "record version 2", PEER_SOCKET, .frame.pokes = HELLO_BYTE(1, 2), .reason = REASON_NOT_HELLO },
	{ "record too long", PEER_SOCKET, .frame.pokes = HELLO_BYTE(3, 0x41), .reason = REASON_NOT_HELLO },
	{ "one byte", PEER_SOCKET, .bytes = 1, .reason = REASON_HELLO_UNDECIDED },
	{ "a record header", PEER_SOCKET, .bytes = 5, .reason = REASON_HELLO_UNDECIDED },
	{ "cut in the ALPN list", PEER_SOCKET, .bytes = 244, .reason = REASON_HELLO_UNDECIDED },
	{ "cut behind the ALPN list", PEER_SOCKET, .bytes = 245, .reason = REASON_OFFERED },
	{ "session id too long", PEER_SOCKET, .frame.pokes = HELLO_BYTE(43, 33),
	  .reason = REASON_HELLO_MALFORMED },
	{ "cipher suites odd", PEER_SOCKET, .frame.pokes = HELLO_BYTE(77, 9),
	  .reason = REASON_HELLO_MALFORMED },
	{ "hello shorter than its parts", PEER_SOCKET, .frame.pokes = HELLO_BYTE(8, 0x20),
	  .reason = REASON_HELLO_MALFORMED },
	{ "a browser", PEER_SOCKET, .hello = "chromium-2", .reason = REASON_HELLO_OTHER },
	{ "a browser, ALPN in the second segment", PEER_SOCKET, .hello = "chromium-1", .segment = 1,
	  .reason = REASON_HELLO_UNDECIDED },
	{ "that second segment", PEER_SOCKET, .hello = "chromium-1", .segment = 2,
	  .reason = REASON_NOT_HELLO },
	{ "that second segment, the SYN was seen", PEER_SOCKET, .hello = "chromium-1", .segment = 2,
	  .frame.seq = 1400, .syn_seen = true, .reason = REASON_HELLO_EARLY },
	{ "HTTP, the SYN was seen", PEER_SOCKET, .text = "GET / HTTP/1.1\r\n\r\n", .syn_seen = true,
	  .reason = REASON_NOT_HELLO },
	/* hellos whose SYN was not seen are looked at so many times a second */
	{ "the SYN was not seen, of too many", PEER_SOCKET, .unmarked_spent = true, .reason = REASON_NO_SYN },
	{ "spoofed, of too many", PEER_STRANGER, .unmarked_spent = true, .reason = REASON_NO_SYN },
	{ "a browser, the SYN was not seen, of too many", PEER_SOCKET, .hello = "chromium-2",
	  .unmarked_spent = true, .reason = REASON_NO_SYN },
	{ "too many, but the SYN was seen", PEER_SOCKET, .unmarked_spent = true, .syn_seen = true,
	  .reason = REASON_OFFERED },
	{ "too many, HTTP", PEER_SOCKET, .text = "GET / HTTP/1.1\r\n\r\n", .unmarked_spent = true,
	  .reason = REASON_NOT_HELLO },
	{ "curl", PEER_SOCKET, .hello = "curl-7.88-https", .reason = REASON_HELLO_OTHER },
	{ "no ALPN", PEER_SOCKET, .hello = "nss-3.110-tstclnt", .reason = REASON_HELLO_OTHER },

	/* names */
	{ "the pending name", PEER_SOCKET, .pending = "d.example.org", .reason = REASON_OFFERED },
	{ "the pending name, IPv6", PEER_SOCKET, .pending = "d.example.org", .frame.family = 6,
	  .reason = REASON_OFFERED },
	{ "an address", PEER_SOCKET, .pending = "2.0.77.10.in-addr.arpa",
	  .hello = "boulder-va-go1.26-ipident", .reason = REASON_OFFERED },
	{ "in capitals", PEER_SOCKET, .pending = "d.example.org", .frame.pokes = HELLO_BYTE(117, 'D'),
	  .reason = REASON_OFFERED },
	{ "another name", PEER_SOCKET, .pending = "e.example.org", .reason = REASON_NOT_PENDING },
	{ "a longer name", PEER_SOCKET, .pending = "d.example.orgs", .reason = REASON_NOT_PENDING },
	{ "no name at all", PEER_SOCKET, .pending = "d.example.org", .frame.pokes = HELLO_BYTE(109, 99),
	  .reason = REASON_NOT_PENDING },
	{ "no name at all, any will do", PEER_SOCKET, .frame.pokes = HELLO_BYTE(109, 99),
	  .reason = REASON_OFFERED },
	{ "the name not in view", PEER_SOCKET, .pending = "e.example.org", .hello = "gnutls-cli-3.7",
	  .bytes = 300, .reason = REASON_OFFERED },
	{ "the name half in view", PEER_SOCKET, .pending = "e.example.org", .hello = "gnutls-cli-3.7",
	  .bytes = 390, .reason = REASON_OFFERED },
	{ "not a host name", PEER_SOCKET, .frame.pokes = HELLO_BYTE(114, 1),
	  .reason = REASON_HELLO_MALFORMED },

	/* the engine */
	{ "engine hung", PEER_SOCKET, .heartbeat_age_ms = OLD, .reason = REASON_ENGINE_SILENT },
	{ "engine never there", PEER_SOCKET, .heartbeat_age_ms = -1, .reason = REASON_ENGINE_SILENT },
	{ "engine a little slow", PEER_SOCKET, .heartbeat_age_ms = YOUNG, .reason = REASON_OFFERED },
	{ "no credit", PEER_SOCKET, .no_credit = true, .reason = REASON_NO_CREDIT },
	{ "no credit, but a stranger", PEER_STRANGER, .no_credit = true, .reason = REASON_KERNEL_LISTENER },
	{ "no socket", PEER_SOCKET, .no_slot = true, .reason = REASON_NO_SOCKET },
	{ "too large", PEER_SOCKET, .frame.filler = 3100, .reason = REASON_OVERSIZE },

	/* flags and options */
	{ "FIN on the hello", PEER_SOCKET, .frame.flags = FIN | ACK, .reason = REASON_TCP_FLAGS },
	{ "RST on the hello", PEER_SOCKET, .frame.flags = RST | ACK, .reason = REASON_TCP_FLAGS },
	{ "SYN on the hello", PEER_SOCKET, .frame.flags = SYN, .reason = REASON_TCP_FLAGS },
	{ "urgent", PEER_SOCKET, .frame.flags = URG | ACK, .reason = REASON_TCP_FLAGS },
	{ "no ACK", PEER_SOCKET, .frame.flags = PSH, .reason = REASON_TCP_FLAGS },
	{ "TCP-MD5", PEER_SOCKET, .frame = { .options = { 19, 18 }, .options_len = 20 },
	  .reason = REASON_TCP_OPTION },
	{ "TCP-AO", PEER_SOCKET, .frame = { .options = { 29, 4 }, .options_len = 4 },
	  .reason = REASON_TCP_OPTION },
	{ "MPTCP", PEER_SOCKET, .frame = { .options = { 1, 30, 3 }, .options_len = 4 },
	  .reason = REASON_TCP_OPTION },
	{ "option of length 1", PEER_SOCKET, .frame = { .options = { 254, 1 }, .options_len = 4 },
	  .reason = REASON_TCP_OPTION },
	{ "option over the end", PEER_SOCKET, .frame = { .options = { 1, 1, 254, 3 }, .options_len = 4 },
	  .reason = REASON_TCP_OPTION },
	{ "option cut behind its kind", PEER_SOCKET,
	  .frame = { .options = { 1, 1, 1, 254 }, .options_len = 4 }, .reason = REASON_TCP_OPTION },
	{ "end of options", PEER_SOCKET, .frame = { .options = { 0, 30, 99, 0 }, .options_len = 4 },
	  .reason = REASON_OFFERED },
	{ "an unknown option", PEER_SOCKET, .frame = { .options = { 254, 4 }, .options_len = 4 },
	  .reason = REASON_OFFERED },
	{ "all the room", PEER_SOCKET, .frame = { .options = { 254, 28 }, .options_len = 28 },
	  .reason = REASON_OFFERED },
};
const size_t num_rows_hellos = sizeof(rows_hellos) / sizeof(*rows_hellos);
