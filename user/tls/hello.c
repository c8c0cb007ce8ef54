/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The gate's inner half: the fields of one whole ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2).
 *
 * Every length is checked against what holds it, and nothing may be left over. Extensions that are not in the table
 * are stepped over: GREASE (RFC 8701) and what comes after us must not hurt.
 */
#include <string.h>
#include <strings.h>
#include "tls/hello.h"

enum {
	RANDOM_LEN = 32,
	SESSION_ID_MAX = 32,
	NAME_TYPE_HOST = 0,
};

/* RFC 8737 6.2, with its length in front, as the only entry of the list. */
static const uint8_t ALPN_ALONE[] = { 10, 'a', 'c', 'm', 'e', '-', 't', 'l', 's', '/', '1' };

static bool malformed(struct offer *o)
{
	return offer_refuse(o, GATE_MALFORMED);
}

/* Everything that is left of an extension, as one list under a 16-bit length. */
static bool read_list(struct reader *body, struct reader *list)
{
	uint16_t len;

	return read_u16(body, &len) && read_span(body, len, list) && !reader_left(body);
}

static bool is_list_of_u16(const struct reader *list)
{
	return reader_left(list) && reader_left(list) % 2 == 0;
}

/* ------------------------------------------------------------- extensions */

/* RFC 6066 3, RFC 8737 3: one host_name, which is a name in A-labels; RFC 8738 6: the arpa name of an address. */
static bool read_sni(struct offer *o, struct reader body)
{
	char text[IDENT_MAX + 2]; /* a trailing dot is forgiven: RFC 8738's own example has one */
	struct reader list, name;
	struct identifier ident;
	const char *why;
	uint16_t len;
	uint8_t type;

	o->sni = true;
	if (!read_list(&body, &list) || !read_u8(&list, &type))
		return malformed(o);
	if (type != NAME_TYPE_HOST)
		return offer_refuse(o, GATE_SNI);
	if (!read_u16(&list, &len) || !read_span(&list, len, &name))
		return malformed(o);
	if (reader_left(&list) || len >= sizeof(text) || memchr(name.at, 0, len))
		return offer_refuse(o, GATE_SNI);
	memcpy(text, name.at, len);
	text[len] = 0;
	if (identifier_parse(text, &ident, &why))
		return offer_refuse(o, GATE_SNI);
	/* RFC 6066 3: a literal address is no server name, though a person may write an identifier that way. */
	if (strncasecmp(ident.sni, text, strlen(ident.sni)))
		return offer_refuse(o, GATE_SNI);
	memcpy(o->hello->sni, ident.sni, sizeof(o->hello->sni));
	return true;
}

/* RFC 7301 3.1. All entries are walked: what a parser behind us stumbled over was the last one's length. */
static bool read_alpn(struct offer *o, struct reader body)
{
	struct reader list, rest, entry;
	uint8_t len;

	o->alpn = true;
	if (!read_list(&body, &list) || !reader_left(&list))
		return malformed(o);
	for (rest = list; reader_left(&rest);) {
		if (!read_u8(&rest, &len) || !len || !read_span(&rest, len, &entry))
			return malformed(o);
		offer_note_alpn(o, entry);
	}
	if (reader_left(&list) != sizeof(ALPN_ALONE) || memcmp(list.at, ALPN_ALONE, sizeof(ALPN_ALONE)))
		return offer_refuse(o, GATE_ALPN);
	return true;
}

static bool read_groups(struct offer *o, struct reader body)
{
	return (read_list(&body, &o->groups) && is_list_of_u16(&o->groups)) || malformed(o);
}

static bool read_signatures(struct offer *o, struct reader body)
{
	return (read_list(&body, &o->signatures) && is_list_of_u16(&o->signatures)) || malformed(o);
}

static bool read_shares(struct offer *o, struct reader body)
{
	return read_list(&body, &o->shares) || malformed(o);
}

