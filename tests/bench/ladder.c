/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Instructions of the whole ladder for each kind of packet that bpf/test_tax.c measures, one packet of each: the program from
 * its entry to its verdict, made by this machine's compiler instead of the kernel's. To be counted, not timed:
 *
 *	tests/bench/budget.sh ladder
 *
 * Counted: bpf/steer.bpf.c, lookups in arrays, and six instructions of cell_...(). Left out: what goes on behind a call of a
 * helper, which are the lookup in the map of flows (ack-flows, data-flows), copying from the packet (hello, undecided) and
 * the clock, the lookup of the socket and its release (undecided). The kernel's one connection vouches for whatever is asked;
 * so each condition of it is tested, but none has another outcome. Of `undecided` the packet is the first of its flow.
 * This compiler's code is not the one that the kernel runs: a number is to be compared with the same one of another day, and
 * what only clang makes long for BPF, as a word that it loads byte by byte, is not seen.
 *
 * It prints what became of each packet, and fails if that is not what is expected: a ladder that gives up early is not to
 * be taken for a fast one.
 */
#include <linux/bpf.h>
#include <arpa/inet.h>
#include "../bpf/frame.h"
#include "../corpus/corpus.h"
#include "host.h"

enum { UDP = 17, SSH = 22, HTTPS = 443, FULL = 1400 };

enum state { UNARMED, PENDING, HARVEST_FLOW };

enum packet { DATAGRAM, OTHER_PORT, PURE_ACK, DATA, HELLO_BROWSER, HELLO_CUT, NUM_PACKETS };

static const uint8_t application_data[FULL] = { 0x17, 3, 3, 0x40, 0x11 };

/* As in bpf/test_tax.c. hello: its first segment. */
static const struct packet_row {
	struct frame frame;
	const char *hello;
} packets[NUM_PACKETS] = {
	[DATAGRAM] = { .frame = { .protocol = UDP, .filler = 1200 } },
	[OTHER_PORT] = { .frame = { .dport = SSH, .data = application_data, .data_len = FULL } },
	[PURE_ACK] = { .frame = { .flags = ACK } },
	[DATA] = { .frame = { .data = application_data, .data_len = FULL } },
	[HELLO_BROWSER] = { .hello = "chromium-1-3" },
	[HELLO_CUT] = { .hello = "chromium-1" },
};

/* X(name, packet, state, reason) */
#define CELLS(X)                                         \
	X(other_udp, DATAGRAM, PENDING, NOT_TCP)         \
	X(other_tcp, OTHER_PORT, PENDING, OTHER_PORT)    \
	X(ack_unarmed, PURE_ACK, UNARMED, UNARMED)       \
	X(data_unarmed, DATA, UNARMED, UNARMED)          \
	X(ack_armed, PURE_ACK, PENDING, NO_PAYLOAD)      \
	X(data_armed, DATA, PENDING, NOT_HELLO)          \
	X(ack_flows, PURE_ACK, HARVEST_FLOW, NO_PAYLOAD) \
	X(data_flows, DATA, HARVEST_FLOW, NOT_HELLO)     \
	X(hello, HELLO_BROWSER, PENDING, HELLO_OTHER)    \
	X(undecided, HELLO_CUT, PENDING, HELLO_UNDECIDED)

enum cell_number {
#define X(name, packet, state, reason) CELL_##name,
	CELLS(X)
#undef X
		NUM_CELLS
};

static struct xdp_md contexts[NUM_CELLS];
static int verdicts[NUM_CELLS];

/* A function for each, so that one run of valgrind tells them apart. */
#define X(name, packet, state, reason)                                         \
	void cell_##name(void);                                                \
	__attribute__((noinline)) void cell_##name(void)                       \
	{                                                                      \
		verdicts[CELL_##name] = alpnxdp_steer(&contexts[CELL_##name]); \
	}
CELLS(X)
#undef X

static const struct cell {
	const char *name;
	void (*run)(void);
	enum packet packet;
	enum state state;
	enum reason reason;
} cells[NUM_CELLS] = {
#define X(name, packet, state, reason) { #name, cell_##name, packet, state, REASON_##reason },
	CELLS(X)
#undef X
};

static const char *const reason_name[NUM_REASONS] = {
#define X(symbol, name, help) name,
	ALPNXDP_REASONS(X)
#undef X
};

static void make_frame(const struct packet_row *row, struct frame_bytes *out)
{
	struct frame f = row->frame;
	struct corpus_bytes hello;

	f.family = 4;
	memcpy(f.saddr, (uint8_t[]){ 192, 0, 2, 7 }, 4);
	memcpy(f.daddr, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	f.sport = 40000;
	f.dport = f.dport ? f.dport : HTTPS;
	f.flags = f.flags ? f.flags : ACK | PSH;
	f.seq = HOST_SEQ;
	f.ack = HOST_ACK;
	f.timestamps = true;
	f.ts_value = f.ts_echo = HOST_NOW_MS;
	if (row->hello) {
		corpus_load(row->hello, &hello);
		f.data = hello.bytes;
		f.data_len = hello.ends[0];
	}
	frame_build(&f, out);
}

static void set_state(enum state state)
{
	config = (struct config){
		.abi = ALPNXDP_ABI,
		.epoch = 1,
		.armed = state != UNARMED,
		.flags = state == HARVEST_FLOW ? CONFIG_ANY_NAME : 0,
		.port = htons(HTTPS),
		.own_mac = { 2, 0, 0, 0, 0, 9 },
	};
	live.flows = live.crowd[live_crowd_of(&host.stranger)] = state == HARVEST_FLOW;
}

/* True: what is expected became of it. */
static bool run(const struct cell *cell)
{
	static struct frame_bytes frame;
	unsigned number = (unsigned)(cell - cells), reason;

	make_frame(&packets[cell->packet], &frame);
	set_state(cell->state);
	memset(host.counters, 0, sizeof(host.counters));
	contexts[number] = (struct xdp_md){
		.data = (__u32)(uintptr_t)frame.bytes,
		.data_end = (__u32)(uintptr_t)(frame.bytes + frame.len),
		.ingress_ifindex = HOST_DEVICE,
	};
	cell->run();
	for (reason = 0; reason < NUM_REASONS && !host.counters[reason]; reason++)
		;
	printf("%-13s %s, %s\n", cell->name, verdicts[number] == XDP_PASS ? "passed" : "not passed",
	       reason < NUM_REASONS ? reason_name[reason] : "not counted");
	return verdicts[number] == XDP_PASS && reason == cell->reason;
}

int main(void)
{
	unsigned right = 0;

	host_open();
	for (const struct cell *cell = cells; cell < cells + NUM_CELLS; cell++)
		right += run(cell);
	return right != NUM_CELLS;
}
