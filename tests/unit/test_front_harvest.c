/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Harvest against real listeners on the loopback: threads of this test, with OpenSSL, each with its own way of being
 * right or wrong. Time is real here: the listener's, and the loop's.
 */
#include "front_fixture.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "challenge/challenge.h"
#include "front/harvest.h"

#define NAME "a.example"
#define DIGEST_HEX "1111111111111111111111111111111111111111111111111111111111111111"

struct listener {
	int fd;
	uint16_t port;
	pthread_t thread;
	SSL_CTX *tls; /* NULL: no TLS is spoken */
	void (*serve)(struct listener *l, int fd);
	unsigned connections;
	unsigned clean; /* of them, how many ended with close_notify before the stream's end */
};

/* ------------------------------------------------------------- certificates */

struct recipe {
	const char *san;
	const char *acme; /* NULL: no such extension */
	bool rsa;
	unsigned chain; /* more certificates behind it */
};

static void add_extension(X509 *x, int nid, const char *oid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *e;
	CONF *none = NCONF_new(NULL);

	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	e = oid ? X509V3_EXT_nconf(none, &context, oid, value)
		: X509V3_EXT_nconf_nid(none, &context, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
	NCONF_free(none);
}

static X509 *make_certificate(const struct recipe *r, EVP_PKEY *key)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)"x", -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	add_extension(x, NID_subject_alt_name, NULL, r->san);
	if (r->acme)
		add_extension(x, 0, "1.3.6.1.5.5.7.1.31", r->acme);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		       unsigned in_len, void *context)
{
	(void)ssl;
	return SSL_select_next_proto((unsigned char **)out, out_len, context, (unsigned)strlen(context), in,
				     in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *make_tls(const struct recipe *r, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = r->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *x = make_certificate(r, key);

	assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	for (unsigned i = 0; i < r->chain; i++) {
		X509_up_ref(x);
		assert_int_equal(SSL_CTX_add_extra_chain_cert(ctx, x), 1);
	}
	if (alpn)
		SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, (void *)alpn);
	X509_free(x);
	EVP_PKEY_free(key);
	return ctx;
}

/* ---------------------------------------------------------------- listeners */

/* As `openssl s_server -www` and Go's: shakes hands, then reads until the client has closed. */
static void serve_well(struct listener *l, int fd)
{
	SSL *ssl = SSL_new(l->tls);
	char byte;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) <= 0)
		l->clean += (unsigned)(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

/* A byte of the server's at a time, through a pair of memory buffers. */
static void serve_slowly(struct listener *l, int fd)
{
	SSL *ssl = SSL_new(l->tls);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	char text[4096];
	ssize_t got;

	SSL_set_bio(ssl, in, out);
	SSL_set_accept_state(ssl);
	while ((got = recv(fd, text, sizeof(text), 0)) > 0) {
		BIO_write(in, text, (int)got);
		SSL_do_handshake(ssl);
		while (BIO_read(out, text, 1) == 1)
			if (send(fd, text, 1, MSG_NOSIGNAL) != 1)
				break;
	}
	SSL_free(ssl);
	ERR_clear_error();
}

static void serve_nothing(struct listener *l, int fd)
{
	char text[4096];

	(void)l;
	while (recv(fd, text, sizeof(text), 0) > 0)
		;
}

static void serve_end(struct listener *l, int fd)
{
	(void)l;
	(void)fd;
}

static void serve_garbage(struct listener *l, int fd)
{
	static const char text[] =
		"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to a port\r\n";

	assert_true(send(fd, text, sizeof(text), MSG_NOSIGNAL) > 0);
	serve_nothing(l, fd);
}

static void *listen_on(void *context)
{
	struct listener *l = context;

	for (int fd; (fd = accept(l->fd, NULL, NULL)) >= 0; close(fd)) {
		l->connections++;
		l->serve(l, fd);
	}
	return NULL;
}

static void listener_open(struct listener *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listen(l->fd, 64), 0);
	l->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&l->thread, NULL, listen_on, l), 0);
}

static void listener_close(struct listener *l)
{
	shutdown(l->fd, SHUT_RDWR);
	pthread_join(l->thread, NULL);
	close(l->fd);
	SSL_CTX_free(l->tls);
}

