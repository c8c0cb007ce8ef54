/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A certificate that somebody else has made, read for the two things that a validator looks at: its name and its digest.
 *
 * Distinguished encoding only; nothing is left over in what is read. What is not asked for is stepped over by its length.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "challenge/facts.h"

enum {
	TAG_VERSION = 0xa0, /* RFC 5280 4.1: [0], [1], [2], [3] of TBSCertificate */
	TAG_ISSUER_ID = 0x81,
	TAG_SUBJECT_ID = 0x82,
	TAG_EXTENSIONS = 0xa3,
	TAG_DNS_NAME = 0x82, /* RFC 5280 4.2.1.6: [2] and [7] of GeneralName */
	TAG_IP_ADDRESS = 0x87,
};

static const uint8_t OID_SAN[] = { 0x55, 0x1d, 0x11 };
static const uint8_t OID_ACME[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f }; /* RFC 8737 6.1 */

static const char NOT_DER[] = "is not a certificate in DER, or not all of it is there";

/* RFC 5280 4.1: from the version to the key. Leaves r at what follows: unique identifiers and extensions. */
static const char *take_fields(struct reader *r, struct certificate_parts *parts)
{
	struct {
		uint8_t tag;
		struct reader *whole; /* NULL: of no interest */
	} fields[] = { { DER_INTEGER, NULL },
		       { DER_SEQUENCE, NULL },
		       { DER_SEQUENCE, &parts->issuer },
		       { DER_SEQUENCE, NULL },
		       { DER_SEQUENCE, &parts->subject },
		       { DER_SEQUENCE, &parts->key } };
	struct reader content, version;

	if (!der_take(r, TAG_VERSION, &content) || !der_take_only(&content, DER_INTEGER, &version) ||
	    !reader_equals(&version, "\x02", 1))
		return "is not an X.509 certificate of version 3";
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const uint8_t *begin = r->at;

		if (!der_take(r, fields[i].tag, &content))
			return NOT_DER;
		if (fields[i].whole)
			*fields[i].whole = (struct reader){ begin, r->at };
	}
	der_take(r, TAG_ISSUER_ID, &content);
	der_take(r, TAG_SUBJECT_ID, &content);
	return NULL;
}

struct extension {
	struct reader oid;
	bool critical;
	struct reader value;
};

static bool read_extension(struct reader *list, struct extension *out)
{
	struct reader whole, flag;

	*out = (struct extension){ 0 };
	if (!der_take(list, DER_SEQUENCE, &whole) || !der_take(&whole, DER_OID, &out->oid))
		return false;
	if (der_take(&whole, DER_BOOLEAN, &flag)) {
		if (reader_left(&flag) != 1 || (*flag.at != 0 && *flag.at != 0xff))
			return false;
		out->critical = *flag.at;
	}
	return der_take_only(&whole, DER_OCTET_STRING, &out->value);
}

static const char *read_digest(const struct extension *e, uint8_t digest[DIGEST_LEN])
{
	struct reader value = e->value, octets;

	if (!e->critical)
		return "has an acmeIdentifier extension that is not critical (RFC 8737 3)";
	if (!der_take_only(&value, DER_OCTET_STRING, &octets) || reader_left(&octets) != DIGEST_LEN)
		return "has an acmeIdentifier extension that is not an OCTET STRING of 32 bytes";
	memcpy(digest, octets.at, DIGEST_LEN);
	return NULL;
}

/* An address in the form of a name is taken for that address; a literal is not what a dNSName may be. */
static const char *read_dns_name(const struct reader *name, struct challenge_facts *out)
{
	char text[IDENT_MAX + 2]; /* one trailing dot */
	size_t len = reader_left(name);
	const char *why;

	if (len >= sizeof(text) || memchr(name->at, 0, len))
		return "has a dNSName that is none";
	memcpy(text, name->at, len);
	text[len] = 0;
	if (identifier_parse(text, &out->ident, &why))
		return "has a dNSName that cannot be validated";
	if (out->ident.kind != IDENT_DNS && strncasecmp(text, out->ident.sni, strlen(out->ident.sni)))
		return "has a dNSName that is an address: that is what iPAddress is for (RFC 8738 3)";
	out->exact = out->ident.kind == IDENT_DNS && !strcmp(text, out->ident.text);
	return NULL;
}

static const char *read_address(const struct reader *name, struct challenge_facts *out)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = reader_left(name);
	const char *why;

	if ((len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6, name->at, text, sizeof(text)))
		return "has an iPAddress that is neither 4 nor 16 bytes long";
	if (identifier_parse(text, &out->ident, &why))
		return "has an iPAddress that cannot be validated";
	out->exact = true;
	return NULL;
}

static const char *read_alt_name(const struct extension *e, struct challenge_facts *out)
{
	struct reader value = e->value, names, name;
	uint8_t tag;

	if (!der_take_only(&value, DER_SEQUENCE, &names) || !der_read(&names, &tag, &name))
		return "has a subjectAltName extension that is no list of names";
	if (reader_left(&names))
		return "has more than one subjectAltName (RFC 8737 3)";
	if (tag == TAG_DNS_NAME)
		return read_dns_name(&name, out);
	if (tag == TAG_IP_ADDRESS)
		return read_address(&name, out);
	return "has a subjectAltName that is neither a dNSName nor an iPAddress";
}

/* What is said about the first extension of a kind, or that it is the second. */
static const char *read_extensions(struct reader *list, struct challenge_facts *out)
{
	bool digest = false, name = false;
	const char *wrong = NULL;
	struct extension e;

	while (!wrong && reader_left(list)) {
		if (!read_extension(list, &e))
			return "has an extension that is malformed";
		if (reader_equals(&e.oid, OID_ACME, sizeof(OID_ACME))) {
			wrong = digest ? "has two acmeIdentifier extensions" : read_digest(&e, out->digest);
			digest = true;
		} else if (reader_equals(&e.oid, OID_SAN, sizeof(OID_SAN))) {
			wrong = name ? "has two subjectAltName extensions" : read_alt_name(&e, out);
			name = true;
		}
	}
	if (wrong)
		return wrong;
	if (!digest)
		return "has no acmeIdentifier extension: it is no challenge certificate (RFC 8737 3)";
	return name ? NULL : "has no subjectAltName";
}

const char *certificate_walk(struct reader der, struct challenge_facts *facts,
			     struct certificate_parts *parts)
{
	struct reader certificate, tbs, content, list;
	const char *wrong;

	if (reader_left(&der) > CERTIFICATE_MAX)
		return "is larger than a challenge certificate can be";
	if (!der_take(&der, DER_SEQUENCE, &certificate))
		return NOT_DER;
	if (reader_left(&der))
		return "has bytes behind its end";
	if (!der_take(&certificate, DER_SEQUENCE, &tbs) || !der_take(&certificate, DER_SEQUENCE, &content) ||
	    !der_take_only(&certificate, DER_BIT_STRING, &content))
		return NOT_DER;
	wrong = take_fields(&tbs, parts);
	if (wrong)
		return wrong;
	if (!reader_left(&tbs))
		return "has no extensions";
	if (!der_take_only(&tbs, TAG_EXTENSIONS, &content) || !der_take_only(&content, DER_SEQUENCE, &list))
		return NOT_DER;
	return read_extensions(&list, facts);
}

int certificate_read(const uint8_t *der, size_t len, struct challenge_facts *out, const char **why)
{
	struct challenge_facts facts = { 0 };
	struct certificate_parts parts;

	*why = certificate_walk(reader_of(der, len), &facts, &parts);
	if (*why)
		return -EINVAL;
	*out = facts;
	return 0;
}
