/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hellos on their way to wolfSSL: held until the gate has accepted all of them. Refuses, with an alert in the clear, what
 * the gate refuses; for a first hello the caller has asked the gate already and never comes here with one like that.
 */
#include <string.h>
#include "tls/handshake.h"

enum {
	ALERT_RECORD_LEN = RECORD_HEADER + 2,
	ALERT_ILLEGAL_PARAMETER = 47,
};

static const uint8_t CCS_RECORD[CCS_RECORD_LEN] = { RECORD_CCS, 3, 3, 0, 1, 1 };

void tls_send_plain_alert(struct tls *t, uint8_t description)
{
	const uint8_t record[ALERT_RECORD_LEN] = { RECORD_ALERT, 3, 3, 0, 2, alert_fatal, description };

	if (outbox_put(&t->out, record, sizeof(record)))
		t->alert_out = description;
}

/*
 * What may stand in front of the second hello: a ChangeCipherSpec for middleboxes (RFC 8446 D.4), which means nothing; or an
 * alert in its place. Returns how many bytes to step over; more than are held when that cannot be said yet.
 */
static size_t before_hello(struct tls *t)
{
	const struct held *h = &t->held;

	if (!t->second || !h->len)
		return 0;
	if (h->bytes[0] == RECORD_CCS)
		return h->len < CCS_RECORD_LEN || !memcmp(h->bytes, CCS_RECORD, CCS_RECORD_LEN)
			       ? CCS_RECORD_LEN
			       : 0;
	if (h->bytes[0] != RECORD_ALERT)
		return 0;
	if (h->len >= ALERT_RECORD_LEN) {
		t->alert_in = h->bytes[ALERT_RECORD_LEN - 1];
		tls_fail(t, "alert in place of the second hello");
	}
	return ALERT_RECORD_LEN;
}

bool tls_hold_hello(struct tls *t)
{
	struct held *h = &t->held;
	size_t have = MIN(sizeof(h->bytes) - h->len, t->io->in_len - t->io->consumed), skip;
	struct tls_hello hello;
	enum gate_verdict verdict;

	if (have)
		memcpy(h->bytes + h->len, t->io->in + t->io->consumed, have);
	h->len += have;
	t->io->consumed += have;
	skip = before_hello(t);
	if (t->state == TLS_FAILED || skip > h->len)
		return false;
	verdict = tls_gate(h->bytes + skip, h->len - skip, &hello);
	if (verdict == GATE_MORE)
		return false;
	/* RFC 8446 4.1.2: the second hello repeats the first, and so its name. */
	if (verdict == GATE_REJECT || (t->second && strcmp(hello.sni, t->sni))) {
		tls_fail(t, verdict == GATE_REJECT ? gate_reject_help(hello.why)
						   : "the second hello names another server");
		tls_send_plain_alert(t, ALERT_ILLEGAL_PARAMETER);
		return false;
	}
	memcpy(t->sni, hello.sni, sizeof(t->sni));
	h->given = skip;
	h->open = true;
	return true;
}
