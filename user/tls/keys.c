/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Secrets of a handshake as lines of a TLS key log, for a capture that was asked for them. Nothing is kept. */
#include <stdio.h>
#include <string.h>
#include "tls/context.h"

enum { RANDOM = 32, SECRET_MAX = 64 };

static void put_hex(char *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void tell(const struct tls_keys *keys, WOLFSSL *wolf, const char *label, const uint8_t *secret,
		 int len)
{
	char who[2 * RANDOM + 1] = "", what[2 * SECRET_MAX + 1] = "", line[256];
	uint8_t random[RANDOM];

	/* Asked again: the handshake may have begun long ago. */
	if (len <= 0 || len > SECRET_MAX || !keys->wanted(keys->context) ||
	    wolfSSL_get_client_random(wolf, random, sizeof(random)) != sizeof(random))
		return;
	put_hex(who, random, sizeof(random));
	put_hex(what, secret, (size_t)len);
	snprintf(line, sizeof(line), "%s %s %s", label, who, what);
	keys->take(keys->context, line);
	explicit_bzero(what, sizeof(what));
	explicit_bzero(line, sizeof(line));
}

/* TLS 1.2 has one. Both callbacks: 0, the handshake goes on. */
static int tell_master(WOLFSSL *wolf, void *secret, int len, void *keys)
{
	tell(keys, wolf, "CLIENT_RANDOM", secret, len);
	return 0;
}

static int tell_secret(WOLFSSL *wolf, int id, const unsigned char *secret, int len, void *keys)
{
	static const char *const labels[] = {
		[CLIENT_HANDSHAKE_TRAFFIC_SECRET] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		[SERVER_HANDSHAKE_TRAFFIC_SECRET] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		[CLIENT_TRAFFIC_SECRET] = "CLIENT_TRAFFIC_SECRET_0",
		[SERVER_TRAFFIC_SECRET] = "SERVER_TRAFFIC_SECRET_0",
	};

	if (id >= 0 && (size_t)id < ARRAY_SIZE(labels) && labels[id])
		tell(keys, wolf, labels[id], secret, len);
	return 0;
}

void tls_context_keys(struct tls_context *ctx, const struct tls_keys *keys)
{
	ctx->keys = *keys;
}

void tls_keys_tell(struct tls_context *ctx, WOLFSSL *wolf)
{
	if (!ctx->keys.wanted || !ctx->keys.wanted(ctx->keys.context))
		return;
	wolfSSL_set_secret_cb(wolf, tell_master, &ctx->keys);
	wolfSSL_set_tls13_secret_cb(wolf, tell_secret, &ctx->keys);
}
