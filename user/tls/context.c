/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How wolfSSL is set up for every handshake: versions, suites, groups. No tickets, no session cache: a resumed session
 * would prove nothing about a certificate, and nobody validates twice over one connection.
 *
 * Each handshake has a WOLFSSL_CTX of its own (7 microseconds): wolfSSL makes no connection from one without a certificate,
 * and what that certificate can do would stick to the connections of all others.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "tls/context.h"

static const char SUITES[] =
	"TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

static int configure(WOLFSSL_CTX *wolf)
{
	int groups[] = { WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1 };

	if (wolfSSL_CTX_SetMinVersion(wolf, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS)
		return -EIO;
	if (wolfSSL_CTX_set_cipher_list(wolf, SUITES) != WOLFSSL_SUCCESS)
		return -EIO;
	if (wolfSSL_CTX_set_groups(wolf, groups, ARRAY_SIZE(groups)) != WOLFSSL_SUCCESS)
		return -EIO;
	wolfSSL_CTX_set_session_cache_mode(wolf, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_verify(wolf, WOLFSSL_VERIFY_NONE, NULL); /* asks for no client certificate */
	wolfSSL_CTX_SetIORecv(wolf, tls_receive);
	wolfSSL_CTX_SetIOSend(wolf, tls_send);
	return 0;
}

static WOLFSSL_CTX *new_configured(void)
{
	WOLFSSL_CTX *wolf = wolfSSL_CTX_new(wolfSSLv23_server_method());

	if (wolf && configure(wolf)) {
		log_error("%s refused its configuration: it was built without something that is needed",
			  tls_library_version());
		wolfSSL_CTX_free(wolf);
		return NULL;
	}
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
	wolf = new_configured();
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

int tls_context_connect(const struct certificate *cert, WOLFSSL **out)
{
	WOLFSSL_CTX *wolf = new_configured();
	int err = -EIO;

	if (!wolf)
		return -ENOMEM;
	if (set_certificate(wolf, cert)) {
		*out = wolfSSL_new(wolf);
		err = *out ? 0 : -ENOMEM;
	}
	wolfSSL_CTX_free(wolf); /* the connection has its own reference */
	return err;
}

const char *tls_library_version(void)
{
	return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}
