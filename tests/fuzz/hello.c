/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The walk of bpf/hello.h, natively. It reads nothing past its length, which the sanitizer watches, and every prefix of
 * a stream that is decided is decided as the whole, but for what lies behind the ALPN list and may still be malformed.
 */
#include "fuzz.h"
#include "shape.h"
#include "../../bpf/hello.h"

enum { CUTS = 16 };

struct judged {
	enum hello_verdict verdict;
	struct hello hello;
	name_hash_t name;
};

static struct judged judge(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = fuzz_exact(bytes, len);
	struct judged j;

	j.verdict = hello_walk(exact, (__u32)len, &j.hello);
	MUST(j.verdict != HELLO_READY);
	if (j.verdict == HELLO_ACME) {
		MUST(j.hello.name_at + j.hello.name_len <= len);
		j.name = hello_name_hash(exact, &j.hello);
	}
	free(exact);
	return j;
}

/* Waiting for more makes sense only while the record is not in view, or what of it is ever looked at. */
static void check_waiting(const uint8_t *bytes, size_t len, const struct judged *j)
{
	size_t record = len < HELLO_HEADERS ? SIZE_MAX : 5u + (size_t)(bytes[3] << 8 | bytes[4]);

	MUST(j->verdict != HELLO_MORE || len < MIN(record, (size_t)ALPNXDP_MAX_HELLO));
}

static void compare(const struct judged *part, const struct judged *whole)
{
	if (part->verdict == HELLO_MORE)
		return;
	if (whole->verdict == HELLO_MALFORMED)
		return;
	MUST(part->verdict == whole->verdict);
	if (part->verdict == HELLO_ACME && part->hello.name_len)
		MUST(whole->hello.name_len == part->hello.name_len && whole->name == part->name);
	if (part->verdict == HELLO_ACME && part->hello.nameless)
		MUST(whole->hello.nameless);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct judged whole, part;

	len = MIN(len, (size_t)ALPNXDP_MAX_HELLO);
	whole = judge(bytes, len);
	check_waiting(bytes, len, &whole);
	for (size_t i = 0; i < CUTS; i++) {
		part = judge(bytes, len * i / CUTS);
		compare(&part, &whole);
	}
	return 0;
}
