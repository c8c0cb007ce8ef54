/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON out (RFC 8259). Reading JSON is a library's work; writing it needs no tree in memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"

static void put(struct jsonw *j, const char *bytes, size_t len)
{
	if (j->failed)
		return;
	if (j->len + len + 1 > j->cap) {
		size_t cap = MAX(j->cap * 2, j->len + len + 256);
		char *text = realloc(j->text, cap);

		if (!text) {
			j->failed = true;
			return;
		}
		j->text = text;
		j->cap = cap;
	}
	memcpy(j->text + j->len, bytes, len);
	j->len += len;
	j->text[j->len] = '\0';
}

static void put_text(struct jsonw *j, const char *text)
{
	put(j, text, strlen(text));
}

size_t utf8_length(const uint8_t *s)
{
	static const struct {
		uint8_t first_lo, first_hi, second_lo, second_hi, length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = 2;

		if (s[0] < rows[i].first_lo || s[0] > rows[i].first_hi)
			continue;
		if (rows[i].length > 1 && (s[1] < rows[i].second_lo || s[1] > rows[i].second_hi))
			return 0;
		while (n < rows[i].length && (s[n] & 0xc0) == 0x80)
			n++;
		return rows[i].length == 1 || n == rows[i].length ? rows[i].length : 0;
	}
	return 0;
}

static void put_string(struct jsonw *j, const char *value)
{
	char escape[8];

	put_text(j, "\"");
	for (const uint8_t *s = (const uint8_t *)value; *s;) {
		size_t n = utf8_length(s);

		if (n == 0) {
			put_text(j, "\\ufffd");
			s++;
		} else if (*s == '"' || *s == '\\' || *s < 0x20 || *s == 0x7f) {
			snprintf(escape, sizeof(escape), *s < 0x20 || *s == 0x7f ? "\\u%04x" : "\\%c", *s);
			put_text(j, escape);
			s++;
		} else {
			put(j, (const char *)s, n);
			s += n;
		}
	}
	put_text(j, "\"");
}

static void put_key(struct jsonw *j, const char *key)
{
	if (j->comma)
		put_text(j, ",");
	j->comma = true;
	if (!key)
		return;
	put_string(j, key);
	put_text(j, ":");
}

void jsonw_begin(struct jsonw *j)
{
	*j = (struct jsonw){ 0 };
}

void jsonw_open_object(struct jsonw *j, const char *key)
{
	put_key(j, key);
	put_text(j, "{");
	j->comma = false;
}

void jsonw_close_object(struct jsonw *j)
{
	put_text(j, "}");
	j->comma = true;
}

void jsonw_open_array(struct jsonw *j, const char *key)
{
	put_key(j, key);
	put_text(j, "[");
	j->comma = false;
}

void jsonw_close_array(struct jsonw *j)
{
	put_text(j, "]");
	j->comma = true;
}

void jsonw_string(struct jsonw *j, const char *key, const char *value)
{
	put_key(j, key);
	if (value)
		put_string(j, value);
	else
		put_text(j, "null");
}

void jsonw_integer(struct jsonw *j, const char *key, int64_t value)
{
	char text[24];

	put_key(j, key);
	snprintf(text, sizeof(text), "%" PRId64, value);
	put_text(j, text);
}

void jsonw_unsigned(struct jsonw *j, const char *key, uint64_t value)
{
	char text[24];

	put_key(j, key);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_text(j, text);
}

void jsonw_bool(struct jsonw *j, const char *key, bool value)
{
	put_key(j, key);
	put_text(j, value ? "true" : "false");
}

char *jsonw_finish(struct jsonw *j)
{
	char *text = j->text;

	if (j->failed) {
		free(text);
		text = NULL;
	}
	*j = (struct jsonw){ 0 };
	return text;
}
