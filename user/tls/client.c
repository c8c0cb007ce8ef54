/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wolfSSL as a client between two buffers. Nobody is trusted by it: what it is for is the server's certificate, which
 * context.c hands to tls_client_keep() in the middle of the handshake.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tls/context.h"
#include "tls/outbox.h"
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

static const char ALPN[] = "acme-tls/1";

struct tls_client {
	struct tls_context *context;
	WOLFSSL *wolf;
	enum tls_state state;
	struct tls_io *io; /* of the call that is running */
	struct outbox out;
	size_t received;
	bool closing;
	char alpn[32];
	int failed; /* wolfSSL's number for why */
	char heard[TLS_CLIENT_HEARD_MAX + 1];
	size_t heard_len;
	uint8_t *leaf;
	size_t leaf_len;
	char error[80];
};

/* -------------------------------------------------------- wolfSSL's two ends */

int tls_client_receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
	struct tls_client *c = context;
	size_t have;

	(void)ssl;
	have = c->io ? MIN((size_t)size, c->io->in_len - c->io->consumed) : 0;
	if (!have)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(buffer, c->io->in + c->io->consumed, have);
	c->io->consumed += have;
	return (int)have;
}

int tls_client_send(WOLFSSL *ssl, char *buffer, int size, void *context)
{
	struct tls_client *c = context;

	(void)ssl;
	return outbox_put(&c->out, buffer, (size_t)size) ? size : WOLFSSL_CBIO_ERR_GENERAL;
}

void tls_client_keep(void *context, const uint8_t *der, size_t len)
{
	struct tls_client *c = context;

	if (c->leaf || !len || len > TLS_CLIENT_CERTIFICATE_MAX)
		return;
	c->leaf = malloc(len);
	if (!c->leaf)
		return;
	memcpy(c->leaf, der, len);
	c->leaf_len = len;
}

/* -------------------------------------------------------------- open, free */

static bool set_up(struct tls_client *c, const struct tls_client_options *o)
{
	const char *sni = o->sni;
	unsigned char without =
		strcmp(o->alpn, ALPN) ? WOLFSSL_ALPN_CONTINUE_ON_MISMATCH : WOLFSSL_ALPN_FAILED_ON_MISMATCH;

	/* wolfSSL wants it writable. */
	if ((size_t)snprintf(c->alpn, sizeof(c->alpn), "%s", o->alpn) >= sizeof(c->alpn))
		return false;
	wolfSSL_SetIOReadCtx(c->wolf, c);
	wolfSSL_SetIOWriteCtx(c->wolf, c);
	wolfSSL_SetCertCbCtx(c->wolf, c);
	return wolfSSL_UseSNI(c->wolf, WOLFSSL_SNI_HOST_NAME, sni, (unsigned short)strlen(sni)) ==
		       WOLFSSL_SUCCESS &&
	       wolfSSL_UseALPN(c->wolf, c->alpn, (unsigned)strlen(c->alpn), without) == WOLFSSL_SUCCESS;
}

int tls_client_open_as(struct tls_context *ctx, const struct tls_client_options *o, struct tls_client **out)
{
	struct tls_client *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return err;
	err = tls_context_client(o->tls12_only, &c->wolf);
	if (err)
		goto err_free;
	err = -EIO;
	if (!set_up(c, o))
		goto err_wolf;
	c->context = ctx;
	ctx->handshakes++;
	*out = c;
	return 0;

err_wolf:
	wolfSSL_free(c->wolf);
err_free:
	free(c);
	return err;
}

int tls_client_open(struct tls_context *ctx, const char *sni, struct tls_client **out)
{
	return tls_client_open_as(ctx, &(const struct tls_client_options){ .sni = sni, .alpn = ALPN }, out);
}

void tls_client_free(struct tls_client *c)
{
	if (!c)
		return;
	c->context->handshakes--;
	wolfSSL_free(c->wolf);
	outbox_free(&c->out);
	free(c->leaf);
	free(c);
}

/* --------------------------------------------------------------- going on */

static void fail(struct tls_client *c, const char *error)
{
	c->state = TLS_FAILED;
	snprintf(c->error, sizeof(c->error), "%s", error);
}

