/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How wolfSSL is set up, between context.c, handshake.c and client.c. */
#ifndef ALPNXDP_TLS_CONTEXT_H
#define ALPNXDP_TLS_CONTEXT_H

#include "tls/ephemeral.h"
#include "tls/prepared.h"
#include "tls/tls.h"
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

struct tls_context {
	unsigned handshakes; /* that live: none may outlast it */
	struct ephemeral ephemeral;
	struct prepared prepared;
	struct tls_keys keys;
};

/* A connection that will show this certificate. 0, -ENOMEM, or -EIO (wolfSSL refused it; logged). */
int tls_context_connect(struct tls_context *ctx, const struct certificate *cert, WOLFSSL **out);

/* A connection as a client, its server's certificate kept and never verified. 0 or -ENOMEM. */
int tls_context_client(bool tls12_only, WOLFSSL **out);

/* keys.c: has the secrets of this handshake told to whoever wants them at the moment. */
void tls_keys_tell(struct tls_context *ctx, WOLFSSL *wolf);

/* Implemented by handshake.c; the context is a struct tls. */
int tls_receive(WOLFSSL *ssl, char *buffer, int size, void *context);
int tls_send(WOLFSSL *ssl, char *buffer, int size, void *context);

/* Implemented by client.c; the context is a struct tls_client. */
int tls_client_receive(WOLFSSL *ssl, char *buffer, int size, void *context);
int tls_client_send(WOLFSSL *ssl, char *buffer, int size, void *context);
void tls_client_keep(void *context, const uint8_t *der, size_t len);

#endif
