/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs and userspace share: map names, keys, values, limits and the reasons for every verdict.
 *
 * Owns the binary interface between bpf/ and user/. Both sides compile this file; every structure states its size,
 * so that a change of layout is a compile error on one of them. ALPNXDP_ABI changes with any change of meaning:
 * a daemon takes over the maps of an attached program only if the number in its config map is its own.
 *
 * Byte order: names ending in _be, and the ports of struct flow_key, are in network order; all else is in host order.
 */
#ifndef ALPNXDP_ABI_H
#define ALPNXDP_ABI_H

#ifdef __bpf__
#include "kernel.h" /* the kernel's types, as few as are needed */
#else
#include <assert.h>
#include <linux/types.h>
#endif

#define ALPNXDP_ABI 4u

/*
 * Names by which a running attachment is recognised (the kernel keeps 15 characters). Of those that are variables of the
 * program the kernel has ".data." before the name.
 */
#define ALPNXDP_PROG_STEER "alpnxdp_steer"
#define ALPNXDP_MAP_CONFIG "config"
#define ALPNXDP_MAP_QUEUES "queues"
#define ALPNXDP_MAP_LIVE "live"
#define ALPNXDP_MAP_FLOWS "flows"
#define ALPNXDP_MAP_NAMES "names"
#define ALPNXDP_MAP_HELLOS "hellos"
#define ALPNXDP_MAP_COUNTERS "counters"
#define ALPNXDP_MAP_XSKS "xsks"
#define ALPNXDP_MAP_NOTES "notes"

enum {
	ALPNXDP_MAX_QUEUES = 64,   /* RX queues of one interface */
	ALPNXDP_MAX_FLOWS = 4096,  /* entries of the flow map, all states */
	ALPNXDP_MAX_NAMES = 65536, /* entries of the map of pending names */
	ALPNXDP_MAX_FRAME =
		3368, /* bytes; the largest live frame of Linux 6.1 (6.18: 3,408): what we can give back */
	ALPNXDP_MAX_HELLO = 4096,     /* bytes of a TLS record stream that the walk looks at */
	ALPNXDP_SLOTS = 2048,         /* undecided hellos remembered at once; a power of two */
	ALPNXDP_NO_SLOT = -1,         /* struct flow.slot: nothing is remembered */
	ALPNXDP_UNDECIDED_MS = 10000, /* a hello that takes longer than this is forgotten */
	ALPNXDP_HEARTBEAT_MS = 1000,  /* an engine silent for longer than this is taken for hung */
	ALPNXDP_OFFER_MS = 10000,     /* an offer that no engine took is forgotten after this */
	ALPNXDP_NOTES_BYTES = 262144, /* the ring of notes; a power of two, and of pages */
	ALPNXDP_NOTES_CREDIT = 64,    /* notes of a queue between two times that the engine refills it */
	ALPNXDP_NOTE_HELLO = 2048,    /* bytes of a hello in a note */
};

/* A TCP flow as the edge host receives it: source is the client. IPv4 is mapped into IPv6 (::ffff:a.b.c.d). */
struct flow_key {
	__u8 saddr[16];
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
};
_Static_assert(sizeof(struct flow_key) == 36, "padding would make equal flows differ as map keys");

/* Where the kernel kept the connection when it was adopted. */
enum handoff_source {
	HANDOFF_SOCKET = 1, /* an established socket */
	HANDOFF_REQUEST, /* a request socket: deferred accept, or the last ACK is in the same batch as the hello */
	HANDOFF_CONNTRACK, /* no socket here: the web server is behind DNAT */
};

enum handoff_flags {
	HANDOFF_TIMESTAMPS = 1 << 0, /* RFC 7323 timestamps were negotiated */
	HANDOFF_TS_USEC = 1 << 1,    /* their unit is a microsecond, not a millisecond (Linux tcp_usec_ts) */
	HANDOFF_SACK = 1 << 2,       /* SACK permitted by both (RFC 2018) */
};

/*
 * The kernel's TCP state at the moment of adoption, complete enough to continue it exactly.
 * Segments of the validator carry seq >= rcv_nxt; ours begin at snd_nxt, and nothing of ours is unacknowledged.
 */
