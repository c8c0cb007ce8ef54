/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether what a server answered is right, to the byte. Not to be trusted with anything that a CA would decide: that is rules.h. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>

struct answer {
	bool acme;
	const char *name;
	const char *digest; /* base64url, where acme */
	const char *body;
	unsigned char *seen; /* the certificate that was right */
	int seen_len;
};

/* False: name or digest cannot be. All that are acme have one name and one digest. */
bool answer_expect(const struct answer *answer);

/*
 * After the handshake. NULL when it is right, else what is wrong. The certificate is judged by all rules when it is
 * seen first, and by comparison of its bytes while it stays the same.
 */
const char *answer_judge(struct answer *answer, SSL *ssl);

/* 1: a whole response and the expected one; 0: more must come; -1: another. */
int answer_page(const struct answer *answer, const char *bytes, size_t len);

#endif
