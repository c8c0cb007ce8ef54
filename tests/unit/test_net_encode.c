/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way out: net_encode() against net_decode() and against hand-made frames; completion, reversal, names. */
#include "net_frame.h"

static uint8_t text[200];

static const struct {
	bool ipv6;
	const char *tags;
	struct segment seg;
} rows[] = {
	{ false, "", { .seq = 1, .ack = 2, .window = 3, .flags = TCP_ACK, .data = text, .len = 5 } },
	{ false, "v", { .seq = 0xffffffff, .ack = 0x80000000, .window = 65535, .flags = TCP_ACK | TCP_FIN } },
	{ false, "qv", { .seq = 7, .ack = 9, .flags = TCP_RST | TCP_ACK } },
	{ false,
	  "",
	  { .flags = TCP_ACK, .has_ts = true, .tsval = 0xfffffffe, .tsecr = 5, .data = text, .len = 199 } },
	{ true, "", { .seq = 1, .ack = 2, .window = 3, .flags = TCP_ACK | TCP_PSH, .data = text, .len = 8 } },
	{ true, "v", { .flags = TCP_RST, .has_ts = true, .tsval = 1, .tsecr = 0 } },
	{ true, "qv", { .flags = TCP_ACK | TCP_FIN | TCP_PSH, .data = text, .len = 1 } },
};

/* The path of a frame with these tags. */
static struct path path_of(bool ipv6, const char *tags)
{
	struct segment s;
	struct path p;
	struct made m;

	make(&m, &(struct recipe){ .ipv6 = ipv6, .tags = tags });
	assert_int_equal(decode(m.bytes, m.len, &s, &p), NET_OK);
	return p;
}

static void what_is_encoded_decodes_to_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct path in = path_of(rows[i].ipv6, rows[i].tags), out;
		const struct segment *want = &rows[i].seg;
		uint8_t frame[ROOM];
		struct segment s;
		size_t len = net_encode(&in, want, frame, sizeof(frame));

		assert_int_equal(len, in.l2_len + (rows[i].ipv6 ? 40u : 20u) + 20 + (want->has_ts ? 12u : 0) +
					      want->len);
		assert_int_equal(decode(frame, len, &s, &out), NET_OK);
		assert_memory_equal(&in, &out, sizeof(in));
		assert_int_equal(s.seq, want->seq);
		assert_int_equal(s.ack, want->ack);
		assert_int_equal(s.flags, want->flags);
		assert_int_equal(s.window, want->window);
		assert_int_equal(s.has_ts, want->has_ts);
		assert_int_equal(s.tsval, want->tsval);
		assert_int_equal(s.tsecr, want->tsecr);
		assert_int_equal(s.len, want->len);
		assert_memory_equal(s.data, text, s.len);
	}
}

/* Checked by the tests' own sum, and not as an unfilled one. */
static void checksums_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct path in = path_of(rows[i].ipv6, rows[i].tags);
		struct made m = { .ip = in.l2_len,
				  .tcp = in.l2_len + (in.ipv4 ? 20u : 40u),
				  .ipv4 = in.ipv4 };

		m.len = net_encode(&in, &rows[i].seg, m.bytes, ROOM);
		assert_int_equal(sum(pseudo_sum(&m, 0), m.bytes + m.tcp, m.len - m.tcp), 0xffff);
		if (in.ipv4)
			assert_int_equal(sum(0, m.bytes + m.ip, 20), 0xffff);
	}
}

static void headers_are_plain(void **state)
{
	static const uint8_t v4[12] = { 0x45, 0, 0, 41, 0, 0, 0x40, 0, 64, 6 };
	static const uint8_t v6[8] = { 0x60, 0, 0, 0, 0, 21, 6, 64 };
	const struct segment s = { .flags = TCP_ACK, .data = text, .len = 1 };
	struct path p4 = path_of(false, ""), p6 = path_of(true, "");
	uint8_t frame[ROOM];

	(void)state;
	net_encode(&p4, &s, frame, sizeof(frame));
	assert_memory_equal(frame + 14, v4, 10);
	net_encode(&p6, &s, frame, sizeof(frame));
	assert_memory_equal(frame + 14, v6, 8);
}

static void sack_block_stands_behind_the_timestamps(void **state)
{
	static const uint8_t options[24] = { 1, 1, 8, 10, 0, 0, 0, 1, 0,    0,    0, 2,
					     1, 1, 5, 10, 0, 0, 0, 3, 0xff, 0xff, 0, 4 };
	struct segment s = { .flags = TCP_ACK, .has_ts = true, .tsval = 1, .tsecr = 2 };
	struct path p = path_of(false, ""), out;
	uint8_t frame[ROOM];
	size_t len;

	(void)state;
	s.has_sack = true;
	s.sack_left = 3;
	s.sack_right = 0xffff0004;
	len = net_encode(&p, &s, frame, sizeof(frame));
	assert_int_equal(len, 14 + 20 + 44);
	assert_memory_equal(frame + 14 + 20 + 20, options, 24);
	assert_int_equal(decode(frame, len, &s, &out), NET_OK);
	assert_false(s.has_sack); /* what the peer says is not read */
}

