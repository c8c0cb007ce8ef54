/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A certificate taken apart as far as a validator looks at it (RFC 5280 4.1). What Go's parser refuses is noted and walked over all
 * the same, so that the reason can be told.
 */
#include <string.h>
#include "check/look.h"

enum {
	TAG_VERSION = 0xa0,
	TAG_ISSUER_ID = 0x81,
	TAG_SUBJECT_ID = 0x82,
	TAG_EXTENSIONS = 0xa3,
	TAG_DNS_NAME = 0x82, /* RFC 5280 4.2.1.6 */
	TAG_IP_ADDRESS = 0x87,
	EXTENSIONS_MAX = 64,
};

static const uint8_t OID_SAN[] = { 0x55, 0x1d, 0x11 };
static const uint8_t OID_ACME[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f };
/* Of drafts before RFC 8737: id-pe 30, and 1 below it. */
static const uint8_t OID_OBSOLETE[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1e, 0x01 };

static bool is_ia5(const struct reader *r)
{
	for (const uint8_t *at = r->at; at < r->end; at++)
		if (*at > 0x7f)
			return false;
	return true;
}

static void look_san(struct look *l)
{
	struct reader value = l->san, names, name;
	uint8_t tag;

	l->bad_san = true;
	if (!der_take_only(&value, DER_SEQUENCE, &names))
		return;
	while (reader_left(&names)) {
		if (!der_read(&names, &tag, &name))
			return;
		if (tag == TAG_DNS_NAME) {
			if (!is_ia5(&name))
				return;
			if (!l->dns_names++)
				l->dns = name;
		} else if (tag == TAG_IP_ADDRESS) {
			if (reader_left(&name) != 4 && reader_left(&name) != 16)
				return;
			if (!l->addresses++)
				l->address = name;
		}
	}
	l->bad_san = false;
}

/* Of an extension that occurs twice the first is kept. */
static bool look_extension(struct reader *list, struct look *l, struct reader *oid)
{
	struct reader whole, flag, value;
	bool critical = false;

	if (!der_take(list, DER_SEQUENCE, &whole) || !der_take(&whole, DER_OID, oid))
		return false;
	if (der_take(&whole, DER_BOOLEAN, &flag))
		critical = reader_left(&flag) == 1 && *flag.at;
	if (!der_take_only(&whole, DER_OCTET_STRING, &value))
		return false;
	if (reader_equals(oid, OID_OBSOLETE, sizeof(OID_OBSOLETE)))
		l->obsolete = true;
	if (reader_equals(oid, OID_SAN, sizeof(OID_SAN)) && !l->has_san) {
		l->has_san = true;
		l->san = value;
		look_san(l);
	}
	if (reader_equals(oid, OID_ACME, sizeof(OID_ACME)) && !l->has_acme) {
		l->has_acme = true;
		l->acme = value;
		l->critical = critical;
	}
	return true;
}

static bool look_extensions(struct reader list, struct look *l)
{
	struct reader seen[EXTENSIONS_MAX];

	for (size_t n = 0; reader_left(&list); n++) {
		if (n == EXTENSIONS_MAX || !look_extension(&list, l, &seen[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			l->doubled |= reader_equals(&seen[i], seen[n].at, reader_left(&seen[n]));
	}
	return true;
}

static bool take_whole(struct reader *r, uint8_t tag, struct reader *whole)
{
	struct reader content;
	const uint8_t *begin = r->at;

	if (!der_take(r, tag, &content))
		return false;
	*whole = (struct reader){ begin, r->at };
	return true;
}

static bool look_fields(struct reader tbs, struct look *l)
{
	struct reader content, serial, list;

	if (!der_take(&tbs, DER_SEQUENCE, &content))
		return false;
	tbs = content;
	der_take(&tbs, TAG_VERSION, &content); /* without: version 1 */
	if (!der_take(&tbs, DER_INTEGER, &serial) || !reader_left(&serial))
		return false;
	l->negative_serial = *serial.at & 0x80;
	if (!der_take(&tbs, DER_SEQUENCE, &content) || !take_whole(&tbs, DER_SEQUENCE, &l->issuer) ||
	    !der_take(&tbs, DER_SEQUENCE, &content) || !take_whole(&tbs, DER_SEQUENCE, &l->subject) ||
	    !take_whole(&tbs, DER_SEQUENCE, &l->key))
		return false;
	der_take(&tbs, TAG_ISSUER_ID, &content);
	der_take(&tbs, TAG_SUBJECT_ID, &content);
	if (!reader_left(&tbs))
		return true;
	return der_take_only(&tbs, TAG_EXTENSIONS, &content) &&
	       der_take_only(&content, DER_SEQUENCE, &list) && look_extensions(list, l);
}

bool look_read(struct reader der, struct look *out)
{
	struct reader certificate;

	*out = (struct look){ 0 };
	if (!der_take_only(&der, DER_SEQUENCE, &certificate) ||
	    !take_whole(&certificate, DER_SEQUENCE, &out->tbs) ||
	    !der_take(&certificate, DER_SEQUENCE, &out->algorithm) ||
	    !der_take_only(&certificate, DER_BIT_STRING, &out->signature))
		return false;
	return look_fields(out->tbs, out);
}

bool look_parses(const struct look *l)
{
	return !l->negative_serial && !l->doubled && !l->bad_san;
}