struct handoff {
	__u32 rcv_nxt; /* sequence number of the hello's first byte */
	__u32 snd_nxt; /* sequence number of the first byte we send */
	__u32 snd_wnd; /* the validator's window, in bytes (scale applied) */
	__u32 rcv_wnd; /* the window that the kernel last advertised, in bytes from rcv_nxt */
	__u32 ts_offset; /* our timestamp value is the monotonic clock in the unit of the flags plus this (mod 2^32) */
	__u32 ts_recent; /* the validator's latest timestamp value, to be echoed */
	__u32 srtt_us;   /* smoothed round-trip time in microseconds; 0: unknown */
	__u16 mss; /* payload bytes of a full segment, room for the timestamps option already taken off */
	__u8 snd_wscale;  /* 0..14: shift of the windows that the validator sends */
	__u8 rcv_wscale;  /* 0..14: shift of the windows that we send */
	__u8 flags;       /* enum handoff_flags */
	__u8 source;      /* enum handoff_source */
	__u8 reserved[2]; /* zero */
};
_Static_assert(sizeof(struct handoff) == 36, "the layout of struct handoff is part of the ABI");

/*
 * OFFERED: redirected, but the kernel's half still has everything: forgetting the entry gives the flow back.
 * ADOPTED: we have answered, or are about to: only the engine can finish it.
 * SERVED:  adopted, and the kernel's half is to die: the segment that does nothing but acknowledge all that we have sent
 *          becomes the RST that ends it.
 * SILENCED: that has happened; the program says so, and the engine learns of the acknowledgement when it asks.
 * LINGER:  finished; stragglers come to the engine, a SYN belongs to the kernel and ends the entry.
 * DECLINED: given back to the kernel: every segment passes, a SYN ends the entry.
 */
enum flow_state { FLOW_OFFERED = 1, FLOW_ADOPTED, FLOW_SERVED, FLOW_SILENCED, FLOW_LINGER, FLOW_DECLINED };

struct flow {
	__u64 offered_ns; /* CLOCK_MONOTONIC when the program offered it */
	__u32 epoch;      /* of the engine it was offered to; an entry of another epoch is ignored */
	__u16 queue;      /* RX queue of the hello */
	__u8 state;       /* enum flow_state */
	__u8 reserved;    /* zero */
	struct handoff handoff;
	__s32 slot; /* where the bytes are that passed before the flow was offered; ALPNXDP_NO_SLOT: there are none */
	__u32 sent;   /* with FLOW_SERVED, by the engine: the number that acknowledges all we have sent */
	__u16 passed; /* likewise: bytes from handoff.rcv_nxt on that have passed to the kernel */
	__u16 window; /* with FLOW_SILENCED, by the program: what stood in the window field */
};
_Static_assert(sizeof(struct flow) == 64, "the layout of struct flow is part of the ABI");

/*
 * Map "hellos", mmapable: the bytes of hellos whose ALPN list was not in view yet. They have passed to the kernel; this
 * is a copy. A newer hello may take the place of an older one at any time, so a reader compares the key
 * after it has copied. Bit i of `have` (in word i / 64) says that bytes[i] is there; bytes[0] has the number `first`.
 */
struct hello_slot {
	struct flow_key key;
	__u32 first;
	__u64 begun_ns; /* CLOCK_MONOTONIC */
	__u64 have[ALPNXDP_MAX_HELLO / 64];
	__u8 bytes[ALPNXDP_MAX_HELLO +
		   ALPNXDP_MAX_FRAME]; /* a frame may begin anywhere and is copied whole */
};
_Static_assert(sizeof(struct hello_slot) == 8024, "the layout of struct hello_slot is part of the ABI");

enum config_flags {
	CONFIG_GENERIC = 1 << 0,   /* attached in generic mode: our own injected frames come by again */
	CONFIG_CONNTRACK = 1 << 2, /* told at attach: the program can ask conntrack */
	CONFIG_ANY_NAME = 1 << 1, /* do not dismiss hellos by the map of pending names (it is not complete) */
	CONFIG_TRACE = 1 << 3,    /* somebody traces: a note of every hello */
	CONFIG_TRACE_FROM = 1 << 4, /* likewise, but only those from trace_from */
};

/*
 * Map "config": one value, mmapable. The keeper writes all but epoch, armed, trace_from, CONFIG_ANY_NAME and CONFIG_TRACE*,
 * which are the engine's.
 */
struct config {
	__u32 abi;       /* ALPNXDP_ABI */
	__u32 epoch;     /* of the present engine; grows by one with each */
	__u32 armed;     /* number of pending challenges; 0: everything passes */
	__u32 flags;     /* enum config_flags */
	__be16 port;     /* the web server's port */
	__u8 own_mac[6]; /* source address of the frames that we inject: random, locally administered */
	__u32 ifindex;
	__u32 reserved;      /* zero */
	__u8 trace_from[16]; /* as in struct flow_key */
};
_Static_assert(sizeof(struct config) == 48, "the layout of struct config is part of the ABI");

