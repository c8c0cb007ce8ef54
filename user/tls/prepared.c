/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "tls/prepared.h"
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static bool same(const struct certificate *a, const struct certificate *b)
{
	return a->cert_len == b->cert_len && a->key_len == b->key_len &&
	       !memcmp(a->cert, b->cert, a->cert_len) && !memcmp(a->key, b->key, a->key_len);
}

WOLFSSL_CTX *prepared_find(struct prepared *p, const struct certificate *cert)
{
	for (unsigned i = 0; i < PREPARED_MAX; i++) {
		struct prepared_entry *e = &p->entry[i];

		if (!e->wolf || !same(&e->copy, cert))
			continue;
		e->used = ++p->uses;
		return e->wolf;
	}
	return NULL;
}

static void forget(struct prepared_entry *e)
{
	if (!e->wolf)
		return;
	wolfSSL_CTX_free(e->wolf);
	certificate_free(&e->copy);
	*e = (struct prepared_entry){ 0 };
}

void prepared_keep(struct prepared *p, const struct certificate *cert, WOLFSSL_CTX *wolf)
{
	struct prepared_entry *e = &p->entry[0];
	struct certificate copy;

	if (certificate_copy(cert, &copy)) {
		wolfSSL_CTX_free(wolf);
		return;
	}
	for (unsigned i = 1; i < PREPARED_MAX; i++)
		if (p->entry[i].used < e->used)
			e = &p->entry[i];
	forget(e);
	*e = (struct prepared_entry){ .wolf = wolf, .copy = copy, .used = ++p->uses };
}

void prepared_clear(struct prepared *p)
{
	for (unsigned i = 0; i < PREPARED_MAX; i++)
		forget(&p->entry[i]);
}
