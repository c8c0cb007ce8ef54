/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine and a handful of clients that the fuzzer makes up: offers, segments cut out of a real hello, other bytes,
 * time, challenges that come and go, somebody who is asked for them and answers or not, offers that the kernel takes back.
 *
 * Whatever comes: nothing is sent on a flow that was not claimed, what is sent goes to its client and can be decoded, what
 * is given back was declined, the deadline is ahead, and in the end every flow is gone, and soon.
 */
#include "fuzz.h"
#include "engine/engine.h"
#include "../corpus/corpus.h"

enum { CLIENTS = 6, MOST_STEPS = 60, FIRST_PORT = 1000, WEB_PORT = 443 };

/* A client, and its entry in the flow map. */
struct client {
	struct flow entry; /* state 0: there is none */
	uint32_t sent;     /* bytes of its stream so far */
	uint32_t got;      /* what the engine has sent, by its numbers */
};

static struct world {
	struct engine *engine;
	struct challenge_store *store;
	struct corpus_bytes hello;
	struct identifier ident;
	struct client client[CLIENTS];
	struct hello_slot slot; /* one for all: a newer hello takes the place of an older one */
	struct engine_port iface;
	usec_t now;
	enum engine_ask answer;
} world;

static struct client *client_of(const struct flow_key *key, bool inwards)
{
	uint16_t be = inwards ? key->sport : key->dport;
	unsigned port = (unsigned)(be >> 8 | (be & 0xff) << 8);

	MUST(port >= FIRST_PORT && port < FIRST_PORT + CLIENTS);
	return &world.client[port - FIRST_PORT];
}

static bool flow_get(void *context, unsigned port, const struct flow_key *key, struct flow *out)
{
	const struct client *c = client_of(key, true);

	(void)context, (void)port;
	*out = c->entry;
	return c->entry.state;
}

static const struct hello_slot *hello_get(void *context, unsigned port, int32_t slot)
{
	(void)context, (void)port;
	return slot ? NULL : &world.slot;
}

static bool flow_set(void *context, unsigned port, const struct flow_key *key, const struct flow *flow)
{
	struct client *c = client_of(key, true);

	(void)context, (void)port;
	if (!c->entry.state)
		return false;
	/* Given back once, it is the kernel's for good. */
	MUST(c->entry.state != FLOW_DECLINED || flow->state == FLOW_DECLINED);
	c->entry = *flow;
	return true;
}

static void flow_delete(void *context, unsigned port, const struct flow_key *key)
{
	(void)context, (void)port;
	client_of(key, true)->entry.state = 0;
}

static bool transmit(void *context, unsigned port, unsigned queue, const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;
	struct client *c;

	(void)context, (void)port, (void)queue;
	MUST(net_decode(frame, len, &seg, &path) == NET_OK);
	c = client_of(&path.key, false);
	MUST(c->entry.state == FLOW_ADOPTED || c->entry.state == FLOW_SERVED ||
	     c->entry.state == FLOW_LINGER);
	MUST(seg.flags & TCP_ACK && !(seg.flags & TCP_SYN));
	c->got = seg.seq + segment_span(&seg);
	return true;
}

static int give_back(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;

	(void)context, (void)port;
	MUST(net_decode(frame, len, &seg, &path) == NET_OK);
	MUST(!memcmp(path.l2 + 6, world.iface.own_mac, 6));
	MUST(client_of(&path.key, true)->entry.state == FLOW_DECLINED ||
	     !client_of(&path.key, true)->entry.state);
	return 0;
}

static int silence(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;

	(void)context, (void)port;
	MUST(net_decode(frame, len, &seg, &path) == NET_OK && seg.flags == TCP_RST);
	return 0;
}

static enum probe_answer probe(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	(void)context, (void)port, (void)frame;
	return len % 2 ? PROBE_REQUEST : PROBE_NONE;
}

static enum engine_ask ask(void *context, const char *sni)
{
	struct engine_flows flows;

	(void)context;
	/* One hello, one name: asked for once, and not when it is there. */
	MUST(!strcmp(sni, world.ident.sni) && !challenge_find(world.store, sni));
	engine_flows(world.engine, &flows);
	MUST(!flows.waiting);
	return world.answer;
}

