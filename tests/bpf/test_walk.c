/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same bytes through bpf/hello.h as the C compiler and as the BPF compiler and verifier made it: recorded hellos cut
 * at every byte, and many that chance has changed, must get the same verdict and the same name.
 *
 * The program does not say its verdict, but each of them ends in another counter: no engine is there, so a hello for us
 * is ENGINE_SILENT, and no connection, so an undecided one is KERNEL_NONE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include "../corpus/corpus.h"
#include "../../bpf/hello.h"
#include "bench.h"
#include "books.h"

enum { CHANGED = 20000, MOST_CHANGES = 4, LOOPBACK = 1 };

static const enum reason reason_of[] = {
	[HELLO_NOT] = REASON_NOT_HELLO,      [HELLO_MALFORMED] = REASON_HELLO_MALFORMED,
	[HELLO_OTHER] = REASON_HELLO_OTHER,  [HELLO_MORE] = REASON_KERNEL_NONE,
	[HELLO_ACME] = REASON_ENGINE_SILENT,
};

static uint64_t counted[NUM_REASONS];

static void run_program(const uint8_t *bytes, size_t len)
{
	struct frame f = { .family = 4, .saddr = { 10, 77, 9, 2 }, .daddr = { 10, 77, 9, 1 }, .flags = ACK };
	struct xdp_md context = { .ingress_ifindex = LOOPBACK };
	struct frame_bytes in, out;

	f.sport = 4000;
	f.dport = PEER_PORT;
	f.window = 500;
	f.data = bytes;
	f.data_len = len;
	frame_build(&f, &in);
	context.data_end = (__u32)in.len;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in.bytes, .data_size_in = (__u32)in.len,
		    .data_out = out.bytes, .data_size_out = FRAME_MAX, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);
	assert_int_equal(bpf_prog_test_run_opts(books_program(), &run), 0);
	assert_int_equal(run.retval, XDP_PASS);
}

static void expect_reason(const uint8_t *bytes, size_t len, enum reason reason)
{
	uint64_t now;

	run_program(bytes, len);
	now = books_counter(reason);
	if (now != counted[reason] + 1) {
		print_error("natively reason %u, by the program another, for %u bytes:\n", reason,
			    (unsigned)len);
		for (size_t i = 0; i < len; i++)
			print_error("%02x", bytes[i]);
		print_error("\n");
	}
	assert_int_equal(now, counted[reason] + 1);
	counted[reason] = now;
}

/* The name as a validator's operator would have typed it. False: none that could be pending. */
static bool name_of(const uint8_t *bytes, const struct hello *h, char out[HELLO_MAX_NAME + 2])
{
	size_t len = h->name_len;

	if (!len || len > HELLO_MAX_NAME || memchr(bytes + h->name_at, 0, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = bytes[h->name_at + i];

		out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	out[out[len - 1] == '.' ? len - 1 : len] = '\0';
	return true;
}

/* With one name pending, which is or is not the hello's own. */
static void expect_name(const uint8_t *bytes, size_t len, const char *name)
{
	struct row row = { .pending = "nobody.example.net", .heartbeat_age_ms = -1 };

	books_set_conditions(&row);
	expect_reason(bytes, len, REASON_NOT_PENDING);
	row.pending = name;
	books_set_conditions(&row);
	expect_reason(bytes, len, REASON_ENGINE_SILENT);
	row.pending = NULL;
	books_set_conditions(&row);
}

static enum hello_verdict compare(const uint8_t *bytes, size_t len)
{
	char name[HELLO_MAX_NAME + 2];
	struct hello h;
	enum hello_verdict verdict = hello_walk(bytes, (__u32)len, &h);

	expect_reason(bytes, len, reason_of[verdict]);
	if (verdict == HELLO_ACME && name_of(bytes, &h, name))
		expect_name(bytes, len, name);
	return verdict;
}

static int setup(void **state)
{
	const struct row row = { .heartbeat_age_ms = -1 };

	(void)state;
	books_set_conditions(&row);
	for (unsigned i = 0; i < NUM_REASONS; i++)
		counted[i] = books_counter(i);
	return 0;
}

static void test_corpus_cut_everywhere(void **state)
{
	struct corpus_bytes hello;
	unsigned runs = 0;

	(void)state;
	for (unsigned i = 0; i < CORPUS_HELLOS; i++) {
		corpus_load(corpus[i].file, &hello);
		for (size_t len = 1; len <= hello.len; len += len < 512 ? 1 : 7, runs++)
			compare(hello.bytes, len);
		assert_int_equal(compare(hello.bytes, hello.len), corpus[i].acme ? HELLO_ACME : HELLO_OTHER);
	}
	print_message("  %u beginnings of %u hellos\n", runs, CORPUS_HELLOS);
}

static uint32_t chance(uint32_t below)
{
	return (uint32_t)random() % below;
}

/* The last byte of its name, if it has one: what ends a name matters most. */
static void change_name(struct corpus_bytes *hello)
{
	static const char ends[] = { '.', 'Z', '@', '[', 0 };
	struct hello h;

	if (hello_walk(hello->bytes, (__u32)hello->len, &h) == HELLO_ACME && h.name_len)
		hello->bytes[h.name_at + h.name_len - 1] = (uint8_t)ends[chance(sizeof(ends))];
}

/* What a length, a type or a count is most likely to be wrong by. */
static void change(struct corpus_bytes *hello)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 10, 16, 22, 32, 33, 127, 128, 253, 254, 255 };
	size_t at = chance(2) ? chance(64) : chance((uint32_t)hello->len);

	switch (chance(7)) {
	case 0:
		hello->bytes[at % hello->len] = (uint8_t)random();
		break;
	case 1:
		hello->bytes[at % hello->len] = values[chance(sizeof(values))];
		break;
	case 2:
		hello->bytes[at % hello->len]++;
		break;
	case 3:
		hello->bytes[at % hello->len]--;
		break;
	case 4: /* a byte less, all lengths as they were */
		memmove(hello->bytes + at % hello->len, hello->bytes + at % hello->len + 1,
			hello->len - at % hello->len - 1);
		break;
	case 5:
		change_name(hello);
		break;
	default:
		hello->len = 1 + chance((uint32_t)hello->len);
	}
}

static void test_changed_by_chance(void **state)
{
	unsigned verdicts[HELLO_ACME + 1] = { 0 };
	struct corpus_bytes hello;

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < CHANGED; i++) {
		corpus_load(corpus[chance(CORPUS_HELLOS)].file, &hello);
		for (unsigned changes = 1 + chance(MOST_CHANGES); changes; changes--)
			change(&hello);
		verdicts[compare(hello.bytes, hello.len)]++;
	}
	print_message("  %u changed hellos: %u none, %u malformed, %u others, %u undecided, %u for us\n",
		      CHANGED, verdicts[HELLO_NOT], verdicts[HELLO_MALFORMED], verdicts[HELLO_OTHER],
		      verdicts[HELLO_MORE], verdicts[HELLO_ACME]);
	for (enum hello_verdict v = HELLO_NOT; v <= HELLO_ACME; v++)
		assert_true(verdicts[v] > CHANGED / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_corpus_cut_everywhere, setup),
		cmocka_unit_test_setup(test_changed_by_chance, setup),
	};
	const char *why;
	int failed, err = bench_setup(&why);

	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_teardown();
	return failed;
}