static bool read_versions(struct offer *o, struct reader body)
{
	uint8_t len;

	if (!read_u8(&body, &len) || !read_span(&body, len, &o->versions) || reader_left(&body))
		return malformed(o);
	return is_list_of_u16(&o->versions) || malformed(o);
}

static bool refuse_early_data(struct offer *o, struct reader body)
{
	(void)body;
	return offer_refuse(o, GATE_EARLY_DATA);
}

static const struct {
	uint16_t type;
	bool (*read)(struct offer *o, struct reader body);
} extensions[] = {
	{ 0, read_sni },           /* server_name */
	{ 10, read_groups },       /* supported_groups */
	{ 13, read_signatures },   /* signature_algorithms */
	{ 16, read_alpn },         /* application_layer_protocol_negotiation */
	{ 41, refuse_early_data }, /* pre_shared_key */
	{ 42, refuse_early_data }, /* early_data */
	{ 43, read_versions },     /* supported_versions */
	{ 44, refuse_early_data }, /* cookie */
	{ 51, read_shares },       /* key_share */
};

/* False: this one has been there before. */
static bool note_extension(struct offer *o, uint16_t type)
{
	unsigned word = type / 64;
	uint64_t bit = (uint64_t)1 << type % 64, first = (uint64_t)1 << word % 64;

	if (!(o->begun[word / 64] & first))
		o->seen[word] = 0;
	o->begun[word / 64] |= first;
	if (o->seen[word] & bit)
		return false;
	o->seen[word] |= bit;
	return true;
}

static bool read_extension(struct offer *o, uint16_t type, struct reader body)
{
	if (!note_extension(o, type))
		return offer_refuse(o, GATE_DUPLICATE_EXTENSION);
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (extensions[i].type == type)
			return extensions[i].read(o, body);
	}
	return true;
}

/* Also behind one that is refused, for people want to know the name; what is refused stays refused. */
static bool read_extensions(struct offer *o, struct reader *r)
{
	struct reader list, body;
	uint16_t type, len;
	bool good = true;

	if (o->partial ? !read_u16(r, &len) : !read_list(r, &list))
		return malformed(o);
	if (o->partial)
		list = *r;
	while (reader_left(&list)) {
		if (!read_u16(&list, &type) || !read_u16(&list, &len) || !read_span(&list, len, &body))
			return malformed(o);
		if (!read_extension(o, type, body))
			good = false;
	}
	return good;
}

/* ------------------------------------------------------------------- walk */

static bool read_fields(struct offer *o, struct reader *r)
{
	uint8_t session_id, compressions;
	uint16_t suites;

	if (!read_u16(r, &o->legacy_version) || !read_skip(r, RANDOM_LEN))
		return malformed(o);
	if (!read_u8(r, &session_id) || session_id > SESSION_ID_MAX || !read_skip(r, session_id))
		return malformed(o);
	if (!read_u16(r, &suites) || !read_span(r, suites, &o->suites) || !is_list_of_u16(&o->suites))
		return malformed(o);
	if (!read_u8(r, &compressions) || !compressions || !read_span(r, compressions, &o->compressions))
		return malformed(o);
	/* RFC 5246 7.4.1.2: a hello may end here; then it names no server. */
	return reader_left(r) ? read_extensions(o, r) : true;
}

static void begin(struct offer *o, struct tls_hello *hello)
{
	memset(o, 0, offsetof(struct offer, seen));
	o->hello = hello;
}

bool hello_read(struct reader body, struct tls_hello *out)
{
	struct offer o;
	bool good;

	begin(&o, out);
	good = read_fields(&o, &body);
	offer_note(&o);
	return good && offer_judge(&o);
}

void hello_glimpse(struct reader body, struct tls_hello *out)
{
	struct offer o;

	begin(&o, out);
	o.partial = true;
	read_fields(&o, &body);
	offer_note(&o);
}
