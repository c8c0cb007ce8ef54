/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "peer.h"

#define HOME_DEVICE "home0"     /* leads to the client */
#define ASTRAY_DEVICE "astray0" /* leads elsewhere */

/* The host's part of the server's address for each kind; .9 has no listener. */
static const uint8_t server_host[PEER_KINDS] = {
	[PEER_NOBODY] = 9,   [PEER_STRANGER] = 1, [PEER_SOCKET] = 1, [PEER_REQUEST] = 1,
	[PEER_DEFERRED] = 2, [PEER_FASTOPEN] = 3, [PEER_MPTCP] = 4,  [PEER_ASTRAY] = 1,
};

static int home_fd = -1, astray_fd = -1;
static int listeners[8][2]; /* by host, by family */

static void address(uint8_t out[16], int family, unsigned host)
{
	static const uint8_t net4[16] = { 10, 77, 200 },
			     net6[16] = { 0xfd, 0x77, 0, 0xc8, 0, 0, 0, 1, 0, 0, 0, 2 };

	memcpy(out, family == 4 ? net4 : net6, 16);
	out[family == 4 ? 3 : 15] = (uint8_t)host;
}

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &request)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int listen_on(unsigned host, int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(PEER_PORT) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(PEER_PORT) };
	int protocol = host == server_host[PEER_MPTCP] ? IPPROTO_MPTCP : IPPROTO_TCP;
	int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	int seconds = 30, queue = 5;
	uint8_t bytes[16];

	if (fd < 0)
		return -errno;
	address(bytes, family, host);
	memcpy(&four.sin_addr, bytes, 4);
	memcpy(&six.sin6_addr, bytes, 16);
	if (host == server_host[PEER_DEFERRED])
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	if (host == server_host[PEER_FASTOPEN])
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	if (bind(fd, family == 4 ? (void *)&four : (void *)&six, family == 4 ? sizeof(four) : sizeof(six)) ||
	    listen(fd, 64)) {
		close(fd);
		return -errno;
	}
	return fd;
}

int peer_setup(const char **why)
{
	/* 0x203: Fast Open for servers, without cookies. */
	static const char *const commands[] = {
		"ip link set lo up",
		"ip link set " HOME_DEVICE " up && ip link set " ASTRAY_DEVICE " up",
		"for i in 1 2 3 4; do ip addr add 10.77.200.$i/24 dev " HOME_DEVICE "; done",
		"for i in 1 2 3 4; do ip addr add fd77:c8:0:1:0:2:0:$i/64 dev " HOME_DEVICE " nodad; done",
		"ip addr add 10.77.200.9/24 dev " HOME_DEVICE
		"; ip addr add fd77:c8:0:1:0:2:0:9/64 dev " HOME_DEVICE " nodad",
		"sysctl -qw net.ipv4.tcp_fastopen=0x203 net.ipv4.conf.all.rp_filter=0 net.mptcp.enabled=1",
	};
	unsigned host;
	size_t i;

	*why = "a network namespace with two TUN devices";
	if (unshare(CLONE_NEWNET))
		return -errno;
	home_fd = open_tun(HOME_DEVICE);
	astray_fd = open_tun(ASTRAY_DEVICE);
	if (home_fd < 0 || astray_fd < 0)
		return -ENODEV;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		*why = commands[i];
		if (system(commands[i]))
			return -EIO;
	}
	*why = "listening sockets, one of them MPTCP";
	for (host = 1; host <= 4; host++) {
		listeners[host][0] = listen_on(host, 4);
		listeners[host][1] = listen_on(host, 6);
		if (listeners[host][0] < 0 || listeners[host][1] < 0)
			return -EIO;
	}
	return 0;
}

int peer_device(void)
{
	return (int)if_nametoindex(HOME_DEVICE);
}

struct frame peer_frame(const struct peer *p)
{
	struct frame f = {
		.family = p->family,
		.sport = p->port,
		.dport = PEER_PORT,
		.seq = p->seq,
		.ack = p->ack,
		.flags = ACK,
		.timestamps = p->timestamps,
		.ts_value = p->ts_value,
		.ts_echo = p->ts_echo,
	};

	memcpy(f.saddr, p->client, 16);
	memcpy(f.daddr, p->server, 16);
	return f;
}

