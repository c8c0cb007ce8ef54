/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names in a certificate as text: as Boulder lists them in an error, and for people. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "check/look.h"

enum { NAMES_MAX = 48, NAME_ROOM = IDENT_MAX + 1 };
enum { TAG_EMAIL = 0x81, TAG_DNS = 0x82, TAG_URI = 0x86, TAG_ADDRESS = 0x87 }; /* RFC 5280 4.2.1.6 */

static const uint8_t OID_CN[] = { 0x55, 0x04, 0x03 };
static const uint8_t OID_ORGANIZATION[] = { 0x55, 0x04, 0x0a };

struct names {
	size_t count;
	char name[NAMES_MAX][NAME_ROOM];
};

void text_printable(char *out, size_t room, const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	for (; n + 1 < room && n < len; n++)
		out[n] = bytes[n] >= 0x20 && bytes[n] < 0x7f ? (char)bytes[n] : '?';
	out[n] = '\0';
}

/* The last attribute of this kind in a distinguished name: Go's is the last, too. */
static bool attribute(struct reader name, const uint8_t *oid, size_t len, char *out, size_t room)
{
	struct reader list, set, pair, type, value;
	bool found = false;
	uint8_t tag;

	if (!der_take(&name, DER_SEQUENCE, &list))
		return false;
	while (der_take(&list, DER_SET, &set)) {
		if (!der_take(&set, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &type) ||
		    !der_read(&pair, &tag, &value) || !reader_equals(&type, oid, len))
			continue;
		text_printable(out, room, value.at, reader_left(&value));
		found = true;
	}
	return found;
}

/* In its place, unless it is there. */
static void insert(struct names *n, const char *name)
{
	size_t at = 0;

	while (at < n->count && strcmp(n->name[at], name) < 0)
		at++;
	if (n->count == NAMES_MAX || (at < n->count && !strcmp(n->name[at], name)))
		return;
	memmove(n->name[at + 1], n->name[at], (n->count - at) * NAME_ROOM);
	snprintf(n->name[at], NAME_ROOM, "%s", name);
	n->count++;
}

static void insert_lower(struct names *n, char *name)
{
	for (char *at = name; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (*name)
		insert(n, name);
}

/* As Go writes it: the 16-byte form of an IPv4 address is that address. */
static void address_text(const struct reader *address, char out[ADDRESS_TEXT])
{
	if (reader_left(address) == 4)
		inet_ntop(AF_INET, address->at, out, ADDRESS_TEXT);
	else
		address_format(address->at, out);
}

static void alternative_names(struct reader value, struct names *n)
{
	struct reader list, name;
	char text[NAME_ROOM];
	uint8_t tag;

	if (!der_take(&value, DER_SEQUENCE, &list))
		return;
	while (der_read(&list, &tag, &name)) {
		size_t len = reader_left(&name);

		if (tag == TAG_ADDRESS && (len == 4 || len == 16))
			address_text(&name, text);
		else if (tag == TAG_EMAIL || tag == TAG_DNS || tag == TAG_URI)
			text_printable(text, sizeof(text), name.at, len);
		else
			continue;
		insert_lower(n, text);
	}
}

static void join(const struct names *n, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n->count && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s", i ? ", " : "", n->name[i]);
}

void look_names(const struct look *l, char *out, size_t room)
{
	struct names n = { .count = 0 };
	char text[NAME_ROOM];

	if (attribute(l->subject, OID_CN, sizeof(OID_CN), text, sizeof(text)))
		insert_lower(&n, text);
	if (l->has_san)
		alternative_names(l->san, &n);
	join(&n, out, room);
}

static void who(struct reader name, char *out, size_t room)
{
	char cn[96], organization[96];
	bool has_cn = attribute(name, OID_CN, sizeof(OID_CN), cn, sizeof(cn));
	bool has_o = attribute(name, OID_ORGANIZATION, sizeof(OID_ORGANIZATION), organization,
			       sizeof(organization));

	snprintf(out, room, "%s%s%s%s%s", has_cn ? "CN=" : "", has_cn ? cn : "", has_cn && has_o ? ", " : "",
		 has_o ? "O=" : "", has_o ? organization : "");
	if (!has_cn && !has_o)
		snprintf(out, room, "nobody");
}

bool check_describe(const uint8_t *der, size_t len, char *out, size_t room)
{
	char subject[220], issuer[220], names[256];
	struct names n = { .count = 0 };
	struct look l;

	if (!look_read(reader_of(der, len), &l))
		return false;
	who(l.subject, subject, sizeof(subject));
	who(l.issuer, issuer, sizeof(issuer));
	if (l.has_san)
		alternative_names(l.san, &n);
	join(&n, names, sizeof(names));
	if (reader_equals(&l.issuer, l.subject.at, reader_left(&l.subject)))
		snprintf(issuer, sizeof(issuer), "itself");
	snprintf(out, room, "%s, issued by %s%s%s", subject, issuer, *names ? ", for " : ", for no name",
		 names);
	return true;
}
