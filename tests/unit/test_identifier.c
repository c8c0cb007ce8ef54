/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, addresses and digests in every spelling, and why each wrong one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include "challenge/challenge.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME_253 L63 "." L63 "." L63 "." L61
#define ARPA_DB8 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
#define ARPA_MAPPED "4.0.3.0.2.0.1.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"

static const struct {
	const char *in;
	enum identifier_kind kind;
	const char *text, *sni;
} good[] = {
	{ "example.org", IDENT_DNS, "example.org", "example.org" },
	{ "Example.ORG.", IDENT_DNS, "example.org", "example.org" },
	{ "localhost", IDENT_DNS, "localhost", "localhost" },
	{ "_dmarc.a-b.x0", IDENT_DNS, "_dmarc.a-b.x0", "_dmarc.a-b.x0" },
	{ "xn--mnchen-3ya.de", IDENT_DNS, "xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
	{ "1.2.3.4.example", IDENT_DNS, "1.2.3.4.example", "1.2.3.4.example" },
	{ L63 ".de", IDENT_DNS, L63 ".de", L63 ".de" },
	{ NAME_253, IDENT_DNS, NAME_253, NAME_253 },
	{ NAME_253 ".", IDENT_DNS, NAME_253, NAME_253 },
	{ "in-addr.arpa.example", IDENT_DNS, "in-addr.arpa.example", "in-addr.arpa.example" },
	{ "192.0.2.1", IDENT_IPV4, "192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ "255.255.255.255", IDENT_IPV4, "255.255.255.255", "255.255.255.255.in-addr.arpa" },
	{ "1.2.0.192.in-addr.arpa", IDENT_IPV4, "192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ "1.2.0.192.IN-ADDR.arpa.", IDENT_IPV4, "192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ "4.3.2.1.In-Addr.Arpa", IDENT_IPV4, "1.2.3.4", "4.3.2.1.in-addr.arpa" },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.IP6.ARPA.", IDENT_IPV6,
	  "2001:db8::1", ARPA_DB8 },
	{ "2001:db8::1", IDENT_IPV6, "2001:db8::1", ARPA_DB8 },
	{ "2001:0DB8:0:0:0::1", IDENT_IPV6, "2001:db8::1", ARPA_DB8 },
	{ ARPA_DB8, IDENT_IPV6, "2001:db8::1", ARPA_DB8 },
	{ ARPA_DB8 ".", IDENT_IPV6, "2001:db8::1", ARPA_DB8 },
};

static const struct {
	const char *in;
	const char *why; /* a part of it */
} bad[] = {
	{ "", "empty" },
	{ ".", "empty label" },
	{ "..", "empty label" },
	{ ".example.org", "empty label" },
	{ "example..org", "empty label" },
	{ "example.org..", "empty label" },
	{ "*.example.org", "dns-01" },
	{ "*", "other than letters" },
	{ "a.*.org", "other than letters" },
	{ "b\xc3\xbc"
	  "cher.de",
	  "A-label" },
	{ "https://example.org/", "URL" },
	{ "example.org:443", "port" },
	{ "exa mple.org", "other than letters" },
	{ "example.org\n", "other than letters" },
	{ "a/b", "other than letters" },
	{ "-a.org", "hyphen" },
	{ "a-.org", "hyphen" },
	{ "a.-", "hyphen" },
	{ L63 "a.org", "63" },
	{ NAME_253 "a", "253" },
	{ "1.2.3", "ends in a number" },
	{ "example.123", "ends in a number" },
	{ "1.2.3.4.5", "ends in a number" },
	{ "256.1.1.1", "ends in a number" },
	{ "01.2.3.4", "ends in a number" },
	{ "1.2.3.4.", "ends in a number" },
	{ "12345", "ends in a number" },
	{ "[2001:db8::1]", "brackets" },
	{ "fe80::1%eth0", "zone" },
	{ "2001:db8::g", "not an IPv6 address" },
	{ "1:2:3:4:5:6:7:8:9", "not an IPv6 address" },
	{ "::ffff:192.0.2.1", "mapped" },
	{ "::ffff:c000:201", "mapped" },
	{ ARPA_MAPPED, "mapped" },
	{ "2.0.192.in-addr.arpa", "whole IPv4" },
	{ "0.1.2.0.192.in-addr.arpa", "whole IPv4" },
	{ "01.2.0.192.in-addr.arpa", "whole IPv4" },
	{ "a.2.0.192.in-addr.arpa", "whole IPv4" },
	{ "8.b.d.0.1.0.0.2.ip6.arpa", "whole IPv6" },
	{ "0." ARPA_DB8, "whole IPv6" },
	{ "g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "whole IPv6" },
	{ "1-0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "whole IPv6" },
};

static void test_good(void **state)
{
	struct identifier id;
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		memset(&id, 0xaa, sizeof(id));
		if (identifier_parse(good[i].in, &id, &why))
			fail_msg("%s: %s", good[i].in, why);
		assert_int_equal(id.kind, good[i].kind);
		assert_string_equal(id.text, good[i].text);
		assert_string_equal(id.sni, good[i].sni);
	}
	assert_int_equal(identifier_parse("192.0.2.1", &id, &why), 0);
	assert_memory_equal(id.address, "\xc0\0\2\1", 4);
	assert_int_equal(identifier_parse(ARPA_DB8, &id, &why), 0);
	assert_memory_equal(id.address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static void test_bad(void **state)
{
	struct identifier id, before;
	const char *why;

	(void)state;
	memset(&before, 0x55, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		id = before;
		why = NULL;
		if (identifier_parse(bad[i].in, &id, &why) != -EINVAL)
			fail_msg("'%s' was taken", bad[i].in);
		if (!why || !strstr(why, bad[i].why))
			fail_msg("'%s': %s", bad[i].in, why ? why : "no reason");
		assert_memory_equal(&id, &before, sizeof(id));
	}
}

/* Whatever is given out as server name is taken back as the same identifier. */
static void test_round_trip(void **state)
{
	struct identifier a, b;
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(identifier_parse(good[i].in, &a, &why), 0);
		assert_int_equal(identifier_parse(a.sni, &b, &why), 0);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(identifier_parse(a.text, &b, &why), 0);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

/* ------------------------------------------------------------------ digests */

/* SHA-256 of "abc" (FIPS 180-2 B.1), whose base64 has both characters that differ between the alphabets. */
static const uint8_t ABC[DIGEST_LEN] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
					 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
					 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };

#define ABC_COLON \
	"ba:78:16:bf:8f:01:cf:ea:41:41:40:de:5d:ae:22:23:b0:03:61:a3:96:17:7a:9c:b4:10:ff:61:f2:00:15:ad"
#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char *const digests[] = {
	"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
	"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=",
	"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
	"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
	ABC_HEX,
	"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	ABC_COLON,
	"DER:04:20:" ABC_COLON,
	"critical,DER:04:20:" ABC_COLON,
	"critical, DER:04:20:" ABC_COLON,
	"1.3.6.1.5.5.7.1.31=critical,DER:04:20:" ABC_COLON,
	"1.3.6.1.5.5.7.1.31=DER:04:20:" ABC_COLON,
};

static const struct {
	const char *in, *why;
} bad_digests[] = {
	{ "", "not 32 bytes" },
	{ "abc", "not 32 bytes" },
	{ "token.ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", "--key-auth" },
	{ "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa1", "character" }, /* a bit beyond the 256th */
	{ "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa2", "character" },
	{ "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0A", "character" }, /* 44 without padding */
	{ "ungWv48Bz pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", "character" },
	{ "=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAF", "not 32 bytes" },
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag", "character" },
	{ "xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "character" },
	{ ABC_HEX "00", "not 32 bytes" },
	{ "ba-78:16:bf:8f:01:cf:ea:41:41:40:de:5d:ae:22:23:b0:03:61:a3:96:17:7a:9c:b4:10:ff:61:f2:00:15:ad",
	  "character" },
	{ "critical," ABC_COLON, "DER:" },
	{ "1.3.6.1.5.5.7.1.31=" ABC_HEX, "DER:" },
	{ "DER:04:21:" ABC_COLON, "04:20:" },
	{ "DER:04:20:" ABC_HEX, "04:20:" },
	{ "DER:04:20:" ABC_COLON ":00", "04:20:" },
};

static void test_digests(void **state)
{
	uint8_t out[DIGEST_LEN];
	const char *why;
	char text[DIGEST_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		memset(out, 0, sizeof(out));
		if (digest_parse(digests[i], out, &why))
			fail_msg("%s: %s", digests[i], why);
		assert_memory_equal(out, ABC, sizeof(out));
	}
	digest_format(ABC, text);
	assert_string_equal(text, digests[0]);
}

static void test_bad_digests(void **state)
{
	uint8_t out[DIGEST_LEN], before[DIGEST_LEN];
	const char *why;

	(void)state;
	memset(before, 0x55, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(bad_digests); i++) {
		memcpy(out, before, sizeof(out));
		why = NULL;
		if (digest_parse(bad_digests[i].in, out, &why) != -EINVAL)
			fail_msg("'%s' was taken", bad_digests[i].in);
		if (!why || !strstr(why, bad_digests[i].why))
			fail_msg("'%s': %s", bad_digests[i].in, why ? why : "no reason");
		assert_memory_equal(out, before, sizeof(out));
	}
}

#define THUMBPRINT "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
#define TOKEN_64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOKEN_512 TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64 TOKEN_64

static void test_key_authorization(void **state)
{
	static const char *const wrong[] = {
		"",
		".",
		"token",
		"token.",
		"." THUMBPRINT,
		"token.short",
		THUMBPRINT,
		"to+ken." THUMBPRINT,
		"a.b." THUMBPRINT,
		"token." THUMBPRINT "x",
		"token." THUMBPRINT "\n",
		TOKEN_512 "A." THUMBPRINT,
	};
	/* printf 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.ungW...' | sha256sum */
	static const uint8_t expected[DIGEST_LEN] = { 0xa1, 0x90, 0xec, 0x4c, 0x8b, 0xc4, 0xd1, 0xb0,
						      0x70, 0xcc, 0x3b, 0xb7, 0x11, 0xfc, 0x61, 0x30,
						      0x16, 0x77, 0x40, 0x59, 0x89, 0x3c, 0xdd, 0xa9,
						      0x9a, 0xaa, 0x48, 0xf3, 0x2a, 0xe4, 0x65, 0xfb };
	uint8_t out[DIGEST_LEN];
	const char *why;

	(void)state;
	assert_int_equal(digest_from_key_authorization(
				 "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA." THUMBPRINT, out, &why),
			 0);
	assert_memory_equal(out, expected, sizeof(out));
	assert_int_equal(digest_from_key_authorization(TOKEN_512 "." THUMBPRINT, out, &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		why = NULL;
		if (digest_from_key_authorization(wrong[i], out, &why) != -EINVAL || !why)
			fail_msg("'%s' was taken", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),        cmocka_unit_test(test_bad),
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_digests),
		cmocka_unit_test(test_bad_digests), cmocka_unit_test(test_key_authorization),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
