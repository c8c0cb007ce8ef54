/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * strict: validates as the strictest public CA does, and says what that CA would say.
 *
 *   strict -a ADDRESS -i IDENT -d DIGEST [-p PORT] [-t 1.2|1.3] [-g GROUPS] [-f FROM]... [-n ROUNDS]
 *
 * One perspective per -f (source address), all at once; ROUNDS times. One line per validation; exit 0 when all
 * passed. DIGEST is base64url. As with the CA, the server has ten seconds to accept and to answer, the
 * handshake is completed, then close_notify and FIN go out, and nothing is read after the server's Finished.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include "dial.h"
#include "rules.h"
#include "target.h"

enum { MAX_PERSPECTIVES = 64 };

struct perspective {
	const struct target *target;
	const char *from; /* NULL: the system chooses */
	pthread_t thread;
	bool passed;
	double ms;
	char says[200];
};

static SSL_CTX *context_new(const struct target *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_min_proto_version(ctx, t->version ? t->version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(ctx, t->version);
	if (t->groups && !SSL_CTX_set1_groups_list(ctx, t->groups))
		fprintf(stderr, "strict: OpenSSL does not know the groups %s\n", t->groups);
	SSL_CTX_set_alpn_protos(ctx,
				(const unsigned char *)"\x0a"
						       "acme-tls/1",
				11);
	return ctx;
}

static void judge(const struct target *t, SSL *ssl, struct perspective *p)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	struct der san = { t->san, t->san_len };
	const unsigned char *alpn;
	const char *wrong = NULL;
	unsigned len;

	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (len != 10 || memcmp(alpn, "acme-tls/1", 10))
		wrong = "cannot negotiate ALPN protocol acme-tls/1";
	else if (!chain || sk_X509_num(chain) != 1)
		wrong = "not exactly one certificate";
	else
		wrong = rules_judge(sk_X509_value(chain, 0), san, t->digest);
	p->passed = !wrong;
	snprintf(p->says, sizeof(p->says), "%s, %s", SSL_get_version(ssl),
		 wrong ? wrong : "certificate is right");
}

static void handshake(const struct target *t, SSL *ssl, struct perspective *p)
{
	int ret, why;

	SSL_set_tlsext_host_name(ssl, t->sni);
	errno = 0;
	ret = SSL_connect(ssl);
	if (ret == 1) {
		judge(t, ssl, p);
		/* Like the CA: our close_notify, no waiting for theirs. */
		SSL_shutdown(ssl);
		return;
	}
	why = SSL_get_error(ssl, ret);
	if (why == SSL_ERROR_SSL)
		snprintf(p->says, sizeof(p->says), "handshake: %s",
			 ERR_reason_error_string(ERR_peek_error()));
	else if (errno == EAGAIN || why == SSL_ERROR_WANT_READ)
		snprintf(p->says, sizeof(p->says), "timeout after connect");
	else
		snprintf(p->says, sizeof(p->says), "handshake: %s",
			 errno ? strerror(errno) : "closed by the server");
}

static void *validate(void *arg)
{
	struct perspective *p = arg;
	double begin = clock_ms();
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;

	p->passed = false;
	fd = dial(p->target->address, p->target->port, p->from);
	if (fd < 0) {
		snprintf(p->says, sizeof(p->says), "connect: %s",
			 errno == EINPROGRESS ? "timeout" : strerror(errno));
		return NULL;
	}
	ctx = context_new(p->target);
	ssl = ctx ? SSL_new(ctx) : NULL;
	if (ssl && SSL_set_fd(ssl, fd))
		handshake(p->target, ssl, p);
	p->ms = clock_ms() - begin;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return NULL;
}

static unsigned round_run(struct perspective *all, unsigned n)
{
	unsigned i, wrong = 0;

	for (i = 0; i < n; i++) {
		if (pthread_create(&all[i].thread, NULL, validate, &all[i]))
			exit(1);
	}
	for (i = 0; i < n; i++) {
		pthread_join(all[i].thread, NULL);
		printf("%s %s from %s: %s, %.1f ms\n", all[i].passed ? "ok  " : "FAIL", all[i].target->ident,
		       all[i].from ? all[i].from : "anywhere", all[i].says, all[i].ms);
		wrong += !all[i].passed;
	}
	fflush(stdout);
	return wrong;
}

static int usage(void)
{
	fputs("usage: strict -a ADDRESS -i IDENT -d DIGEST [-p PORT] [-t 1.2|1.3] [-g GROUPS] [-f FROM]... [-n ROUNDS]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct perspective all[MAX_PERSPECTIVES];
	struct target target = { .port = 443 };
	unsigned n = 0, rounds = 1, wrong = 0, i;
	const char *digest = "";
	int option;

	while ((option = getopt(argc, argv, "a:i:d:p:t:g:f:n:")) != -1) {
		switch (option) {
		case 'a':
			target.address = optarg;
			break;
		case 'i':
			target.ident = optarg;
			break;
		case 'd':
			digest = optarg;
			break;
		case 'p':
			target.port = (unsigned)atoi(optarg);
			break;
		case 't':
			target.version = strcmp(optarg, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
			break;
		case 'g':
			target.groups = optarg;
			break;
		case 'n':
			rounds = (unsigned)atoi(optarg);
			break;
		case 'f':
			if (n < MAX_PERSPECTIVES)
				all[n++].from = optarg;
			break;
		default:
			return usage();
		}
	}
	if (!target.address || !target.ident || !target_ident(&target) || !target_digest(&target, digest))
		return usage();
	n += !n;
	for (i = 0; i < n; i++)
		all[i].target = &target;
	signal(SIGPIPE, SIG_IGN);
	while (rounds--)
		wrong += round_run(all, n);
	return wrong ? 1 : 0;
}
