/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf/hello.h compiled natively. Each walk gets a buffer of exactly its length, so that the sanitizer sees any byte
 * read past it.
 */
#ifndef TESTS_UNIT_HELLO_WALK_H
#define TESTS_UNIT_HELLO_WALK_H

#include "../../bpf/hello.h"

static inline enum hello_verdict walk(const uint8_t *bytes, size_t len, struct hello *h, name_hash_t *name)
{
	uint8_t *exact = malloc(len ? len : 1);
	enum hello_verdict verdict;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	verdict = hello_walk(exact, (__u32)len, h);
	*name = verdict == HELLO_ACME && h->name_len ? hello_name_hash(exact, h) : 0;
	free(exact);
	return verdict;
}

static inline name_hash_t hash_of(const char *name)
{
	name_hash_t hash = NAME_HASH_INIT;

	for (; *name; name++)
		hash = NAME_HASH_STEP(hash, *name);
	return hash;
}

#endif
