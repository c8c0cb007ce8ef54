// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The engine's other hands, as nobody and without a capability: frames handed to the kernel, questions about a flow,
 * the flow map and the map of names. xdp_engine.sh makes the namespaces. Usage: xdp_inject native|generic
 */
#include "xdp_keeper.h"

static void engine_injects(struct engine *e)
{
	const struct xdp_inject *i = &e->k->inject;
	struct pollfd udp = { .fd = e->k->udp, .events = POLLIN };
	uint8_t large[ALPNXDP_MAX_FRAME + 1] = { 0 };
	const unsigned ifindex = e->k->a.ifindex;
	struct test_frame f;
	uint32_t mark = 0;
	char byte;
	size_t len = frame_udp(&f, client, (struct end){ server.address, PORT_IN }, 12345);

	frame_address(&f, e->k->mac, e->k->peer_mac);
	CHECK(!xdp_inject_frame(i, ifindex, (uint8_t *)&f, len));
	CHECK(poll(&udp, 1, 1000) == 1 && recv(udp.fd, &mark, sizeof(mark), 0) == 4 && mark == 12345);
	CHECK(xdp_inject_frame(i, ifindex, large, sizeof(large)) == -EMSGSIZE);
	CHECK(!xdp_inject_frame(i, ifindex, large, sizeof(large) - 1));
	CHECK(xdp_inject_frame(i, ifindex, large, 13) == -EMSGSIZE);

	/* A connection of the kernel's: seen, silenced, gone. Whatever the kernel has come to is behind one of the two numbers. */
	len = frame_tcp(&f, client, server, true, 0);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_NONE);
	len = frame_tcp(&f, e->k->tcp_client, server, true, 0);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_SOCKET);
	CHECK(recv(e->k->tcp, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(!xdp_inject_rst(i, ifindex, (uint8_t *)&f, len));
	len = frame_tcp(&f, e->k->tcp_client, server, true, 0x80000000);
	CHECK(!xdp_inject_rst(i, ifindex, (uint8_t *)&f, len));
	CHECK(recv(e->k->tcp, &byte, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_NONE);
}

enum { MANY = 3 * XDP_SWEEP };

static unsigned sweep_all(struct engine *e, struct xdp_sweep *sweep, uint64_t now_ns, unsigned *calls)
{
	unsigned gone = 0;

	do
		gone += xdp_flow_sweep(&e->k->a.maps, &e->shared, sweep, now_ns);
	while (++*calls < 100 && sweep->started);
	return gone;
}

/* The crowds, counted one by one, and the number of all. */
static bool live_is(const struct engine *e, uint32_t flows)
{
	const struct live *live = e->shared.live;
	uint32_t sum = 0;

	for (unsigned i = 0; i < LIVE_CROWDS; i++)
		sum += live->crowd[i];
	return live->flows == flows && sum == flows;
}

static void engine_keeps_flows(struct engine *e)
{
	const struct xdp_maps *m = &e->k->a.maps;
	const uint64_t later = (ALPNXDP_OFFER_MS + 1) * 1000000ull;
	struct xdp_sweep sweep = { .started = false };
	struct flow_key key = key_of(0);
	struct flow flow;
	unsigned n, calls = 0;

	CHECK(!xdp_flow_get(m, &e->shared, &key, &flow) && flow.state == FLOW_ADOPTED);
	flow.state = FLOW_LINGER;
	CHECK(!xdp_flow_set(m, &key, &flow));
	CHECK(!xdp_flow_get(m, &e->shared, &key, &flow) && flow.state == FLOW_LINGER);
	CHECK(!xdp_flow_delete(m, &e->shared, &key) && live_is(e, FLOWS - 1));
	CHECK(xdp_flow_delete(m, &e->shared, &key) == -ENOENT && live_is(e, FLOWS - 1));
	CHECK(xdp_flow_set(m, &key, &flow) == -ENOENT);
	CHECK(xdp_flow_get(m, &e->shared, &key, &flow) == -ENOENT);
	for (n = FLOWS; n < 2 * FLOWS; n++)
		flow_put(e, n, n % 2 ? FLOW_OFFERED : FLOW_ADOPTED, n % 2 ? EPOCH : EPOCH - 1);
	key = key_of(FLOWS);
	CHECK(xdp_flow_get(m, &e->shared, &key, &flow) == -ENOENT); /* of another epoch */
	/* Half of the new ones are of another epoch; the other half are offers, which are too old only later. */
	CHECK(sweep_all(e, &sweep, 2, &calls) == FLOWS / 2);
	CHECK(sweep_all(e, &sweep, 2, &calls) == 0);
	CHECK(sweep_all(e, &sweep, later, &calls) == FLOWS / 2 && live_is(e, FLOWS - 1));
	for (n = 2 * FLOWS; n < 2 * FLOWS + MANY; n++)
		flow_put(e, n, FLOW_OFFERED, EPOCH);
	calls = 0;
	CHECK(sweep_all(e, &sweep, later, &calls) == MANY && calls >= MANY / XDP_SWEEP &&
	      calls < 2 * MANY / XDP_SWEEP);
	CHECK(!sweep.started && live_is(e, FLOWS - 1));
}

static void engine_keeps_names(struct engine *e)
{
	const struct xdp_maps *m = &e->k->a.maps;

	CHECK(!xdp_name_add(m, "Example.COM.") && !xdp_name_add(m, "example.com") &&
	      !xdp_name_add(m, "a.example"));
	CHECK(!xdp_name_remove(m, "EXAMPLE.com") && xdp_name_remove(m, "example.com") == -ENOENT);
	CHECK(!xdp_name_clear(m) && xdp_name_remove(m, "a.example") == -ENOENT);
}

static int engine_main(const struct keeper *k)
{
	struct engine e;
	unsigned n;

	if (!engine_begin(&e, k))
		return 1;
	engine_injects(&e);
	for (n = 0; n < FLOWS; n++)
		flow_put(&e, n, FLOW_ADOPTED, EPOCH);
	engine_keeps_flows(&e);
	engine_keeps_names(&e);
	return engine_end(&e);
}

int main(int argc, char **argv)
{
	struct keeper k = { .tcp = -1 };

	if (!keeper_begin(&k, argc, argv, engine_main))
		return checks_finish();
	return keeper_end(&k);
}
