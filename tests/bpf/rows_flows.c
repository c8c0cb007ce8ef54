/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps 2 and 3: flows of ours by their state, heartbeat, epoch; and what comes by unarmed. */
#include "bench.h"

enum { OLD = 1500 /* ms: older than ALPNXDP_HEARTBEAT_MS */ };

const struct row rows_flows[] = {
	{ "unarmed", .unarmed = true, .reason = REASON_UNARMED },
	{ "unarmed, not even IP", .unarmed = true, .frame.ethertype = 0x0806, .reason = REASON_UNARMED },
	{ "unarmed, but a flow elsewhere", .unarmed = true, .other_flow = true, .reason = REASON_UNARMED },
	{ "unarmed, a flow elsewhere, UDP", .unarmed = true, .other_flow = true, .frame.protocol = 17,
	  .reason = REASON_NOT_TCP },
	{ "armed, a flow elsewhere", PEER_SOCKET, .other_flow = true, .reason = REASON_OFFERED },

	/* an offer: the kernel still has everything */
	{ "offered", .state = FLOW_OFFERED, .no_data = true, .reason = REASON_FLOW, .after = FLOW_OFFERED },
	{ "offered, hello again", PEER_SOCKET, .state = FLOW_OFFERED, .reason = REASON_FLOW,
	  .after = FLOW_OFFERED },
	{ "offered, second segment", PEER_SOCKET, .state = FLOW_OFFERED, .hello = "boulder-va-go1.26",
	  .segment = 2, .reason = REASON_FLOW, .after = FLOW_OFFERED },
	{ "offered, IPv6", .frame.family = 6, .state = FLOW_OFFERED, .reason = REASON_FLOW,
	  .after = FLOW_OFFERED },
	{ "offered, SYN", .state = FLOW_OFFERED, .frame.flags = SYN, .no_data = true,
	  .reason = REASON_FLOW_SYN, .after = FLOW_OFFERED },
	{ "offered, engine hung", .state = FLOW_OFFERED, .heartbeat_age_ms = OLD,
	  .reason = REASON_FLOW_STALE },
	{ "offered, engine gone", .state = FLOW_OFFERED, .heartbeat_age_ms = -1,
	  .reason = REASON_FLOW_STALE },
	{ "offered, engine hung, SYN", .state = FLOW_OFFERED, .heartbeat_age_ms = OLD, .frame.flags = SYN,
	  .no_data = true, .reason = REASON_FLOW_STALE },
	{ "offered, no socket", .state = FLOW_OFFERED, .no_slot = true, .reason = REASON_FLOW_NO_SOCKET,
	  .after = FLOW_OFFERED },
	{ "offered, unarmed", .state = FLOW_OFFERED, .unarmed = true, .reason = REASON_FLOW,
	  .after = FLOW_OFFERED },

	/* adopted: only the engine can finish it, and no blind SYN ends it (RFC 5961 4) */
	{ "adopted", .state = FLOW_ADOPTED, .no_data = true, .reason = REASON_FLOW, .after = FLOW_ADOPTED },
	{ "adopted, IPv6", .frame.family = 6, .state = FLOW_ADOPTED, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, SYN", .state = FLOW_ADOPTED, .frame.flags = SYN, .no_data = true, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, RST", .state = FLOW_ADOPTED, .frame.flags = RST, .no_data = true, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, engine hung", .state = FLOW_ADOPTED, .heartbeat_age_ms = OLD, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, unarmed", .state = FLOW_ADOPTED, .unarmed = true, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, no credit", .state = FLOW_ADOPTED, .no_credit = true, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, no socket", .state = FLOW_ADOPTED, .no_slot = true, .reason = REASON_FLOW_NO_SOCKET,
	  .after = FLOW_ADOPTED },
	{ "adopted, in generic mode", .state = FLOW_ADOPTED, .generic = true, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },
	{ "adopted, but our own frame", .state = FLOW_ADOPTED, .generic = true, .frame.own_mac = 0x5a,
	  .reason = REASON_INJECTED, .after = FLOW_ADOPTED },
	{ "adopted, VLAN", .state = FLOW_ADOPTED, .frame.tags = { 0x8100 }, .reason = REASON_FLOW,
	  .after = FLOW_ADOPTED },

	{ "lingering", .state = FLOW_LINGER, .no_data = true, .reason = REASON_FLOW, .after = FLOW_LINGER },
	{ "lingering, FIN", .state = FLOW_LINGER, .frame.flags = FIN | ACK, .no_data = true,
	  .reason = REASON_FLOW, .after = FLOW_LINGER },
	{ "lingering, port reused", .state = FLOW_LINGER, .frame.flags = SYN, .no_data = true,
	  .reason = REASON_FLOW_SYN },
	{ "lingering, no socket", .state = FLOW_LINGER, .no_slot = true, .reason = REASON_FLOW_NO_SOCKET,
	  .after = FLOW_LINGER },

	{ "declined", .state = FLOW_DECLINED, .no_data = true, .reason = REASON_FLOW_DECLINED,
	  .after = FLOW_DECLINED },
	{ "declined, never adopted twice", PEER_SOCKET, .state = FLOW_DECLINED,
	  .reason = REASON_FLOW_DECLINED, .after = FLOW_DECLINED },
	{ "declined, port reused", .state = FLOW_DECLINED, .frame.flags = SYN, .no_data = true,
	  .reason = REASON_FLOW_SYN },
	{ "declined, no socket", .state = FLOW_DECLINED, .no_slot = true, .reason = REASON_FLOW_DECLINED,
	  .after = FLOW_DECLINED },

	/* entries of a dead engine are ignored, and replaced when the flow is offered again */
	{ "old epoch, adopted", .state = FLOW_ADOPTED, .old_epoch = true, .no_data = true,
	  .reason = REASON_NO_PAYLOAD, .after = FLOW_ADOPTED },
	{ "old epoch, declined, SYN", .state = FLOW_DECLINED, .old_epoch = true, .frame.flags = SYN,
	  .no_data = true, .reason = REASON_NO_PAYLOAD, .after = FLOW_DECLINED },
	{ "old epoch, unarmed", .state = FLOW_ADOPTED, .old_epoch = true, .unarmed = true,
	  .reason = REASON_UNARMED, .after = FLOW_ADOPTED },
	{ "old epoch, offered again", PEER_SOCKET, .state = FLOW_ADOPTED, .old_epoch = true,
	  .reason = REASON_OFFERED },
	{ "old epoch, IPv6, offered again", PEER_SOCKET, .frame.family = 6, .state = FLOW_OFFERED,
	  .old_epoch = true, .reason = REASON_OFFERED },
};
const size_t num_rows_flows = sizeof(rows_flows) / sizeof(*rows_flows);
