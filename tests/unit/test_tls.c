/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whole handshakes in memory: OpenSSL as the validator, our engine as the server, bytes carried by hand, so that they
 * can be cut, delayed, spoiled and counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
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
static char NAME[] = "d.example.org"; /* not const: OpenSSL asks so */

/* How the client is set up, and how the wire behaves. */
struct setup {
	int version;                           /* 0: both */
	const char *groups;                    /* OpenSSL's list */
	const char *suites;                    /* TLS 1.3 */
	const char *ciphers;                   /* TLS 1.2 */
	size_t out_cap;                        /* room offered to our side per call; 0: plenty */
	size_t step;                           /* bytes handed to our side per call; 0: all */
	char *name;                            /* NULL: the usual */
	const char *alpn;                      /* NULL: the right one */
	bool verify;                           /* the client insists on a certificate it knows */
	bool no_middlebox;                     /* TLS 1.3 without the disguise as 1.2 */
	const struct certificate *certificate; /* ours; NULL: the usual */
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
	const struct setup *u = &s->setup;
	const char *alpn = u->alpn ? u->alpn : "\012acme-tls/1";

	s->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(s->ctx, u->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (u->no_middlebox)
		SSL_CTX_clear_options(s->ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
	SSL_CTX_set_min_proto_version(s->ctx, u->version ? u->version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(s->ctx, u->version);
	if (u->groups)
		assert_int_equal(SSL_CTX_set1_groups_list(s->ctx, u->groups), 1);
	if (u->suites)
		assert_int_equal(SSL_CTX_set_ciphersuites(s->ctx, u->suites), 1);
	if (u->ciphers)
		assert_int_equal(SSL_CTX_set_cipher_list(s->ctx, u->ciphers), 1);
	s->ssl = SSL_new(s->ctx);
	SSL_set_alpn_protos(s->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	SSL_set_tlsext_host_name(s->ssl, u->name ? u->name : NAME);
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
	assert_int_equal(
		tls_open(context, setup->certificate ? setup->certificate : &certificate, 0, &s->tls), 0);
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

#define TLS12(...)                                     \
	{                                              \
		.version = TLS1_2_VERSION, __VA_ARGS__ \
	}
#define TLS13(...)                                     \
	{                                              \
		.version = TLS1_3_VERSION, __VA_ARGS__ \
	}

static const struct shake shakes[] = {
	{ "what OpenSSL offers", { .version = 0 }, 0x0304, 0, 0x001d },
	{ "1.3, X25519", TLS13(.groups = "X25519", .suites = "TLS_AES_128_GCM_SHA256"), 0x0304, 0x1301,
	  0x001d },
	{ "1.3, P-256", TLS13(.groups = "P-256", .suites = "TLS_AES_256_GCM_SHA384"), 0x0304, 0x1302,
	  0x0017 },
	{ "1.3, ChaCha20", TLS13(.suites = "TLS_CHACHA20_POLY1305_SHA256"), 0x0304, 0x1303, 0x001d },
	{ "1.3, retry for X25519", TLS13(.groups = "P-384:X25519"), 0x0304, 0, 0x001d },
	{ "1.3, retry for P-256", TLS13(.groups = "P-521:P-256"), 0x0304, 0, 0x0017 },
	{ "1.2, AES-128", TLS12(.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"), 0x0303, 0xc02b, 0x001d },
	{ "1.2, AES-256", TLS12(.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .groups = "P-256"), 0x0303,
	  0xc02c, 0x0017 },
	{ "1.2, ChaCha20", TLS12(.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"), 0x0303, 0xcca9, 0 },
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

/* ------------------------------------------------------------- misfortunes */

/* One turn of the client, and nothing of ours yet. */
static void client_turn(struct session *s)
{
	SSL_do_handshake(s->ssl);
	pump_client(s);
}

static void deliver(struct session *s)
{
	while (pump_server(s))
		;
}

/* We have failed and said so, and the client has understood (0: in a way that only we know of). */
static void assert_failed(struct session *s, int alert)
{
	size_t before;
	char byte;

	SSL_read(s->ssl, &byte, sizeof(byte));
	assert_int_equal(s->state, TLS_FAILED);
	assert_true(strlen(report(s).error) > 3);
	assert_int_equal(report(s).alert_out, alert);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_AD_REASON_OFFSET + alert);
	assert_int_equal(s->wire_len, 0);
	/* Nothing may follow a fatal alert (RFC 8446 6.2). */
	before = s->answer_len;
	tls_close(s->tls);
	deliver(s);
	assert_int_equal(s->answer_len, before);
	session_close(s);
}

/* A byte of the client's last flight changed, from its end. */
static void spoil_finished(int version, size_t from_end, int alert)
{
	struct session *s = session_open(&(struct setup){ .version = version });

	client_turn(s);
	deliver(s);
	client_turn(s);
	assert_true(s->wire_len > from_end);
	s->wire[s->wire_len - 1 - from_end] ^= 1;
	deliver(s);
	assert_failed(s, alert);
}

static void test_wrong_finished(void **state)
{
	(void)state;
	spoil_finished(TLS1_2_VERSION, 0, SSL3_AD_BAD_RECORD_MAC);
	spoil_finished(TLS1_3_VERSION, 0, SSL3_AD_BAD_RECORD_MAC);
	spoil_finished(TLS1_3_VERSION, 30, SSL3_AD_BAD_RECORD_MAC);
}

/* Bytes that are no TLS in the place of the client's second flight: no wolfSSL may pass over them in silence. */
static void test_garbage(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
		for (unsigned first = 0; first < 256; first++) {
			struct session *s = session_open(&(struct setup){ .version = versions[v] });
			size_t before;

			client_turn(s);
			deliver(s);
			before = s->answer_len;
			s->wire_len = 64;
			memset(s->wire, (int)first, s->wire_len);
			deliver(s);
			assert_int_equal(s->state, TLS_FAILED);
			assert_true(report(s).alert_out >= 0);
			assert_true(s->answer_len > before);
			session_close(s);
		}
	}
}

/* The client does not like our certificate: it says so, in the clear. */
static void refuse_certificate(int version)
{
	struct session *s = session_open(&(struct setup){ .version = version, .verify = true });

	client_turn(s);
	deliver(s);
	client_turn(s);
	deliver(s);
	assert_int_equal(s->state, TLS_FAILED);
	assert_int_equal(report(s).alert_in, SSL_AD_UNKNOWN_CA);
	session_close(s);
}

static void test_alert_received(void **state)
{
	(void)state;
	refuse_certificate(TLS1_2_VERSION);
	refuse_certificate(TLS1_3_VERSION);
}

/* tls_drive() asks the gate itself, whatever the caller has done. */
static void test_first_hello_refused(void **state)
{
	struct session *s = session_open(&(struct setup){ .alpn = "\2h2" });

	(void)state;
	client_turn(s);
	deliver(s);
	assert_failed(s, SSL_AD_ILLEGAL_PARAMETER);
}

/* A client that gets a HelloRetryRequest, and then other bytes of another client in the place of its second hello. */
static struct session *retry_with(const struct setup *other)
{
	struct setup first = { .version = TLS1_3_VERSION, .groups = "P-384:X25519" };
	struct session *s = session_open(&first), *o;

	client_turn(s);
	deliver(s);
	assert_int_equal(s->state, TLS_HANDSHAKING);
	assert_int_equal(s->answer[5], 2);
	if (!other)
		return s;
	o = session_open(other);
	client_turn(o);
	memcpy(s->wire, o->wire, o->wire_len);
	s->wire[2] = 3; /* RFC 8446 5.1: only the first hello's record may say 0x0301 */
	s->wire_len = o->wire_len;
	session_close(o);
	deliver(s);
	return s;
}

static void test_second_hello(void **state)
{
	static const struct setup others[] = {
		{ .version = TLS1_3_VERSION, .groups = "X25519", .name = "other.example.org" },
		{ .version = TLS1_3_VERSION, .groups = "X25519", .alpn = "\2h2" },
		{ .version = TLS1_3_VERSION, .groups = "X25519", .alpn = "\12acme-tls/1\2h2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_failed(retry_with(&others[i]), SSL_AD_ILLEGAL_PARAMETER);
}

/* The share that was asked for does not come: never a second HelloRetryRequest (RFC 8446 4.1.4). */
static void test_second_hello_same(void **state)
{
	struct session *s =
		retry_with(&(struct setup){ .version = TLS1_3_VERSION, .groups = "P-384:X25519" });

	(void)state;
	assert_int_equal(s->state, TLS_FAILED);
	assert_true(report(s).alert_out > 0);
	session_close(s);
}

static void test_instead_of_second_hello(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int alert_in, alert_out;
	} rows[] = {
		{ "\x15\3\3\0\2\2\x28", 7, 40, -1 },
		{ "\x14\3\3\0\1\1\x17\3\3\0\1x", 12, -1, SSL_AD_ILLEGAL_PARAMETER },
		{ "\x14\3\3\0\1\2", 6, -1, SSL_AD_ILLEGAL_PARAMETER },
		{ "\x17", 1, -1, SSL_AD_ILLEGAL_PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t step = 0; step <= 1; step++) {
			struct session *s = retry_with(NULL);

			memcpy(s->wire, rows[i].bytes, rows[i].len);
			s->wire_len = rows[i].len;
			s->setup.step = step;
			deliver(s);
			assert_int_equal(s->state, TLS_FAILED);
			assert_int_equal(report(s).alert_in, rows[i].alert_in);
			assert_int_equal(report(s).alert_out, rows[i].alert_out);
			session_close(s);
		}
	}
}

/* ------------------------------------------------------------------- limits */

static void test_endless_input(void **state)
{
	struct session *s = session_open(&(struct setup){ .version = TLS1_3_VERSION });
	size_t sent = 0;

	(void)state;
	settle(s);
	assert_done(s);
	while (s->state == TLS_ESTABLISHED && sent < 1000) {
		assert_int_equal(SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		client_turn(s);
		deliver(s);
		sent++;
	}
	assert_int_equal(s->state, TLS_FAILED);
	assert_string_equal(report(s).error, "more than 16 KiB received");
	assert_in_range(sent, 400, 800);
	session_close(s);
}

static void test_renegotiation(void **state)
{
	struct session *s = session_open(&(struct setup){ .version = TLS1_2_VERSION });
	char byte;

	(void)state;
	settle(s);
	assert_done(s);
	SSL_renegotiate(s->ssl);
	client_turn(s);
	deliver(s);
	assert_int_not_equal(s->state, TLS_HANDSHAKING);
	SSL_read(s->ssl, &byte, 1);
	assert_false(SSL_is_init_finished(s->ssl) && s->state == TLS_ESTABLISHED && report(s).alert_out < 0);
	session_close(s);
}

/* DESIGN 9: the whole flight fits one segment, and there is no ticket in it. */
static void test_flight(void **state)
{
	struct session *s = session_open(&(struct setup){ .version = TLS1_3_VERSION });
	size_t flight;

	(void)state;
	client_turn(s);
	deliver(s);
	flight = s->answer_len;
	assert_in_range(flight, 500, 1000);
	settle(s);
	assert_done(s);
	assert_int_equal(s->answer_len, flight);
	assert_false(SSL_SESSION_has_ticket(SSL_get_session(s->ssl)));
	session_close(s);
}

/* RFC 8446 D.4: a ChangeCipherSpec after ServerHello or HelloRetryRequest. */
static void test_middlebox(void **state)
{
	static const char *const groups[] = { "X25519", "P-384:X25519" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		struct session *s = session_open(&(struct setup)TLS13(.groups = groups[i]));

		client_turn(s);
		deliver(s);
		assert_non_null(memmem(s->answer, s->answer_len, "\x14\3\3\0\1\1", 6));
		session_close(s);
		s = session_open(&(struct setup)TLS13(.groups = groups[i], .no_middlebox = true));
		settle(s);
		assert_done(s);
		session_close(s);
	}
}

/* ------------------------------------------------------------- certificates */

static void make_rsa(struct certificate *c)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	*c = (struct certificate){ .rsa = true };
	c->cert_len = (size_t)i2d_X509(x, &c->cert);
	c->key_len = (size_t)i2d_PrivateKey(key, &c->key);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void test_rsa(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct certificate rsa;

	(void)state;
	make_rsa(&rsa);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct session *s =
			session_open(&(struct setup){ .version = versions[i], .certificate = &rsa });

		settle(s);
		assert_done(s);
		session_close(s);
	}
	certificate_free(&rsa);
}

static void test_certificate_refused(void **state)
{
	uint8_t junk[64] = { 0x30, 62 };
	struct certificate bad = certificate;
	struct tls *t = NULL;

	(void)state;
	log_setup(LOG_LEVEL_ERROR - 1, LOG_FORMAT_TEXT); /* it says so, but not in the test's output */
	bad.cert = junk;
	bad.cert_len = sizeof(junk);
	assert_int_equal(tls_open(context, &bad, 0, &t), -EIO);
	bad = certificate;
	bad.key = junk;
	bad.key_len = sizeof(junk);
	assert_int_equal(tls_open(context, &bad, 0, &t), -EIO);
	assert_null(t);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	tls_free(NULL);
	tls_context_free(NULL);
	assert_non_null(strstr(tls_library_version(), "wolfSSL "));
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
		cmocka_unit_test(test_shakes),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_application_data),
		cmocka_unit_test(test_wrong_finished),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_alert_received),
		cmocka_unit_test(test_first_hello_refused),
		cmocka_unit_test(test_second_hello),
		cmocka_unit_test(test_second_hello_same),
		cmocka_unit_test(test_instead_of_second_hello),
		cmocka_unit_test(test_endless_input),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_flight),
		cmocka_unit_test(test_middlebox),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_certificate_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
