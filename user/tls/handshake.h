/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One handshake, between handshake.c (wolfSSL), held.c (hellos before wolfSSL) and report.c. */
#ifndef ALPNXDP_TLS_HANDSHAKE_H
#define ALPNXDP_TLS_HANDSHAKE_H

#include "tls/context.h"
#include "tls/outbox.h"

enum {
	RECORD_HEADER = 5,
	RECORD_CCS = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_APPLICATION_DATA = 23,
	CCS_RECORD_LEN = RECORD_HEADER + 1,
	HELD_MAX = CCS_RECORD_LEN + GATE_MAX_HELLO + 1, /* one more than the gate takes, so that it says so */
};

/* A hello on its way to wolfSSL. */
struct held {
	bool open;    /* the gate has accepted it: what comes now goes straight through */
	size_t len;   /* bytes held */
	size_t given; /* of these, what wolfSSL has taken */
	uint8_t bytes[HELD_MAX];
};

/* The validator's records behind its hello; seen.c. */
struct followed {
	uint8_t header[RECORD_HEADER];
	uint8_t have;  /* bytes of it */
	uint8_t seen;  /* enum tls_seen */
	uint16_t left; /* of the record's body */
	bool begins;   /* the body does */
};

struct tls {
	struct tls_context *context;
	WOLFSSL *wolf;
	enum tls_state state;
	struct tls_io *io; /* of the call that is running */
	struct outbox out;
	struct held held;
	struct followed followed;
	size_t received;
	bool hello_sent; /* our ServerHello went out; with TLS 1.3 all that follows is encrypted */
	bool retry_sent; /* the last ServerHello was a HelloRetryRequest */
	bool second;     /* its answer is awaited, or was accepted */
	bool closing;
	char sni[IDENT_MAX + 1]; /* of the first hello */
	int alert_in, alert_out; /* those that wolfSSL does not know of */
	char error[sizeof(((struct tls_report *)0)->error)];
};

/* Takes input until the gate has decided. True: wolfSSL may go on. */
bool tls_hold_hello(struct tls *t);

void tls_follow(struct followed *f, const uint8_t *bytes, size_t len);

/* Ends the handshake; an alert in the clear, where keys do not exist yet. */
void tls_fail(struct tls *t, const char *error);
void tls_send_plain_alert(struct tls *t, uint8_t description);

#endif
