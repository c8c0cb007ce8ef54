/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* net_decode(): what is taken apart, and every reason to drop. */
#include "net_frame.h"

static const uint8_t all_options[20] = {
	2, 4, 5, 180, 3, 3, 7, 1, 8, 10, 0, 0, 0, 9, 0xff, 0, 0, 1, 0, 0x77
};
static const uint8_t ip_options[8] = { 7, 7, 4, 0, 0, 0, 0, 0 };
static const uint8_t extensions[32] = { 43, 0, 1, 4, 0, 0, 0, 0, 60, 0, 4, 0, 0, 0, 0, 0, 6, 1 };

/* Every recipe decodes to the same segment, but for what the row says. */
static const struct {
	const char *what;
	struct recipe recipe;
	bool has_ts;
} accepted[] = {
	{ "plain", { .data = "hello" }, false },
	{ "no data", { 0 }, false },
	{ "Ethernet padding", { .data = "x", .padding = 5 }, false },
	{ "padding of six bytes, no data", { .padding = 6 }, false },
	{ "one tag", { .tags = "v", .data = "hello" }, false },
	{ "service tag", { .tags = "q", .data = "hello" }, false },
	{ "two tags", { .tags = "qv", .data = "hello" }, false },
	{ "two customer tags", { .tags = "vv", .data = "hello" }, false },
	{ "IPv4 options", { .between = ip_options, .between_len = 8, .data = "hello" }, false },
	{ "timestamps", { .options = stamp, .options_len = 12, .data = "hello" }, true },
	{ "many options and an early end",
	  { .options = all_options, .options_len = 20, .data = "odd" },
	  true },
	{ "IPv6", { .ipv6 = true, .data = "hello" }, false },
	{ "IPv6, tag", { .ipv6 = true, .tags = "v", .data = "hello" }, false },
	{ "IPv6, timestamps", { .ipv6 = true, .options = stamp, .options_len = 12 }, true },
	{ "IPv6, all extension headers",
	  { .ipv6 = true, .next = 0, .between = extensions, .between_len = 32, .data = "hello" },
	  false },
};

static void check_path(const struct path *p, const struct recipe *r, const struct made *m)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t at = r->ipv6 ? 0 : 12;

	assert_int_equal(p->ipv4, !r->ipv6);
	assert_int_equal(p->l2_len, m->ip);
	assert_memory_equal(p->l2, m->bytes, m->ip);
	assert_memory_equal(&p->key.sport, tcp_header, 2);
	assert_memory_equal(&p->key.dport, tcp_header + 2, 2);
	assert_memory_equal(p->key.saddr, mapped, at);
	assert_memory_equal(p->key.daddr, mapped, at);
	assert_memory_equal(p->key.saddr + at, r->ipv6 ? v6_addrs : v4_addrs, 16 - at);
	assert_memory_equal(p->key.daddr + at, r->ipv6 ? v6_addrs + 16 : v4_addrs + 4, 16 - at);
}

static void frames_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		const struct recipe *r = &accepted[i].recipe;
		struct segment s;
		struct path p;
		struct made m;

		make(&m, r);
		memset(&s, 0xa5, sizeof(s));
		memset(&p, 0xa5, sizeof(p));
		if (decode(m.bytes, m.len, &s, &p) != NET_OK)
			fail_msg("%s: dropped", accepted[i].what);
		assert_int_equal(s.seq, 0x01020304);
		assert_int_equal(s.ack, 0xf5060708);
		assert_int_equal(s.flags, TCP_ACK | TCP_PSH);
		assert_int_equal(s.window, 0x1234);
		assert_int_equal(s.has_ts, accepted[i].has_ts);
		assert_int_equal(s.tsval, accepted[i].has_ts ? 9 : 0);
		assert_int_equal(s.tsecr, accepted[i].has_ts ? 0xff000001 : 0);
		assert_false(s.has_sack);
		assert_int_equal(s.len, r->data ? strlen(r->data) : 0);
		assert_memory_equal(s.data, r->data ? r->data : "", s.len);
		check_path(&p, r, &m);
	}
}

