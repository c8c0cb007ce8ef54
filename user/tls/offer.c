/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether we can answer what a hello offers: version, compression, suites, groups and key shares, judged together once
 * all fields have been read. wolfSSL must never be left with an offer that it would answer by something not offered.
 */
#include <string.h>
#include "tls/hello.h"

enum {
	TLS12 = 0x0303,
	TLS13 = 0x0304,
	GROUP_P256 = 0x0017,
	GROUP_X25519 = 0x001d,
	P256_SHARE_LEN = 65,
	X25519_SHARE_LEN = 32,
	SHARES_MAX = 8,
	ECDSA_P256_SHA256 = 0x0403,
};

bool offer_refuse(struct offer *o, enum gate_reject why)
{
	if (!o->refused)
		o->hello->why = why;
	o->refused = true;
	return false;
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

static bool judge_versions(struct offer *o)
{
	struct tls_hello *h = o->hello;

	/* RFC 8446 4.2.1: where the extension is present, only it counts; below it stands the value of TLS 1.2. */
	if (o->legacy_version < TLS12)
		return offer_refuse(o, GATE_VERSION);
	h->tls13 = o->versions.at && list_has(o->versions, TLS13);
	h->tls12 = !o->versions.at || list_has(o->versions, TLS12);
	if (!h->tls12 && !h->tls13)
		return offer_refuse(o, GATE_VERSION);
	if (!memchr(o->compressions.at, 0, reader_left(&o->compressions)))
		return offer_refuse(o, GATE_COMPRESSION);
	/* RFC 8446 4.1.2: exactly the null compression. */
	return !h->tls13 || reader_left(&o->compressions) == 1 || offer_refuse(o, GATE_COMPRESSION);
}

/* Which certificates it can verify, once a suite is there for the version that will be chosen. */
static bool judge_suites(struct offer *o)
{
	static const uint16_t suites13[] = { 0x1301, 0x1302, 0x1303 };
	static const uint16_t ecdsa12[] = { 0xc02b, 0xc02c, 0xcca9 }; /* ECDHE_ECDSA with AES-GCM, ChaCha20 */
	static const uint16_t rsa12[] = { 0xc02f, 0xc030, 0xcca8 };   /* ECDHE_RSA with the same */
	static const uint16_t rsa_pss[] = { 0x0804, 0x0805, 0x0806 };
	static const uint16_t rsa_pkcs1[] = { 0x0401, 0x0501, 0x0601 };
	struct tls_hello *h = o->hello;
	bool suites_ecdsa = list_has_any(o->suites, ecdsa12, ARRAY_SIZE(ecdsa12));
	bool suites_rsa = list_has_any(o->suites, rsa12, ARRAY_SIZE(rsa12));

	if (h->tls13)
		suites_ecdsa = suites_rsa = list_has_any(o->suites, suites13, ARRAY_SIZE(suites13));
	if (!suites_ecdsa && !suites_rsa)
		return offer_refuse(o, GATE_CIPHER);
	/* An absent list means SHA-1 in TLS 1.2 (RFC 5246 7.4.1.4.1): nothing that we sign with. */
	h->ecdsa_p256 = suites_ecdsa && list_has(o->signatures, ECDSA_P256_SHA256);
	h->rsa = suites_rsa && list_has_any(o->signatures, rsa_pss, ARRAY_SIZE(rsa_pss));
	if (suites_rsa && !h->tls13 && list_has_any(o->signatures, rsa_pkcs1, ARRAY_SIZE(rsa_pkcs1)))
		h->rsa = true;
	return true;
}

/* One share: of a group that was offered (RFC 8446 4.2.8), as long as its group demands. */
static bool judge_share(struct offer *o, uint16_t group, const struct reader *key)
{
	size_t len = reader_left(key);

	if (!len || !list_has(o->groups, group))
		return false;
	if (group == GROUP_X25519)
		o->hello->x25519_share = true;
	if (group == GROUP_P256)
		o->hello->p256_share = true;
	return (group != GROUP_X25519 || len == X25519_SHARE_LEN) &&
	       (group != GROUP_P256 || len == P256_SHARE_LEN);
}

static bool judge_shares(struct offer *o)
{
	struct reader r = o->shares, key;
	uint16_t seen[SHARES_MAX], group, len;
	size_t count = 0;

	while (reader_left(&r)) {
		if (count == SHARES_MAX || !read_u16(&r, &group) || !read_u16(&r, &len) ||
		    !read_span(&r, len, &key))
			return offer_refuse(o, GATE_KEY_SHARE);
		for (size_t i = 0; i < count; i++) {
			if (seen[i] == group)
				return offer_refuse(o, GATE_KEY_SHARE);
		}
		seen[count++] = group;
		if (!judge_share(o, group, &key))
			return offer_refuse(o, GATE_KEY_SHARE);
	}
	return true;
}

static bool judge_groups(struct offer *o)
{
	if (!list_has(o->groups, GROUP_X25519) && !list_has(o->groups, GROUP_P256))
		return offer_refuse(o, GATE_GROUP);
	if (!o->hello->tls13)
		return true;
	/* RFC 8446 9.2: never without key_share, though its list may be empty (4.2.8: please ask for a group). */
	return o->shares.at ? judge_shares(o) : offer_refuse(o, GATE_KEY_SHARE);
}

bool offer_judge(struct offer *o)
{
	if (!judge_versions(o))
		return false;
	if (!o->sni)
		return offer_refuse(o, GATE_NO_SNI);
	if (!o->alpn)
		return offer_refuse(o, GATE_NO_ALPN);
	return judge_suites(o) && judge_groups(o);
}
