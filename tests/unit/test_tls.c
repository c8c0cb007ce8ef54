/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whole handshakes in memory: OpenSSL as the validator, our engine as the server, bytes carried by hand, so that they
 * can be cut, delayed, spoiled and counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <cmocka.h>
#include "tls/tls.h"

enum { ROUNDS_MAX = 20000, WIRE_MAX = 65536 };

static struct tls_context *context;
static struct certificate certificate;
static const char NAME[] = "d.example.org";

/* How the client is set up, and how the wire behaves. */
struct setup {
	int version;         /* 0: both */
	const char *groups;  /* OpenSSL's list */
	const char *suites;  /* TLS 1.3 */
	const char *ciphers; /* TLS 1.2 */
	size_t out_cap;      /* room offered to our side per call; 0: plenty */
	size_t step;         /* bytes handed to our side per call; 0: all */
};

struct session {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to_client, *from_client;
	struct tls *tls;
	struct setup setup;
	enum tls_state state;
	uint8_t wire[WIRE_MAX]; /* from the client, not consumed yet */
	size_t wire_len;
	uint8_t answer[WIRE_MAX]; /* all that our side sent */
	size_t answer_len;
};

static void open_client(struct session *s)
{
	static const unsigned char alpn[] = "\012acme-tls/1";
	const struct setup *u = &s->setup;

	s->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(s->ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_min_proto_version(s->ctx, u->version ? u->version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(s->ctx, u->version);
	if (u->groups)
		assert_int_equal(SSL_CTX_set1_groups_list(s->ctx, u->groups), 1);
	if (u->suites)
		assert_int_equal(SSL_CTX_set_ciphersuites(s->ctx, u->suites), 1);
	if (u->ciphers)
		assert_int_equal(SSL_CTX_set_cipher_list(s->ctx, u->ciphers), 1);
	s->ssl = SSL_new(s->ctx);
	SSL_set_alpn_protos(s->ssl, alpn, sizeof(alpn) - 1);
	SSL_set_tlsext_host_name(s->ssl, NAME);
	s->to_client = BIO_new(BIO_s_mem());
	s->from_client = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(s->to_client, -1);
	SSL_set_bio(s->ssl, s->to_client, s->from_client);
	SSL_set_connect_state(s->ssl);
}

static struct session *session_open(const struct setup *setup)
{
	struct session *s = calloc(1, sizeof(*s));

	s->setup = *setup;
	open_client(s);
	assert_int_equal(tls_open(context, &certificate, &s->tls), 0);
	return s;
}

static void session_close(struct session *s)
{
	tls_free(s->tls);
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	ERR_clear_error();
	free(s);
}

/* Collects what the client has written. */
static void pump_client(struct session *s)
{
	int n = BIO_read(s->from_client, s->wire + s->wire_len, (int)(WIRE_MAX - s->wire_len));

	s->wire_len += n > 0 ? (size_t)n : 0;
}

/* One call of ours with what the wire has, in its measures. False: nothing moved. */
static bool pump_server(struct session *s)
{
	size_t len = s->setup.step ? MIN(s->setup.step, s->wire_len) : s->wire_len;
	uint8_t *in = malloc(len ? len : 1), out[16384]; /* from the heap: reading too far is seen */
	struct tls_io io = { .in = in, .in_len = len, .out = out, .out_cap = sizeof(out) };

	if (s->setup.out_cap)
		io.out_cap = s->setup.out_cap;
	memcpy(in, s->wire, len);
	s->state = tls_drive(s->tls, &io);
	free(in);
	assert_true(io.consumed <= len);
	assert_true(io.produced <= io.out_cap);
	memmove(s->wire, s->wire + io.consumed, s->wire_len - io.consumed);
	s->wire_len -= io.consumed;
	assert_true(s->answer_len + io.produced <= WIRE_MAX);
	memcpy(s->answer + s->answer_len, out, io.produced);
	s->answer_len += io.produced;
	BIO_write(s->to_client, out, (int)io.produced);
	return io.consumed || io.produced;
}

/* Lets both sides go on until nothing moves. */
static void settle(struct session *s)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		SSL_do_handshake(s->ssl);
		pump_client(s);
		if (!pump_server(s) && !s->wire_len)
			return;
	}
	fail_msg("the handshake never settles");
}

static struct tls_report report(const struct session *s)
{
	struct tls_report r;

	tls_report(s->tls, &r);
	return r;
}

static void assert_done(struct session *s)
{
	const unsigned char *alpn;
	unsigned len;
	X509 *x;

	assert_int_equal(s->state, TLS_ESTABLISHED);
	assert_true(SSL_is_init_finished(s->ssl));
	SSL_get0_alpn_selected(s->ssl, &alpn, &len);
	assert_int_equal(len, 10);
	assert_memory_equal(alpn, "acme-tls/1", 10);
	x = SSL_get1_peer_certificate(s->ssl);
	assert_non_null(x);
	X509_free(x);
	assert_string_equal(report(s).error, "");
}

/* -------------------------------------------------------------- handshakes */

struct shake {
	const char *what;
	struct setup setup;
	uint16_t version, cipher, group;
};

