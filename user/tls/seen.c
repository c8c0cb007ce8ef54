/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the validator sent after its hello, seen from the outside: by the types of records. wolfSSL says only what it did not
 * like, and of what never came nothing.
 */
#include "tls/handshake.h"

enum { HANDSHAKE_CLIENT_KEY_EXCHANGE = 16 };

static void see_header(struct followed *f)
{
	uint8_t type = f->header[0];

	f->left = (uint16_t)(f->header[3] << 8 | f->header[4]);
	f->have = 0;
	f->begins = true;
	if (type == RECORD_CCS)
		f->seen |= TLS_SEEN_CHANGE_CIPHER_SPEC;
	/* TLS 1.3 disguises what is encrypted as this (RFC 8446 5.2). */
	if (type == RECORD_APPLICATION_DATA)
		f->seen |= TLS_SEEN_LAST;
	/* In TLS 1.2 nothing but the encrypted Finished comes in such a record after that (RFC 5246 7.1). */
	if (type == RECORD_HANDSHAKE && f->seen & TLS_SEEN_CHANGE_CIPHER_SPEC)
		f->seen |= TLS_SEEN_LAST;
}

void tls_follow(struct followed *f, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);

	while (reader_left(&r)) {
		if (!f->left) {
			f->header[f->have++] = *r.at++;
			if (f->have == RECORD_HEADER)
				see_header(f);
			continue;
		}
		if (f->begins && f->header[0] == RECORD_HANDSHAKE && *r.at == HANDSHAKE_CLIENT_KEY_EXCHANGE &&
		    !(f->seen & TLS_SEEN_CHANGE_CIPHER_SPEC))
			f->seen |= TLS_SEEN_KEY_EXCHANGE;
		f->begins = false;
		len = MIN(reader_left(&r), (size_t)f->left);
		read_skip(&r, len);
		f->left = (uint16_t)(f->left - len);
	}
}
