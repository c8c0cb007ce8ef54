/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * load: many strict validations at once, against one or several ports in turn, and how long they took.
 *
 *   load -a ADDRESS -i IDENT -d DIGEST -p PORT... [-n COUNT] [-j IN_FLIGHT] [-f FROM]... [-m MSS] [-t 1.2|1.3]
 *        [-H HOLD_MS]
 *
 * COUNT validations of each port, IN_FLIGHT in all at any moment; a port's neighbour in time is the next port, so
 * that all see the same network. A line per port:
 *
 *   port 443 begun 1000 connected 998 late 210 finished 997 in-all 990 wrong 0 median 48 p99 2210 longest 6031
 *
 * connected: within 10 s; late: of these, those that took longer than a second, whose SYN or its answer was lost.
 * finished: right certificate within 10 s after the connection stood; in-all: within 10 s of the first SYN. wrong:
 * answered otherwise than by the right certificate (a reset, an alert, another certificate). Milliseconds from
 * connection to certificate. HOLD_MS: between hello and answer, in which the server's flight waits to be read. Exit 0 when nothing was wrong.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include "dial.h"
#include "rules.h"
#include "target.h"

enum { MAX_PORTS = 4, MAX_FROM = 64, MAX_THREADS = 256, LIMIT_MS = 10000, LATE_MS = 1000 };

struct tally {
	unsigned port;
	unsigned begun, connected, late, finished, in_all, wrong;
	double *took_ms; /* of the finished ones */
};

static struct {
	struct target target;
	struct tally tally[MAX_PORTS];
	const char *from[MAX_FROM];
	unsigned ports, froms, count, threads, next;
	int mss;
	unsigned hold_ms;
	SSL_CTX *tls;
	pthread_mutex_t lock;
} load = { .count = 100, .threads = 64, .lock = PTHREAD_MUTEX_INITIALIZER };

/* False: not before the deadline. */
static bool wait_for(int fd, short events, double deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	double left = deadline - clock_ms();

	return left > 0 && poll(&ready, 1, (int)left + 1) > 0 && clock_ms() < deadline;
}

