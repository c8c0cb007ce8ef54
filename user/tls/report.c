/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happened in a handshake, for people. */
#include <stdio.h>
#include <string.h>
#include "tls/handshake.h"

void tls_fail(struct tls *t, const char *error)
{
	t->state = TLS_FAILED;
	snprintf(t->error, sizeof(t->error), "%s", error);
}

static uint16_t group_number(const char *name)
{
	static const struct {
		const char *name;
		uint16_t number;
	} groups[] = { { "X25519", 0x001d }, { "SECP256R1", 0x0017 } };

	for (size_t i = 0; name && i < ARRAY_SIZE(groups); i++) {
		if (!strcmp(groups[i].name, name))
			return groups[i].number;
	}
	return 0;
}

void tls_report(const struct tls *t, struct tls_report *out)
{
	WOLFSSL_ALERT_HISTORY history = { { -1, 0 }, { -1, 0 } };

	*out = (struct tls_report){ .alert_in = t->alert_in, .alert_out = t->alert_out };
	wolfSSL_get_alert_history(t->wolf, &history);
	if (history.last_rx.code >= 0)
		out->alert_in = history.last_rx.code;
	if (history.last_tx.code >= 0)
		out->alert_out = history.last_tx.code;
	out->cipher = (uint16_t)wolfSSL_get_current_cipher_suite(t->wolf);
	if (out->cipher) {
		out->version = (uint16_t)wolfSSL_version(t->wolf);
		out->group = group_number(wolfSSL_get_curve_name(t->wolf));
	}
	out->seen = t->followed.seen;
	out->retrying = t->retry_sent && !t->held.open;
	memcpy(out->error, t->error, sizeof(out->error));
}