static void begin(void)
{
	const struct engine_options options = { .ports = { .flow_get = flow_get,
							   .hello_get = hello_get,
							   .flow_set = flow_set,
							   .flow_delete = flow_delete,
							   .transmit = transmit,
							   .give_back = give_back,
							   .silence = silence,
							   .probe = probe,
							   .ask = ask },
						.store = challenge_store_new() };
	const char *why;

	world.store = options.store;
	world.iface = (struct engine_port){ .own_mac = { 2, 0, 0, 0, 0, 9 }, .mtu = 1500 };
	world.now = USEC_PER_SEC;
	corpus_load("boulder-va-go1.26-nomlkem", &world.hello);
	MUST(!identifier_parse("d.example.org", &world.ident, &why));
	MUST(!engine_new(&options, &world.engine));
}

static struct path path_of(unsigned number)
{
	struct path path = { .l2 = { 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0 }, .l2_len = 14, .ipv4 = true };

	memset(path.key.saddr + 10, 0xff, 2);
	memset(path.key.daddr + 10, 0xff, 2);
	path.key.saddr[12] = path.key.daddr[12] = 10;
	path.key.daddr[15] = 1;
	path.key.sport = (uint16_t)((FIRST_PORT + number) >> 8 | ((FIRST_PORT + number) & 0xff) << 8);
	path.key.dport = (uint16_t)(WEB_PORT >> 8 | (WEB_PORT & 0xff) << 8);
	return path;
}

static void deliver(unsigned number, const struct segment *seg)
{
	static uint8_t bytes[ALPNXDP_MAX_FRAME];
	struct path path = path_of(number);
	struct engine_frame frame = { .iface = &world.iface, .bytes = bytes };

	frame.len = net_encode(&path, seg, bytes, sizeof(bytes));
	MUST(frame.len);
	engine_input(world.engine, &frame, world.now);
}

/* The next segment of a client: of its hello as far as that goes, then zeros; or one moved by a little. */
static void step_segment(struct reader *in)
{
	static const uint8_t zeros[1500];
	unsigned number = fuzz_take_u8(in) % CLIENTS;
	struct client *c = &world.client[number];
	uint8_t how = fuzz_take_u8(in);
	size_t len = fuzz_take_u8(in) * (how & 1 ? 8u : 1u);
	uint32_t from = how & 2 ? c->sent + fuzz_take_u8(in) - 128u : c->sent;
	struct segment seg = { .seq = from, .ack = c->got, .flags = TCP_ACK, .window = 65535, .data = zeros };

	if (from < world.hello.len) {
		seg.data = world.hello.bytes + from;
		len = MIN(len, world.hello.len - from);
	}
	seg.len = MIN(len, (size_t)1400);
	if (how & 4)
		seg.flags = fuzz_take_u8(in) & 0x3f;
	if (how & 8)
		seg.ack += fuzz_take_u8(in) - 128u;
	if (!(how & 2))
		c->sent += (uint32_t)seg.len;
	deliver(number, &seg);
}

/* The bytes before `upto` have passed already, but for a few of the last. */
static void remember(unsigned number, size_t upto, uint8_t missing)
{
	struct hello_slot *slot = &world.slot;

	memset(slot, 0, sizeof(*slot));
	slot->key = path_of(number).key;
	memcpy(slot->bytes, world.hello.bytes, world.hello.len);
	for (size_t i = 0; i < upto; i++)
		slot->have[i / 64] |= (uint64_t)1 << i % 64;
	if (upto >= 8)
		slot->have[(upto - 8) / 64] &= ~((uint64_t)missing << (upto - 8) % 64);
}