static void nothing_is_written_past_the_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct path p = path_of(rows[i].ipv6, rows[i].tags);
		uint8_t whole[ROOM];
		size_t len = net_encode(&p, &rows[i].seg, whole, sizeof(whole));

		for (size_t cap = 0; cap <= len; cap++) {
			uint8_t *frame = malloc(cap ? cap : 1);

			assert_non_null(frame);
			assert_int_equal(net_encode(&p, &rows[i].seg, frame, cap), cap == len ? len : 0);
			free(frame);
		}
	}
}

static void more_than_ip_can_say_is_refused(void **state)
{
	static uint8_t data[65536], frame[70000];
	struct segment s = { .flags = TCP_ACK, .data = data, .len = 65535 - 40 };
	struct path p = path_of(false, "");

	(void)state;
	assert_int_equal(net_encode(&p, &s, frame, sizeof(frame)), 14 + 65535);
	s.len++;
	assert_int_equal(net_encode(&p, &s, frame, sizeof(frame)), 0);
}

static void completion_fills_the_checksum_and_the_source(void **state)
{
	static const uint8_t own[6] = { 2, 9, 9, 9, 9, 9 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		size_t padding = i / 2 ? 6 : 0;
		struct made m, whole;

		make(&whole,
		     &(struct recipe){ .ipv6 = i % 2, .tags = "v", .data = "odd", .padding = padding });
		m = whole;
		store16(m.bytes + m.tcp + 16, pseudo_sum(&m, padding));
		net_complete(m.bytes, m.len, own);
		assert_memory_equal(m.bytes + 6, own, 6);
		memcpy(whole.bytes + 6, own, 6);
		assert_memory_equal(m.bytes, whole.bytes, m.len);
		net_complete(m.bytes, m.len, own); /* of a whole one changes nothing */
		assert_memory_equal(m.bytes, whole.bytes, m.len);
	}
}

static void completion_leaves_what_it_cannot_read(void **state)
{
	static const uint8_t own[6] = { 2, 9, 9, 9, 9, 9 };
	struct made m, before;

	(void)state;
	make(&m, &(struct recipe){ .data = "x" });
	m.bytes[m.ip] = 0x65;
	before = m;
	net_complete(m.bytes, m.len, own);
	assert_memory_equal(m.bytes, before.bytes, m.len);
}

static void reversal_exchanges_both_ends(void **state)
{
	struct path p = path_of(true, "qv"), back, again;

	(void)state;
	net_path_reverse(&p, &back);
	assert_memory_equal(back.l2, p.l2 + 6, 6);
	assert_memory_equal(back.l2 + 6, p.l2, 6);
	assert_memory_equal(back.l2 + 12, p.l2 + 12, 10);
	assert_int_equal(back.l2_len, 22);
	assert_memory_equal(back.key.saddr, p.key.daddr, 16);
	assert_memory_equal(back.key.daddr, p.key.saddr, 16);
	assert_int_equal(back.key.sport, p.key.dport);
	assert_int_equal(back.key.dport, p.key.sport);
	net_path_reverse(&back, &again);
	assert_memory_equal(&again, &p, sizeof(p));
	net_path_reverse(&p, &p); /* in place */
	assert_memory_equal(&p, &back, sizeof(p));
}

static void endpoints_have_names(void **state)
{
	static const uint8_t longest[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct path p4 = path_of(false, ""), p6 = path_of(true, "");
	char out[NET_ENDPOINT_LEN];

	(void)state;
	net_format_endpoint(p4.key.daddr, p4.key.dport, out);
	assert_string_equal(out, "198.51.100.7:443");
	net_format_endpoint(p6.key.saddr, p6.key.sport, out);
	assert_string_equal(out, "[2001:db8::1]:40000");
	net_format_endpoint(longest, 0xffff, out);
	assert_string_equal(out, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void sequence_numbers_have_one_order(void **state)
{
	(void)state;
	assert_true(seq_before(1, 2));
	assert_true(seq_before(0xffffffff, 0));
	assert_false(seq_before(0, 0xffffffff));
	assert_false(seq_before(5, 5));
	assert_true(seq_between(0xfffffffe, 1, 3));
	assert_true(seq_between(3, 3, 3));
	assert_false(seq_between(0xfffffffe, 4, 3));
	assert_false(seq_between(3, 2, 5));
	assert_int_equal(segment_span(&(struct segment){ .len = 3, .flags = TCP_SYN | TCP_FIN | TCP_ACK }),
			 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_decodes_to_itself),
		cmocka_unit_test(checksums_are_complete),
		cmocka_unit_test(headers_are_plain),
		cmocka_unit_test(sack_block_stands_behind_the_timestamps),
		cmocka_unit_test(nothing_is_written_past_the_room),
		cmocka_unit_test(more_than_ip_can_say_is_refused),
		cmocka_unit_test(completion_fills_the_checksum_and_the_source),
		cmocka_unit_test(completion_leaves_what_it_cannot_read),
		cmocka_unit_test(reversal_exchanges_both_ends),
		cmocka_unit_test(endpoints_have_names),
		cmocka_unit_test(sequence_numbers_have_one_order),
	};

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 3 + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
