/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a connection ended, in Boulder's words (va/va.go, detailedError()) and, for alerts, in those of Go's crypto/tls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "check/look.h"

#define CATCH_ALL "Error getting validation data"
#define AFTER_CONNECT "Timeout after connect (your server may be slow or overloaded)"

/* RFC 8446 6 and older: numbers, and how Go spells them. */
static const struct alert_row {
	int number;
	enum check_cause cause;
	const char *text;
} alerts[] = {
	{ 10, CHECK_ALERT, "unexpected message" },
	{ 20, CHECK_ALERT, "bad record MAC" },
	{ 21, CHECK_ALERT, "decryption failed" },
	{ 22, CHECK_ALERT, "record overflow" },
	{ 30, CHECK_ALERT, "decompression failure" },
	{ 40, CHECK_ALERT, "handshake failure" },
	{ 42, CHECK_ALERT, "bad certificate" },
	{ 43, CHECK_ALERT, "unsupported certificate" },
	{ 44, CHECK_ALERT, "revoked certificate" },
	{ 45, CHECK_ALERT, "expired certificate" },
	{ 46, CHECK_ALERT, "unknown certificate" },
	{ 47, CHECK_ALERT, "illegal parameter" },
	{ 48, CHECK_ALERT, "unknown certificate authority" },
	{ 49, CHECK_ALERT, "access denied" },
	{ 50, CHECK_ALERT, "error decoding message" },
	{ 51, CHECK_ALERT, "error decrypting message" },
	{ 60, CHECK_ALERT, "export restriction" },
	{ 70, CHECK_OLD_TLS, "protocol version not supported" },
	{ 71, CHECK_ALERT, "insufficient security level" },
	{ 80, CHECK_ALERT, "internal error" },
	{ 86, CHECK_ALERT, "inappropriate fallback" },
	{ 90, CHECK_ALERT, "user canceled" },
	{ 100, CHECK_ALERT, "no renegotiation" },
	{ 109, CHECK_ALERT, "missing extension" },
	{ 110, CHECK_ALERT, "unsupported extension" },
	{ 111, CHECK_ALERT, "certificate unobtainable" },
	{ 112, CHECK_ALERT_NAME, "unrecognized name" },
	{ 113, CHECK_ALERT, "bad certificate status response" },
	{ 114, CHECK_ALERT, "bad certificate hash value" },
	{ 115, CHECK_ALERT, "unknown PSK identity" },
	{ 116, CHECK_ALERT, "certificate required" },
	{ 120, CHECK_ALERT_ALPN, "no application protocol" },
};

/* What the kernel said to connect(). */
static const struct errno_row {
	int error;
	enum check_cause cause;
	const char *text;
} errors[] = {
	{ ECONNREFUSED, CHECK_REFUSED, "Connection refused" },
	{ ENETUNREACH, CHECK_UNREACHABLE, "Network unreachable" },
	{ ECONNRESET, CHECK_RESET, "Connection reset by peer" },
	{ ETIMEDOUT, CHECK_CONNECT_TIMEOUT, "Timeout during connect (likely firewall problem)" },
	{ 0, CHECK_UNREACHABLE, CATCH_ALL }, /* EHOSTUNREACH, too */
};

static void judge_alert(const struct check_answer *a, const char *address, struct check_judgement *out)
{
	char text[32];

	if (a->alert == 0) { /* close_notify: an end of file to Go */
		judgement_set(out, CHECK_CLOSED, "connection", "%s: " CATCH_ALL, address);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(alerts); i++) {
		if (alerts[i].number == a->alert) {
			judgement_set(out, alerts[i].cause, "tls", "%s: remote error: tls: %s", address,
				      alerts[i].text);
			return;
		}
	}
	snprintf(text, sizeof(text), "alert(%d)", a->alert);
	judgement_set(out, CHECK_ALERT, "tls", "%s: remote error: tls: %s", address, text);
}

