// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keeper opens sockets and hands them on; the engine, as nobody and without a capability, receives, transmits and
 * injects. xdp_engine.sh makes the namespaces. Usage: xdp_engine native|generic
 *
 *	keeper (root) --fork--> engine (nobody)      in this namespace: edge0, 10.77.1.1
 *	peer: a packet socket and a TCP client       in $PEER:          ca0,   10.77.1.2
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "xdp_test.h"

enum { QUEUES = 2, FLOWS = 32, ROUNDS = 40, EPOCH = 7, MARK_OUT = 0x07da7a, PORT_OUT = 7777, PORT_IN = 7778 };

static const struct end server = { 0x0a4d0101, 443 }, client = { 0x0a4d0102, 40000 };

struct keeper {
	struct xdp_attachment a;
	struct xdp_inject inject;
	struct xdp_socket socket[QUEUES];
	int peer;     /* packet socket on the other end of the wire */
	int tcp, udp; /* a connection of the server's, and a socket for what is injected */
	struct end tcp_client;
	uint8_t mac[6], peer_mac[6];
};

struct engine {
	const struct keeper *k;
	struct xdp_rings *rings[QUEUES];
	struct xdp_shared shared;
};

/* ------------------------------------------------------------ preparation */

static struct sockaddr_in address_of(struct end e)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(e.address),
				     .sin_port = htons(e.port) };
}

static int socket_bound(int type, struct end at)
{
	const struct sockaddr_in address = address_of(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return CHECK(!bind(fd, (const struct sockaddr *)&address, sizeof(address))) ? fd : -1;
}

static void mac_read(const char *ifname, uint8_t mac[6])
{
	char path[64], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "ip -o link show %s | sed 's/.*ether //;s/ .*//'", ifname);
	f = popen(path, "r");
	if (CHECK(f && fgets(text, sizeof(text), f)))
		CHECK(sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
			     &mac[4], &mac[5]) == 6);
	pclose(f);
}

/* Sockets stay in the namespace in which they were made. */
static void peer_open(struct keeper *k)
{
	const struct sockaddr_in to = address_of(server);
	int here = open("/proc/self/ns/net", O_RDONLY), there = open(getenv("PEER"), O_RDONLY);
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	int listener = socket_bound(SOCK_STREAM, server), tcp;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	k->udp = socket_bound(SOCK_DGRAM, (struct end){ server.address, PORT_IN });
	listen(listener, 1);
	CHECK(!setns(there, CLONE_NEWNET));
	mac_read("ca0", k->peer_mac);
	k->peer = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	link.sll_ifindex = (int)if_nametoindex("ca0");
	CHECK(!bind(k->peer, (struct sockaddr *)&link, sizeof(link)));
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!connect(tcp, (const struct sockaddr *)&to, sizeof(to)));
	CHECK(!getsockname(tcp, (struct sockaddr *)&from, &len));
	k->tcp_client = (struct end){ ntohl(from.sin_addr.s_addr), ntohs(from.sin_port) };
	CHECK(!setns(here, CLONE_NEWNET));
	k->tcp = accept(listener, NULL, NULL);
	CHECK(k->tcp >= 0);
	close(listener);
	close(here);
	close(there);
	mac_read("edge0", k->mac);
}

static void frame_address(struct test_frame *f, const uint8_t to[6], const uint8_t from[6])
{
	memcpy(f->eth.ether_dhost, to, 6);
	memcpy(f->eth.ether_shost, from, 6);
}

/* ------------------------------------------------------------------ engine */

static struct flow_key key_of(unsigned n)
{
	struct flow_key key = { .sport = htons((uint16_t)(client.port + n)), .dport = htons(server.port) };
	const uint32_t saddr = htonl(client.address), daddr = htonl(server.address);

	key.saddr[10] = key.saddr[11] = key.daddr[10] = key.daddr[11] = 0xff;
	memcpy(key.saddr + 12, &saddr, 4);
	memcpy(key.daddr + 12, &daddr, 4);
	return key;
}

