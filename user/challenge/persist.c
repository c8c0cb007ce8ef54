/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The store as text: a head line, then one challenge per line in order of adding:
 *
 *     identifier digest added expires hits source
 *
 * The digest is base64url, the times are microseconds of CLOCK_MONOTONIC. Certificates are not kept: keys never reach
 * a disk, and a new one with the same digest, made at first use, is as good. A damaged line costs that line alone; one
 * without a source was written before there were any.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "challenge/store.h"

enum { FIELDS = 6, FIELDS_LEAST = 5, DIGITS_MAX = 20, SAVE_STEP = 1 << 16 };

static_assert(IDENT_MAX + DIGEST_TEXT_LEN + 3 * DIGITS_MAX + 32 <= CHALLENGE_LINE_MAX, "the longest line");

static size_t save_line(const struct challenge *c, char *out, size_t cap)
{
	char digest[DIGEST_TEXT_LEN];

	digest_format(c->digest, digest);
	return (size_t)snprintf(out, cap, "%s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", c->text, digest,
				c->added, c->expires, challenge_hits(c), challenge_source_name(c->source));
}

size_t challenge_save_some(struct challenge_cursor *cursor, char *out, size_t cap)
{
	const struct challenge *c;
	size_t len = 0;

	while (cap - len >= CHALLENGE_LINE_MAX && (c = challenge_cursor_next(cursor)))
		len += save_line(c, out + len, cap - len);
	return len;
}

char *challenge_store_save(struct challenge_store *s)
{
	size_t len = strlen(CHALLENGE_SAVE_HEAD), got = 1;
	char *text = malloc(len + SAVE_STEP), *larger = text;
	struct challenge_cursor cursor;

	if (!text)
		return NULL;
	memcpy(text, CHALLENGE_SAVE_HEAD, len);
	challenge_cursor_open(s, &cursor);
	while (larger && got) {
		got = challenge_save_some(&cursor, text + len, SAVE_STEP);
		len += got;
		larger = realloc(text, len + SAVE_STEP);
		if (larger)
			text = larger;
	}
	challenge_cursor_close(s, &cursor);
	text[len] = 0;
	if (larger)
		return text;
	free(text);
	return NULL;
}

/* Cuts a line at its spaces, in place. How many fields; more than FIELDS are none of ours. */
static size_t cut(char *line, char *field[FIELDS])
{
	size_t count = 0;

	while (line && count < FIELDS)
		field[count++] = strsep(&line, " ");
	return line ? 0 : count;
}

static bool parse_number(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	size_t len = strspn(text, "0123456789");

	if (!len || len > DIGITS_MAX || text[len])
		return false;
	for (; *text; text++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	*out = value;
	return true;
}

static bool restore_line(struct challenge_store *s, char *line, usec_t now)
{
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	struct challenge_order order = { .ident = &ident, .digest = digest };
	char *field[FIELDS];
	size_t fields = cut(line, field);
	uint64_t added;
	const char *why;

	if (fields < FIELDS_LEAST || !parse_number(field[2], &added) ||
	    !parse_number(field[3], &order.expires) || !parse_number(field[4], &order.hits))
		return false;
	if (fields == FIELDS && !challenge_source_find(field[5], &order.source))
		return false;
	if (strlen(field[1]) != DIGEST_TEXT_LEN - 1 || digest_parse(field[1], digest, &why) ||
	    identifier_parse(field[0], &ident, &why))
		return false;
	/* Times that this store could not have written come from another boot, or from a damaged line. */
	if (added > now || order.expires <= now || order.expires - now > CHALLENGE_TTL_MAX_S * USEC_PER_SEC)
		return false;
	return !challenge_add(s, &order, added);
}

int challenge_restore_begin(struct challenge_restore *r, const char *text, size_t len)
{
	static const char head[] = CHALLENGE_SAVE_HEAD;

	if (len < strlen(head) || memcmp(text, head, strlen(head)))
		return -EINVAL;
	*r = (struct challenge_restore){ .at = text + strlen(head), .end = text + len };
	return 0;
}

bool challenge_restore_some(struct challenge_store *s, struct challenge_restore *r, size_t lines, usec_t now)
{
	char line[CHALLENGE_LINE_MAX];

	for (; lines; lines--) {
		const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
		size_t len = newline ? (size_t)(newline - r->at) : 0;

		if (!newline) /* what follows the last newline was cut off in the middle */
			return false;
		if (len < sizeof(line) && !memchr(r->at, 0, len)) {
			memcpy(line, r->at, len);
			line[len] = 0;
			r->restored += restore_line(s, line, now);
		}
		r->at = newline + 1;
	}
	return true;
}

int challenge_store_restore(struct challenge_store *s, const char *text, size_t len, usec_t now)
{
	struct challenge_restore r;

	if (challenge_restore_begin(&r, text, len))
		return -EINVAL;
	while (challenge_restore_some(s, &r, SIZE_MAX, now))
		;
	return (int)r.restored;
}
