/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * selfcheck: a validation of our own, through everything that a validator's packets go through: the kernel's listener,
 * the steering program, the socket of queue 0, TCP, TLS and the certificate.
 *
 * Owns: a pretended validator at an address that nobody has (RFC 5737, RFC 6666), its connection, and the words in which the
 * result is told. Does no input or output: it says what it wants done, and is told what came of it.
 *
 *   1. Does somebody listen? The kernel is asked.
 *   2. A SYN is handed to the kernel as if it had just come in; the kernel's answer leaves the host (the one packet of all
 *      this that does), and what number it carried is asked for, since nobody will bring it back.
 *   3. The hello rides on the handshake's last ACK. The steering program is asked what it would do with it, and only if it
 *      would take it the frame really goes its way: so the web server never accepts a connection.
 *   4. The engine's answers come here instead of the wire, and ours go through the program, until both have closed.
 *   5. The kernel's half must be gone.
 *
 * Nothing lasts longer than SELFCHECK_TIME. What failed ends with a RST to the engine and one to the kernel.
 */
#ifndef ALPNXDP_SELFCHECK_H
#define ALPNXDP_SELFCHECK_H

#include <alpnxdp/abi.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "net/net.h"
#include "tls/tls.h"

enum {
	SELFCHECK_ADDRESSES = 8, /* of the interface, that are tried */
	SELFCHECK_RANDOM = 64,
	SELFCHECK_FRAME = 1514,
};

#define SELFCHECK_TIME (2 * USEC_PER_SEC)
#define SELFCHECK_TALK (500 * USEC_PER_MSEC) /* of this, the connection: nobody else is answered meanwhile */

/* What the host is like; from the keeper, who may ask. */
struct selfcheck_host {
	uint8_t mac[6]; /* of the interface */
	uint32_t count;
	uint8_t address[SELFCHECK_ADDRESSES][16]; /* IPv4 mapped into IPv6 */
};

/* Frames of the pretended validator come from here, and what goes there never leaves: the last bit of own_mac changed. */
void selfcheck_mac(const uint8_t own_mac[6], uint8_t out[6]);

/* Does a validator at this address come from a self-check? Nobody else can. */
bool selfcheck_is_pretended(const uint8_t address[16]);

struct selfcheck_options {
	struct tls_context *tls;
	const struct selfcheck_host *host;
	uint8_t own_mac[6]; /* which the program lets pass in generic mode: struct config */
	uint16_t port;      /* host order */
	uint16_t mtu;
	uint8_t random[SELFCHECK_RANDOM];
};

struct selfcheck;

int selfcheck_new(const struct selfcheck_options *o, usec_t now,
		  struct selfcheck **out); /* 0, -ENOMEM, -EIO */
void selfcheck_free(struct selfcheck *c);

/* The challenge that must be pending from now on until it is over: a name under .invalid (RFC 6761 6.4). */
const struct identifier *selfcheck_identifier(const struct selfcheck *c);
const uint8_t *selfcheck_digest(const struct selfcheck *c);

enum selfcheck_want {
	SELFCHECK_WAIT,   /* for selfcheck_input(), or until selfcheck_deadline() */
	SELFCHECK_PEEK,   /* ask the kernel about the frame's connection: selfcheck_peeked() */
	SELFCHECK_INJECT, /* hand the frame to the kernel */
	SELFCHECK_TRY, /* ask the program about the frame: selfcheck_tried(), now or, if it must be, later */
	SELFCHECK_RUN, /* run the frame through the program */
	SELFCHECK_RESET, /* end the kernel's half with the frame, a RST */
	SELFCHECK_OVER,
};

/* What is to be done next; call it again until it is SELFCHECK_WAIT or SELFCHECK_OVER. The frame is good until then. */
struct selfcheck_frame {
	const uint8_t *bytes;
	size_t len;
};
enum selfcheck_want selfcheck_next(struct selfcheck *c, struct selfcheck_frame *out, usec_t now);
usec_t selfcheck_deadline(const struct selfcheck *c);

/* answer < 0: it could not be asked. snd_nxt: of a request. */
void selfcheck_peeked(struct selfcheck *c, int answer, uint32_t snd_nxt, usec_t now);
/* verdict: an XDP action, < 0: it could not be run; why: what the program counted, or NULL. */
void selfcheck_tried(struct selfcheck *c, int verdict, const char *why, usec_t now);
/* A frame that the engine would send. False: it is none of this connection. */
bool selfcheck_input(struct selfcheck *c, const uint8_t *frame, size_t len, usec_t now);

/* From the first TRY to the end of the connection nobody else should be offered to the engine: see xdp_run(). */
bool selfcheck_talks(const struct selfcheck *c);

struct selfcheck_result {
	bool ok;
	bool answered;       /* the engine was offered the connection: how it counted its end says more */
	usec_t took;         /* from the hello to the end of the handshake */
	struct flow_key key; /* of the connection, as the host receives it */
	char what[140];
	char fix[160];
};
const struct selfcheck_result *selfcheck_result(const struct selfcheck *c);

#endif
