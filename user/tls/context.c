/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all handshakes share: versions, suites, groups. No tickets, no session cache: a resumed session would prove
 * nothing about a certificate, and nobody validates twice over one connection.
 */
#include <errno.h>
#include <stdlib.h>
#include "tls/context.h"

static const char SUITES[] =
	"TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

/*
 * wolfSSL makes no connection from a context without a certificate, so it gets one that is never sent: tls_open() sets
 * that of the challenge on the connection, or fails.
 */
static int set_placeholder(WOLFSSL_CTX *wolf)
{
	static const uint8_t digest[DIGEST_LEN];
	struct certificate c;
	struct identifier ident;
	const char *why;
	int err = identifier_parse("placeholder.invalid", &ident, &why);

	if (!err)
		err = certificate_make(&ident, digest, 24 * 3600, &c);
	if (err)
		return err;
	if (wolfSSL_CTX_use_certificate_buffer(wolf, c.cert, (long)c.cert_len, SSL_FILETYPE_ASN1) !=
		    WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_PrivateKey_buffer(wolf, c.key, (long)c.key_len, SSL_FILETYPE_ASN1) !=
		    WOLFSSL_SUCCESS)
		err = -EIO;
	certificate_free(&c);
	return err;
}

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
	return set_placeholder(wolf);
}

int tls_context_new(struct tls_context **out)
{
	struct tls_context *ctx = calloc(1, sizeof(*ctx));
	int err = -ENOMEM;

	if (!ctx)
		return err;
	if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
		err = -EIO;
		goto err_free;
	}
	ctx->wolf = wolfSSL_CTX_new(wolfSSLv23_server_method());
	if (!ctx->wolf)
		goto err_cleanup;
	err = configure(ctx->wolf);
	if (err)
		goto err_context;
	*out = ctx;
	return 0;

err_context:
	log_error("%s refused its configuration: it was built without something that is needed",
		  tls_library_version());
	wolfSSL_CTX_free(ctx->wolf);
err_cleanup:
	wolfSSL_Cleanup();
err_free:
	free(ctx);
	return err;
}

void tls_context_free(struct tls_context *ctx)
{
	if (!ctx)
		return;
	wolfSSL_CTX_free(ctx->wolf);
	wolfSSL_Cleanup();
	free(ctx);
}

const char *tls_library_version(void)
{
	return "wolfSSL " LIBWOLFSSL_VERSION_STRING;
}
