/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The other side of real kernel connections: a network namespace of its own with two TUN devices, a listening socket
 * per kind, and a client that is nothing but this process writing packets. So every number on the wire is known, and
 * a connection can be stopped at any point of its life.
 */
#ifndef TESTS_BPF_PEER_H
#define TESTS_BPF_PEER_H

#include "frame.h"

enum { PEER_PORT = 443 };

enum peer_kind {
	PEER_NOBODY,   /* no connection: an address on which nobody listens */
	PEER_STRANGER, /* no connection, but a listener on that address */
	PEER_SOCKET,   /* the handshake is complete */
	PEER_REQUEST,  /* a request socket: the handshake's last ACK has not come */
	PEER_DEFERRED, /* a request socket: TCP_DEFER_ACCEPT, the last ACK was dropped */
	PEER_FASTOPEN, /* data on the SYN: the socket is in SYN_RECV */
	PEER_MPTCP,    /* a request socket of an MPTCP listener */
	PEER_ASTRAY,   /* the SYN came by a device that does not lead back to the client */
	PEER_KINDS
};

struct peer {
	enum peer_kind kind;
	int family;
	uint8_t client[16], server[16];
	uint16_t port; /* the client's */
	bool timestamps;
	uint32_t seq, ack; /* of the client's next segment */
	uint32_t ts_value, ts_echo;
	uint16_t advertised; /* the window of the SYN-ACK */
	uint8_t wscale;      /* of the server's later windows */
	int accepted;        /* the server's descriptor, -1 when there is none */
};

/* Enters a new network namespace and builds all this. 0 or -errno; with *why. */
int peer_setup(const char **why);
int peer_device(void); /* ifindex of the TUN device */

/* A new connection. timestamps: negotiate them. 0 or -errno. */
int peer_open(struct peer *p, enum peer_kind kind, int family, bool timestamps);
void peer_close(struct peer *p);

/* A segment of this connection as a frame to be completed: addresses, ports, numbers and timestamps are set. */
struct frame peer_frame(const struct peer *p);
/* Gives a segment to the kernel. */
int peer_send(const struct peer *p, const struct frame *f);
/* Takes a connection that is complete from its listener. 0 or -errno. */
int peer_accept(struct peer *p);
/* One past the last sequence number that the kernel has invited, in all it sent on this connection since last asked; 0: none. */
uint32_t peer_window_end(const struct peer *p);

#endif