/* -------------------------------------------------------------------- world */

static struct fixture *begin_at(uint16_t port)
{
	struct fixture *x = fixture_new();

	snprintf(x->options.settings.harvest, sizeof(x->options.settings.harvest), "127.0.0.1:%u", port);
	x->now = clock_now();
	front_begin(x);
	return x;
}

/* Waits for the next line to the engine; real time passes. */
static const char *wait_heard(struct fixture *x, int ms)
{
	static struct front_turn turn;
	usec_t until = clock_now() + (usec_t)ms * USEC_PER_MSEC;
	const char *text;

	while (!strcmp(text = engine_heard(x), "-") && clock_now() < until) {
		front_collect(&x->front, &turn);
		assert_true(poll(turn.fds, (nfds_t)turn.count, 10) >= 0);
		front_serve(&x->front, &turn, clock_now());
		assert_false(x->front.ended);
	}
	return text;
}

/* As the loop goes on after an answer, so that the listener sees how we leave. */
static void take_leave(struct fixture *x)
{
	assert_string_equal(wait_heard(x, 400), "-");
	assert_int_equal(front_deadline(&x->front), USEC_NEVER);
}

static const char *digest_text(void)
{
	static char text[DIGEST_TEXT_LEN];
	uint8_t digest[DIGEST_LEN];

	memset(digest, 0x11, sizeof(digest));
	digest_format(digest, text);
	return text;
}

#define ACME "critical,DER:04:20:" DIGEST_HEX

struct row {
	const char *what;
	struct recipe recipe;
	const char *alpn;
	void (*serve)(struct listener *l, int fd);
	const char *name;  /* asked for */
	const char *error; /* NULL: the digest is heard */
};

