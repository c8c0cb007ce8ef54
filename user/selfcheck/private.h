/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One self-check, between selfcheck.c (its steps), talk.c (its connection) and words.c (its result). */
#ifndef ALPNXDP_SELFCHECK_PRIVATE_H
#define ALPNXDP_SELFCHECK_PRIVATE_H

#include "selfcheck/selfcheck.h"
#include "tcp/tcp.h"

enum phase {
	PHASE_LISTENER, /* does somebody listen on this address? */
	PHASE_SYN,
	PHASE_REQUEST, /* the kernel's answer to it */
	PHASE_TRY,
	PHASE_TALK,
	PHASE_SILENCE, /* the kernel's half is to go */
	PHASE_LEAVE,   /* failed in the middle of the connection: a RST to the engine */
	PHASE_RESET,   /* and one to the kernel */
	PHASE_OVER,
};

struct selfcheck {
	enum phase phase;
	usec_t begun;
	usec_t due;  /* of the next look at the kernel */
	usec_t ends; /* of looking */

	struct selfcheck_host host;
	uint32_t at; /* address that is tried */
	uint8_t own_mac[6];
	uint8_t random[SELFCHECK_RANDOM];
	uint16_t port, mtu;
	struct identifier ident;

	struct path to_kernel, to_program; /* they differ in the source MAC */
	uint32_t first;                    /* sequence number of the SYN */
	bool unsent;                       /* the first segment is in frame[], and goes next */
	bool heard;                        /* the engine has answered */
	bool verified;
	usec_t hello_at;
	struct tcp_conn tcp;
	struct tls_client *tls;

	struct selfcheck_result result;
	uint8_t frame[SELFCHECK_FRAME];
	size_t frame_len;
};

/* talk.c */
bool talk_open(struct selfcheck *c, uint32_t snd_nxt,
	       usec_t now);                        /* first segment in frame[]; false: failed */
void talk_drive(struct selfcheck *c, usec_t now);  /* TLS as far as it goes; may fail */
bool talk_output(struct selfcheck *c, usec_t now); /* a segment is in frame[] */

/* words.c: each ends the check, or this address of it. */
void fail_address(struct selfcheck *c);
void fail_listener(struct selfcheck *c);
void fail_request(struct selfcheck *c);
void fail_elsewhere(struct selfcheck *c);
void fail_kernel(struct selfcheck *c, int err);
void fail_verdict(struct selfcheck *c, int verdict, const char *why);
void fail_busy(struct selfcheck *c);
void fail_silent(struct selfcheck *c);
void fail_talk(struct selfcheck *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pass(struct selfcheck *c, bool silenced);

#endif
