/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what was seen to the CA's verdict, and to notes on what differs and on who has answered. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "check/look.h"

static void __attribute__((format(printf, 2, 3))) note(struct check_report *r, const char *format, ...)
{
	va_list args;

	if (r->notes == CHECK_NOTES)
		return;
	va_start(args, format);
	vsnprintf(r->note[r->notes++], sizeof(r->note[0]), format, args);
	va_end(args);
}

/* ------------------------------------------------------------------- a CDN */

/* Words in a certificate's names or a Server header that only a CDN has. */
static const struct {
	const char *word, *name;
} cdns[] = {
	{ "cloudflaressl.com", "Cloudflare" },
	{ "O=Cloudflare", "Cloudflare" },
	{ "cloudflare", "Cloudflare" },
	{ "fastly.net", "Fastly" },
	{ "O=Fastly", "Fastly" },
	{ "cloudfront", "Amazon CloudFront" },
	{ "AkamaiGHost", "Akamai" },
	{ "akamaiedge.net", "Akamai" },
	{ "azureedge.net", "Azure" },
	{ "bunnycdn", "bunny.net" },
	{ "b-cdn.net", "bunny.net" },
};

static const char *find_cdn(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(cdns); i++)
		if (strcasestr(text, cdns[i].word))
			return cdns[i].name;
	return NULL;
}

/* Whose certificate came: of the CA's kind of hello, else of the page's. */
static const struct check_answer *shown(const struct check_address *a)
{
	const struct check_answer *web = &a->answer[CHECK_WEB];

	if (a->answer[CHECK_AS_CA].cert)
		return &a->answer[CHECK_AS_CA];
	return web->cert ? web : NULL;
}

static const char *cdn_of(const struct check_address *a)
{
	const struct check_answer *s = shown(a);
	const char *found = find_cdn(a->answer[CHECK_WEB].server);
	char text[512];

	if (!found && s && check_describe(s->cert, s->cert_len, text, sizeof(text)))
		found = find_cdn(text);
	return found;
}

static bool may_be_web(enum check_cause cause)
{
	return cause == CHECK_ALERT_ALPN || cause == CHECK_NO_ALPN || cause == CHECK_ALERT_NAME ||
	       cause == CHECK_NOT_SELF_SIGNED || cause == CHECK_NO_ACME || cause == CHECK_ALPN_OTHER;
}

bool diagnose_wants_page(const struct check_address *a)
{
	return may_be_web(a->judged.cause);
}

/* ------------------------------------------------------------- one address */

static bool refused_large(const struct check_address *a)
{
	const struct check_answer *small = &a->answer[CHECK_AS_CA], *large = &a->answer[CHECK_LARGE];

	if (first_classify(small->first, small->first_len) != FIRST_HELLO)
		return false;
	return large->end == CHECK_END_SILENT || large->end == CHECK_END_RESET ||
	       large->end == CHECK_END_CLOSED || large->end == CHECK_END_ALERT ||
	       large->end == CHECK_END_NOT_TLS;
}

void diagnose_address(const struct rules *r, struct check_address *a)
{
	struct check_answer *asked = a->answer;

	/* Cut out of the clear flight of TLS 1.2, where the other one is encrypted. */
	if (asked[CHECK_AS_CA].unparsed && !asked[CHECK_AS_CA].cert && asked[CHECK_TLS12].cert) {
		asked[CHECK_AS_CA].cert = asked[CHECK_TLS12].cert;
		asked[CHECK_AS_CA].cert_len = asked[CHECK_TLS12].cert_len;
		asked[CHECK_TLS12].cert = NULL;
	}
	judge_answer(&asked[CHECK_AS_CA], r, &a->judged);
	judge_answer(&asked[CHECK_TLS12], r, &a->judged12);
	if (refused_large(a)) {
		ends_judge(&asked[CHECK_LARGE], a->text, &a->judged);
		a->judged.cause = CHECK_LARGE_HELLO;
	}
}

/* ----------------------------------------------------------------- verdict */

static const struct check_address *first_of(const struct check_report *r, bool ipv6)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->address[i].ipv6 == ipv6)
			return &r->address[i];
	return NULL;
}

/* va/tlsalpn.go, tryGetChallengeCert(): IPv6 first; IPv4 when the connection or TLS failed, not for a wrong answer. */
static void decide(const struct check_options *o, struct check_report *r)
{
	const struct check_address *v6 = first_of(r, true), *v4 = first_of(r, false);

	if (!v6 && !v4)
		return;
	r->decisive = v6 && (!v4 || !v6->judged.falls_back) ? v6 : v4;
	r->verdict = r->decisive->judged;
	if (v6 && !v4 && v6->judged.falls_back)
		judgement_set(&r->verdict, v6->judged.cause, "malformed",
			      "Unable to contact \"%s\" at \"%s\", no IPv4 addresses to try as fallback",
			      o->ident->text, v6->text);
	if (may_be_web(r->verdict.cause) && cdn_of(r->decisive))
		r->verdict.cause = CHECK_CDN;
}

