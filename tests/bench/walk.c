/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walks every recorded hello once, as the XDP program does: its first segment, and all of it if that decides nothing.
 * To be counted, not timed, for instructions do not depend on what else the machine does:
 *
 *	valgrind --tool=callgrind --toggle-collect=walk_all --callgrind-out-file=/dev/null build/tests/bench/walk
 *
 * It prints how many hellos had which verdict, so that a walk that gives up early is not taken for a fast one.
 */
#include "../corpus/corpus.h"
#include "../../bpf/hello.h"

enum { VERDICTS = HELLO_ACME + 1 };

static struct corpus_bytes hellos[CORPUS_HELLOS];
static unsigned verdicts[VERDICTS];

static enum hello_verdict walk(const struct corpus_bytes *hello, size_t len, struct hello *h)
{
	enum hello_verdict verdict = hello_walk(hello->bytes, (__u32)len, h);

	if (verdict == HELLO_ACME && !hello_name_hash(hello->bytes, h))
		return HELLO_NOT;
	return verdict;
}

void walk_all(void);
__attribute__((noinline)) void walk_all(void)
{
	enum hello_verdict verdict;
	struct hello h;

	for (unsigned i = 0; i < CORPUS_HELLOS; i++) {
		verdict = walk(&hellos[i], hellos[i].ends[0], &h);
		if (verdict == HELLO_MORE)
			verdict = walk(&hellos[i], hellos[i].len, &h);
		verdicts[verdict]++;
	}
}

int main(void)
{
	unsigned ours = 0;

	for (unsigned i = 0; i < CORPUS_HELLOS; i++) {
		corpus_load(corpus[i].file, &hellos[i]);
		ours += corpus[i].acme;
	}
	walk_all();
	printf("%u hellos, %u for us, %u for others\n", CORPUS_HELLOS, verdicts[HELLO_ACME],
	       verdicts[HELLO_OTHER]);
	return verdicts[HELLO_ACME] != ours || verdicts[HELLO_OTHER] != CORPUS_HELLOS - ours;
}
