/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A world for the engine: a flow map, a kernel half, a wire, all tables in memory; and validators made of our own TCP
 * (as the client) and OpenSSL. Time is world.now and moves only when a test says so.
 */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include "engine/engine.h"
#include "tcp/tcp.h"

enum { WORLD_ENTRIES = 1200, WORLD_FRAMES = 64, FRAME_ROOM = 2048 };

static const uint8_t own_mac[6] = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee };
static const struct engine_port iface = { .own_mac = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee }, .mtu = 1500 };

struct entry {
	bool used;
	struct flow_key key;
	struct flow flow;
};

struct wire_frame {
	uint8_t bytes[FRAME_ROOM];
	size_t len;
};

/* A test with several threads gives each a world. */
#ifndef WORLD_STORAGE
#define WORLD_STORAGE static
#endif

WORLD_STORAGE struct world {
	usec_t now;
	struct engine *engine;
	struct challenge_store *store;
	struct entry entry[WORLD_ENTRIES];
	struct hello_slot slot;               /* number 5 */
	struct wire_frame sent[WORLD_FRAMES]; /* by the engine, not yet seen by a validator */
	unsigned sent_count;
	bool wire_is_full;
	bool no_maps; /* the port is gone, and its maps are closed */
	/* the kernel's half */
	enum probe_answer kernel;
	bool deaf; /* RSTs do not kill it */
	unsigned rsts;
	uint32_t rst_seq;        /* of the last one */
	uint8_t received[65536]; /* what was given back, as the kernel would read it */
	size_t received_len;
	unsigned given_back;
	bool received_fin;
	uint32_t received_ts; /* of the last segment given back; 0: it has none */
	/* who may be asked for a challenge */
	enum engine_ask answer;
	unsigned asked;
	char asked_for[IDENT_MAX + 1]; /* the last time */
	/* what became of flows */
	unsigned ended;
	struct ledger_record record; /* the last one's */
} world;

static struct entry *entry_of(const struct flow_key *key)
{
	for (unsigned i = 0; i < WORLD_ENTRIES; i++)
		if (world.entry[i].used && !memcmp(&world.entry[i].key, key, sizeof(*key)))
			return &world.entry[i];
	return NULL;
}

static bool port_flow_get(void *c, unsigned port, const struct flow_key *key, struct flow *out)
{
	const struct entry *e = entry_of(key);

	(void)c;
	(void)port;
	assert_false(world.no_maps);
	if (e)
		*out = e->flow;
	return e != NULL;
}

static const struct hello_slot *port_hello_get(void *c, unsigned port, int32_t slot)
{
	(void)c;
	(void)port;
	return slot == 5 ? &world.slot : NULL;
}

static bool port_flow_set(void *c, unsigned port, const struct flow_key *key, const struct flow *flow)
{
	struct entry *e = entry_of(key);

	(void)c;
	(void)port;
	if (e)
		e->flow = *flow;
	return e != NULL;
}

static void port_flow_delete(void *c, unsigned port, const struct flow_key *key)
{
	struct entry *e = entry_of(key);

	(void)c;
	(void)port;
	assert_non_null(e);
	e->used = false;
}

static bool port_transmit(void *c, unsigned port, unsigned queue, const uint8_t *frame, size_t len)
{
	struct wire_frame *f = &world.sent[world.sent_count];

	(void)c;
	(void)port;
	assert_int_equal(queue, 0);
	if (world.wire_is_full || world.sent_count == WORLD_FRAMES)
		return false;
	memcpy(f->bytes, frame, len);
	f->len = len;
	world.sent_count++;
	return true;
}

static int port_give_back(void *c, unsigned port, const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;

	(void)c;
	(void)port;
	assert_int_equal(net_decode(frame, len, &seg, &path), NET_OK);
	assert_memory_equal(path.l2 + 6, own_mac, 6);
	assert_true(world.received_len + seg.len <= sizeof(world.received));
	memcpy(world.received + world.received_len, seg.data, seg.len);
	world.received_len += seg.len;
	world.received_ts = seg.has_ts ? seg.tsval : 0;
	world.received_fin |= (seg.flags & TCP_FIN) != 0;
	world.given_back++;
	return 0;
}

