/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How wolfSSL is set up for every handshake: versions, suites, groups. No tickets, no session cache: a resumed session
 * would prove nothing about a certificate, and nobody validates twice over one connection.
 *
 * wolfSSL makes no connection from a WOLFSSL_CTX without a certificate, so each certificate has one of its own (prepared.h).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "tls/context.h"

static const char SUITES[] =
	"TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

/*
 * Of a server we want the certificate and nothing else: whether it is worth anything is for its reader to say. What a
 * challenge is proven with is self-signed and has a critical extension that wolfSSL does not know (RFC 8737 3); with
 * WOLFSSL_VERIFY_NONE it would refuse that and show it to nobody, while this callback is asked, and overrules.
 * No authority is known to a context, so that there always is an error to be asked about.
 */
static int take_any(int verified, WOLFSSL_X509_STORE_CTX *store)
{
	(void)verified;
	if (store->error_depth == 0 && store->totalCerts > 0)
		tls_client_keep(store->userCtx, store->certs[0].buffer, store->certs[0].length);
	return 1;
}

/* Groups: those of the server; a client also takes two larger, without which RFC 8422 5.4 has no certificates of these curves. */
enum { GROUPS_SERVER = 2, GROUPS_CLIENT = 4 };

static int configure(WOLFSSL_CTX *wolf, int groups)
{
	int list[GROUPS_CLIENT] = { WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1,
				    WOLFSSL_ECC_SECP521R1 };

	if (wolfSSL_CTX_SetMinVersion(wolf, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS)
		return -EIO;
	if (wolfSSL_CTX_set_cipher_list(wolf, SUITES) != WOLFSSL_SUCCESS)
		return -EIO;
	if (wolfSSL_CTX_set_groups(wolf, list, groups) != WOLFSSL_SUCCESS)
		return -EIO;
	wolfSSL_CTX_set_session_cache_mode(wolf, WOLFSSL_SESS_CACHE_OFF);
	return 0;
}

static WOLFSSL_CTX *new_configured(WOLFSSL_METHOD *method, int groups)
{
	WOLFSSL_CTX *wolf = wolfSSL_CTX_new(method);

	if (wolf && configure(wolf, groups)) {
		log_error("%s refused its configuration: it was built without something that is needed",
			  tls_library_version());
		wolfSSL_CTX_free(wolf);
		return NULL;
	}
	return wolf;
}

static WOLFSSL_CTX *new_server(void)
{
	WOLFSSL_CTX *wolf = new_configured(wolfSSLv23_server_method(), GROUPS_SERVER);

	if (!wolf)
		return NULL;
	wolfSSL_CTX_set_verify(wolf, WOLFSSL_VERIFY_NONE, NULL); /* asks for no client certificate */
	wolfSSL_CTX_SetIORecv(wolf, tls_receive);
	wolfSSL_CTX_SetIOSend(wolf, tls_send);
	return wolf;
}

int tls_context_new(struct tls_context **out)
{
	struct tls_context *ctx = calloc(1, sizeof(*ctx));
	WOLFSSL_CTX *wolf;

	if (!ctx)
		return -ENOMEM;
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		goto err_free;
	/* A library that does not do is noticed at start, not at the first validation. */
	wolf = new_server();
	if (!wolf)
		goto err_cleanup;
	wolfSSL_CTX_free(wolf);
	*out = ctx;
	return 0;

err_cleanup:
	wolfSSL_Cleanup();
err_free:
	free(ctx);
	return -EIO;
}

void tls_context_free(struct tls_context *ctx)
{
	if (!ctx)
		return;
	assert(!ctx->handshakes);
	prepared_clear(&ctx->prepared);
	ephemeral_wipe(&ctx->ephemeral);
	wolfSSL_Cleanup();
	free(ctx);
}

static bool set_certificate(WOLFSSL_CTX *wolf, const struct certificate *cert)
{
	int ret =
		wolfSSL_CTX_use_certificate_buffer(wolf, cert->cert, (long)cert->cert_len, SSL_FILETYPE_ASN1);

	if (ret == WOLFSSL_SUCCESS)
		ret = wolfSSL_CTX_use_PrivateKey_buffer(wolf, cert->key, (long)cert->key_len,
							SSL_FILETYPE_ASN1);
	if (ret == WOLFSSL_SUCCESS)
		return true;
	log_error("TLS: certificate refused: %s", wolfSSL_ERR_reason_error_string((unsigned long)ret));
	return false;
}

int tls_context_connect(struct tls_context *ctx, const struct certificate *cert, WOLFSSL **out)
{
	WOLFSSL_CTX *wolf = prepared_find(&ctx->prepared, cert);

	if (wolf) {
		*out = wolfSSL_new(wolf);
		return *out ? 0 : -ENOMEM;
	}
	wolf = new_server();
	if (!wolf)
		return -ENOMEM;
	if (!set_certificate(wolf, cert)) {
		wolfSSL_CTX_free(wolf);
		return -EIO;
	}
	*out = wolfSSL_new(wolf); /* it has its own reference */
	prepared_keep(&ctx->prepared, cert, wolf);
	return *out ? 0 : -ENOMEM;
}

int tls_context_client(bool tls12_only, WOLFSSL **out)
{
	WOLFSSL_CTX *wolf = new_configured(
		tls12_only ? wolfTLSv1_2_client_method() : wolfSSLv23_client_method(), GROUPS_CLIENT);

	if (!wolf)
		return -ENOMEM;
	wolfSSL_CTX_set_verify(wolf, WOLFSSL_VERIFY_PEER, take_any);
	wolfSSL_CTX_SetIORecv(wolf, tls_client_receive);
	wolfSSL_CTX_SetIOSend(wolf, tls_client_send);
	*out = wolfSSL_new(wolf);
	wolfSSL_CTX_free(wolf);
	return *out ? 0 : -ENOMEM;
}

const char *tls_library_version(void)
{
	return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}