static void fail_wolf(struct tls_client *c, int error)
{
	WOLFSSL_ALERT_HISTORY history = { { -1, 0 }, { -1, 0 } };

	wolfSSL_get_alert_history(c->wolf, &history);
	if (history.last_rx.level == alert_fatal)
		snprintf(c->error, sizeof(c->error), "the server sent alert %d", history.last_rx.code);
	else
		snprintf(c->error, sizeof(c->error), "%s",
			 wolfSSL_ERR_reason_error_string((unsigned long)error));
	c->failed = error;
	c->state = TLS_FAILED;
}

static void shake_hands(struct tls_client *c)
{
	int error;

	if (wolfSSL_connect(c->wolf) == WOLFSSL_SUCCESS) {
		c->state = TLS_ESTABLISHED;
		return;
	}
	error = wolfSSL_get_error(c->wolf, WOLFSSL_FATAL_ERROR);
	if (error == WOLFSSL_ERROR_ZERO_RETURN)
		fail(c, "the server closed during the handshake");
	else if (error != WOLFSSL_ERROR_WANT_READ)
		fail_wolf(c, error);
}

static void await_close(struct tls_client *c)
{
	uint8_t got[256];
	int error, len;

	while ((len = wolfSSL_read(c->wolf, got, sizeof(got))) > 0) {
		size_t kept = MIN((size_t)len, TLS_CLIENT_HEARD_MAX - c->heard_len);

		memcpy(c->heard + c->heard_len, got, kept);
		c->heard_len += kept;
	}
	error = wolfSSL_get_error(c->wolf, WOLFSSL_FATAL_ERROR);
	if (error == WOLFSSL_ERROR_ZERO_RETURN)
		c->state = TLS_CLOSED;
	else if (error != WOLFSSL_ERROR_WANT_READ)
		fail_wolf(c, error);
}

enum tls_state tls_client_drive(struct tls_client *c, struct tls_io *io)
{
	io->consumed = io->produced = 0;
	c->io = io;
	if (c->state == TLS_HANDSHAKING)
		shake_hands(c);
	if (c->state == TLS_ESTABLISHED)
		await_close(c);
	c->received += io->consumed;
	if (c->received > TLS_CLIENT_INPUT_MAX && c->state < TLS_CLOSED) {
		tls_client_close(c);
		fail(c, "more than 64 KiB received");
	}
	if (c->state >= TLS_CLOSED)
		io->consumed = io->in_len;
	io->produced = outbox_take(&c->out, io->out, io->out_cap);
	c->io = NULL;
	return c->state;
}

void tls_client_close(struct tls_client *c)
{
	if (c->closing || c->state == TLS_FAILED)
		return;
	c->closing = true;
	wolfSSL_shutdown(c->wolf);
}

/* ---------------------------------------------------------------- outcome */

bool tls_client_say(struct tls_client *c, const char *text)
{
	int len = (int)strlen(text);

	return c->state == TLS_ESTABLISHED && wolfSSL_write(c->wolf, text, len) == len;
}

const char *tls_client_heard(const struct tls_client *c)
{
	return c->heard;
}

bool tls_client_alpn(const struct tls_client *c)
{
	unsigned short len = 0;
	char *name = NULL;

	return wolfSSL_ALPN_GetProtocol(c->wolf, &name, &len) == WOLFSSL_SUCCESS && len == strlen(c->alpn) &&
	       !memcmp(name, c->alpn, len);
}

void tls_client_report(const struct tls_client *c, struct tls_client_report *out)
{
	WOLFSSL_ALERT_HISTORY history = { { -1, 0 }, { -1, 0 } };

	wolfSSL_get_alert_history(c->wolf, &history);
	*out = (struct tls_client_report){ .alert_in = history.last_rx.code };
	if (c->state == TLS_ESTABLISHED || c->state == TLS_CLOSED) {
		out->version = (uint16_t)wolfSSL_version(c->wolf);
		out->cipher = (uint16_t)wolfSSL_get_current_cipher_suite(c->wolf);
	}
	out->alpn_refused = c->failed == UNKNOWN_ALPN_PROTOCOL_NAME_E;
	out->no_certificate = c->failed == NO_PEER_CERT;
	out->unparsed = c->failed == BUFFER_E || (c->failed <= ASN_PARSE_E && c->failed >= ASN_NO_PEM_HEADER);
}

const uint8_t *tls_client_certificate(const struct tls_client *c, size_t *len)
{
	*len = c->leaf_len;
	return c->leaf;
}

const char *tls_client_error(const struct tls_client *c)
{
	return c->error;
}