/* Resets that belong to the connection before are nobody's fault, and there are none: every connection has a new port. */
static int begin_connect(unsigned port, const char *from)
{
	struct sockaddr_storage to, source;
	socklen_t len, source_len;
	int fd, on = 1;

	if (!socket_address(load.target.address, port, &to, &len) ||
	    (from && !socket_address(from, 0, &source, &source_len)))
		exit(2);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		exit(1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (load.mss)
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &load.mss, sizeof(load.mss));
	if ((from && bind(fd, (struct sockaddr *)&source, source_len)) ||
	    (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool connected(int fd, double deadline)
{
	int err = 0;
	socklen_t len = sizeof(err);

	return wait_for(fd, POLLOUT, deadline) && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && !err;
}

/* What is wrong with the server's answer; NULL: nothing. */
static const char *judge(SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	struct der san = { load.target.san, load.target.san_len };
	const unsigned char *alpn;
	unsigned len;

	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (len != 10 || memcmp(alpn, "acme-tls/1", 10))
		return "another protocol";
	if (!chain || sk_X509_num(chain) != 1)
		return "not exactly one certificate";
	return rules_judge(sk_X509_value(chain, 0), san, load.target.digest);
}

/* Sends the hello while there is nothing to read for us; the answer waits in the kernel. */
static void say_hello_and_wait(SSL *ssl)
{
	BIO *socket = SSL_get_rbio(ssl);

	BIO_up_ref(socket);
	SSL_set0_rbio(ssl, BIO_new(BIO_s_mem()));
	SSL_connect(ssl);
	SSL_set0_rbio(ssl, socket);
	for (unsigned ms = 0; ms < load.hold_ms; ms += 100)
		usleep(100000);
}

/* 1: the handshake is complete; 0: not before the deadline; -1: it failed, *says why. */
static int handshake(SSL *ssl, int fd, double deadline, const char **says)
{
	for (;;) {
		int ret, why;

		ERR_clear_error();
		errno = 0;
		ret = SSL_connect(ssl);
		if (ret == 1)
			return 1;
		why = SSL_get_error(ssl, ret);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
			*says = why == SSL_ERROR_SSL ? ERR_reason_error_string(ERR_peek_error())
				: errno              ? strerror(errno)
						     : "closed by the server";
			return -1;
		}
		if (!wait_for(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline))
			return 0;
	}
}

static void record(struct tally *t, double begun, double stood, int outcome, const char *says)
{
	double now = clock_ms();

	pthread_mutex_lock(&load.lock);
	t->connected += stood > 0;
	t->late += stood - begun > LATE_MS;
	if (outcome == 1) {
		t->took_ms[t->finished++] = now - stood;
		t->in_all += now - begun <= LIMIT_MS;
	} else if (outcome < 0) {
		t->wrong++;
		fprintf(stderr, "load: port %u: %s\n", t->port, says ? says : "?");
	}
	pthread_mutex_unlock(&load.lock);
}

static void validate(struct tally *t, const char *from)
{
	double begun = clock_ms(), stood;
	int fd = begin_connect(t->port, from), outcome;
	const char *says = NULL;
	SSL *ssl;

	if (fd < 0 || !connected(fd, begun + LIMIT_MS)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	stood = clock_ms();
	ssl = SSL_new(load.tls);
	if (!ssl || !SSL_set_fd(ssl, fd))
		exit(1);
	SSL_set_tlsext_host_name(ssl, load.target.sni);
	if (load.hold_ms)
		say_hello_and_wait(ssl);
	outcome = handshake(ssl, fd, stood + LIMIT_MS, &says);
	if (outcome == 1) {
		says = judge(ssl);
		outcome = says ? -1 : 1;
	}
	record(t, begun, stood, outcome, says);
	if (outcome == 1)
		SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void *work(void *arg)
{
	(void)arg;
	for (;;) {
		struct tally *t;
		unsigned n;

		pthread_mutex_lock(&load.lock);
		n = load.next++;
		t = &load.tally[n % load.ports];
		if (n < load.count * load.ports)
			t->begun++;
		pthread_mutex_unlock(&load.lock);
		if (n >= load.count * load.ports)
			return NULL;
		validate(t, load.froms ? load.from[n / load.ports % load.froms] : NULL);
	}
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void report(struct tally *t)
{
	unsigned n = t->finished;

	qsort(t->took_ms, n, sizeof(*t->took_ms), by_size);
	printf("port %u begun %u connected %u late %u finished %u in-all %u wrong %u median %.0f p99 %.0f longest %.0f\n",
	       t->port, t->begun, t->connected, t->late, n, t->in_all, t->wrong, n ? t->took_ms[n / 2] : 0.0,
	       n ? t->took_ms[n * 99ull / 100] : 0.0, n ? t->took_ms[n - 1] : 0.0);
}

static bool prepare_tls(int version)
{
	load.tls = SSL_CTX_new(TLS_client_method());
	if (!load.tls)
		return false;
	SSL_CTX_set_verify(load.tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_min_proto_version(load.tls, version ? version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(load.tls, version);
	return !SSL_CTX_set_alpn_protos(load.tls,
					(const unsigned char *)"\x0a"
							       "acme-tls/1",
					11);
}

static int run(void)
{
	static pthread_t thread[MAX_THREADS];
	unsigned i, wrong = 0;

	for (i = 0; i < load.ports; i++) {
		load.tally[i].took_ms = calloc(load.count + 1, sizeof(double));
		if (!load.tally[i].took_ms)
			return 1;
	}
	for (i = 0; i < load.threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			return 1;
	for (i = 0; i < load.threads; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < load.ports; i++) {
		report(&load.tally[i]);
		wrong += load.tally[i].wrong;
	}
	return wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *digest = "";
	int option;

	while ((option = getopt(argc, argv, "a:i:d:p:n:j:f:m:t:H:")) != -1) {
		if (option == 'a')
			load.target.address = optarg;
		else if (option == 'i')
			load.target.ident = optarg;
		else if (option == 'd')
			digest = optarg;
		else if (option == 'p' && load.ports < MAX_PORTS)
			load.tally[load.ports++].port = (unsigned)atoi(optarg);
		else if (option == 'n')
			load.count = (unsigned)atoi(optarg);
		else if (option == 'j')
			load.threads = (unsigned)atoi(optarg);
		else if (option == 'f' && load.froms < MAX_FROM)
			load.from[load.froms++] = optarg;
		else if (option == 'm')
			load.mss = atoi(optarg);
		else if (option == 'H')
			load.hold_ms = (unsigned)atoi(optarg);
		else if (option == 't')
			load.target.version = strcmp(optarg, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
		else
			return 2;
	}
	if (!load.target.address || !load.target.ident || !target_ident(&load.target) ||
	    !target_digest(&load.target, digest) || !load.ports || !load.threads ||
	    load.threads > MAX_THREADS || !prepare_tls(load.target.version)) {
		fputs("usage: load -a ADDRESS -i IDENT -d DIGEST -p PORT... [-n COUNT] [-j IN_FLIGHT] [-f FROM]... [-m MSS] [-t 1.2|1.3] [-H HOLD_MS]\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	return run();
}