static void every_truncation_is_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct segment s, untouched;
		struct path p;
		struct made m;

		make(&m, &accepted[i].recipe);
		memset(&s, 0xa5, sizeof(s));
		untouched = s;
		for (size_t len = 0; len < m.len - accepted[i].recipe.padding; len++) {
			assert_int_equal(decode(m.bytes, len, &s, &p), NET_DROP_SHORT);
			assert_memory_equal(&s, &untouched, sizeof(s));
		}
	}
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct segment s;
	struct path p;
	struct made m;

	(void)state;
	make(&m, &accepted[0].recipe);
	for (size_t bit = m.ip * 8; bit < m.len * 8; bit++) {
		m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(decode(m.bytes, m.len, &s, &p), NET_OK);
		m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(decode(m.bytes, m.len, &s, &p), NET_OK);
}

/* Where a row puts its byte. */
enum place { IN_L2, IN_IP, IN_TCP };

static const uint8_t fragment_header[8] = { 6, 0, 0, 0 };
static const uint8_t hop_by_hop_twice[16] = { 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4 };
static const uint8_t too_long_extension[8] = { 6, 5, 1, 4 };

/* One byte set, checksums made right again if seal says so: and the frame is dropped for this reason. */
static const struct {
	const char *what;
	struct recipe recipe;
	enum place place;
	size_t at;
	uint8_t byte;
	bool seal;
	enum net_drop drop;
} dropped[] = {
	{ "ARP", { 0 }, IN_L2, 13, 0x06, false, NET_DROP_L2 },
	{ "802.3 length", { 0 }, IN_L2, 12, 0x00, false, NET_DROP_L2 },
	{ "three tags", { .tags = "qvv" }, IN_L2, 0, 2, false, NET_DROP_L2 },
	{ "IPv6 in an IPv4 frame", { 0 }, IN_IP, 0, 0x65, false, NET_DROP_VERSION },
	{ "IPv4 in an IPv6 frame", { .ipv6 = true }, IN_IP, 0, 0x45, false, NET_DROP_VERSION },
	{ "IPv4 header of 16 bytes", { 0 }, IN_IP, 0, 0x44, false, NET_DROP_SHORT },
	{ "IPv4 header past the total", { .data = "x" }, IN_IP, 3, 19, false, NET_DROP_SHORT },
	{ "IPv4 total past the frame", { 0 }, IN_IP, 3, 41, false, NET_DROP_SHORT },
	{ "IPv4 total without a whole TCP header", { 0 }, IN_IP, 3, 39, true, NET_DROP_SHORT },
	{ "IPv4 header checksum", { 0 }, IN_IP, 11, 0x77, false, NET_DROP_CHECKSUM },
	{ "first fragment", { 0 }, IN_IP, 6, 0x20, true, NET_DROP_FRAGMENT },
	{ "later fragment", { 0 }, IN_IP, 7, 0x01, true, NET_DROP_FRAGMENT },
	{ "UDP", { 0 }, IN_IP, 9, 17, true, NET_DROP_PROTOCOL },
	{ "IPv6 length past the frame", { .ipv6 = true }, IN_IP, 5, 21, false, NET_DROP_SHORT },
	{ "IPv6 without a payload length", { .ipv6 = true }, IN_IP, 5, 0, false, NET_DROP_SHORT },
	{ "IPv6 UDP", { .ipv6 = true }, IN_IP, 6, 17, false, NET_DROP_PROTOCOL },
	{ "IPv6 no next header", { .ipv6 = true }, IN_IP, 6, 59, false, NET_DROP_PROTOCOL },
	{ "IPv6 ESP", { .ipv6 = true }, IN_IP, 6, 50, false, NET_DROP_PROTOCOL },
	{ "IPv6 atomic fragment",
	  { .ipv6 = true, .next = 44, .between = fragment_header, .between_len = 8 },
	  IN_IP,
	  0,
	  0x60,
	  false,
	  NET_DROP_FRAGMENT },
	{ "IPv6 hop-by-hop that is not first",
	  { .ipv6 = true, .next = 0, .between = hop_by_hop_twice, .between_len = 16 },
	  IN_IP,
	  0,
	  0x60,
	  false,
	  NET_DROP_PROTOCOL },
	{ "IPv6 extension past the packet",
	  { .ipv6 = true, .next = 60, .between = too_long_extension, .between_len = 8 },
	  IN_IP,
	  0,
	  0x60,
	  false,
	  NET_DROP_SHORT },
	{ "TCP header of 16 bytes", { .data = "x" }, IN_TCP, 12, 0x40, true, NET_DROP_SHORT },
	{ "TCP header past the packet", { .data = "x" }, IN_TCP, 12, 0x60, true, NET_DROP_SHORT },
	{ "TCP checksum", { .data = "x" }, IN_TCP, 20, 'y', false, NET_DROP_CHECKSUM },
	{ "option of length 0",
	  { .options = stamp, .options_len = 12 },
	  IN_TCP,
	  23,
	  0,
	  true,
	  NET_DROP_OPTIONS },
	{ "option of length 1",
	  { .options = stamp, .options_len = 12 },
	  IN_TCP,
	  23,
	  1,
	  true,
	  NET_DROP_OPTIONS },
	{ "option past the header",
	  { .options = stamp, .options_len = 12 },
	  IN_TCP,
	  23,
	  11,
	  true,
	  NET_DROP_OPTIONS },
	{ "short timestamps",
	  { .options = stamp, .options_len = 12 },
	  IN_TCP,
	  23,
	  8,
	  true,
	  NET_DROP_OPTIONS },
	{ "kind in the last byte",
	  { .options = (const uint8_t[]){ 1, 1, 1, 5 }, .options_len = 4 },
	  IN_TCP,
	  20,
	  1,
	  true,
	  NET_DROP_OPTIONS },
};

