/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keeper's side of the tests that have an engine process, and the other end of the wire.
 *
 *	keeper (root) --fork--> engine (nobody)      in this namespace: edge0, 10.77.1.1
 *	peer: a packet socket and a TCP client       in $PEER:          ca0,   10.77.1.2
 */
#ifndef ALPNXDP_TESTS_XDP_KEEPER_H
#define ALPNXDP_TESTS_XDP_KEEPER_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "xdp_test.h"

enum { QUEUES = 2, FLOWS = 32, EPOCH = 7, PORT_IN = 7778 };

static const struct end server = { 0x0a4d0101, 443 }, client = { 0x0a4d0102, 40000 };

struct keeper {
	struct xdp_attachment a;
	struct xdp_inject inject;
	struct xdp_socket socket[QUEUES];
	int pair[2];  /* between keeper and engine */
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

static inline struct sockaddr_in address_of(struct end e)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(e.address),
				     .sin_port = htons(e.port) };
}

static inline int socket_bound(int type, struct end at)
{
	const struct sockaddr_in address = address_of(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return CHECK(!bind(fd, (const struct sockaddr *)&address, sizeof(address))) ? fd : -1;
}

static inline void mac_read(const char *ifname, uint8_t mac[6])
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
static inline void peer_open(struct keeper *k)
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

static inline void frame_address(struct test_frame *f, const uint8_t to[6], const uint8_t from[6])
{
	memcpy(f->eth.ether_dhost, to, 6);
	memcpy(f->eth.ether_shost, from, 6);
}

/* ------------------------------------------------------------------ engine */

static inline struct flow_key key_of(unsigned n)
{
	struct flow_key key = { .sport = htons((uint16_t)(client.port + n)), .dport = htons(server.port) };
	const uint32_t saddr = htonl(client.address), daddr = htonl(server.address);

	key.saddr[10] = key.saddr[11] = key.daddr[10] = key.daddr[11] = 0xff;
	memcpy(key.saddr + 12, &saddr, 4);
	memcpy(key.daddr + 12, &daddr, 4);
	return key;
}

static inline void flow_put(struct engine *e, unsigned n, enum flow_state state, uint32_t epoch)
{
	const struct flow flow = { .offered_ns = 1, .epoch = epoch, .state = (uint8_t)state };
	const struct flow_key key = key_of(n);

	CHECK(!bpf_map_update_elem(e->k->a.maps.flows, &key, &flow, BPF_NOEXIST));
	e->shared.live->crowd[live_crowd_of(&key)]++;
	e->shared.live->flows++;
}

/* Returns when the keeper has bound the sockets. */
static inline void engine_ready(const struct keeper *k)
{
	char byte;

	CHECK(write(k->pair[1], "", 1) == 1 && read(k->pair[1], &byte, 1) == 1);
}

/* Leaving uid 0 clears every capability set (capabilities(7)). */
static inline bool engine_begin(struct engine *e, const struct keeper *k)
{
	unsigned q;

	checks_passed = checks_failed = 0;
	e->k = k;
	CHECK(!setgroups(0, NULL) && !setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
	CHECK(socket(AF_XDP, SOCK_RAW, 0) == -1 && errno == EPERM);
	for (q = 0; q < QUEUES; q++)
		if (!CHECK(!xdp_rings_map(&k->socket[q], &e->rings[q])))
			return false;
	if (!CHECK(!xdp_shared_map(&k->a.maps, &e->shared)))
		return false;
	e->shared.config->epoch = EPOCH;
	engine_ready(k);
	return true;
}

static inline int engine_end(struct engine *e)
{
	unsigned q;

	for (q = 0; q < QUEUES; q++)
		xdp_rings_unmap(e->rings[q]);
	xdp_shared_unmap(&e->shared);
	return checks_finish();
}

/* ------------------------------------------------------------------ keeper */

/* The engine maps its rings between open and bind; afterwards only it holds the sockets. */
static inline pid_t engine_start(struct keeper *k, int (*run)(const struct keeper *k))
{
	struct xdp_error e = { .what = "" };
	pid_t child = -1;
	unsigned q;
	char byte;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, k->pair));
	for (q = 0; q < QUEUES; q++)
		CHECK(!xdp_socket_open(&k->a, q, &k->socket[q], &e));
	fflush(stdout);
	child = fork();
	if (!child)
		exit(run(k));
	CHECK(read(k->pair[0], &byte, 1) == 1);
	for (q = 0; q < QUEUES; q++) {
		if (!CHECK(!xdp_socket_bind(&k->a, &k->socket[q], &e)))
			print_error("bind", -1, &e);
		xdp_socket_close(&k->socket[q]);
	}
	CHECK(write(k->pair[0], "", 1) == 1);
	close(k->pair[0]);
	close(k->pair[1]);
	return child;
}

/* Attaches and runs an engine to its end. argv: the mode. */
static inline bool keeper_begin(struct keeper *k, int argc, char **argv, int (*run)(const struct keeper *k))
{
	struct xdp_attach_options o = { .ifname = "edge0", .mode = XDP_MODE_NATIVE, .port = server.port };
	struct xdp_error e;
	int status = -1;
	pid_t engine;

	if (!CHECK(argc == 2 && getenv("PEER")))
		return false;
	if (!strcmp(argv[1], "generic"))
		o.mode = XDP_MODE_GENERIC;
	xdp_setup_log();
	peer_open(k);
	if (!CHECK(!xdp_attach(&o, &k->a, &e) && !xdp_inject_load(&k->inject, &e))) {
		print_error("attach", -1, &e);
		return false;
	}
	engine = engine_start(k, run);
	CHECK(waitpid(engine, &status, 0) == engine && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return true;
}

static inline int keeper_end(struct keeper *k)
{
	struct xdp_error e;

	xdp_inject_close(&k->inject);
	xdp_attachment_close(&k->a);
	CHECK(!xdp_detach("edge0", &e));
	return checks_finish();
}

#endif
