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
	TLS12 = 0x0303,
	TLS13 = 0x0304,
	RANDOM_LEN = 32,
	SESSION_ID_MAX = 32,
	GROUP_P256 = 0x0017,
	GROUP_X25519 = 0x001d,
	P256_SHARE_LEN = 65,
	X25519_SHARE_LEN = 32,
	SHARES_MAX = 8,
	ECDSA_P256_SHA256 = 0x0403,
	NAME_TYPE_HOST = 0,
};

/* RFC 8737 6.2, with its length in front, as the only entry of the list. */
static const uint8_t ALPN_ALONE[] = { 10, 'a', 'c', 'm', 'e', '-', 't', 'l', 's', '/', '1' };

/* What the fields say, to be judged together when all have been read. */
struct walk {
	struct tls_hello *hello;
	uint16_t legacy_version;
	struct reader suites, compressions;
	struct reader versions, groups, signatures,
		shares; /* what is in the lists; .at NULL: no such extension */
	bool sni, alpn;
	uint64_t seen[UINT16_MAX / 64 + 1]; /* extensions by type */
};

static bool refuse(struct walk *w, enum gate_reject why)
{
	w->hello->why = why;
	return false;
}

static bool malformed(struct walk *w)
{
	return refuse(w, GATE_MALFORMED);
}

static bool list_has(struct reader list, uint16_t wanted)
{
	uint16_t value;

	while (read_u16(&list, &value)) {
		if (value == wanted)
			return true;
	}
	return false;
}

static bool list_has_any(struct reader list, const uint16_t *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list_has(list, wanted[i]))
			return true;
	}
	return false;
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
static bool read_sni(struct walk *w, struct reader body)
{
	char text[IDENT_MAX + 2]; /* a trailing dot is forgiven: RFC 8738's own example has one */
	struct reader list, name;
	struct identifier ident;
	const char *why;
	uint16_t len;
	uint8_t type;

	w->sni = true;
	if (!read_list(&body, &list) || !read_u8(&list, &type))
		return malformed(w);
	if (type != NAME_TYPE_HOST)
		return refuse(w, GATE_SNI);
	if (!read_u16(&list, &len) || !read_span(&list, len, &name))
		return malformed(w);
	if (reader_left(&list) || len >= sizeof(text) || memchr(name.at, 0, len))
		return refuse(w, GATE_SNI);
	memcpy(text, name.at, len);
	text[len] = 0;
	if (identifier_parse(text, &ident, &why))
		return refuse(w, GATE_SNI);
	/* RFC 6066 3: a literal address is no server name, though a person may write an identifier that way. */
	if (strncasecmp(ident.sni, text, strlen(ident.sni)))
		return refuse(w, GATE_SNI);
	memcpy(w->hello->sni, ident.sni, sizeof(w->hello->sni));
	return true;
}

/* RFC 7301 3.1. All entries are walked: what a parser behind us stumbled over was the last one's length. */
static bool read_alpn(struct walk *w, struct reader body)
{
	struct reader list, rest, entry;
	uint8_t len;

	w->alpn = true;
	if (!read_list(&body, &list) || !reader_left(&list))
		return malformed(w);
	for (rest = list; reader_left(&rest);) {
		if (!read_u8(&rest, &len) || !len || !read_span(&rest, len, &entry))
			return malformed(w);
	}
	if (reader_left(&list) != sizeof(ALPN_ALONE) || memcmp(list.at, ALPN_ALONE, sizeof(ALPN_ALONE)))
		return refuse(w, GATE_ALPN);
	return true;
}

static bool read_groups(struct walk *w, struct reader body)
{
	return read_list(&body, &w->groups) && is_list_of_u16(&w->groups) ? true : malformed(w);
}

static bool read_signatures(struct walk *w, struct reader body)
{
	return read_list(&body, &w->signatures) && is_list_of_u16(&w->signatures) ? true : malformed(w);
}

static bool read_shares(struct walk *w, struct reader body)
{
	return read_list(&body, &w->shares) ? true : malformed(w);
}

static bool read_versions(struct walk *w, struct reader body)
{
	uint8_t len;

	if (!read_u8(&body, &len) || !read_span(&body, len, &w->versions) || reader_left(&body))
		return malformed(w);
	return is_list_of_u16(&w->versions) ? true : malformed(w);
}

static bool refuse_early_data(struct walk *w, struct reader body)
{
	(void)body;
	return refuse(w, GATE_EARLY_DATA);
}

static const struct {
	uint16_t type;
	bool (*read)(struct walk *w, struct reader body);
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

static bool read_extension(struct walk *w, uint16_t type, struct reader body)
{
	uint64_t bit = (uint64_t)1 << type % 64;

	if (w->seen[type / 64] & bit)
		return refuse(w, GATE_DUPLICATE_EXTENSION);
	w->seen[type / 64] |= bit;
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (extensions[i].type == type)
			return extensions[i].read(w, body);
	}
	return true;
}