static const struct row rows[] = {
	{ "good",
	  { "DNS:" NAME, ACME, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  NULL },
	{ "RSA",
	  { "DNS:" NAME, ACME, true, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  NULL },
	{ "others",
	  { "DNS:" NAME, ACME, false, 0 },
	  "\x02h2\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  NULL },
	{ "address",
	  { "IP:192.0.2.1", ACME, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  "1.2.0.192.in-addr.arpa",
	  NULL },
	{ "slow",
	  { "DNS:" NAME, ACME, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_slowly,
	  NAME,
	  NULL },
	{ "long chain",
	  { "DNS:" NAME, ACME, true, 5 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  NULL },
	{ "endless chain",
	  { "DNS:" NAME, ACME, true, 60 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "tls" },
	{ "another name",
	  { "DNS:b.example", ACME, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "certificate" },
	{ "two names",
	  { "DNS:" NAME ",DNS:b.example", ACME, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "certificate" },
	{ "not critical",
	  { "DNS:" NAME, "DER:04:20:" DIGEST_HEX, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "certificate" },
	{ "short digest",
	  { "DNS:" NAME, "critical,DER:04:02:1111", false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "certificate" },
	{ "no digest",
	  { "DNS:" NAME, NULL, false, 0 },
	  "\x0a"
	  "acme-tls/1",
	  serve_well,
	  NAME,
	  "certificate" },
	{ "no ALPN", { "DNS:" NAME, ACME, false, 0 }, NULL, serve_well, NAME, "alpn" },
	{ "other ALPN", { "DNS:" NAME, ACME, false, 0 }, "\x02h2", serve_well, NAME, "tls" },
	{ "silent", { "DNS:" NAME, NULL, false, 0 }, NULL, serve_nothing, NAME, "timeout" },
	{ "closes", { "DNS:" NAME, NULL, false, 0 }, NULL, serve_end, NAME, "tls" },
	{ "garbage", { "DNS:" NAME, NULL, false, 0 }, NULL, serve_garbage, NAME, "tls" },
};

static void test_listeners(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct listener l = { .serve = row->serve, .tls = make_tls(&row->recipe, row->alpn) };
		char request[300], expected[300];
		struct fixture *x;
		const char *text;
		usec_t began;

		listener_open(&l);
		x = begin_at(l.port);
		snprintf(request, sizeof(request), "harvest ident=%s", row->name);
		snprintf(expected, sizeof(expected), "harvested ident=%s %s=%s", row->name,
			 row->error ? "error" : "digest", row->error ? row->error : digest_text());
		began = clock_now();
		engine_says(x, request);
		text = wait_heard(x, 5000);
		if (strcmp(text, expected))
			fail_msg("%s: not \"%s\" but \"%s\"", row->what, expected, text);
		assert_true(clock_now() - began < 2500 * USEC_PER_MSEC);
		take_leave(x);
		fixture_free(x);
		listener_close(&l);
		assert_int_equal(l.connections, 1);
		if (!row->error && row->serve == serve_well)
			assert_int_equal(l.clean, SSL_RECEIVED_SHUTDOWN);
	}
}

static void test_nobody(void **state)
{
	struct listener l = { .serve = serve_end };
	struct fixture *x;

	(void)state;
	listener_open(&l);
	listener_close(&l); /* so that nobody has this port */
	x = begin_at(l.port);
	engine_says(x, "harvest ident=" NAME);
	assert_string_equal(wait_heard(x, 100), "harvested ident=" NAME " error=refused");
	engine_says(x, "harvest ident=not..a..name");
	assert_string_equal(wait_heard(x, 100), "harvested ident=not..a..name error=refused");
	take_leave(x);
	fixture_free(x);
}

/* Sixteen at once, and the next is told so; the same name again is one question. */
static void test_at_once(void **state)
{
	struct listener l = { .serve = serve_nothing };
	char text[64];
	unsigned timeouts = 0;
	struct fixture *x;

	(void)state;
	listener_open(&l);
	x = begin_at(l.port);
	for (int i = 0; i < 16; i++) {
		snprintf(text, sizeof(text), "harvest ident=n%d.example", i);
		engine_says(x, text);
	}
	engine_says(x, "harvest ident=n3.example");
	assert_string_equal(wait_heard(x, 100), "-");
	engine_says(x, "harvest ident=" NAME);
	assert_string_equal(wait_heard(x, 100), "harvested ident=" NAME " error=busy");
	for (; timeouts < 16; timeouts++)
		assert_non_null(strstr(wait_heard(x, 3000), "error=timeout"));
	take_leave(x);
	engine_says(x, "harvest ident=" NAME);
	assert_non_null(strstr(wait_heard(x, 3000), "error=timeout"));
	fixture_free(x);
	listener_close(&l);
}

/* One connection after the other, as openssl s_server has it. */
static void test_in_turn(void **state)
{
	const struct recipe recipe = { "DNS:" NAME, ACME, true, 0 };
	struct listener l = { .serve = serve_well,
			      .tls = make_tls(&recipe, "\x0a"
						       "acme-tls/1") };
	char text[64];
	unsigned good = 0, others = 0;
	struct fixture *x;

	(void)state;
	listener_open(&l);
	x = begin_at(l.port);
	engine_says(x, "harvest ident=" NAME);
	for (int i = 0; i < 15; i++) {
		snprintf(text, sizeof(text), "harvest ident=n%d.example", i);
		engine_says(x, text);
	}
	for (int i = 0; i < 16; i++) {
		const char *heard_text = wait_heard(x, 3000);

		good += strstr(heard_text, "ident=" NAME " digest=") != NULL;
		others += strstr(heard_text, "error=certificate") != NULL;
	}
	assert_int_equal(good, 1);
	assert_int_equal(others, 15);
	take_leave(x);
	fixture_free(x);
	listener_close(&l);
	assert_int_equal(l.connections, 16);
	assert_int_equal(l.clean, 16 * SSL_RECEIVED_SHUTDOWN);
}

/* One that sends faster than it is read does not keep the loop from the others. */
static void test_endless(void **state)
{
	static uint8_t bytes[4096];
	struct harvest_talk t = { .connected = true, .ended = true };
	int pair[2], left = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	while (send(pair[1], bytes, sizeof(bytes), 0) > 0)
		;
	t.fd = pair[0];
	assert_int_equal(harvest_talk_go_on(&t), HARVEST_TALKING);
	assert_int_equal(ioctl(pair[0], FIONREAD, &left), 0);
	assert_true(left > 0);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners), cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_at_once),   cmocka_unit_test(test_in_turn),
		cmocka_unit_test(test_endless),
	};

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes as it likes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
