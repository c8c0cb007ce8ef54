/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One handshake: wolfSSL between the bytes that have arrived and the bytes to be sent.
 *
 * Every hello is held back until the gate has accepted all of it, also the second one after a HelloRetryRequest,
 * which the caller never sees. What fails in the clear is answered by an alert even where wolfSSL gives none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tls/handshake.h"

enum {
	HANDSHAKE_SERVER_HELLO = 2,
	SERVER_RANDOM_AT = RECORD_HEADER + 4 + 2,
	RANDOM_LEN = 32,
	ALERT_HANDSHAKE_FAILURE = 40,
	INPUT_MAX = 16 * 1024, /* a validator sends a twelfth of it */
};

static const char ALPN[] = "acme-tls/1";

/* RFC 8446 4.1.3: the random of a ServerHello that is a HelloRetryRequest. */
static const uint8_t RETRY_RANDOM[RANDOM_LEN] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
						  0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
						  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
						  0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

/* -------------------------------------------------------- wolfSSL's two ends */

int tls_receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
	struct tls *t = context;
	struct held *h = &t->held;
	size_t want = (size_t)size, have;

	(void)ssl;
	if (!h->open || !t->io)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	if (h->given < h->len) {
		have = MIN(want, h->len - h->given);
		memcpy(buffer, h->bytes + h->given, have);
		h->given += have;
		return (int)have;
	}
	have = MIN(want, t->io->in_len - t->io->consumed);
	if (!have)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(buffer, t->io->in + t->io->consumed, have);
	tls_follow(&t->followed, t->io->in + t->io->consumed, have);
	t->io->consumed += have;
	return (int)have;
}

int tls_send(WOLFSSL *ssl, char *buffer, int size, void *context)
{
	const uint8_t *bytes = (const uint8_t *)buffer;
	struct tls *t = context;
	size_t len = (size_t)size;

	(void)ssl;
	if (!t->hello_sent && len >= SERVER_RANDOM_AT + RANDOM_LEN && bytes[0] == RECORD_HANDSHAKE &&
	    bytes[RECORD_HEADER] == HANDSHAKE_SERVER_HELLO) {
		t->retry_sent = !memcmp(bytes + SERVER_RANDOM_AT, RETRY_RANDOM, RANDOM_LEN);
		t->hello_sent = !t->retry_sent;
	}
	return outbox_put(&t->out, bytes, len) ? size : WOLFSSL_CBIO_ERR_GENERAL;
}

/* -------------------------------------------------------------- open, free */

int tls_open(struct tls_context *ctx, const struct certificate *cert, usec_t now, struct tls **out)
{
	char alpn[sizeof(ALPN)]; /* wolfSSL wants it writable */
	struct tls *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (!t)
		return err;
	t->alert_in = t->alert_out = -1;
	err = tls_context_connect(ctx, cert, &t->wolf);
	if (err)
		goto err_free;
	memcpy(alpn, ALPN, sizeof(alpn));
	if (wolfSSL_UseALPN(t->wolf, alpn, sizeof(alpn) - 1, WOLFSSL_ALPN_FAILED_ON_MISMATCH) !=
	    WOLFSSL_SUCCESS) {
		err = -ENOMEM;
		goto err_wolf;
	}
	wolfSSL_SetIOReadCtx(t->wolf, t);
	wolfSSL_SetIOWriteCtx(t->wolf, t);
	t->context = ctx;
	tls_keys_tell(ctx, t->wolf);
	ctx->handshakes++;
	ephemeral_refresh(&ctx->ephemeral, now);
	*out = t;
	return 0;

err_wolf:
	wolfSSL_free(t->wolf);
err_free:
	free(t);
	return err;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	t->context->handshakes--;
	wolfSSL_free(t->wolf);
	outbox_free(&t->out);
	free(t);
}

/* ----------------------------------------------------------------- failing */

/*
 * An alert in the clear after our ServerHello of TLS 1.3, as OpenSSL sends it when it dislikes the certificate: wolfSSL
 * takes it for a broken record. Its description, if it came alone in what has just arrived; -1: no such thing.
 */