static void every_reason_drops(void **state)
{
	bool reached[NUM_NET_DROPS] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		struct segment s;
		struct path p;
		struct made m;
		size_t base;

		make(&m, &dropped[i].recipe);
		base = dropped[i].place == IN_L2 ? 0 : dropped[i].place == IN_IP ? m.ip : m.tcp;
		m.bytes[base + dropped[i].at] = dropped[i].byte;
		if (dropped[i].seal)
			seal(&m, 0);
		if (decode(m.bytes, m.len, &s, &p) != dropped[i].drop)
			fail_msg("%s: not dropped as %s", dropped[i].what, net_drop_name(dropped[i].drop));
		reached[dropped[i].drop] = true;
	}
	for (size_t i = NET_OK + 1; i < NUM_NET_DROPS; i++)
		assert_true(reached[i]);
	assert_string_equal(net_drop_name(NUM_NET_DROPS), "unknown");
}

/* CHECKSUM_PARTIAL, as veth and virtio deliver it. */
static void unfilled_checksums_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		size_t padding = accepted[i].recipe.padding;
		struct segment s;
		struct path p;
		struct made m;

		make(&m, &accepted[i].recipe);
		store16(m.bytes + m.tcp + 16, pseudo_sum(&m, padding));
		assert_int_equal(decode(m.bytes, m.len, &s, &p), NET_OK);
		store16(m.bytes + m.tcp + 16, pseudo_sum(&m, padding) + 1);
		assert_int_equal(decode(m.bytes, m.len, &s, &p), NET_DROP_CHECKSUM);
		store16(m.bytes + m.tcp + 16, 0);
		assert_int_equal(decode(m.bytes, m.len, &s, &p), NET_DROP_CHECKSUM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_taken_apart),
		cmocka_unit_test(every_truncation_is_short),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(every_reason_drops),
		cmocka_unit_test(unfilled_checksums_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
