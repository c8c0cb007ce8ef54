/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What handshakes share: a key pair for a minute, and what was prepared for a certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include "tls/ephemeral.h"
#include "tls/prepared.h"
#include "tls/tls.h"

enum { SHARE_MAX = 65, ROUNDS = 10, MANY = PREPARED_MAX + 3 };

static struct tls_context *context;

static void make(struct certificate *out, unsigned number)
{
	const uint8_t digest[DIGEST_LEN] = { (uint8_t)number };
	struct identifier ident;
	const char *why;

	assert_int_equal(identifier_parse("d.example.org", &ident, &why), 0);
	assert_int_equal(certificate_make(&ident, digest, time(NULL), out), 0);
}

/* What a validator has seen of one handshake. */
struct seen {
	uint8_t share[SHARE_MAX]; /* the server's public key */
	size_t share_len;
	uint8_t random[SSL3_RANDOM_SIZE];
};

static SSL *validator(const char *groups, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set1_groups_list(ctx, groups);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\012acme-tls/1", 11);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_tlsext_host_name(ssl, "d.example.org");
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(ssl);
	return ssl;
}

static void talk(SSL *ssl, struct tls *t)
{
	uint8_t in[8192], out[8192];
	struct tls_io io;
	int n;

	for (unsigned i = 0; i < ROUNDS; i++) {
		SSL_do_handshake(ssl);
		n = BIO_read(SSL_get_wbio(ssl), in, sizeof(in));
		io = (struct tls_io){
			.in = in, .in_len = n > 0 ? (size_t)n : 0, .out = out, .out_cap = sizeof(out)
		};
		if (tls_drive(t, &io) == TLS_ESTABLISHED && SSL_is_init_finished(ssl))
			return;
		BIO_write(SSL_get_rbio(ssl), out, (int)io.produced);
	}
	fail_msg("the handshake does not end");
}

/* One handshake; the certificate that the validator sees must be cert. */
static struct seen handshake(const struct certificate *cert, const char *groups, int version, usec_t now)
{
	SSL *ssl = validator(groups, version);
	EVP_PKEY *key = NULL;
	uint8_t *der = NULL;
	struct seen seen = { .share_len = 0 };
	struct tls *t;
	X509 *x;

	assert_int_equal(tls_open(context, cert, now, &t), 0);
	talk(ssl, t);
	assert_int_equal(SSL_get_peer_tmp_key(ssl, &key), 1);
	seen.share_len = EVP_PKEY_get1_encoded_public_key(key, &der);
	assert_in_range(seen.share_len, 1, SHARE_MAX);
	memcpy(seen.share, der, seen.share_len);
	OPENSSL_free(der);
	SSL_get_server_random(ssl, seen.random, sizeof(seen.random));
	x = SSL_get1_peer_certificate(ssl);
	der = NULL;
	assert_int_equal(i2d_X509(x, &der), cert->cert_len);
	assert_memory_equal(der, cert->cert, cert->cert_len);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
	tls_free(t);
	SSL_free(ssl);
	return seen;
}

static bool same_share(const struct seen *a, const struct seen *b)
{
	return a->share_len == b->share_len && !memcmp(a->share, b->share, a->share_len);
}

static void test_a_key_pair_serves_for_a_minute(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct certificate cert;

	(void)state;
	make(&cert, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(versions); i++) {
		usec_t now = (1 + i) * 1000 * USEC_PER_SEC;
		struct seen first = handshake(&cert, "X25519:P-256", versions[i], now);
		struct seen later = handshake(&cert, "X25519:P-256", versions[i], now + EPHEMERAL_LIFE - 1);
		struct seen other = handshake(&cert, "X25519:P-256", versions[i], now + EPHEMERAL_LIFE);

		assert_true(same_share(&first, &later));
		assert_memory_not_equal(first.random, later.random, sizeof(first.random));
		assert_false(same_share(&first, &other));
	}
	certificate_free(&cert);
}

/* Only X25519 is worth it. */
static void test_p256_pairs_are_made_for_each(void **state)
{
	struct seen a, b;
	struct certificate cert;

	(void)state;
	make(&cert, 1);
	a = handshake(&cert, "P-256", TLS1_3_VERSION, 0);
	b = handshake(&cert, "P-256", TLS1_3_VERSION, 0);
	assert_false(same_share(&a, &b));
	certificate_free(&cert);
}

static void test_each_certificate_is_shown_as_it_is(void **state)
{
	struct certificate cert[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		make(&cert[i], i);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < MANY; i++)
			handshake(&cert[i], "X25519", TLS1_3_VERSION, 0);
	for (unsigned i = 0; i < MANY; i++) {
		handshake(&cert[i], "X25519:P-256", TLS1_2_VERSION, 0);
		handshake(&cert[0], "X25519", TLS1_3_VERSION, 0);
	}
	for (unsigned i = 0; i < MANY; i++)
		certificate_free(&cert[i]);
}

/* What is prepared is found by all of it: the same certificate with another key spoils neither's. */
static void test_a_certificate_with_another_key(void **state)
{
	struct certificate cert, other, mixed;
	struct tls *t = NULL;

	(void)state;
	make(&cert, 1);
	make(&other, 2);
	handshake(&cert, "X25519", TLS1_3_VERSION, 0);
	mixed = cert;
	mixed.key = other.key;
	mixed.key_len = other.key_len;
	if (!tls_open(context, &mixed, 0, &t))
		tls_free(t);
	handshake(&cert, "X25519", TLS1_3_VERSION, 0);
	handshake(&other, "X25519", TLS1_3_VERSION, 0);
	certificate_free(&cert);
	certificate_free(&other);
}

/* A connection outlasts what it was made from. */
static void test_dropped_while_in_use(void **state)
{
	SSL *ssl = validator("X25519", TLS1_3_VERSION);
	struct certificate cert;
	struct tls *t;

	(void)state;
	make(&cert, 0);
	assert_int_equal(tls_open(context, &cert, 0, &t), 0);
	for (unsigned i = 1; i <= MANY; i++) {
		struct certificate newer;

		make(&newer, i);
		handshake(&newer, "X25519", TLS1_3_VERSION, 0);
		certificate_free(&newer);
	}
	talk(ssl, t);
	tls_free(t);
	SSL_free(ssl);
	certificate_free(&cert);
}

static int setup(void **state)
{
	(void)state;
	return tls_context_new(&context);
}

static int teardown(void **state)
{
	(void)state;
	tls_context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_pair_serves_for_a_minute),
		cmocka_unit_test(test_p256_pairs_are_made_for_each),
		cmocka_unit_test(test_each_certificate_is_shown_as_it_is),
		cmocka_unit_test(test_a_certificate_with_another_key),
		cmocka_unit_test(test_dropped_while_in_use),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