static int plain_alert(const struct tls_io *io)
{
	struct reader r = reader_of(io->in, io->in_len);
	uint8_t type = 0, level, description;
	uint16_t version, len = 0;

	if (!read_u8(&r, &type) || !read_u16(&r, &version) || !read_u16(&r, &len))
		return -1;
	if (type != RECORD_ALERT || len != 2 || !read_u8(&r, &level) || !read_u8(&r, &description))
		return -1;
	return reader_left(&r) ? -1 : description;
}

/*
 * wolfSSL stopped with an error of its own. Of what is wrong with a record itself it tells the validator nothing; then we
 * do. Where keys are in use that can only be close_notify: it is the one alert that wolfSSL lets us send.
 */
static void fail_wolf(struct tls *t, int error)
{
	bool clear =
		t->state == TLS_HANDSHAKING && !(t->hello_sent && wolfSSL_version(t->wolf) == TLS1_3_VERSION);
	WOLFSSL_ALERT_HISTORY history = { { -1, 0 }, { -1, 0 } };

	wolfSSL_get_alert_history(t->wolf, &history);
	if (history.last_rx.code < 0)
		t->alert_in = plain_alert(t->io);
	if (history.last_rx.code < 0 && history.last_tx.code < 0) {
		if (clear)
			tls_send_plain_alert(t, ALERT_HANDSHAKE_FAILURE);
		else
			tls_close(t);
	}
	tls_fail(t, wolfSSL_ERR_reason_error_string((unsigned long)error));
}

/* --------------------------------------------------------------- going on */

static void shake_hands(struct tls *t)
{
	int error;

	while (t->state == TLS_HANDSHAKING) {
		if (!t->held.open && !tls_hold_hello(t))
			return;
		if (wolfSSL_accept(t->wolf) == WOLFSSL_SUCCESS) {
			t->state = TLS_ESTABLISHED;
			return;
		}
		error = wolfSSL_get_error(t->wolf, WOLFSSL_FATAL_ERROR);
		if (error != WOLFSSL_ERROR_WANT_READ) {
			fail_wolf(t, error);
			return;
		}
		if (!t->retry_sent || t->second)
			return;
		t->second = true;
		t->held.open = false;
		t->held.len = t->held.given = 0;
	}
}

/* After the handshake only close_notify is welcome. */
static void await_close(struct tls *t)
{
	uint8_t one;
	int error;

	if (wolfSSL_read(t->wolf, &one, sizeof(one)) > 0) {
		/* RFC 8737 3: no application data over this protocol. close_notify is the alert wolfSSL lets us send. */
		tls_close(t);
		tls_fail(t, "the validator sent application data");
		return;
	}
	error = wolfSSL_get_error(t->wolf, WOLFSSL_FATAL_ERROR);
	if (error == WOLFSSL_ERROR_ZERO_RETURN)
		t->state = TLS_CLOSED;
	else if (error != WOLFSSL_ERROR_WANT_READ)
		fail_wolf(t, error);
}

enum tls_state tls_drive(struct tls *t, struct tls_io *io)
{
	io->consumed = io->produced = 0;
	t->io = io;
	if (t->state == TLS_HANDSHAKING) {
		ephemeral_use(&t->context->ephemeral);
		shake_hands(t);
		ephemeral_use(NULL);
	}
	if (t->state == TLS_ESTABLISHED)
		await_close(t);
	t->received += io->consumed;
	if (t->received > INPUT_MAX && t->state < TLS_CLOSED) {
		tls_close(t);
		tls_fail(t, "more than 16 KiB received");
	}
	/* What follows the end is of no interest, but TCP must be able to acknowledge it. */
	if (t->state >= TLS_CLOSED)
		io->consumed = io->in_len;
	io->produced = outbox_take(&t->out, io->out, io->out_cap);
	t->io = NULL;
	return t->state;
}

void tls_close(struct tls *t)
{
	if (t->closing || t->state == TLS_FAILED)
		return;
	t->closing = true;
	wolfSSL_shutdown(t->wolf);
}
