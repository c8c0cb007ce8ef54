/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* base: cursors stay inside, SipHash is SipHash, JSON is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/base.h"

static void cursors_read_big_endian(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 0xf7, 8, 9, 10 };
	struct reader r = reader_of(bytes, sizeof(bytes));
	uint8_t u8;
	uint16_t u16;
	uint32_t u24, u32;

	(void)state;
	assert_true(read_u8(&r, &u8));
	assert_int_equal(u8, 1);
	assert_true(read_u16(&r, &u16));
	assert_int_equal(u16, 0x0203);
	assert_true(read_u24(&r, &u24));
	assert_int_equal(u24, 0x040506);
	assert_true(read_u32(&r, &u32));
	assert_int_equal(u32, 0xf708090a);
	assert_int_equal(reader_left(&r), 0);
}

static void failed_read_moves_nothing(void **state)
{
	/* On the heap, so that the sanitizer sees a read past the end. */
	uint8_t *bytes = calloc(1, 3);
	struct reader r, span;
	uint8_t u8 = 77;
	uint16_t u16 = 77;
	uint32_t u24 = 77, u32 = 77;

	(void)state;
	assert_non_null(bytes);
	for (size_t len = 0; len <= 3; len++) {
		r = reader_of(bytes, len);
		assert_false(read_u32(&r, &u32));
		assert_false(read_span(&r, len + 1, &span));
		assert_false(read_span(&r, SIZE_MAX, &span));
		assert_false(read_skip(&r, len + 1));
		if (len < 3)
			assert_false(read_u24(&r, &u24));
		if (len < 2)
			assert_false(read_u16(&r, &u16));
		if (len < 1)
			assert_false(read_u8(&r, &u8));
		assert_int_equal(reader_left(&r), len);
		assert_ptr_equal(r.at, bytes);
	}
	assert_true(u8 == 77 && u16 == 77 && u24 == 77 && u32 == 77);
	free(bytes);
}

static void span_is_a_cursor_of_its_own(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader r = reader_of(bytes, sizeof(bytes)), span;
	uint16_t u16;
	uint8_t u8;

	(void)state;
	assert_true(read_span(&r, 2, &span));
	assert_true(read_u16(&span, &u16));
	assert_false(read_u8(&span, &u8));
	assert_true(read_skip(&r, 1));
	assert_true(read_u8(&r, &u8));
	assert_int_equal(u8, 4);
	assert_true(read_span(&r, 0, &span));
	assert_int_equal(reader_left(&span), 0);
}

/* Key 00..0f, input 00..(len - 1): the paper's own example (15), and the authors' vectors of other lengths. */
static void hash_is_siphash_2_4(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
	};
	uint8_t key[16], input[64];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	memcpy(key, input, sizeof(key));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(hash_keyed(key, input, rows[i].len) == rows[i].hash);
}

static void json_puts_commas_and_types(void **state)
{
	struct jsonw j;
	char *text;

	(void)state;
	jsonw_begin(&j);
	jsonw_open_object(&j, NULL);
	jsonw_string(&j, "name", "x");
	jsonw_string(&j, "none", NULL);
	jsonw_integer(&j, "least", INT64_MIN);
	jsonw_unsigned(&j, "most", UINT64_MAX);
	jsonw_open_array(&j, "list");
	jsonw_bool(&j, NULL, true);
	jsonw_bool(&j, NULL, false);
	jsonw_open_object(&j, NULL);
	jsonw_close_object(&j);
	jsonw_close_array(&j);
	jsonw_open_array(&j, "empty");
	jsonw_close_array(&j);
	jsonw_close_object(&j);
	text = jsonw_finish(&j);
	assert_string_equal(text, "{\"name\":\"x\",\"none\":null,\"least\":-9223372036854775808,"
				  "\"most\":18446744073709551615,\"list\":[true,false,{}],\"empty\":[]}");
	free(text);
	assert_null(j.text);
}

static char *quoted(const char *value)
{
	struct jsonw j;

	jsonw_begin(&j);
	jsonw_string(&j, NULL, value);
	return jsonw_finish(&j);
}

static void json_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "\"\"" },
		{ "a/b", "\"a/b\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\x01\x7f", "\"\\u000a\\u0001\\u007f\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },                       /* overlong */
		{ "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"" },            /* overlong */
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* a surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* beyond U+10FFFF */
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },                       /* cut off */
		{ "\xe2\x82z", "\"\\ufffd\\ufffdz\"" },
		{ "\xf0\x9f", "\"\\ufffd\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = quoted(rows[i].in);

		assert_string_equal(text, rows[i].out);
		free(text);
	}
}

/* Whatever bytes come in, a strict parser takes what goes out. */
static void json_of_any_two_bytes_is_json(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 65536; i++) {
		char in[3] = { (char)(i >> 8), (char)i, '\0' };
		char *text = quoted(in);
		json_t *parsed = json_loads(text, JSON_DECODE_ANY, NULL);

		if (!parsed)
			fail_msg("%s", text);
		json_decref(parsed);
		free(text);
	}
}

static void addresses_of_both_families(void **state)
{
	static const struct {
		const char *text, *normal; /* NULL: it is none */
		bool ipv4, private;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true, false },
		{ "10.1.2.3", "10.1.2.3", true, true },
		{ "172.31.0.1", "172.31.0.1", true, true },
		{ "172.32.0.1", "172.32.0.1", true, false },
		{ "100.127.0.1", "100.127.0.1", true, true },
		{ "169.254.1.1", "169.254.1.1", true, true },
		{ "2001:DB8:0::5", "2001:db8::5", false, false },
		{ "::ffff:192.0.2.1", "192.0.2.1", true, false },
		{ "fd00::1", "fd00::1", false, true },
		{ "fe80::1", "fe80::1", false, true },
		{ "fec0::1", "fec0::1", false, false },
		{ "::1", "::1", false, true },
		{ "", NULL, false, false },
		{ "192.0.2", NULL, false, false },
		{ "192.0.2.1:443", NULL, false, false },
		{ "2001:db8::5::6", NULL, false, false },
	};
	char text[ADDRESS_TEXT];
	uint8_t address[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(address_parse(rows[i].text, address), rows[i].normal != NULL);
		if (!rows[i].normal)
			continue;
		assert_string_equal(address_format(address, text), rows[i].normal);
		assert_int_equal(address_is_ipv4(address), rows[i].ipv4);
		assert_int_equal(address_is_private(address), rows[i].private);
	}
	assert_false(address_from_sockaddr(NULL, address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursors_read_big_endian),       cmocka_unit_test(failed_read_moves_nothing),
		cmocka_unit_test(span_is_a_cursor_of_its_own),   cmocka_unit_test(hash_is_siphash_2_4),
		cmocka_unit_test(json_puts_commas_and_types),    cmocka_unit_test(json_escapes),
		cmocka_unit_test(json_of_any_two_bytes_is_json), cmocka_unit_test(addresses_of_both_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
