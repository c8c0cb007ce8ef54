/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TLS client in memory, against our own server, against OpenSSL, and against what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <cmocka.h>
#include "tls/tls.h"

enum { ROUNDS_MAX = 20000, WIRE_MAX = 128 * 1024, STEP_ALL = 0 };

static const char NAME[] = "self-check.example.org";
static const uint8_t DIGEST[DIGEST_LEN] = { 7, 7, 7 };
static struct tls_context *context;

struct wire {
	uint8_t bytes[WIRE_MAX];
	size_t len;
};

static void put(struct wire *w, const void *bytes, size_t len)
{
	assert_true(len <= WIRE_MAX - w->len);
	memcpy(w->bytes + w->len, bytes, len);
	w->len += len;
}

static void drop(struct wire *w, size_t len)
{
	memmove(w->bytes, w->bytes + len, w->len - len);
	w->len -= len;
}

/* One call of the client's with at most step bytes of what has come, and that much room. True: something moved. */
static bool pump(struct tls_client *c, struct wire *in, struct wire *out, size_t step)
{
	size_t len = step ? MIN(step, in->len) : in->len;
	uint8_t *bytes = malloc(len ? len : 1), room[16384]; /* from the heap: reading too far is seen */
	struct tls_io io = { .in = bytes, .in_len = len, .out = room };

	io.out_cap = step ? step : sizeof(room);
	memcpy(bytes, in->bytes, len);
	tls_client_drive(c, &io);
	free(bytes);
	assert_true(io.consumed <= len && io.produced <= io.out_cap);
	drop(in, io.consumed);
	put(out, room, io.produced);
	return io.consumed || io.produced;
}

static enum tls_state state_of(struct tls_client *c)
{
	return tls_client_drive(c, &(struct tls_io){ 0 });
}

static struct tls_client *open_client(void)
{
	struct tls_client *c;
	size_t len;

	assert_int_equal(tls_client_open(context, NAME, &c), 0);
	assert_null(tls_client_certificate(c, &len));
	assert_false(tls_client_alpn(c));
	return c;
}

/* --------------------------------------------------------- our own server */

static bool serve(struct tls *server, struct wire *in, struct wire *out, enum tls_state *state)
{
	uint8_t room[16384];
	struct tls_io io = { .in = in->bytes, .in_len = in->len, .out = room, .out_cap = sizeof(room) };

	*state = tls_drive(server, &io);
	drop(in, io.consumed);
	put(out, room, io.produced);
	return io.consumed || io.produced;
}

static void shake_with_ourselves(const struct certificate *cert, size_t step)
{
	struct wire *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));
	struct tls_client *c = open_client();
	enum tls_state server_state = TLS_HANDSHAKING;
	struct tls *server;
	const uint8_t *der;
	size_t len;

	assert_int_equal(tls_open(context, cert, 0, &server), 0);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool moved = pump(c, from, to, step);

		if (!serve(server, to, from, &server_state) && !moved)
			break;
	}
	assert_string_equal(tls_client_error(c), "");
	assert_int_equal(state_of(c), TLS_ESTABLISHED);
	assert_int_equal(server_state, TLS_ESTABLISHED);
	assert_true(tls_client_alpn(c));
	der = tls_client_certificate(c, &len);
	assert_int_equal(len, cert->cert_len);
	assert_memory_equal(der, cert->cert, len);
	tls_client_close(c);
	tls_client_close(c);
	pump(c, from, to, STEP_ALL);
	serve(server, to, from, &server_state);
	assert_int_equal(server_state, TLS_CLOSED);
	tls_free(server);
	tls_client_free(c);
	free(to);
	free(from);
}

/* ------------------------------------------------------------- what is shown */

enum key { KEY_P256, KEY_P384, KEY_RSA };

static EVP_PKEY *make_key(enum key kind)
{
	if (kind == KEY_RSA)
		return EVP_RSA_gen(2048);
	return EVP_EC_gen(kind == KEY_P256 ? "P-256" : "P-384");
}

