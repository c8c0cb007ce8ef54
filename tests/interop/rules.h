/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the strictest public validator demands of a tls-alpn-01 certificate, in its order (RFC 8737 3, RFC 8738 3, and
 * what Let's Encrypt's validator adds): self-signed, the two extensions and none twice, one identifier, byte-exact
 * SAN, critical acmeIdentifier, its value well formed, its value right.
 *
 * Owns a DER walk of its own, so that it shares no parser with what it judges; libcrypto is only asked for the
 * signature. Refuses indefinite and non-minimal lengths, which DER has not.
 */
#ifndef INTEROP_RULES_H
#define INTEROP_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <openssl/x509.h>

struct der {
	const uint8_t *at;
	size_t len;
};

enum { DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_OCTETS = 0x04, DER_OID = 0x06, DER_SEQUENCE = 0x30 };
enum { DER_VERSION = 0xa0, DER_EXTENSIONS = 0xa3 };

static const uint8_t oid_san[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_acme[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f };

/* Takes the next element of the given tag off `in`; whole: with its tag and length. */
static bool der_take(struct der *in, uint8_t tag, struct der *body, struct der *whole)
{
	size_t len, head = 2;

	if (in->len < 2 || in->at[0] != tag)
		return false;
	len = in->at[1];
	if (len >= 0x80) {
		size_t octets = len & 0x7f, i;

		if (octets < 1 || octets > 3 || in->len < 2 + octets)
			return false;
		for (len = 0, i = 0; i < octets; i++)
			len = len << 8 | in->at[2 + i];
		if (len < 0x80 || len >> (8 * (octets - 1)) == 0)
			return false;
		head += octets;
	}
	if (in->len < head + len)
		return false;
	if (body)
		*body = (struct der){ in->at + head, len };
	if (whole)
		*whole = (struct der){ in->at, head + len };
	in->at += head + len;
	in->len -= head + len;
	return true;
}

static bool der_equal(struct der a, const void *bytes, size_t len)
{
	return a.len == len && memcmp(a.at, bytes, len) == 0;
}

struct extension {
	struct der value;
	bool critical;
	unsigned seen;
};

struct judged {
	struct der issuer, subject;
	struct extension san, acme;
	bool negative_serial;
	bool doubled; /* any extension twice */
};

static bool rules_extension(struct der *list, struct judged *out, struct der *oid)
{
	struct der ext, critical, value;
	struct extension found = { 0 };

	if (!der_take(list, DER_SEQUENCE, &ext, NULL) || !der_take(&ext, DER_OID, oid, NULL))
		return false;
	if (der_take(&ext, DER_BOOLEAN, &critical, NULL)) {
		/* X.690 11.1, 11.5: TRUE is 0xff, and FALSE, being the default, is left out. */
		if (!der_equal(critical, "\xff", 1))
			return false;
		found.critical = true;
	}
	if (!der_take(&ext, DER_OCTETS, &value, NULL) || ext.len)
		return false;
	found.value = value;
	if (der_equal(*oid, oid_san, sizeof(oid_san))) {
		found.seen = out->san.seen + 1;
		out->san = found;
	} else if (der_equal(*oid, oid_acme, sizeof(oid_acme))) {
		found.seen = out->acme.seen + 1;
		out->acme = found;
	}
	return true;
}

static bool rules_extensions(struct der list, struct judged *out)
{
	struct der seen[16];
	size_t n = 0, i;

	while (list.len) {
		if (n == sizeof(seen) / sizeof(seen[0]) || !rules_extension(&list, out, &seen[n]))
			return false;
		for (i = 0; i < n; i++)
			out->doubled |= der_equal(seen[i], seen[n].at, seen[n].len);
		n++;
	}
	return true;
}

/* RFC 5280 4.1: Certificate down to its extensions. */
static bool rules_walk(struct der cert, struct judged *out)
{
	struct der body, tbs, serial, tagged, list;

	memset(out, 0, sizeof(*out));
	if (!der_take(&cert, DER_SEQUENCE, &body, NULL) || cert.len ||
	    !der_take(&body, DER_SEQUENCE, &tbs, NULL))
		return false;
	if (!der_take(&tbs, DER_VERSION, NULL, NULL) || !der_take(&tbs, DER_INTEGER, &serial, NULL) ||
	    !serial.len)
		return false;
	out->negative_serial = serial.at[0] & 0x80;
	if (!der_take(&tbs, DER_SEQUENCE, NULL, NULL) || !der_take(&tbs, DER_SEQUENCE, NULL, &out->issuer) ||
	    !der_take(&tbs, DER_SEQUENCE, NULL, NULL) || !der_take(&tbs, DER_SEQUENCE, NULL, &out->subject) ||
	    !der_take(&tbs, DER_SEQUENCE, NULL, NULL))
		return false;
	if (!der_take(&tbs, DER_EXTENSIONS, &tagged, NULL))
		return !tbs.len;
	return !tbs.len && der_take(&tagged, DER_SEQUENCE, &list, NULL) && !tagged.len &&
	       rules_extensions(list, out);
}

static bool rules_self_signed(X509 *cert, const struct judged *j)
{
	int digest = NID_undef;

	if (!der_equal(j->issuer, j->subject.at, j->subject.len))
		return false;
	/* Validators written in Go refuse signatures over SHA-1 and MD5. */
	if (!X509_get_signature_info(cert, &digest, NULL, NULL, NULL) || digest == NID_sha1 ||
	    digest == NID_md5)
		return false;
	return X509_verify(cert, X509_get0_pubkey(cert)) == 1;
}

/* expected_san: the whole DER value of the extension. NULL when the certificate is right, else what is wrong. */
static const char *rules_judge(X509 *cert, struct der expected_san, const uint8_t digest[32])
{
	unsigned char *bytes = NULL;
	int len = i2d_X509(cert, &bytes);
	const char *wrong = NULL;
	struct judged j;
	struct der value, names, san;
	unsigned char *owned = bytes;

	if (len <= 0 || !rules_walk((struct der){ bytes, (size_t)len }, &j)) {
		wrong = "the certificate is not DER";
		goto out;
	}
	san = j.san.value;
	value = j.acme.value;
	if (j.negative_serial)
		wrong = "negative serial number";
	else if (j.doubled)
		wrong = "an extension seen twice";
	else if (!rules_self_signed(cert, &j))
		wrong = "not self-signed";
	else if (!j.acme.seen)
		wrong = "required extension 1.3.6.1.5.5.7.1.31 is not present";
	else if (!j.san.seen)
		wrong = "required extension 2.5.29.17 is not present";
	else if (!der_take(&san, DER_SEQUENCE, &names, NULL) || san.len || !names.len ||
		 names.at[1] + 2u != names.len)
		wrong = "wrong number of identifiers";
	else if (!der_equal(j.san.value, expected_san.at, expected_san.len))
		wrong = "SAN extension does not match expected bytes";
	else if (!j.acme.critical)
		wrong = "acmeIdentifier is not critical";
	else if (value.len != 34 || memcmp(value.at, "\x04\x20", 2))
		wrong = "malformed acmeIdentifier value";
	else if (memcmp(value.at + 2, digest, 32))
		wrong = "acmeIdentifier is not the expected digest";
out:
	OPENSSL_free(owned);
	return wrong;
}

#endif