static int port_silence(void *c, unsigned port, const uint8_t *frame, size_t len)
{
	struct segment seg;
	struct path path;

	(void)c;
	(void)port;
	assert_int_equal(net_decode(frame, len, &seg, &path), NET_OK);
	assert_true(seg.flags & TCP_RST);
	world.rsts++;
	world.rst_seq = seg.seq;
	if (!world.deaf)
		world.kernel = PROBE_NONE;
	return 0;
}

static enum probe_answer port_probe(void *c, unsigned port, const uint8_t *frame, size_t len)
{
	(void)c;
	(void)port;
	(void)frame;
	(void)len;
	return world.kernel;
}

static inline enum engine_ask port_ask(void *c, const char *sni)
{
	(void)c;
	world.asked++;
	strcpy(world.asked_for, sni);
	return world.answer;
}

static inline void port_ended(void *c, unsigned port, const struct ledger_record *record)
{
	(void)c;
	(void)port;
	world.ended++;
	world.record = *record;
}

static inline int world_setup_asking(void **state, enum engine_ask (*ask)(void *context, const char *sni))
{
	struct engine_options o = { .ports = { .flow_get = port_flow_get,
					       .hello_get = port_hello_get,
					       .flow_set = port_flow_set,
					       .flow_delete = port_flow_delete,
					       .transmit = port_transmit,
					       .give_back = port_give_back,
					       .silence = port_silence,
					       .probe = port_probe,
					       .ask = ask,
					       .ended = port_ended },
				    .unix_at_zero_s = 1800000000 };

	(void)state;
	memset(&world, 0, sizeof(world));
	world.now = 1000 * USEC_PER_SEC;
	world.kernel = PROBE_SOCKET;
	world.store = o.store = challenge_store_new();
	return engine_new(&o, &world.engine);
}

static inline int world_setup(void **state)
{
	return world_setup_asking(state, NULL);
}

static inline int world_teardown(void **state)
{
	(void)state;
	engine_free(world.engine);
	challenge_store_free(world.store);
	return 0;
}

static inline void world_add(const char *name)
{
	uint8_t digest[DIGEST_LEN] = { 7 };
	struct identifier ident;
	const struct challenge_order order = { .ident = &ident, .digest = digest, .expires = USEC_NEVER - 1 };
	const char *why;

	assert_int_equal(identifier_parse(name, &ident, &why), 0);
	assert_int_equal(challenge_add(world.store, &order, world.now), 0);
}

static inline void world_tick(usec_t later)
{
	world.now += later;
	engine_tick(world.engine, world.now);
	assert_true(engine_deadline(world.engine) > world.now);
}

/* ------------------------------------------------------------- validators */

struct peer {
	struct path path;       /* towards the server */
	struct handoff handoff; /* as the program would have made it */
	struct tcp_conn tcp;
	SSL *ssl;
	bool done; /* its handshake is complete */
};

static inline void peer_init(struct peer *p, uint8_t host, uint16_t port)
{
	memset(p, 0, sizeof(*p));
	p->path = (struct path){ .ipv4 = true,
				 .l2_len = 14,
				 .l2 = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 } };
	p->path.key = (struct flow_key){ .saddr = { [10] = 0xff, [11] = 0xff, 198, 51, 100, host },
					 .daddr = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
					 .sport = (__be16)port,
					 .dport = 0xbb01 };
	p->handoff = (struct handoff){ .rcv_nxt = 1000,
				       .snd_nxt = 5000,
				       .snd_wnd = 65535,
				       .rcv_wnd = 65535,
				       .mss = 1460,
				       .source = HANDOFF_SOCKET };
}