/* What the program does for a hello: an entry, and the frame that caused it. */
static void step_offer(struct reader *in)
{
	unsigned number = fuzz_take_u8(in) % CLIENTS;
	struct client *c = &world.client[number];
	size_t from = MIN((size_t)fuzz_take_u8(in) & ~3u, world.hello.len - 1), kept = fuzz_take_u8(in) & 1;
	size_t len = MIN((size_t)fuzz_take_u8(in) * 4 + 1, world.hello.len - from);
	struct segment seg = { .flags = TCP_ACK, .window = 65535, .len = len };
	struct handoff h = { .snd_wnd = 65535, .rcv_wnd = 65535, .source = HANDOFF_SOCKET };

	if (c->entry.state && c->entry.state != FLOW_LINGER)
		return;
	h.mss = (uint16_t)(fuzz_take_u8(in) * 8u);
	h.source = (uint8_t)(h.source + (len & 1));
	*c = (struct client){ .entry = { .state = FLOW_OFFERED, .slot = ALPNXDP_NO_SLOT, .handoff = h } };
	if (kept) {
		remember(number, from, fuzz_take_u8(in));
		c->entry.slot = 0;
		seg.seq = (uint32_t)from;
	}
	seg.data = world.hello.bytes + seg.seq;
	c->sent = seg.seq + (uint32_t)len;
	deliver(number, &seg);
}

static void step_time(struct reader *in)
{
	world.now += (usec_t)fuzz_take_u8(in) * fuzz_take_u8(in) * 500;
	engine_tick(world.engine, world.now);
}

static void step_deadline(struct reader *in)
{
	usec_t next = engine_deadline(world.engine);

	(void)in;
	if (next != USEC_NEVER)
		world.now = MAX(next, world.now);
	engine_tick(world.engine, world.now);
}

static void step_challenge(struct reader *in)
{
	static const uint8_t digest[DIGEST_LEN];
	const struct challenge_order order = { .ident = &world.ident,
					       .digest = digest,
					       .expires = USEC_NEVER };

	if (fuzz_take_u8(in) & 1)
		challenge_add(world.store, &order, world.now);
	else
		challenge_remove(world.store, &world.ident, NULL);
}

static void step_ask(struct reader *in)
{
	struct engine_flows before, after;

	world.answer = fuzz_take_u8(in) & 1 ? ENGINE_ASK_WAIT : ENGINE_ASK_NOBODY;
	engine_flows(world.engine, &before);
	engine_answered(world.engine, fuzz_take_u8(in) & 1 ? world.ident.sni : "other.example", world.now);
	engine_flows(world.engine, &after);
	MUST(before.held == after.held && before.waiting >= after.waiting);
}

/* The engine was silent for long, and the program has let the kernel have the flow. */
static void step_taken_back(struct reader *in)
{
	struct client *c = &world.client[fuzz_take_u8(in) % CLIENTS];

	if (c->entry.state == FLOW_OFFERED)
		c->entry.state = 0;
}

/* Time alone must bring everything to its end. */
static void end(void)
{
	usec_t latest = world.now + ENGINE_LIFE + ENGINE_LINGER + USEC_PER_SEC;

	while (engine_flow_count(world.engine)) {
		MUST(engine_deadline(world.engine) <= latest);
		world.now = MAX(world.now, engine_deadline(world.engine));
		engine_tick(world.engine, world.now);
		MUST(engine_deadline(world.engine) > world.now);
	}
	world.now += USEC_PER_SEC;
	world.answer = ENGINE_ASK_NOBODY;
	engine_tick(world.engine, world.now);
	MUST(engine_deadline(world.engine) == USEC_NEVER);
	memset(world.client, 0, sizeof(world.client));
	challenge_remove(world.store, &world.ident, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const steps[])(struct reader * in) = { step_offer,     step_segment,    step_segment,
							     step_segment,   step_time,       step_deadline,
							     step_challenge, step_taken_back, step_ask,
							     step_ask };
	struct reader in = reader_of(bytes, len);

	if (!world.engine)
		begin();
	for (unsigned i = 0; i < MOST_STEPS && reader_left(&in); i++) {
		steps[fuzz_take_u8(&in) % ARRAY_SIZE(steps)](&in);
		engine_tick(world.engine, world.now);
		MUST(engine_deadline(world.engine) > world.now);
		MUST(engine_flow_count(world.engine) <= CLIENTS);
		MUST(engine_credit(world.engine) <= ENGINE_FLOWS - ENGINE_RESERVE);
	}
	end();
	return 0;
}