static bool read_extensions(struct walk *w, struct reader *r)
{
	struct reader list, body;
	uint16_t type, len;

	if (!read_list(r, &list))
		return malformed(w);
	while (reader_left(&list)) {
		if (!read_u16(&list, &type) || !read_u16(&list, &len) || !read_span(&list, len, &body))
			return malformed(w);
		if (!read_extension(w, type, body))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------- judgements */

static bool judge_versions(struct walk *w)
{
	struct tls_hello *h = w->hello;

	/* RFC 8446 4.2.1: where the extension is present, only it counts; below it stands the value of TLS 1.2. */
	if (w->legacy_version < TLS12)
		return refuse(w, GATE_VERSION);
	h->tls13 = w->versions.at && list_has(w->versions, TLS13);
	h->tls12 = !w->versions.at || list_has(w->versions, TLS12);
	if (!h->tls12 && !h->tls13)
		return refuse(w, GATE_VERSION);
	if (!memchr(w->compressions.at, 0, reader_left(&w->compressions)))
		return refuse(w, GATE_COMPRESSION);
	/* RFC 8446 4.1.2: exactly the null compression. */
	return h->tls13 && reader_left(&w->compressions) != 1 ? refuse(w, GATE_COMPRESSION) : true;
}

/* Which certificates it can verify, once a suite is there for the version that will be chosen. */
static bool judge_suites(struct walk *w)
{
	static const uint16_t suites13[] = { 0x1301, 0x1302, 0x1303 };
	static const uint16_t ecdsa12[] = { 0xc02b, 0xc02c, 0xcca9 }; /* ECDHE_ECDSA with AES-GCM, ChaCha20 */
	static const uint16_t rsa12[] = { 0xc02f, 0xc030, 0xcca8 };   /* ECDHE_RSA with the same */
	static const uint16_t rsa_pss[] = { 0x0804, 0x0805, 0x0806 };
	static const uint16_t rsa_pkcs1[] = { 0x0401, 0x0501, 0x0601 };
	struct tls_hello *h = w->hello;
	bool suites_ecdsa = list_has_any(w->suites, ecdsa12, ARRAY_SIZE(ecdsa12));
	bool suites_rsa = list_has_any(w->suites, rsa12, ARRAY_SIZE(rsa12));

	if (h->tls13)
		suites_ecdsa = suites_rsa = list_has_any(w->suites, suites13, ARRAY_SIZE(suites13));
	if (!suites_ecdsa && !suites_rsa)
		return refuse(w, GATE_CIPHER);
	/* An absent list means SHA-1 in TLS 1.2 (RFC 5246 7.4.1.4.1): nothing that we sign with. */
	h->ecdsa_p256 = suites_ecdsa && list_has(w->signatures, ECDSA_P256_SHA256);
	h->rsa = suites_rsa && list_has_any(w->signatures, rsa_pss, ARRAY_SIZE(rsa_pss));
	if (suites_rsa && !h->tls13 && list_has_any(w->signatures, rsa_pkcs1, ARRAY_SIZE(rsa_pkcs1)))
		h->rsa = true;
	return true;
}

/* One share: of a group that was offered (RFC 8446 4.2.8), as long as its group demands. */
static bool judge_share(struct walk *w, uint16_t group, const struct reader *key)
{
	size_t len = reader_left(key);

	if (!len || !list_has(w->groups, group))
		return false;
	if (group == GROUP_X25519)
		w->hello->x25519_share = true;
	if (group == GROUP_P256)
		w->hello->p256_share = true;
	return (group != GROUP_X25519 || len == X25519_SHARE_LEN) &&
	       (group != GROUP_P256 || len == P256_SHARE_LEN);
}

static bool judge_shares(struct walk *w)
{
	struct reader r = w->shares, key;
	uint16_t seen[SHARES_MAX], group, len;
	size_t count = 0;

	while (reader_left(&r)) {
		if (count == SHARES_MAX || !read_u16(&r, &group) || !read_u16(&r, &len) ||
		    !read_span(&r, len, &key))
			return refuse(w, GATE_KEY_SHARE);
		for (size_t i = 0; i < count; i++) {
			if (seen[i] == group)
				return refuse(w, GATE_KEY_SHARE);
		}
		seen[count++] = group;
		if (!judge_share(w, group, &key))
			return refuse(w, GATE_KEY_SHARE);
	}
	return true;
}

static bool judge_groups(struct walk *w)
{
	if (!list_has(w->groups, GROUP_X25519) && !list_has(w->groups, GROUP_P256))
		return refuse(w, GATE_GROUP);
	if (!w->hello->tls13)
		return true;
	/* RFC 8446 9.2: never without key_share, though its list may be empty (4.2.8: please ask for a group). */
	return w->shares.at ? judge_shares(w) : refuse(w, GATE_KEY_SHARE);
}

/* ------------------------------------------------------------------- walk */

static bool read_fields(struct walk *w, struct reader *r)
{
	uint8_t session_id, compressions;
	uint16_t suites;

	if (!read_u16(r, &w->legacy_version) || !read_skip(r, RANDOM_LEN))
		return malformed(w);
	if (!read_u8(r, &session_id) || session_id > SESSION_ID_MAX || !read_skip(r, session_id))
		return malformed(w);
	if (!read_u16(r, &suites) || !read_span(r, suites, &w->suites) || !is_list_of_u16(&w->suites))
		return malformed(w);
	if (!read_u8(r, &compressions) || !compressions || !read_span(r, compressions, &w->compressions))
		return malformed(w);
	/* RFC 5246 7.4.1.2: a hello may end here; then it names no server. */
	return reader_left(r) ? read_extensions(w, r) : true;
}

bool hello_read(struct reader body, struct tls_hello *out)
{
	struct walk w = { .hello = out };

	if (!read_fields(&w, &body))
		return false;
	if (!judge_versions(&w))
		return false;
	if (!w.sni)
		return refuse(&w, GATE_NO_SNI);
	if (!w.alpn)
		return refuse(&w, GATE_NO_ALPN);
	return judge_suites(&w) && judge_groups(&w);
}