static void flow_put(struct engine *e, unsigned n, enum flow_state state, uint32_t epoch)
{
	const struct flow flow = { .offered_ns = 1, .epoch = epoch, .state = (uint8_t)state };
	const struct flow_key key = key_of(n);

	CHECK(!bpf_map_update_elem(e->k->a.maps.flows, &key, &flow, BPF_NOEXIST));
	e->shared.live->flows++;
}

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
	CHECK(got == FLOWS * ROUNDS && per_queue[0] + per_queue[1] == got && per_queue[0] && per_queue[1]);
	CHECK(MAX(per_queue[0], per_queue[1]) > XDP_FRAMES / 2);
	CHECK(!xdp_counters_read(&e->k->a.maps, counters) && counters[REASON_FLOW] == got);
	CHECK(!xdp_rings_stats(e->rings[0], &stats) && !stats.rx_dropped && !stats.rx_ring_full);
}

/* What arrives on the wire with our mark. */
static unsigned peer_count(const struct keeper *k)
{
	struct pollfd fd = { .fd = k->peer, .events = POLLIN };
	struct test_frame f;
	unsigned count = 0;
	uint32_t mark;
	ssize_t len;

	while (poll(&fd, 1, 100) > 0) {
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
	/* Without a kick nothing leaves, and the free chunks run out; a kick sends them all and has them back. */
	for (turn = 0; turn < 3; turn++) {
		for (sent = 0; sent <= XDP_FRAMES && xdp_rings_transmit(e->rings[q], (uint8_t *)&f, len);
		     sent++)
			;
		CHECK(sent == XDP_FRAMES / 2);
		xdp_rings_kick(e->rings[q]);
		peer_count(e->k);
	}
	for (turn = sent = 0; turn < 40; turn++) {
		for (batch = 0; batch < 20; batch++)
			sent += xdp_rings_transmit(e->rings[q], (uint8_t *)&f, len);
		xdp_rings_kick(e->rings[q]);
		batch = peer_count(e->k);
		CHECK(batch == 20);
	}
	CHECK(sent == 800);
}

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

	/* A connection of the kernel's: seen, silenced, gone. The sequence number in the frame is no matter. */
	len = frame_tcp(&f, client, server, true, 0);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_NONE);
	len = frame_tcp(&f, e->k->tcp_client, server, true, 0);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_SOCKET);
	CHECK(recv(e->k->tcp, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(!xdp_inject_rst(i, ifindex, (uint8_t *)&f, len));
	CHECK(recv(e->k->tcp, &byte, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
	CHECK(xdp_probe(i, ifindex, (uint8_t *)&f, len) == PROBE_NONE);
}

static void engine_keeps_flows(struct engine *e)
{
	const struct xdp_maps *m = &e->k->a.maps;
	const uint64_t later = (ALPNXDP_OFFER_MS + 1) * 1000000ull;
	struct xdp_sweep sweep = { .started = false };
	struct flow_key key = key_of(0);
	struct flow flow;
	unsigned n, gone = 0, calls = 0;

	CHECK(!xdp_flow_get(m, &e->shared, &key, &flow) && flow.state == FLOW_ADOPTED);
	CHECK(!xdp_flow_set_state(m, &key, FLOW_LINGER));
	CHECK(!xdp_flow_get(m, &e->shared, &key, &flow) && flow.state == FLOW_LINGER);
	CHECK(!xdp_flow_delete(m, &e->shared, &key) && e->shared.live->flows == FLOWS - 1);
	CHECK(xdp_flow_delete(m, &e->shared, &key) == -ENOENT && e->shared.live->flows == FLOWS - 1);
	CHECK(xdp_flow_set_state(m, &key, FLOW_LINGER) == -ENOENT);
	CHECK(xdp_flow_get(m, &e->shared, &key, &flow) == -ENOENT);
	for (n = FLOWS; n < 2 * FLOWS; n++)
		flow_put(e, n, n % 2 ? FLOW_OFFERED : FLOW_ADOPTED, n % 2 ? EPOCH : EPOCH - 1);
	key = key_of(FLOWS);
	CHECK(xdp_flow_get(m, &e->shared, &key, &flow) == -ENOENT); /* of another epoch */
	/* Half of the new ones are of another epoch; the other half are offers, which are too old only later. */
	CHECK(xdp_flow_sweep(m, &e->shared, &sweep, UINT32_MAX, 2) == FLOWS / 2 && !sweep.started);
	CHECK(xdp_flow_sweep(m, &e->shared, &sweep, UINT32_MAX, 2) == 0);
	do
		gone += xdp_flow_sweep(m, &e->shared, &sweep, 5, later);
	while (sweep.started && ++calls < 100);
	CHECK(gone == FLOWS / 2 && calls >= (FLOWS - 1) / 5 && e->shared.live->flows == FLOWS - 1);
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
	struct engine e = { .k = k };
	unsigned q;

	checks_passed = checks_failed = 0;
	/* Leaving uid 0 clears every capability set (capabilities(7)). */
	CHECK(!setgroups(0, NULL) && !setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
	CHECK(socket(AF_XDP, SOCK_RAW, 0) == -1 && errno == EPERM);
	for (q = 0; q < QUEUES; q++)
		if (!CHECK(!xdp_rings_map(&k->socket[q], &e.rings[q])))
			return 1;
	if (!CHECK(!xdp_shared_map(&k->a.maps, &e.shared)))
		return 1;
	e.shared.config->epoch = EPOCH;
	engine_receives(&e);
	engine_transmits(&e, 0);
	engine_transmits(&e, 1);
	engine_injects(&e);
	engine_keeps_flows(&e);
	engine_keeps_names(&e);
	for (q = 0; q < QUEUES; q++)
		xdp_rings_unmap(e.rings[q]);
	xdp_shared_unmap(&e.shared);
	return checks_finish();
}

/* ------------------------------------------------------------------ keeper */

static void sockets_open(struct keeper *k)
{
	struct xdp_error e;
	unsigned q;

	for (q = 0; q < QUEUES; q++)
		if (!CHECK(!xdp_socket_open(&k->a, q, &k->socket[q], &e)))
			print_error("socket", -1, &e);
}

static void sockets_close(struct keeper *k)
{
	unsigned q;

	for (q = 0; q < QUEUES; q++)
		xdp_socket_close(&k->socket[q]);
}

static pid_t engine_start(struct keeper *k, int (*run)(const struct keeper *k))
{
	pid_t child;

	sockets_open(k);
	fflush(stdout);
	child = fork();
	if (!child)
		exit(run(k));
	sockets_close(k); /* only the engine holds them now */
	return child;
}

static int engine_hangs(const struct keeper *k)
{
	(void)k;
	for (;;)
		pause();
}

/* A queue is taken as long as its owner lives, and free very soon after it was killed. */
static void test_killed_owner(struct keeper *k)
{
	usec_t begin = clock_now();
	struct xdp_socket s;
	struct xdp_error e;
	pid_t owner = engine_start(k, engine_hangs);
	int turn;

	CHECK(xdp_socket_open(&k->a, 0, &s, &e) == -EBUSY && clock_now() - begin > 900 * USEC_PER_MSEC);
	print_error("taken queue", -EBUSY, &e);
	CHECK(strstr(e.what, "queue 0") && strstr(e.fix, "ss "));
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
	struct xdp_attach_options o = { .ifname = "edge0", .mode = XDP_MODE_NATIVE, .port = 443 };
	struct keeper k = { .tcp = -1 };
	struct xdp_error e;
	int status = -1;
	pid_t engine;

	if (argc != 2 || !getenv("PEER"))
		return 2;
	if (!strcmp(argv[1], "generic"))
		o.mode = XDP_MODE_GENERIC;
	xdp_setup_log();
	peer_open(&k);
	if (!CHECK(!xdp_attach(&o, &k.a, &e) && !xdp_inject_load(&k.inject, &e))) {
		print_error("attach", -1, &e);
		return checks_finish();
	}
	engine = engine_start(&k, engine_main);
	CHECK(waitpid(engine, &status, 0) == engine && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	test_killed_owner(&k);
	xdp_inject_close(&k.inject);
	xdp_attachment_close(&k.a);
	CHECK(!xdp_detach("edge0", &e));
	return checks_finish();
}