static void judge_errno(const struct check_answer *a, const char *address, struct check_judgement *out)
{
	size_t i = 0;

	while (errors[i].error && errors[i].error != a->error)
		i++;
	judgement_set(out, errors[i].cause, "connection", "%s: %s", address, errors[i].text);
}

/* Go compares the five bytes of a record's header with "HTTP/". */
static void judge_not_tls(const struct check_answer *a, const char *address, struct check_judgement *out)
{
	static const enum check_cause cause[] = {
		[FIRST_HTTP] = CHECK_HTTP, [FIRST_SSH] = CHECK_SSH, [FIRST_SMTP] = CHECK_SMTP
	};
	enum first_kind kind = first_classify(a->first, a->first_len);

	if (a->first_len >= 5 && !memcmp(a->first, "HTTP/", 5))
		judgement_set(out, CHECK_HTTP, "malformed", "%s: Server only speaks HTTP, not TLS", address);
	else
		judgement_set(out, kind < ARRAY_SIZE(cause) && cause[kind] ? cause[kind] : CHECK_NOT_TLS,
			      "connection", "%s: " CATCH_ALL, address);
}

static void judge_failed(const struct check_answer *a, const char *address, struct check_judgement *out)
{
	enum check_cause cause = a->alpn_refused     ? CHECK_ALPN_OTHER
				 : a->no_certificate ? CHECK_NO_CERTIFICATE
				 : a->unparsed       ? CHECK_PARSE
				 : a->old_version    ? CHECK_OLD_TLS
						     : CHECK_HANDSHAKE;

	judgement_set(out, cause, "connection", "%s: " CATCH_ALL, address);
}

void ends_judge(const struct check_answer *a, const char *address, struct check_judgement *out)
{
	switch (a->end) {
	case CHECK_END_CONNECT_TIMEOUT:
		judgement_set(out, CHECK_CONNECT_TIMEOUT, "connection",
			      "%s: Timeout during connect (likely firewall problem)", address);
		break;
	case CHECK_END_CONNECT_FAILED:
		judge_errno(a, address, out);
		break;
	case CHECK_END_SILENT:
		judgement_set(out, a->received ? CHECK_STALLED : CHECK_SILENT, "connection",
			      "%s: " AFTER_CONNECT, address);
		break;
	case CHECK_END_RESET:
		judgement_set(out, CHECK_RESET, "connection", "%s: Connection reset by peer", address);
		break;
	case CHECK_END_CLOSED:
		judgement_set(out, CHECK_CLOSED, "connection", "%s: " CATCH_ALL, address);
		break;
	case CHECK_END_ALERT:
		judge_alert(a, address, out);
		break;
	case CHECK_END_NOT_TLS:
		judge_not_tls(a, address, out);
		break;
	case CHECK_END_FAILED:
		judge_failed(a, address, out);
		break;
	default:
		judgement_set(out, CHECK_FINE, "", "%s", "");
	}
	out->falls_back = out->cause != CHECK_FINE;
}

/* A certificate that Go's parser refuses never reaches the rules. */
static void refuse_unread(const struct rules *r, struct check_judgement *out)
{
	judgement_set(out, CHECK_PARSE, "connection", "%s: " CATCH_ALL, r->address);
	out->falls_back = true;
}

void judge_answer(const struct check_answer *a, const struct rules *r, struct check_judgement *out)
{
	struct rules rules = *r;
	struct look look;

	ends_judge(a, r->address, out);
	/* wolfSSL refuses more certificates than Go: with the certificate at hand it is not asked. */
	if (out->cause != CHECK_FINE && (out->cause != CHECK_PARSE || !a->cert))
		return;
	if (!a->acme && out->cause == CHECK_FINE) {
		judgement_set(out, CHECK_NO_ALPN, "unauthorized",
			      "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge");
		return;
	}
	if (!a->cert || !look_read(reader_of(a->cert, a->cert_len), &look) || !look_parses(&look)) {
		refuse_unread(r, out);
		return;
	}
	rules.self_signed = look_signed_by_itself(&look);
	rules_judge(&look, &rules, out);
}
