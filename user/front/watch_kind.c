/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where challenges lie beneath a watched directory of each kind. Pure. */
#include <assert.h>
#include <string.h>
#include "front/watch.h"

enum { DEPTH_MAX = 4 };

/*
 * certmagic: (distributedSolver).challengeTokensKey(); the last component is made safe, but for names and addresses that
 * changes only ':' to '-'. mod_md: MD_SG_CHALLENGES and md_chain_filename(): RSA has no SPEC.
 */
static const char *const patterns[][DEPTH_MAX] = {
	[WATCH_DEHYDRATED] = { "*.crt.pem" },
	[WATCH_CERTMAGIC] = { "acme", "*", "challenge_tokens", "*.json" },
	[WATCH_MOD_MD] = { "challenges", "*", "acme-tls-alpn-01-pubcert*.pem" },
};
static_assert(ARRAY_SIZE(patterns) == NUM_WATCH_KINDS, "every kind needs a pattern");

enum challenge_source watch_source(enum watch_kind kind)
{
	static const enum challenge_source sources[] = {
		[WATCH_DEHYDRATED] = CHALLENGE_SOURCE_DEHYDRATED,
		[WATCH_CERTMAGIC] = CHALLENGE_SOURCE_CERTMAGIC,
		[WATCH_MOD_MD] = CHALLENGE_SOURCE_MOD_MD,
	};
	static_assert(ARRAY_SIZE(sources) == NUM_WATCH_KINDS, "every kind is a source");

	return sources[kind];
}

unsigned watch_depth(enum watch_kind kind)
{
	unsigned depth = 0;

	while (depth < DEPTH_MAX && patterns[kind][depth])
		depth++;
	return depth;
}

/* At most one '*'. Names that begin with a dot are nobody's but an editor's, or a write that is under way. */
static bool glob(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t before, after, len = strlen(name);

	if (name[0] == '.' || !len)
		return false;
	if (!star)
		return !strcmp(pattern, name);
	before = (size_t)(star - pattern);
	after = strlen(star + 1);
	return len >= before + after && !strncmp(name, pattern, before) &&
	       !strcmp(name + len - after, star + 1);
}

bool watch_matches(enum watch_kind kind, unsigned depth, const char *name)
{
	return depth >= 1 && depth <= watch_depth(kind) && glob(patterns[kind][depth - 1], name);
}