/* Map "queues": one value per RX queue, mmapable, a cache line each. */
struct queue_state {
	__u64 heartbeat_ns; /* CLOCK_MONOTONIC; written by the packet loop that serves this queue; 0: nobody does */
	__s32 credit; /* hellos that may still be offered; the engine sets it, the program counts it down */
	__s32 notes;  /* notes that may still be written; likewise */
	__u64 notes_lost; /* those that were not, for want of that or of room in the ring; the program counts up */
	__u8 reserved[40]; /* zero */
};
_Static_assert(sizeof(struct queue_state) == 64, "one cache line per queue");

/*
 * Map "live": one value, mmapable: entries in the flow map, and how many of each crowd, by which a bystander's packet sees
 * that the map has nothing for it. Whoever adds or deletes an entry adjusts both atomically.
 */
enum { LIVE_CROWDS = 4096 }; /* a power of two */
struct live {
	__u32 flows;
	__u32 reserved[15]; /* zero */
	__u32 crowd[LIVE_CROWDS];
};
_Static_assert(sizeof(struct live) == 64 + 4 * LIVE_CROWDS, "flows has a cache line of its own");

/*
 * The crowd of a flow: client is the exclusive or of the four words of flow_key.saddr, ports the word of both ports. Anybody may
 * join a crowd of his choice: all that others have of it is a look into the map.
 */
static inline __attribute__((always_inline)) __u32 live_crowd(__u32 client, __u32 ports)
{
	return (client ^ ports) * 0x9e3779b1u / (0x100000000ull / LIVE_CROWDS);
}

static inline __attribute__((always_inline)) __u32 live_crowd_of(const struct flow_key *key)
{
	__u32 client[4], ports;

	__builtin_memcpy(client, key->saddr, sizeof(client));
	__builtin_memcpy(&ports, &key->sport, sizeof(ports));
	return live_crowd(client[0] ^ client[1] ^ client[2] ^ client[3], ports);
}

/* Map "names": key is name_hash() of a pending name as validators send it in SNI, value a byte without meaning. */
typedef __u64 name_hash_t;

/*
 * FNV-1a over the lowercased name without its trailing dot. Two names that collide cost a hello in userspace,
 * which compares names: nothing depends on this being hard to collide.
 */
#define NAME_HASH_INIT 0xcbf29ce484222325ull
#define NAME_HASH_STEP(hash, lower) (((hash) ^ (__u8)(lower)) * 0x100000001b3ull)

/* What probe and peek answer about a flow (a return value of BPF_PROG_TEST_RUN, never of the packet path). */
enum probe_answer {
	PROBE_NONE = 0, /* the kernel has no connection: silenced */
	PROBE_REQUEST,  /* a request socket */
	PROBE_SOCKET,   /* a full socket that is not closed */
	PROBE_LISTENER, /* of peek: no connection, but somebody listens there */
};

/*
 * Reasons: why the program let a packet pass, or took it. One counter each, in the per-CPU array map "counters".
 * X(symbol, name, help)
 */