static void add_extension(X509 *x, const char *name, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf(NULL, NULL, name, value);

	assert_non_null(ext);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

/* As ACME clients make them: critical acmeIdentifier, self-signed. Days: how long it is valid, from now. */
static X509 *make_certificate(EVP_PKEY *key, int days)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400L);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)"c", -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	add_extension(x, "subjectAltName", "DNS:self-check.example.org");
	add_extension(x, "1.3.6.1.5.5.7.1.31",
		      "critical,DER:04:20:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
		      "00:00:00:00:00:00:00:00:00:00");
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static void test_ourselves(void **state)
{
	struct certificate cert = { .rsa = true };
	EVP_PKEY *key = make_key(KEY_RSA);
	X509 *x = make_certificate(key, 1);
	struct identifier ident;
	const char *why;

	(void)state;
	cert.cert_len = (size_t)i2d_X509(x, &cert.cert);
	cert.key_len = (size_t)i2d_PrivateKey(key, &cert.key);
	X509_free(x);
	EVP_PKEY_free(key);
	shake_with_ourselves(&cert, STEP_ALL);
	certificate_free(&cert);
	assert_int_equal(identifier_parse(NAME, &ident, &why), 0);
	assert_int_equal(certificate_make(&ident, DIGEST, time(NULL), &cert), 0);
	shake_with_ourselves(&cert, STEP_ALL);
	shake_with_ourselves(&cert, 1);
	certificate_free(&cert);
}

/* The hello that our own gate wants to see. */
static void test_hello(void **state)
{
	struct wire *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));
	struct tls_client *c = open_client();
	struct tls_hello hello;

	(void)state;
	pump(c, from, to, STEP_ALL);
	assert_int_equal(tls_gate(to->bytes, to->len, &hello), GATE_ACCEPT);
	assert_string_equal(hello.sni, NAME);
	assert_true(hello.tls12 && hello.tls13 && hello.ecdsa_p256 && hello.rsa);
	assert_int_equal(hello.length, to->len);
	tls_client_free(c);
	free(to);
	free(from);
}

/* ------------------------------------------------------------------ OpenSSL */

struct setup {
	enum key key;
	int version;      /* 0: both */
	const char *alpn; /* what it selects; NULL: it knows no ALPN */
	int days;         /* its certificate is valid */
	int extra;        /* certificates behind the leaf */
	size_t step;
};

struct session {
	struct setup setup;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to_server, *from_server;
	X509 *leaf;
	struct tls_client *client;
	struct wire to_client, from_client;
};

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		       unsigned in_len, void *arg)
{
	const struct setup *u = arg;

	(void)ssl;
	assert_int_equal(in_len, 11); /* acme-tls/1 and nothing else */
	assert_memory_equal(in, "\12acme-tls/1", 11);
	if (!u->alpn[0])
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = (const unsigned char *)u->alpn;
	*out_len = (unsigned char)strlen(u->alpn);
	return SSL_TLSEXT_ERR_OK;
}

static struct session *session_open(const struct setup *setup)
{
	struct session *s = calloc(1, sizeof(*s));
	EVP_PKEY *key = make_key(setup->key);

	s->setup = *setup;
	s->leaf = make_certificate(key, setup->days);
	s->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_min_proto_version(s->ctx, setup->version);
	SSL_CTX_set_max_proto_version(s->ctx, setup->version);
	SSL_CTX_use_certificate(s->ctx, s->leaf);
	SSL_CTX_use_PrivateKey(s->ctx, key);
	for (int i = 0; i < setup->extra; i++)
		SSL_CTX_add_extra_chain_cert(s->ctx, make_certificate(key, 1));
	if (setup->alpn)
		SSL_CTX_set_alpn_select_cb(s->ctx, select_alpn, &s->setup);
	s->ssl = SSL_new(s->ctx);
	s->to_server = BIO_new(BIO_s_mem());
	s->from_server = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(s->to_server, -1);
	SSL_set_bio(s->ssl, s->to_server, s->from_server);
	SSL_set_accept_state(s->ssl);
	EVP_PKEY_free(key);
	s->client = open_client();
	return s;
}

