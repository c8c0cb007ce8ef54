/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines to requests and back: pure, no system call.
 *
 * Owns: the grammar of control.h. Refuses: empty words, doubled keys, broken percent-encoding, and control
 * characters even when they are encoded: a decoded value can be logged as it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"

static bool is_unreserved(char c) /* RFC 3986 2.3 */
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static bool is_name(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	for (; *s; s++) {
		if ((*s < 'a' || *s > 'z') && (*s < '0' || *s > '9') && *s != '-')
			return false;
	}
	return true;
}

/* RFC 3986 2.1, in place: the result is never longer. */
static bool percent_decode(char *s)
{
	char *to = s;

	while (*s) {
		int hi, lo, byte;

		if (*s != '%') {
			*to++ = *s++;
			continue;
		}
		hi = hex_value(s[1]);
		lo = hi < 0 ? -1 : hex_value(s[2]);
		byte = hi * 16 + lo;
		if (lo < 0 || byte < 0x20 || byte == 0x7f)
			return false;
		*to++ = (char)byte;
		s += 3;
	}
	*to = '\0';
	return true;
}

static const char *request_add(struct control_request *r, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return "a word after the verb is not key=value";
	*value++ = '\0';
	if (!is_name(word))
		return "a key is not a lowercase word";
	if (control_value(r, word))
		return "a key occurs twice";
	if (r->words == CONTROL_WORDS)
		return "too many words";
	if (!percent_decode(value))
		return "a value has broken percent-encoding or control characters";
	r->word[r->words].key = word;
	r->word[r->words].value = value;
	r->words++;
	return NULL;
}

static const char *request_read(char *line, struct control_request *r)
{
	char *rest = line;
	const char *wrong = NULL;

	r->verb = strsep(&rest, " ");
	if (!is_name(r->verb))
		return "the line does not begin with a verb in lowercase";
	while (rest && !wrong)
		wrong = request_add(r, strsep(&rest, " "));
	return wrong;
}

int control_parse(char *line, size_t len, struct control_request *out, const char **why)
{
	struct control_request r = { 0 };
	const char *wrong = NULL;

	for (size_t i = 0; i < len; i++) {
		if (line[i] < ' ' || line[i] > '~')
			wrong = "the line has bytes that are not printable ASCII";
	}
	line[len] = '\0';
	if (!wrong)
		wrong = request_read(line, &r);
	if (wrong) {
		*why = wrong;
		return -EINVAL;
	}
	*out = r;
	return 0;
}

const char *control_value(const struct control_request *r, const char *key)
{
	for (size_t i = 0; i < r->words; i++) {
		if (strcmp(r->word[i].key, key) == 0)
			return r->word[i].value;
	}
	return NULL;
}

/* Writes the encoded value and returns the place behind it. */
static char *percent_encode(char *to, const char *value)
{
	static const char digit[] = "0123456789ABCDEF";

	for (; *value; value++) {
		if (is_unreserved(*value)) {
			*to++ = *value;
			continue;
		}
		*to++ = '%';
		*to++ = digit[(uint8_t)*value >> 4];
		*to++ = digit[(uint8_t)*value & 15];
	}
	return to;
}

char *control_format(const char *verb, const char *const *pairs)
{
	size_t size = strlen(verb) + sizeof("\n");
	char *line, *to;

	for (const char *const *p = pairs; p[0]; p += 2)
		size += p[1] ? strlen(p[0]) + 2 + 3 * strlen(p[1]) : 0;
	line = malloc(size);
	if (!line)
		return NULL;
	to = stpcpy(line, verb);
	for (const char *const *p = pairs; p[0]; p += 2) {
		if (!p[1])
			continue;
		*to++ = ' ';
		to = stpcpy(to, p[0]);
		*to++ = '=';
		to = percent_encode(to, p[1]);
	}
	*to++ = '\n';
	*to = '\0';
	return line;
}

char *control_refusal(enum control_exit code, const char *error, const char *system, const char *fix)
{
	struct jsonw j;

	jsonw_begin(&j);
	jsonw_open_object(&j, NULL);
	jsonw_bool(&j, "ok", false);
	jsonw_integer(&j, "code", code);
	jsonw_string(&j, "error", error);
	if (system && *system)
		jsonw_string(&j, "system", system);
	if (fix && *fix)
		jsonw_string(&j, "fix", fix);
	jsonw_close_object(&j);
	return jsonw_finish(&j);
}

enum control_exit control_exit_of(int err)
{
	static const struct {
		int err;
		enum control_exit code;
	} rows[] = {
		{ 0, EXIT_DONE },           { -ENOENT, EXIT_NOT_ATTACHED },  { -ENODEV, EXIT_REFUSED },
		{ -EINVAL, EXIT_REFUSED },  { -EADDRINUSE, EXIT_TRY_AGAIN }, { -EAGAIN, EXIT_TRY_AGAIN },
		{ -EPIPE, EXIT_TRY_AGAIN }, { -ETIMEDOUT, EXIT_TRY_AGAIN },  { -ENOSPC, EXIT_TRY_AGAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].err == err)
			return rows[i].code;
	}
	return EXIT_FAILED;
}