/* Its TCP, and TLS up to the hello in its send buffer. */
static inline void peer_start(struct peer *p, const char *sni, int version)
{
	static const unsigned char alpn[] = "\012acme-tls/1";
	struct handoff mirror = { .rcv_nxt = 5000,
				  .snd_nxt = 1000,
				  .snd_wnd = 65535,
				  .rcv_wnd = 65535,
				  .mss = 1460,
				  .source = HANDOFF_SOCKET };
	const struct segment ack = { .seq = 5000, .ack = 1000, .flags = TCP_ACK, .window = 65535 };
	const struct tcp_adoption a = { .handoff = &mirror, .first = &ack, .mtu = 1500, .ipv4 = true };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	assert_int_equal(tcp_adopt(&p->tcp, &a, world.now), 0);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	p->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_alpn_protos(p->ssl, alpn, sizeof(alpn) - 1);
	SSL_set_tlsext_host_name(p->ssl, sni);
	SSL_set_bio(p->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(p->ssl);
}

static inline void peer_free(struct peer *p)
{
	SSL_free(p->ssl);
	p->ssl = NULL;
}

/* TLS as far as it goes, into the send buffer; a validator that is done closes at once. */
static inline void peer_think(struct peer *p)
{
	const uint8_t *bytes;
	size_t len = tcp_read(&p->tcp, 0, &bytes);
	char out[4096];
	int n;

	if (len)
		BIO_write(SSL_get_rbio(p->ssl), bytes, (int)len);
	tcp_read(&p->tcp, len, &bytes);
	if (!p->done && SSL_do_handshake(p->ssl) == 1) {
		p->done = true;
		SSL_shutdown(p->ssl);
	}
	while ((n = BIO_read(SSL_get_wbio(p->ssl), out, sizeof(out))) > 0)
		assert_int_equal(tcp_write(&p->tcp, out, (size_t)n), n);
	if (p->done)
		tcp_close(&p->tcp, TCP_CLOSE_FIN);
}

/* Hands one segment of the peer to the engine, as a frame. */
static inline void peer_send(const struct peer *p, const struct segment *seg)
{
	uint8_t bytes[FRAME_ROOM];
	struct engine_frame f = { .iface = &iface, .bytes = bytes };

	f.len = net_encode(&p->path, seg, bytes, sizeof(bytes));
	assert_true(f.len > 0);
	engine_input(world.engine, &f, world.now);
}

/* The program's part: the entry that goes with a hello. */
static inline struct entry *peer_offer(const struct peer *p)
{
	for (unsigned i = 0; i < WORLD_ENTRIES; i++) {
		if (world.entry[i].used)
			continue;
		world.entry[i] = (struct entry){
			.used = true,
			.key = p->path.key,
			.flow = { .state = FLOW_OFFERED, .handoff = p->handoff, .slot = ALPNXDP_NO_SLOT }
		};
		return &world.entry[i];
	}
	fail();
	return NULL;
}

static inline void peer_push(struct peer *p)
{
	struct segment seg;

	peer_think(p);
	while (tcp_output(&p->tcp, &seg, world.now))
		peer_send(p, &seg);
}

/* Everything that the engine has sent, to this peer. */
static inline void peer_pull(struct peer *p)
{
	struct segment seg;
	struct path path;

	for (unsigned i = 0; i < world.sent_count; i++) {
		assert_int_equal(net_decode(world.sent[i].bytes, world.sent[i].len, &seg, &path), NET_OK);
		tcp_input(&p->tcp, &seg, world.now);
	}
	world.sent_count = 0;
}

/* Back and forth until nobody has anything to say. */
static inline void peer_talk(struct peer *p)
{
	do {
		peer_pull(p);
		peer_push(p);
		engine_tick(world.engine, world.now);
	} while (world.sent_count);
}

#define OUTCOME(name) (engine_counters(world.engine)->outcome[OUTCOME_##name])

#endif
