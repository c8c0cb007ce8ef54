/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The store as text: a head line, then one challenge per line in order of adding:
 *
 *     identifier digest added expires hits source
 *
 * The digest is base64url, the times are microseconds of CLOCK_MONOTONIC. Certificates are not kept: keys never reach
 * a disk, and a new one is made at first use. A damaged line costs that line alone; one without a source was written
 * before there were any.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "challenge/challenge.h"

enum { LINE_MAX_LEN = 512 };

static const char HEAD[] = "alpnxdp challenges 1\n";

static bool save_one(struct challenge *c, void *context)
{
	char digest[DIGEST_TEXT_LEN];

	digest_format(c->digest, digest);
	return fprintf(context, "%s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", c->ident.text, digest,
		       c->added, c->expires, c->hits, challenge_source_name(c->source)) > 0;
}

char *challenge_store_save(struct challenge_store *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return NULL;
	fputs(HEAD, out);
	challenge_each(s, save_one, out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static bool restore_line(struct challenge_store *s, const char *line, usec_t now)
{
	char name[IDENT_MAX + 1], digest_text[DIGEST_TEXT_LEN];
	uint64_t added, expires, hits;
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	struct challenge_order order = { .ident = &ident, .digest = digest };
	const char *why;
	int used = 0;

	if (sscanf(line, "%253s %43s %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", name, digest_text, &added,
		   &expires, &hits, &used) != 5)
		return false;
	if (line[used] && (line[used] != ' ' || !challenge_source_find(line + used + 1, &order.source)))
		return false;
	if (identifier_parse(name, &ident, &why) || digest_parse(digest_text, digest, &why))
		return false;
	/* Times that this store could not have written come from another boot, or from a damaged line. */
	if (added > now || expires <= now || expires - now > CHALLENGE_TTL_MAX_S * USEC_PER_SEC)
		return false;
	order.expires = expires;
	if (challenge_add(s, &order, added))
		return false;
	challenge_find(s, ident.sni)->hits = hits;
	return true;
}

int challenge_store_restore(struct challenge_store *s, const char *text, size_t len, usec_t now)
{
	const char *at = text + strlen(HEAD), *end = text + len, *newline;
	char line[LINE_MAX_LEN];
	int restored = 0;

	if (len < strlen(HEAD) || memcmp(text, HEAD, strlen(HEAD)))
		return -EINVAL;
	/* What follows the last newline was cut off in the middle. */
	for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
		size_t line_len = (size_t)(newline - at);

		if (line_len >= sizeof(line) || memchr(at, 0, line_len))
			continue;
		memcpy(line, at, line_len);
		line[line_len] = 0;
		if (restore_line(s, line, now))
			restored++;
	}
	return restored;
}