#define ALPNXDP_REASONS(X)                                                                                   \
	X(INJECTED, "injected", "a frame that we injected ourselves (generic mode)")                         \
	X(NOT_IP, "not-ip", "neither IPv4 nor IPv6")                                                         \
	X(NOT_TCP, "not-tcp", "IP, but not TCP")                                                             \
	X(FRAGMENT, "fragment", "an IP fragment")                                                            \
	X(MALFORMED, "malformed", "headers that are too short or contradict each other")                     \
	X(OTHER_PORT, "other-port", "TCP to another port")                                                   \
	X(FLOW, "flow", "belongs to a flow of ours: to the engine")                                          \
	X(FLOW_SILENCE, "flow-silence", "an ACK of a flow of ours, now the RST that ends the kernel's half") \
	X(FLOW_DECLINED, "flow-declined", "belongs to a flow that we gave back")                             \
	X(FLOW_SYN, "flow-syn", "a SYN on a flow that is not adopted: to the kernel")                        \
	X(FLOW_STALE, "flow-stale", "an offer that a hung engine never took: given back")                    \
	X(FLOW_NO_SOCKET, "flow-no-socket", "a flow of ours, but no engine listens on this queue")           \
	X(UNARMED, "unarmed", "no challenge is pending")                                                     \
	X(NO_PAYLOAD, "no-payload", "no data")                                                               \
	X(NOT_HELLO, "not-hello", "data that does not begin with a ClientHello")                             \
	X(HELLO_MALFORMED, "hello-malformed", "a ClientHello whose lengths contradict each other")           \
	X(HELLO_OTHER, "hello-other", "a ClientHello that does not offer acme-tls/1")                        \
	X(HELLO_UNDECIDED, "hello-undecided",                                                                \
	  "a ClientHello whose ALPN list is not in view yet: remembered")                                    \
	X(HELLO_EARLY, "hello-early", "a segment of a hello that has overtaken its beginning")               \
	X(NOT_PENDING, "not-pending", "offers acme-tls/1 for a name that is not pending")                    \
	X(NO_SYN, "no-syn", "too many hellos at once whose SYN was never seen: spoofed")                     \
	X(ENGINE_SILENT, "engine-silent", "the engine has given no sign of life for a second")               \
	X(NO_CREDIT, "no-credit", "the engine has no room for another flow")                                 \
	X(OVERSIZE, "oversize", "the frame is too large to be given back, or in several buffers")            \
	X(TCP_FLAGS, "tcp-flags", "a hello with SYN, FIN or RST, or without ACK")                            \
	X(TCP_OPTION, "tcp-option", "a hello with MD5, TCP-AO or MPTCP options, or with broken ones")        \
	X(KERNEL_NONE, "kernel-none", "the kernel knows no such connection")                                 \
	X(KERNEL_LISTENER, "kernel-listener",                                                                \
	  "the kernel shows only the listener (SYN cookies, or spoofed)")                                    \
	X(KERNEL_STATE, "kernel-state", "the kernel's socket is not established, or not fresh")              \
	X(KERNEL_SEQ, "kernel-seq", "the sequence number is not the kernel's next")                          \
	X(KERNEL_ACK, "kernel-ack", "the acknowledgement number is not the kernel's next")                   \
	X(KERNEL_FEATURE, "kernel-feature", "the kernel's socket uses MPTCP, MD5 or TCP-AO")                 \
	X(KERNEL_TIMESTAMP, "kernel-timestamp", "the timestamp echo is not one that the kernel sent")        \
	X(ROUTE, "route", "the kernel answers this flow through another interface")                          \
	X(TABLE_FULL, "table-full", "the flow map is full")                                                  \
	X(OFFERED, "offered", "offers acme-tls/1 for a pending name: to the engine")                         \
	X(NO_SOCKET, "no-socket", "would be offered, but no engine listens on this queue")

enum reason {
#define X(symbol, name, help) REASON_##symbol,
	ALPNXDP_REASONS(X)
#undef X
		NUM_REASONS
};

/*
 * Map "notes", a BPF ring buffer: what became of a hello, for people. Two kinds are written: always, of a hello that
 * offers acme-tls/1 and that the program let pass, since nobody else knows of it; and of every hello while
 * CONFIG_TRACE or CONFIG_TRACE_FROM is set. At most queue_state.notes of them. Nobody is woken for one.
 *
 * What stands in `hello` is whatever somebody has sent; behind hello_len it is of other hellos, and means nothing.
 */
enum note_flags {
	NOTE_ACME = 1 << 0, /* offers acme-tls/1 */
	NOTE_NAME = 1 << 1, /* name is set: the server name was in view */
};

struct note {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 name;    /* name_hash_t */
	struct flow_key key;
	__u32 ifindex;
	__u32 data_len; /* of the segment */
	__u32 stream;   /* bytes of the record stream that were looked at; 0: none */
	__u32 first;    /* sequence number of the segment */
	__u16 queue;
	__u16 hello_len; /* how many of them are here, from the first on */
	__u8 reason;     /* enum reason */
	__u8 flags;      /* enum note_flags */
	/*
	 * With REASON_NOT_PENDING, which is said before anybody asks the kernel: its word on the segment, NUM_REASONS: it has
	 * this very connection; else why not (KERNEL_NONE: perhaps forged). Otherwise equal to reason.
	 */
	__u8 kernel;
	__u8 reserved[5]; /* zero */
	__u8 hello[ALPNXDP_NOTE_HELLO];
};
_Static_assert(sizeof(struct note) == 80 + ALPNXDP_NOTE_HELLO,
	       "the layout of struct note is part of the ABI");
_Static_assert(NUM_REASONS <= 255, "a reason fits a byte");

#endif