/* ------------------------------------------------------------------- notes */

static void note_who(struct check_report *r)
{
	const struct check_answer *s = shown(r->decisive);
	const char *server = r->decisive->answer[CHECK_WEB].server, *cdn = cdn_of(r->decisive);
	char text[400];

	if (!*server)
		server = r->decisive->answer[CHECK_AS_CA].server;
	if (r->verdict.cause == CHECK_CDN && cdn)
		note(r, "the CDN is %s", cdn);
	if (*server)
		note(r, "the server calls itself: %s", server);
	if (s && r->verdict.cause != CHECK_FINE && check_describe(s->cert, s->cert_len, text, sizeof(text)))
		note(r, "its certificate: %s", text);
}

static void note_digest(const struct check_options *o, struct check_report *r)
{
	const struct check_answer *a = &r->decisive->answer[CHECK_AS_CA];
	char is[DIGEST_TEXT_LEN], wanted[DIGEST_TEXT_LEN];
	struct look look;

	r->found = a->cert && look_read(reader_of(a->cert, a->cert_len), &look) &&
		   rules_digest(&look, r->digest);
	if (!r->found)
		return;
	digest_format(r->digest, is);
	if (!o->digest) {
		note(r, "no digest to compare with was given (--digest, --key-auth): the certificate's is %s",
		     is);
		return;
	}
	digest_format(o->digest, wanted);
	if (memcmp(r->digest, o->digest, DIGEST_LEN))
		note(r, "digest in the certificate: %s; wanted: %s", is, wanted);
}

/* A banner is what it is. */
static void note_banner(struct check_report *r)
{
	const struct check_answer *a = &r->decisive->answer[CHECK_AS_CA];
	char text[CHECK_FIRST + 1];

	if (a->end != CHECK_END_NOT_TLS)
		return;
	for (size_t len = 0; len <= a->first_len; len++) {
		if (len < a->first_len && a->first[len] != '\r' && a->first[len] != '\n')
			continue;
		text_printable(text, sizeof(text), a->first, len);
		note(r, "what came first: %s", text);
		return;
	}
}

static void note_sizes(struct check_report *r)
{
	const struct check_answer *a = r->decisive->answer;

	if (r->verdict.cause == CHECK_LARGE_HELLO)
		note(r, "a hello of %zu bytes was answered, one of %zu bytes was not (%s)",
		     a[CHECK_AS_CA].hello, a[CHECK_LARGE].hello, check_end_name(a[CHECK_LARGE].end));
}

static const char *outcome(const struct check_judgement *j)
{
	return j->cause == CHECK_FINE ? "all is right there" : j->text;
}

/* CAs look from several places, where another address or family may be the one that works. */
static void note_differences(struct check_report *r)
{
	const struct check_address *d = r->decisive;

	for (size_t i = 0; i < r->count; i++) {
		const struct check_address *a = &r->address[i];

		if (a != d && a->judged.cause != d->judged.cause)
			note(r, "%s %s answers differently: %s", a->ipv6 ? "IPv6" : "IPv4", a->text,
			     outcome(&a->judged));
	}
	if (d->judged12.cause != d->judged.cause && d->answer[CHECK_AS_CA].end == CHECK_END_DONE &&
	    d->judged.cause != CHECK_LARGE_HELLO)
		note(r, "with TLS 1.2 alone it is different: %s", outcome(&d->judged12));
}

static void note_fallback(struct check_report *r)
{
	const struct check_address *v6 = first_of(r, true);

	if (!v6 || r->decisive == v6)
		return;
	note(r, "the CA tries IPv6 first, fails there, and goes on with IPv4%s",
	     v6->judged.cause == CHECK_CONNECT_TIMEOUT || v6->judged.cause == CHECK_SILENT
		     ? " only after 10 s, half of the time it has: remove the AAAA record, or have IPv6 answer"
		     : ": have IPv6 answer, or remove the AAAA record");
}

/* Before all else: what such a check sees is not what a CA meets. */
static void note_own(struct check_report *r)
{
	const struct check_address *d = r->decisive;

	if (r->verdict.cause != CHECK_FINE && d->answer[CHECK_AS_CA].own)
		note(r,
		     "%s is this machine's own address: from here the connection never meets a network interface, nor alpnxdp "
		     "on it, so only the web server can answer: run this on another machine",
		     d->text);
}

void diagnose(const struct check_options *o, struct check_report *r)
{
	decide(o, r);
	if (!r->decisive)
		return;
	note_own(r);
	if (r->verdict.cause == CHECK_CDN || r->verdict.cause >= CHECK_NO_CERTIFICATE ||
	    may_be_web(r->verdict.cause) || r->verdict.cause == CHECK_HTTP)
		note_who(r);
	note_banner(r);
	note_sizes(r);
	note_digest(o, r);
	note_fallback(r);
	note_differences(r);
}
