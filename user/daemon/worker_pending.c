/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `add` and `remove`. What a certificate says is believed only after it was read here, whoever has read it before. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "daemon/worker.h"

static char *refuse(const char *what, const char *text, const char *why)
{
	char error[1024];

	snprintf(error, sizeof(error), "\"%.300s\" %s %s", text, what, why);
	return control_refusal(EXIT_REFUSED, error, NULL, NULL);
}

static bool parse_identifier(const struct control_request *r, struct identifier *out, char **refusal)
{
	const char *text = control_value(r, "ident");
	const char *why = "no identifier given";

	if (text && !identifier_parse(text, out, &why))
		return true;
	*refusal = refuse("cannot be validated:", text ? text : "", why);
	return false;
}

/* An addition as it was asked for. */
struct addition {
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	uint64_t ttl;
	enum challenge_source source;
	struct certificate given; /* all zero: none */
};

/* The digest is in the certificate. NULL, or a refusal. */
static char *take_certificate(const struct control_request *r, struct addition *a)
{
	const char *cert_text = control_value(r, "cert"), *key_text = control_value(r, "key");
	uint8_t cert[CERTIFICATE_MAX], key[CERTIFICATE_KEY_MAX];
	struct certificate_flaw flaw;
	size_t cert_len, key_len;
	int err;

	if (!cert_text || !key_text || !base64url_decode(cert_text, cert, sizeof(cert), &cert_len) ||
	    !base64url_decode(key_text, key, sizeof(key), &key_len))
		return control_refusal(EXIT_REFUSED, "cert and key are not both there, as DER in base64url",
				       NULL, NULL);
	err = certificate_take(reader_of(cert, cert_len), reader_of(key, key_len), &a->ident, &a->given,
			       a->digest, &flaw);
	explicit_bzero(key, sizeof(key));
	a->source = CHALLENGE_SOURCE_FILE;
	if (err == -ENOMEM)
		return control_refusal(EXIT_TRY_AGAIN, "no memory", strerror(-err), NULL);
	return err ? refuse(flaw.key ? "cannot be answered with this key, which"
				     : "cannot be answered with this certificate, which",
			    a->ident.text, flaw.why)
		   : NULL;
}

static char *take_digest(const struct control_request *r, struct addition *a)
{
	const char *text = control_value(r, "digest"), *why = "no digest given";

	if (!text || digest_parse(text, a->digest, &why))
		return control_refusal(EXIT_REFUSED, why, NULL, NULL);
	return NULL;
}

/* NULL, or a refusal. */
static char *read_addition(const struct control_request *r, struct addition *a)
{
	const char *ttl = control_value(r, "ttl"), *source = control_value(r, "source");
	bool certificate = control_value(r, "cert") || control_value(r, "key");
	char *refusal;

	if (!parse_identifier(r, &a->ident, &refusal))
		return refusal;
	if (ttl && !worker_parse_number(ttl, CHALLENGE_TTL_MIN_S, CHALLENGE_TTL_MAX_S, &a->ttl))
		return control_refusal(EXIT_REFUSED, "the time to live is not between 1 second and 30 days",
				       NULL, NULL);
	refusal = certificate ? take_certificate(r, a) : take_digest(r, a);
	if (!refusal && source && !challenge_source_find(source, &a->source))
		refusal = control_refusal(EXIT_USAGE, "no such source", NULL, NULL);
	return refusal;
}

static char *added(const struct addition *a, bool new)
{
	char text[DIGEST_TEXT_LEN];
	struct jsonw j;

	digest_format(a->digest, text);
	worker_reply_begin(&j);
	jsonw_string(&j, "identifier", a->ident.text);
	jsonw_string(&j, "digest", text);
	jsonw_unsigned(&j, "expires_s", a->ttl);
	jsonw_bool(&j, "new", new);
	return worker_reply_end(&j);
}

static char *add(struct worker *w, struct addition *a)
{
	const struct challenge_order order = { .ident = &a->ident,
					       .digest = a->digest,
					       .expires = w->now + a->ttl * USEC_PER_SEC,
					       .source = a->source,
					       .given = a->given.cert ? &a->given : NULL };
	int err = challenge_add(w->store, &order, w->now);

	if (err == -ENOSPC)
		return control_refusal(EXIT_TRY_AGAIN, "as many challenges are pending as there is room for",
				       NULL, "alpnxdp list; alpnxdp remove IDENT");
	if (err && err != -EEXIST)
		return control_refusal(EXIT_TRY_AGAIN, "no memory", strerror(-err), NULL);
	worker_arm(w);
	w->unsaved = true;
	return added(a, err != -EEXIST);
}

char *worker_add(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	struct addition a = { .ttl = CHALLENGE_TTL_DEFAULT_S };
	char *reply = read_addition(r, &a);

	(void)from;
	if (!reply)
		reply = add(w, &a);
	certificate_free(&a.given);
	return reply;
}

char *worker_remove(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	const char *digest_text = control_value(r, "digest"), *why;
	uint8_t digest[DIGEST_LEN];
	struct identifier ident;
	size_t removed;
	char *refusal;
	struct jsonw j;

	(void)from;
	if (!parse_identifier(r, &ident, &refusal))
		return refusal;
	if (digest_text && digest_parse(digest_text, digest, &why))
		return control_refusal(EXIT_REFUSED, why, NULL, NULL);
	removed = challenge_remove(w->store, &ident, digest_text ? digest : NULL);
	if (removed) {
		worker_arm(w);
		w->unsaved = true;
	}
	worker_reply_begin(&j);
	jsonw_string(&j, "identifier", ident.text);
	jsonw_unsigned(&j, "removed", removed);
	return worker_reply_end(&j);
}