static void session_close(struct session *s)
{
	tls_client_free(s->client);
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	X509_free(s->leaf);
	ERR_clear_error();
	free(s);
}

static bool pump_server(struct session *s)
{
	uint8_t bytes[16384];
	int n;

	BIO_write(s->to_server, s->from_client.bytes, (int)s->from_client.len);
	s->from_client.len = 0;
	SSL_do_handshake(s->ssl);
	n = BIO_read(s->from_server, bytes, sizeof(bytes));
	put(&s->to_client, bytes, n > 0 ? (size_t)n : 0);
	return n > 0;
}

static void settle(struct session *s)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool moved = pump(s->client, &s->to_client, &s->from_client, s->setup.step);

		if (!pump_server(s) && !moved)
			return;
	}
	fail_msg("the handshake never settles");
}

static void assert_leaf(struct session *s)
{
	uint8_t *expected = NULL;
	int expected_len = i2d_X509(s->leaf, &expected);
	const uint8_t *der;
	size_t len;

	der = tls_client_certificate(s->client, &len);
	assert_non_null(der);
	assert_int_equal(len, expected_len);
	assert_memory_equal(der, expected, len);
	OPENSSL_free(expected);
}

static void test_openssl(void **state)
{
	static const struct setup rows[] = {
		{ KEY_P256, 0, "acme-tls/1", 1, 0, 0 },
		{ KEY_P256, TLS1_2_VERSION, "acme-tls/1", 1, 0, 0 },
		{ KEY_P256, TLS1_2_VERSION, "acme-tls/1", 1, 0, 1 },
		{ KEY_P256, TLS1_3_VERSION, "acme-tls/1", 1, 0, 1 },
		{ KEY_P384, TLS1_2_VERSION, "acme-tls/1", 1, 0, 0 },
		{ KEY_P384, TLS1_3_VERSION, "acme-tls/1", 1, 0, 0 },
		{ KEY_RSA, TLS1_2_VERSION, "acme-tls/1", 1, 0, 0 },
		{ KEY_RSA, TLS1_3_VERSION, "acme-tls/1", 1, 0, 0 },
		{ KEY_P256, TLS1_2_VERSION, "acme-tls/1", 1, 2, 0 }, /* a chain */
		{ KEY_P256, TLS1_3_VERSION, "acme-tls/1", 1, 2, 0 },
		{ KEY_P256, TLS1_2_VERSION, "acme-tls/1", -1, 0, 0 }, /* expired: its reader's business */
		{ KEY_P256, TLS1_3_VERSION, "acme-tls/1", -1, 0, 0 },
		{ KEY_P256, TLS1_2_VERSION, NULL, 1, 0, 0 }, /* no ALPN */
		{ KEY_P256, TLS1_3_VERSION, NULL, 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct session *s = session_open(&rows[i]);

		settle(s);
		assert_string_equal(tls_client_error(s->client), "");
		assert_int_equal(state_of(s->client), TLS_ESTABLISHED);
		assert_true(SSL_is_init_finished(s->ssl));
		assert_string_equal(SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name), NAME);
		assert_int_equal(tls_client_alpn(s->client), rows[i].alpn != NULL);
		assert_leaf(s);
		session_close(s);
	}
}

/* ------------------------------------------------------------- misfortunes */

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void test_alert(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct session *s = session_open(&(struct setup){ .version = versions[i], .alpn = "" });
		size_t len;

		settle(s);
		assert_int_equal(state_of(s->client), TLS_FAILED);
		assert_string_equal(tls_client_error(s->client), "the server sent alert 120");
		assert_null(tls_client_certificate(s->client, &len));
		assert_false(tls_client_alpn(s->client));
		session_close(s);
	}
}

/* A server that breaks RFC 7301 3.2. */
static void test_other_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct session *s = session_open(&(struct setup){ .version = versions[i], .alpn = "h2" });

		settle(s);
		assert_int_equal(state_of(s->client), TLS_FAILED);
		assert_false(tls_client_alpn(s->client));
		session_close(s);
	}
}