static const struct shake shakes[] = {
	{ "what OpenSSL offers", { .version = 0 }, 0x0304, 0, 0x001d },
	{ "TLS 1.3, X25519",
	  { TLS1_3_VERSION, "X25519", "TLS_AES_128_GCM_SHA256", NULL, 0, 0 },
	  0x0304,
	  0x1301,
	  0x001d },
	{ "TLS 1.3, P-256",
	  { TLS1_3_VERSION, "P-256", "TLS_AES_256_GCM_SHA384", NULL, 0, 0 },
	  0x0304,
	  0x1302,
	  0x0017 },
	{ "TLS 1.3, retry for X25519",
	  { TLS1_3_VERSION, "P-384:X25519", "TLS_CHACHA20_POLY1305_SHA256", NULL, 0, 0 },
	  0x0304,
	  0x1303,
	  0x001d },
	{ "TLS 1.3, retry for P-256",
	  { TLS1_3_VERSION, "P-521:P-256", NULL, NULL, 0, 0 },
	  0x0304,
	  0,
	  0x0017 },
	{ "TLS 1.2, AES-128",
	  { TLS1_2_VERSION, NULL, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256", 0, 0 },
	  0x0303,
	  0xc02b,
	  0x001d },
	{ "TLS 1.2, AES-256",
	  { TLS1_2_VERSION, "P-256", NULL, "ECDHE-ECDSA-AES256-GCM-SHA384", 0, 0 },
	  0x0303,
	  0xc02c,
	  0x0017 },
	{ "TLS 1.2, ChaCha20",
	  { TLS1_2_VERSION, "P-256:X25519", NULL, "ECDHE-ECDSA-CHACHA20-POLY1305", 0, 0 },
	  0x0303,
	  0xcca9,
	  0 },
};

static void shake(const struct shake *k, size_t step, size_t out_cap)
{
	struct setup setup = k->setup;
	struct session *s;
	struct tls_report r;

	setup.step = step;
	setup.out_cap = out_cap;
	s = session_open(&setup);
	settle(s);
	r = report(s);
	if (s->state != TLS_ESTABLISHED)
		print_error("%s: %s\n", k->what, r.error);
	assert_done(s);
	assert_int_equal(r.version, k->version);
	if (k->cipher)
		assert_int_equal(r.cipher, k->cipher);
	if (k->group)
		assert_int_equal(r.group, k->group);
	assert_int_equal(r.alert_in, -1);
	assert_int_equal(r.alert_out, -1);
	session_close(s);
}

static void test_shakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shakes); i++)
		shake(&shakes[i], 0, 0);
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shakes); i++)
		shake(&shakes[i], 1, 0);
}

static void test_little_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shakes); i++) {
		shake(&shakes[i], 0, 16);
		shake(&shakes[i], 3, 1);
	}
}

/* ----------------------------------------------------------------- closing */

static void close_by_validator(int version)
{
	struct session *s = session_open(&(struct setup){ .version = version });

	settle(s);
	assert_done(s);
	SSL_shutdown(s->ssl);
	settle(s);
	assert_int_equal(s->state, TLS_CLOSED);
	assert_int_equal(report(s).alert_in, SSL3_AD_CLOSE_NOTIFY);
	tls_close(s->tls);
	settle(s);
	assert_int_equal(SSL_shutdown(s->ssl), 1);
	session_close(s);
}

static void close_by_us(int version)
{
	struct session *s = session_open(&(struct setup){ .version = version });
	size_t before;

	settle(s);
	tls_close(s->tls);
	settle(s);
	before = s->answer_len;
	assert_int_equal(SSL_shutdown(s->ssl), 0);
	assert_int_equal(SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN, 0);
	assert_int_equal(SSL_shutdown(s->ssl), 1);
	tls_close(s->tls);
	settle(s);
	assert_int_equal(s->answer_len, before); /* once is enough */
	assert_int_equal(s->state, TLS_CLOSED);
	session_close(s);
}

static void test_close(void **state)
{
	(void)state;
	close_by_validator(TLS1_2_VERSION);
	close_by_validator(TLS1_3_VERSION);
	close_by_us(TLS1_2_VERSION);
	close_by_us(TLS1_3_VERSION);
}

static void refuse_data(int version)
{
	struct session *s = session_open(&(struct setup){ .version = version });
	char byte;

	settle(s);
	assert_done(s);
	SSL_write(s->ssl, "GET /", 5);
	settle(s);
	assert_int_equal(s->state, TLS_FAILED);
	assert_string_equal(report(s).error, "the validator sent application data");
	assert_int_equal(report(s).alert_out, SSL3_AD_CLOSE_NOTIFY);
	assert_int_equal(SSL_read(s->ssl, &byte, 1), 0);
	assert_int_equal(SSL_get_shutdown(s->ssl), SSL_RECEIVED_SHUTDOWN);
	session_close(s);
}

static void test_application_data(void **state)
{
	(void)state;
	refuse_data(TLS1_2_VERSION);
	refuse_data(TLS1_3_VERSION);
}

static int setup(void **state)
{
	struct identifier ident;
	const uint8_t digest[DIGEST_LEN] = { 1, 2, 3 };
	const char *why;

	(void)state;
	if (tls_context_new(&context) || identifier_parse(NAME, &ident, &why))
		return -1;
	return certificate_make(&ident, digest, time(NULL), &certificate);
}

static int teardown(void **state)
{
	(void)state;
	certificate_free(&certificate);
	tls_context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shakes),           cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_little_room),      cmocka_unit_test(test_close),
		cmocka_unit_test(test_application_data),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
