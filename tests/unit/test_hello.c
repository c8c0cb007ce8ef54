/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ClientHello walk of the XDP program over hellos of real clients: whole, cut at every byte, and with every byte
 * changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "corpus/corpus.h"
#include "hello_walk.h"

/*
 * Whole, and at every cut: MORE before the end of the ALPN list, the final verdict from there on, and never another. What
 * the program walks of segments that come in order is a prefix each time, so this covers every pair of cuts, and every
 * number of them; tests/bpf/test_cuts.c has the segments that do not come in order.
 */
static void test_corpus(void **state)
{
	const struct corpus_hello *hello;
	enum hello_verdict final, got;
	struct corpus_bytes bytes;
	name_hash_t name, wanted;
	struct hello h;
	size_t cut;

	(void)state;
	for (hello = corpus; hello < corpus + CORPUS_HELLOS; hello++) {
		corpus_load(hello->file, &bytes);
		final = hello->acme ? HELLO_ACME : HELLO_OTHER;
		for (cut = 0; cut <= bytes.len; cut++) {
			got = walk(bytes.bytes, cut, &h, &name);
			if (cut < bytes.len && (!hello->alpn_end || cut < hello->alpn_end)) {
				if (got != HELLO_MORE && !(got == final && cut + 9 >= hello->alpn_end))
					print_error("%s at %zu: %d\n", hello->file, cut, (int)got);
				assert_true(got == HELLO_MORE ||
					    (got == final && cut + 9 >= hello->alpn_end));
				continue;
			}
			assert_int_equal(got, final);
			if (got != HELLO_ACME)
				continue;
			wanted = cut >= hello->sni_at + 9 + strlen(hello->name) ? hash_of(hello->name) : 0;
			assert_true(name == wanted);
			assert_false(h.nameless);
		}
	}
}

/* What the program sees first, of hellos in several segments. */
static void test_first_segments(void **state)
{
	const struct corpus_hello *hello;
	enum hello_verdict wanted;
	struct corpus_bytes bytes;
	unsigned undecided = 0;
	name_hash_t name;
	struct hello h;

	(void)state;
	for (hello = corpus; hello < corpus + CORPUS_HELLOS; hello++) {
		corpus_load(hello->file, &bytes);
		wanted = hello->alpn_end > bytes.ends[0] ? HELLO_MORE
			 : hello->acme                   ? HELLO_ACME
							 : HELLO_OTHER;
		assert_int_equal(walk(bytes.bytes, bytes.ends[0], &h, &name), wanted);
		undecided += wanted == HELLO_MORE;
	}
	assert_in_range(undecided, 2, CORPUS_HELLOS - 20); /* the corpus has both kinds */
}

/* One byte of a hello is wrong at a time: any verdict, but no read past the end. */
static void test_no_byte_leads_astray(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 16, 0x7f, 0x80, 0xff };
	const struct corpus_hello *hello;
	struct corpus_bytes bytes;
	name_hash_t name;
	struct hello h;
	size_t at, i;
	uint8_t kept;

	(void)state;
	for (hello = corpus; hello < corpus + CORPUS_HELLOS; hello++) {
		corpus_load(hello->file, &bytes);
		for (at = 0; at < bytes.len; at++) {
			kept = bytes.bytes[at];
			for (i = 0; i < sizeof(values); i++) {
				bytes.bytes[at] = values[i];
				assert_in_range(walk(bytes.bytes, bytes.len, &h, &name), HELLO_NOT,
						HELLO_ACME);
			}
			bytes.bytes[at] = kept;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_first_segments),
		cmocka_unit_test(test_no_byte_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
