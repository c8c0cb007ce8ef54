/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's own connection must look like before it may be adopted. */
#include "bench.h"

#define MINUS(n) (0u - (n))

const struct row rows_kernel[] = {
	{ "socket without timestamps", PEER_SOCKET, .no_timestamps = true, .reason = REASON_OFFERED },
	{ "request socket", PEER_REQUEST, .reason = REASON_OFFERED },
	{ "request socket, IPv6", PEER_REQUEST, .frame.family = 6, .reason = REASON_OFFERED },
	{ "request socket without timestamps", PEER_REQUEST, .no_timestamps = true,
	  .reason = REASON_OFFERED },
	{ "deferred accept", PEER_DEFERRED, .reason = REASON_OFFERED },
	{ "deferred accept, IPv6", PEER_DEFERRED, .frame.family = 6, .reason = REASON_OFFERED },

	{ "nobody listens", PEER_NOBODY, .reason = REASON_KERNEL_NONE },
	{ "nobody listens, IPv6", PEER_NOBODY, .frame.family = 6, .reason = REASON_KERNEL_NONE },
	{ "listener only", PEER_STRANGER, .reason = REASON_KERNEL_LISTENER },
	{ "listener only, IPv6", PEER_STRANGER, .frame.family = 6, .reason = REASON_KERNEL_LISTENER },

	{ "server has written", PEER_SOCKET, EVENT_SERVER_WROTE, .reason = REASON_KERNEL_STATE },
	{ "client has sent", PEER_SOCKET, EVENT_CLIENT_SENT, .frame.seq = 1, .reason = REASON_KERNEL_STATE },
	{ "hello again, the kernel has it", PEER_SOCKET, EVENT_CLIENT_SENT, .reason = REASON_KERNEL_SEQ },
	{ "half closed by the client", PEER_SOCKET, EVENT_CLIENT_CLOSED, .reason = REASON_KERNEL_STATE },
	{ "waiting for stragglers", PEER_SOCKET, EVENT_TIME_WAIT, .reason = REASON_KERNEL_STATE },
	{ "Fast Open", PEER_FASTOPEN, .reason = REASON_KERNEL_STATE },

	{ "one byte ahead", PEER_SOCKET, .frame.seq = 1, .reason = REASON_KERNEL_SEQ },
	{ "one byte behind", PEER_SOCKET, .frame.seq = MINUS(1), .reason = REASON_KERNEL_SEQ },
	{ "one byte ahead, IPv6", PEER_SOCKET, .frame = { .family = 6, .seq = 1 },
	  .reason = REASON_KERNEL_SEQ },
	{ "request socket, ahead", PEER_REQUEST, .frame.seq = 1, .reason = REASON_KERNEL_SEQ },
	{ "request socket, behind", PEER_DEFERRED, .frame.seq = MINUS(1), .reason = REASON_KERNEL_SEQ },
	{ "acknowledges too much", PEER_SOCKET, .frame.ack = 1, .reason = REASON_KERNEL_ACK },
	{ "acknowledges too little", PEER_SOCKET, .frame.ack = MINUS(1), .reason = REASON_KERNEL_ACK },
	{ "request socket, too much", PEER_REQUEST, .frame.ack = 1, .reason = REASON_KERNEL_ACK },
	{ "request socket, too little", PEER_DEFERRED, .frame.ack = MINUS(1), .reason = REASON_KERNEL_ACK },

	{ "TCP-MD5 on the socket", PEER_SOCKET, EVENT_MD5, .reason = REASON_KERNEL_FEATURE },
	{ "MPTCP on the request", PEER_MPTCP, .reason = REASON_KERNEL_FEATURE },

	{ "echo from the future", PEER_SOCKET, .frame.ts_echo = 60000, .reason = REASON_KERNEL_TIMESTAMP },
	{ "echo from long ago", PEER_SOCKET, .frame.ts_echo = MINUS(700000),
	  .reason = REASON_KERNEL_TIMESTAMP },
	{ "echo of half a minute ago", PEER_SOCKET, .frame.ts_echo = MINUS(30000), .reason = REASON_OFFERED },
	{ "timestamps forgotten", PEER_SOCKET, .strip_timestamps = true, .reason = REASON_KERNEL_TIMESTAMP },
	{ "value older than the last", PEER_SOCKET, .frame.ts_value = MINUS(1),
	  .reason = REASON_KERNEL_TIMESTAMP },
	{ "request socket, from the future", PEER_REQUEST, .frame.ts_echo = 60000,
	  .reason = REASON_KERNEL_TIMESTAMP },
	{ "request socket, forgotten", PEER_DEFERRED, .strip_timestamps = true,
	  .reason = REASON_KERNEL_TIMESTAMP },

	{ "answered by another way", PEER_ASTRAY, .reason = REASON_ROUTE },
	{ "answered by another way, IPv6", PEER_ASTRAY, .frame.family = 6, .reason = REASON_ROUTE },
};
const size_t num_rows_kernel = sizeof(rows_kernel) / sizeof(*rows_kernel);
