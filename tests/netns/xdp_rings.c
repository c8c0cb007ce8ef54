// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keeper opens a socket per queue and hands them on; the engine, as nobody and without a capability, receives and
 * transmits. xdp_engine.sh makes the namespaces. Usage: xdp_rings native|generic
 */
#include <signal.h>
#include "xdp_keeper.h"

enum { ROUNDS = 40, MARK_OUT = 0x07da7a, PORT_OUT = 7777 };

/* As many frames as there are flows, spread over both queues by the kernel's hash of their ports. */
static unsigned receive_round(struct engine *e, uint32_t round, unsigned per_queue[QUEUES])
{
	struct pollfd fds[QUEUES];
	struct xdp_frame frames[8];
	unsigned got = 0, n, q, i;
	struct test_frame f;
	size_t len;

	for (n = 0; n < FLOWS; n++) {
		len = frame_tcp(&f, (struct end){ client.address, (uint16_t)(client.port + n) }, server,
				false, round);
		frame_address(&f, e->k->mac, e->k->peer_mac);
		CHECK(send(e->k->peer, &f, len, 0) == (ssize_t)len);
	}
	for (q = 0; q < QUEUES; q++)
		fds[q] = (struct pollfd){ .fd = xdp_rings_fd(e->rings[q]), .events = POLLIN };
	while (got < FLOWS && poll(fds, QUEUES, 1000) > 0) {
		for (q = 0; q < QUEUES; q++) {
			n = xdp_rings_receive(e->rings[q], frames, ARRAY_SIZE(frames));
			for (i = 0; i < n; i++)
				got += frames[i].len == len &&
				       !memcmp(frames[i].bytes + len - sizeof(round), &round, sizeof(round));
			per_queue[q] += n;
			xdp_rings_release(e->rings[q], frames, n);
		}
	}
	return got;
}

/* More rounds than there are chunks: each must come back. */
static void engine_receives(struct engine *e)
{
	unsigned per_queue[QUEUES] = { 0 }, n, round, got = 0;
	uint64_t counters[NUM_REASONS];
	struct xdp_ring_stats stats;

	for (n = 0; n < FLOWS; n++)
		flow_put(e, n, FLOW_ADOPTED, EPOCH);
	for (round = 0; round < ROUNDS; round++)
		got += receive_round(e, round, per_queue);
	printf("received %u by queue 0, %u by queue 1\n", per_queue[0], per_queue[1]);
	CHECK(got == FLOWS * ROUNDS && per_queue[0] + per_queue[1] == got);
	/* In generic mode veth does not tell which queue a frame came by. */
	CHECK(e->k->a.mode == XDP_MODE_GENERIC || (per_queue[0] && per_queue[1]));
	CHECK(MAX(per_queue[0], per_queue[1]) > XDP_FRAMES / 2);
	CHECK(!xdp_counters_read(&e->k->a.maps, counters) && counters[REASON_FLOW] == got);
	CHECK(!xdp_rings_stats(e->rings[0], &stats) && !stats.rx_dropped && !stats.rx_ring_full);
}

/* Waits for as many frames with our mark on the wire, or until none has come for a while. */
static unsigned peer_count(const struct keeper *k, unsigned want)
{
	struct pollfd fd = { .fd = k->peer, .events = POLLIN };
	struct test_frame f;
	unsigned count = 0;
	uint32_t mark;
	ssize_t len;

	while (count < want && poll(&fd, 1, 200) > 0) {
		len = recv(k->peer, &f, sizeof(f), 0);
		if (len < (ssize_t)(sizeof(f.eth) + sizeof(f.ip) + sizeof(f.udp) + sizeof(mark)))
			continue;
		memcpy(&mark, (uint8_t *)&f.udp + sizeof(f.udp), sizeof(mark));
		count += f.ip.protocol == IPPROTO_UDP && f.udp.dest == htons(PORT_OUT) && mark == MARK_OUT;
	}
	return count;
}

static void engine_transmits(struct engine *e, unsigned q)
{
	const struct end to = { client.address, PORT_OUT }, from = { server.address, 1 };
	unsigned sent, turn, batch = 0;
	struct test_frame f;
	size_t len = frame_udp(&f, from, to, MARK_OUT);
	uint8_t large[XDP_FRAME_SIZE + 1] = { 0 };

	frame_address(&f, e->k->peer_mac, e->k->mac);
	CHECK(!xdp_rings_transmit(e->rings[q], large, sizeof(large)));
	/* Without a kick nothing leaves, and the free chunks run out. Kicks send them all and have them back, though not at
	 * once: the kernel lets a socket have only so many bytes on their way (SO_SNDBUF). */
	for (turn = 0; turn < 3; turn++) {
		for (sent = 0; sent <= XDP_FRAMES && xdp_rings_transmit(e->rings[q], (uint8_t *)&f, len);
		     sent++)
			;
		CHECK(sent == XDP_FRAMES / 2);
		for (batch = 0; batch < 50; batch++) {
			xdp_rings_kick(e->rings[q]);
			usleep(2000);
		}
		CHECK(peer_count(e->k, sent) > 0); /* its buffer may be too small for all */
	}
	peer_count(e->k, UINT32_MAX);
	for (turn = sent = 0; turn < 40; turn++) {
		for (batch = 0; batch < 20; batch++)
			sent += xdp_rings_transmit(e->rings[q], (uint8_t *)&f, len);
		xdp_rings_kick(e->rings[q]);
		batch = peer_count(e->k, 20);
		CHECK(batch == 20);
	}
	CHECK(sent == 800);
}

static int engine_main(const struct keeper *k)
{
	struct engine e;

	if (!engine_begin(&e, k))
		return 1;
	engine_receives(&e);
	engine_transmits(&e, 0);
	engine_transmits(&e, 1);
	return engine_end(&e);
}

static int engine_hangs(const struct keeper *k)
{
	engine_ready(k);
	pause();
	return 0;
}

/* A queue is taken as long as its owner lives, and free very soon after it was killed. */
static void test_killed_owner(struct keeper *k)
{
	pid_t owner = engine_start(k, engine_hangs);
	usec_t begin = clock_now();
	struct xdp_socket s;
	struct xdp_error e;
	int turn;

	CHECK(!xdp_socket_open(&k->a, 0, &s, &e) && xdp_socket_bind(&k->a, &s, &e) == -EBUSY);
	CHECK(clock_now() - begin > 900 * USEC_PER_MSEC);
	print_error("taken queue", -EBUSY, &e);
	CHECK(strstr(e.what, "queue 0") && strstr(e.fix, "ss "));
	xdp_socket_close(&s);
	for (turn = 0; turn < 10; turn++) {
		kill(owner, SIGKILL);
		owner = engine_start(k, engine_hangs); /* checks that both queues can be had */
	}
	kill(owner, SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	struct keeper k = { .tcp = -1 };

	if (!keeper_begin(&k, argc, argv, engine_main))
		return checks_finish();
	test_killed_owner(&k);
	return keeper_end(&k);
}
