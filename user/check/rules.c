/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rules for a challenge certificate, in Boulder's order and words, byte for byte (RFC 8737 3, RFC 8738 3). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "check/look.h"

#define OID_SAN_TEXT "2.5.29.17"
#define OID_ACME_TEXT "1.3.6.1.5.5.7.1.31"

enum { ACME_VALUE = 2 + DIGEST_LEN, TAG_DNS = 0x82, TAG_ADDRESS = 0x87 };

void judgement_set(struct check_judgement *out, enum check_cause cause, const char *problem,
		   const char *format, ...)
{
	va_list args;

	*out = (struct check_judgement){ .cause = cause, .problem = problem };
	va_start(args, format);
	vsnprintf(out->text, sizeof(out->text), format, args);
	va_end(args);
}

static void refuse(const struct rules *r, struct check_judgement *out, enum check_cause cause,
		   const char *says)
{
	bool ipv6 = strchr(r->address, ':');

	judgement_set(
		out, cause, "unauthorized",
		"Incorrect validation certificate for tls-alpn-01 challenge. Requested %s from %s%s%s:%u. %s",
		r->ident->text, ipv6 ? "[" : "", r->address, ipv6 ? "]" : "", (unsigned)r->port, says);
}

static void refuse_extensions(const struct rules *r, struct check_judgement *out, enum check_cause cause,
			      const char *oid)
{
	char says[160];

	snprintf(
		says, sizeof(says),
		"Received certificate with unexpected extensions: \"Required extension OID %s is not present\"",
		oid);
	refuse(r, out, cause, says);
}

static bool same_name(const struct reader *name, const char *text)
{
	return reader_left(name) == strlen(text) &&
	       !strncasecmp((const char *)name->at, text, reader_left(name));
}

static bool same_address(const struct reader *got, const struct identifier *ident)
{
	size_t len = ident->kind == IDENT_IPV4 ? 4 : 16;

	/* Go's Equal(): the 16-byte form of an IPv4 address is that address. */
	if (len == 4 && reader_left(got) == 16)
		return address_is_ipv4(got->at) && !memcmp(got->at + 12, ident->address, 4);
	return reader_equals(got, ident->address, len);
}

/* The extension's whole value, as the CA would write it. */
static bool is_expected(const struct reader *value, const struct identifier *ident)
{
	struct reader at = *value, names, name;
	uint8_t tag;

	if (!der_take_only(&at, DER_SEQUENCE, &names) || !der_read(&names, &tag, &name) ||
	    reader_left(&names))
		return false;
	if (ident->kind == IDENT_DNS)
		return tag == TAG_DNS && reader_equals(&name, ident->text, strlen(ident->text));
	return tag == TAG_ADDRESS && reader_equals(&name, ident->address, ident->kind == IDENT_IPV4 ? 4 : 16);
}

/* CHECK_FINE: the name is right. */
static enum check_cause judge_name(const struct look *l, const struct identifier *ident, const char **why)
{
	bool dns = ident->kind == IDENT_DNS;

	*why = "wrong number of identifiers";
	if (dns ? l->dns_names != 1 || l->addresses : l->addresses != 1 || l->dns_names)
		return l->dns_names + l->addresses == 1 ? CHECK_SAN_KIND : CHECK_SAN_COUNT;
	*why = "identifier does not match expected identifier";
	if (dns ? !same_name(&l->dns, ident->text) : !same_address(&l->address, ident))
		return CHECK_SAN_OTHER;
	*why = "SAN extension does not match expected bytes";
	if (is_expected(&l->san, ident))
		return CHECK_FINE;
	return dns && !reader_equals(&l->dns, ident->text, strlen(ident->text)) ? CHECK_SAN_CASE
										: CHECK_SAN_BYTES;
}

static void refuse_name(const struct look *l, const struct rules *r, struct check_judgement *out,
			enum check_cause cause, const char *why)
{
	char names[512], says[700];

	look_names(l, names, sizeof(names));
	snprintf(says, sizeof(says), "Received certificate with unexpected identifiers (\"%s\"): \"%s\"",
		 names, why);
	refuse(r, out, cause, says);
}

bool rules_digest(const struct look *l, uint8_t out[DIGEST_LEN])
{
	struct reader value = l->acme, octets;

	if (!l->has_acme || !der_take_only(&value, DER_OCTET_STRING, &octets) ||
	    reader_left(&octets) != DIGEST_LEN)
		return false;
	memcpy(out, octets.at, DIGEST_LEN);
	return true;
}

static void hex(const uint8_t *bytes, char out[2 * DIGEST_LEN + 1])
{
	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned)bytes[i]);
}

static void judge_digest(const struct rules *r, const uint8_t *got, struct check_judgement *out)
{
	char is[2 * DIGEST_LEN + 1], wanted[2 * DIGEST_LEN + 1], says[256];
	enum check_cause cause = CHECK_DIGEST;

	judgement_set(out, CHECK_FINE, "", "%s", "");
	if (!r->digest || !memcmp(got, r->digest, DIGEST_LEN))
		return;
	for (size_t i = 0; i < r->others_count; i++)
		if (!memcmp(got, r->others[i], DIGEST_LEN))
			cause = CHECK_STALE;
	hex(got, is);
	hex(r->digest, wanted);
	snprintf(says, sizeof(says),
		 "Received certificate with acmeValidationV1 extension value %s but expected %s.", is,
		 wanted);
	refuse(r, out, cause, says);
}

void rules_judge(const struct look *l, const struct rules *r, struct check_judgement *out)
{
	uint8_t digest[DIGEST_LEN];
	enum check_cause cause;
	const char *why;

	if (!r->self_signed || !reader_equals(&l->subject, l->issuer.at, reader_left(&l->issuer))) {
		refuse(r, out, CHECK_NOT_SELF_SIGNED, "Received certificate which is not self-signed.");
		return;
	}
	if (!l->has_acme) {
		refuse_extensions(r, out, l->obsolete ? CHECK_OBSOLETE_OID : CHECK_NO_ACME, OID_ACME_TEXT);
		return;
	}
	if (!l->has_san) {
		refuse_extensions(r, out, CHECK_NO_SAN, OID_SAN_TEXT);
		return;
	}
	cause = judge_name(l, r->ident, &why);
	if (cause != CHECK_FINE) {
		refuse_name(l, r, out, cause, why);
		return;
	}
	if (!l->critical)
		refuse(r, out, CHECK_NOT_CRITICAL,
		       "Received certificate with acmeValidationV1 extension that is not Critical.");
	else if (!rules_digest(l, digest))
		refuse(r, out, CHECK_MALFORMED,
		       "Received certificate with malformed acmeValidationV1 extension value.");
	else
		judge_digest(r, digest, out);
}
