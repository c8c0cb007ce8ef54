/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is kept of a connection that has ended: how, the certificate, what the server calls itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check/probe.h"

static void keep_certificate(struct probe *p, const uint8_t *der, size_t len)
{
	struct check_answer *a = p->answer;

	if (!der || a->cert || !len)
		return;
	a->cert = malloc(len);
	if (!a->cert)
		return;
	memcpy(a->cert, der, len);
	a->cert_len = len;
}

/*
 * wolfSSL shows no certificate that it cannot read; before TLS 1.3 it lies in the open. For an empty list of them it waits on,
 * where Go ends the handshake.
 */
static void keep_clear_certificate(struct probe *p)
{
	uint8_t *scratch = malloc(RAW_ROOM);
	struct reader der;

	if (scratch && first_certificate(p->raw, p->raw_len, scratch, &der)) {
		keep_certificate(p, der.at, reader_left(&der));
		p->answer->no_certificate = !reader_left(&der);
	}
	if (p->answer->no_certificate)
		p->answer->end = CHECK_END_FAILED;
	free(scratch);
}

/* "Server: nginx/1.22.1" in an HTTP header. */
static void keep_server(struct check_answer *a, const char *text)
{
	const char *line = strcasestr(text, "\nserver:");

	if (!line)
		return;
	line += strlen("\nserver:");
	line += strspn(line, " ");
	text_printable(a->server, sizeof(a->server), (const uint8_t *)line, strcspn(line, "\r\n"));
}

static void take_report(struct probe *p)
{
	struct check_answer *a = p->answer;
	struct tls_client_report report;
	const uint8_t *der;
	size_t len;

	tls_client_report(p->tls, &report);
	der = tls_client_certificate(p->tls, &len);
	keep_certificate(p, der, len);
	a->version = report.version;
	a->cipher = report.cipher;
	a->acme = report.version && tls_client_alpn(p->tls) && p->target->kind != CHECK_WEB;
	a->alpn_refused = report.alpn_refused;
	a->unparsed = report.unparsed;
	a->no_certificate = report.no_certificate;
	if (a->alert < 0 && a->end == CHECK_END_FAILED && report.alert_in >= 0) {
		a->alert = report.alert_in;
		a->end = CHECK_END_ALERT;
	}
	if (a->end == CHECK_END_FAILED)
		snprintf(a->error_text, sizeof(a->error_text), "%s", tls_client_error(p->tls));
	if (p->target->kind == CHECK_WEB)
		keep_server(a, tls_client_heard(p->tls));
}

void probe_finish(struct probe *p, enum check_end end, usec_t now)
{
	struct check_answer *a = p->answer;

	p->over = true;
	a->end = end;
	a->took = now - p->begun;
	a->first_len = MIN(p->raw_len, sizeof(a->first));
	memcpy(a->first, p->raw, a->first_len);
	if (first_classify(a->first, a->first_len) == FIRST_HTTP)
		keep_server(a, (const char *)p->raw);
	/* 5 bytes of record, 4 of handshake: the version of a ServerHello. */
	a->old_version = first_classify(a->first, a->first_len) == FIRST_HELLO && a->first_len > 10 &&
			 a->first[9] == 3 && a->first[10] < 3;
	if (p->tls)
		take_report(p);
	if (p->tls && !a->cert)
		keep_clear_certificate(p);
	close(p->fd);
	p->fd = -1;
}