int peer_send(const struct peer *p, const struct frame *f)
{
	struct frame_bytes b;
	ssize_t n;

	frame_build(f, &b);
	n = write(p->kind == PEER_ASTRAY ? astray_fd : home_fd, b.bytes + b.ip, b.len - b.ip);
	return n == (ssize_t)(b.len - b.ip) ? 0 : -EIO;
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The TCP header of a datagram to this connection's client; NULL: it is none. */
static const uint8_t *tcp_of(const struct peer *p, const uint8_t *ip, size_t len)
{
	size_t header = p->family == 4 ? 20 : 40;
	const uint8_t *tcp = ip + header;

	return len >= header + 20 && ip[0] >> 4 == p->family && (tcp[2] << 8 | tcp[3]) == p->port ? tcp
												  : NULL;
}

/* Takes the SYN-ACK's numbers, if this datagram is it. */
static bool take_syn_ack(struct peer *p, const uint8_t *ip, size_t len)
{
	const uint8_t *tcp = tcp_of(p, ip, len);
	size_t at;

	if (!tcp || (tcp[13] & (SYN | ACK)) != (SYN | ACK))
		return false;
	p->ack = get_u32(tcp + 4) + 1;
	p->advertised = (uint16_t)(tcp[14] << 8 | tcp[15]);
	for (at = 20; at < (size_t)(tcp[12] >> 4) * 4; at += tcp[at] <= 1 ? 1 : tcp[at + 1]) {
		if (tcp[at] == 8)
			p->ts_echo = get_u32(tcp + at + 2);
		else if (tcp[at] == 3)
			p->wscale = tcp[at + 2];
	}
	return true;
}

static int await_syn_ack(struct peer *p)
{
	struct pollfd waiting = { .fd = home_fd, .events = POLLIN };
	uint8_t datagram[2048];
	ssize_t n;
	int i;

	for (i = 0; i < 1000 && poll(&waiting, 1, 2000) == 1; i++) {
		n = read(home_fd, datagram, sizeof(datagram));
		if (n > 0 && take_syn_ack(p, datagram, (size_t)n))
			return 0;
	}
	return -ETIMEDOUT;
}

static int send_syn(struct peer *p)
{
	/* MSS 1460, SACK, window scale 7; then MP_CAPABLE of version 1 (RFC 8684 3.1), or an empty Fast Open cookie. */
	static const uint8_t common[12] = { 2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7 };
	static const uint8_t mptcp[4] = { 30, 4, 1, 1 }, fastopen[4] = { 34, 2, 1, 1 };
	struct frame f = peer_frame(p);

	f.flags = SYN;
	f.seq--;
	f.ack = 0;
	f.ts_echo = 0;
	memcpy(f.options, common, sizeof(common));
	f.options_len = sizeof(common);
	if (p->kind == PEER_MPTCP || p->kind == PEER_FASTOPEN) {
		memcpy(f.options + f.options_len, p->kind == PEER_MPTCP ? mptcp : fastopen, 4);
		f.options_len += 4;
	}
	if (p->kind == PEER_FASTOPEN) {
		f.data = (const uint8_t *)"GET";
		f.data_len = 3;
	}
	return peer_send(p, &f);
}

int peer_accept(struct peer *p)
{
	struct pollfd waiting = { .fd = listeners[server_host[p->kind]][p->family == 6], .events = POLLIN };

	if (poll(&waiting, 1, 2000) != 1)
		return -ETIMEDOUT;
	p->accepted = accept4(waiting.fd, NULL, NULL, SOCK_CLOEXEC);
	return p->accepted < 0 ? -errno : 0;
}

uint32_t peer_window_end(const struct peer *p)
{
	struct pollfd ready = { .fd = home_fd, .events = POLLIN };
	uint8_t datagram[2048];
	const uint8_t *tcp;
	uint32_t end = 0;
	ssize_t n;

	while (poll(&ready, 1, 0) == 1) {
		n = read(home_fd, datagram, sizeof(datagram));
		tcp = n > 0 ? tcp_of(p, datagram, (size_t)n) : NULL;
		if (tcp && !(tcp[13] & (SYN | RST)))
			end = get_u32(tcp + 8) + ((uint32_t)(tcp[14] << 8 | tcp[15]) << p->wscale);
	}
	return end;
}

int peer_open(struct peer *p, enum peer_kind kind, int family, bool timestamps)
{
	static uint16_t last_port = 20000;
	struct frame ack;
	int err;

	last_port++;
	*p = (struct peer){
		.kind = kind,
		.family = family,
		.port = last_port,
		.timestamps = timestamps,
		/* Anywhere, or so that the hello crosses the wrap of sequence numbers. */
		.seq = last_port % 2 ? 0xffffffffu - last_port % 256 : 0x9e3779b9u * last_port,
		.ack = 1,
		.ts_value = 5000,
		.ts_echo = 1,
		.accepted = -1,
	};
	address(p->client, family, 100);
	address(p->server, family, server_host[kind]);
	if (kind == PEER_NOBODY || kind == PEER_STRANGER)
		return 0;
	err = send_syn(p);
	if (!err)
		err = await_syn_ack(p);
	if (kind == PEER_FASTOPEN)
		p->seq += 3;
	if (err || kind == PEER_REQUEST || kind == PEER_FASTOPEN || kind == PEER_MPTCP)
		return err;
	ack = peer_frame(p);
	err = peer_send(p, &ack);
	return err || kind == PEER_DEFERRED ? err : peer_accept(p);
}

void peer_close(struct peer *p)
{
	struct frame reset = peer_frame(p);

	if (p->kind == PEER_NOBODY || p->kind == PEER_STRANGER)
		return;
	reset.flags = RST | ACK;
	peer_send(p, &reset);
	if (p->accepted >= 0)
		close(p->accepted);
	p->accepted = -1;
}