static void test_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct session *s = session_open(
			&(struct setup){ .version = versions[i], .alpn = "acme-tls/1", .days = 1 });

		settle(s);
		SSL_shutdown(s->ssl);
		settle(s);
		assert_int_equal(state_of(s->client), TLS_CLOSED);
		tls_client_close(s->client);
		settle(s);
		assert_int_equal(SSL_shutdown(s->ssl), 1);
		session_close(s);
	}
}

static void test_data_without_end(void **state)
{
	static const uint8_t page[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct session *s = session_open(
			&(struct setup){ .version = versions[i], .alpn = "acme-tls/1", .days = 1 });
		int pages = 0;

		settle(s);
		while (state_of(s->client) == TLS_ESTABLISHED && pages < 100) {
			SSL_write(s->ssl, page, sizeof(page));
			settle(s);
			pages++;
		}
		assert_in_range(pages, 14, 16);
		assert_string_equal(tls_client_error(s->client), "more than 64 KiB received");
		assert_leaf(s);
		session_close(s);
	}
}

/* Handshake messages that never end, before there are keys. */
static void test_handshake_without_end(void **state)
{
	struct wire *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));
	struct tls_client *c = open_client();

	(void)state;
	pump(c, from, to, STEP_ALL);
	for (int i = 0; i < 64 && state_of(c) == TLS_HANDSHAKING; i++) {
		uint8_t record[5 + 4096] = { 22, 3, 3, 0x10, 0 };

		if (!i)
			memcpy(record + 5, "\2\xff\xff\xff\3\3", 6);
		put(from, record, sizeof(record));
		pump(c, from, to, STEP_ALL);
	}
	assert_int_equal(state_of(c), TLS_FAILED);
	tls_client_free(c);
	free(to);
	free(from);
}

static void test_garbage(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct wire *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));
		struct tls_client *c = open_client();

		pump(c, from, to, STEP_ALL);
		from->len = 4096;
		memset(from->bytes, (int)first, from->len);
		for (int i = 0; i < 32 && from->len; i++)
			pump(c, from, to, STEP_ALL);
		/* A record header may announce more than has come: then it waits. */
		if (state_of(c) == TLS_HANDSHAKING)
			assert_int_equal(from->len, 0);
		else
			assert_int_equal(state_of(c), TLS_FAILED);
		tls_client_free(c);
		free(to);
		free(from);
	}
}

/* Bytes of the server's first flight spoiled one at a time: no crash, and never a handshake that looks complete. */
static void spoil(int version, size_t at)
{
	struct session *s =
		session_open(&(struct setup){ .version = version, .alpn = "acme-tls/1", .days = 1 });
	uint8_t *bytes = s->to_client.bytes;
	bool legacy; /* possibly 3.3, a record's version, which means nothing (RFC 8446 5.1) */

	pump(s->client, &s->to_client, &s->from_client, STEP_ALL);
	pump_server(s);
	at = at % s->to_client.len;
	legacy = bytes[at] == 3 || (at && bytes[at - 1] == 3);
	bytes[at] ^= 0x15;
	pump(s->client, &s->to_client, &s->from_client, STEP_ALL);
	if (!legacy)
		assert_int_not_equal(state_of(s->client), TLS_ESTABLISHED);
	session_close(s);
}

static void test_spoiled(void **state)
{
	(void)state;
	for (size_t at = 0; at < 900; at += 3) {
		spoil(TLS1_2_VERSION, at);
		spoil(TLS1_3_VERSION, at);
	}
}

static int setup_group(void **state)
{
	(void)state;
	return tls_context_new(&context);
}

static int teardown_group(void **state)
{
	(void)state;
	tls_context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ourselves),        cmocka_unit_test(test_hello),
		cmocka_unit_test(test_openssl),          cmocka_unit_test(test_alert),
		cmocka_unit_test(test_other_protocol),   cmocka_unit_test(test_close),
		cmocka_unit_test(test_data_without_end), cmocka_unit_test(test_handshake_without_end),
		cmocka_unit_test(test_garbage),          cmocka_unit_test(test_spoiled),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
