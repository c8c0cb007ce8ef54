/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "answer.h"

#include <stdlib.h>
#include <openssl/x509v3.h>
#include "../interop/rules.h"
#include "../interop/target.h"

static struct target target;

bool answer_expect(const struct answer *answer)
{
	target.ident = answer->name;
	return target_ident(&target) &&
	       (!answer->acme || (answer->digest && target_digest(&target, answer->digest)));
}

/* Who has vouched for a web server is not the question here. */
static const char *judge_web(const struct answer *answer, X509 *cert)
{
	return X509_check_host(cert, answer->name, 0, 0, NULL) == 1 ? NULL : "a certificate for another name";
}

static const char *judge_certificate(struct answer *answer, X509 *cert)
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(cert, &bytes);
	const char *wrong;

	if (len > 0 && len == answer->seen_len && !memcmp(bytes, answer->seen, (size_t)len)) {
		OPENSSL_free(bytes);
		return NULL;
	}
	wrong = answer->acme ? rules_judge(cert, (struct der){ target.san, target.san_len }, target.digest)
			     : judge_web(answer, cert);
	if (wrong || len <= 0) {
		OPENSSL_free(bytes);
		return wrong ? wrong : "the certificate is not DER";
	}
	OPENSSL_free(answer->seen);
	answer->seen = bytes;
	answer->seen_len = len;
	return NULL;
}

const char *answer_judge(struct answer *answer, SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	const unsigned char *alpn;
	unsigned len;

	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (answer->acme && (len != 10 || memcmp(alpn, "acme-tls/1", 10)))
		return "another protocol";
	if (!chain || sk_X509_num(chain) < 1 || (answer->acme && sk_X509_num(chain) > 1))
		return "not exactly one certificate";
	return judge_certificate(answer, sk_X509_value(chain, 0));
}

int answer_page(const struct answer *answer, const char *bytes, size_t len)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4), *length;
	size_t body = strlen(answer->body), have;

	if (!end)
		return 0;
	if (len < 12 || memcmp(bytes, "HTTP/1.1 200", 12))
		return -1;
	length = memmem(bytes, (size_t)(end - bytes), "\r\nContent-Length: ", 18);
	if (!length || strtoul(length + 18, NULL, 10) != body)
		return -1;
	have = len - (size_t)(end + 4 - bytes);
	if (have < body)
		return 0;
	return have == body && !memcmp(end + 4, answer->body, body) ? 1 : -1;
}
