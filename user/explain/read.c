/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text as it comes, made clean; documents first, then sentences. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain/private.h"

void explain_say(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out, size, format, args);
	va_end(args);
	for (; *out; out++)
		if (*out < ' ' || *out > '~')
			*out = '?';
}

/* What an escape of JSON or of a shell's string stands for; its length goes to *len. Several backslashes are one. */
static char unescape(const char *text, size_t left, size_t *len)
{
	size_t n = 0;
	int value = 0;

	while (n < left && text[n] == '\\')
		n++;
	*len = n;
	if (n == left)
		return ' ';
	*len = n + 1;
	if (strchr("ntr", text[n]))
		return ' ';
	if (text[n] != 'u' || left - n < 5)
		return text[n];
	for (size_t i = 1; i <= 4; i++)
		value = hex_value(text[n + i]) < 0 ? 0xffff : value << 4 | hex_value(text[n + i]);
	*len = n + 5;
	return value < 0x7f ? (char)value : '?';
}

/* ECMA-48 5.4: a control sequence ends with one of @ to ~. Returns what to skip. */
static size_t colours(const char *text, size_t left)
{
	size_t n = 2;

	if (left < 2 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < left && n < 32 && text[n] >= ' ' && text[n] < '@')
		n++;
	return MIN(n + 1, left);
}

size_t explain_clean(const char *text, size_t len, char *out)
{
	size_t n = 0, step;

	for (size_t i = 0; i < len; i += step) {
		char c = text[i];

		step = colours(text + i, len - i);
		if (step)
			continue;
		step = 1;
		if (c == '\\')
			c = unescape(text + i, len - i, &step);
		if (c >= 0 && (c <= ' ' || c == 0x7f))
			c = ' ';
		if (c != ' ' || (n && out[n - 1] != ' '))
			out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

/* The same of the same name and address is told once. What another reading knows more of fills in. */
void explain_keep(struct explain_reading *out, const struct explain_problem *p)
{
	for (size_t i = 0; i < out->count; i++) {
		struct explain_problem *q = &out->problem[i];

		if (q->symptom != p->symptom || strcmp(q->type, p->type) != 0)
			continue;
		if (*q->ident && *p->ident && strcmp(q->ident, p->ident) != 0)
			continue;
		if (*q->address && *p->address && strcmp(q->address, p->address) != 0)
			continue;
		if (q->secondary != p->secondary)
			continue;
		if (!*q->ident)
			strcpy(q->ident, p->ident);
		if (!*q->address)
			strcpy(q->address, p->address);
		return;
	}
	if (out->count == EXPLAIN_PROBLEMS)
		out->left_out++;
	else
		out->problem[out->count++] = *p;
}

/* A name in the text as ACME's objects have it (RFC 8555 7.1.3), from *at on; behind it *at goes on. */
static bool next_ident(const char **at, char out[IDENT_MAX + 1])
{
	static const char key[] = "\"value\":";
	struct identifier ident;
	char text[IDENT_MAX + 2];
	const char *why;
	size_t len;

	while ((*at = strstr(*at, key))) {
		*at += strlen(key);
		*at += strspn(*at, " \"");
		len = strcspn(*at, "\"");
		if (!len || len >= sizeof(text))
			continue;
		memcpy(text, *at, len);
		text[len] = '\0';
		if (identifier_parse(text, &ident, &why))
			continue;
		strcpy(out, ident.text);
		return true;
	}
	return false;
}

/* Clients print the order, and then a problem without a name: where all of the text is about one name, it is that one's. */
static void fill_ident(const char *clean, struct explain_reading *out)
{
	char name[IDENT_MAX + 1] = "", other[IDENT_MAX + 1];

	while (next_ident(&clean, other)) {
		if (*name && strcmp(name, other) != 0)
			return;
		strcpy(name, other);
	}
	for (size_t i = 0; i < out->count; i++)
		if (!*out->problem[i].ident)
			strcpy(out->problem[i].ident, name);
}

int explain_read(const char *text, size_t len, struct explain_reading *out)
{
	char *clean;

	*out = (struct explain_reading){ 0 };
	if (len > EXPLAIN_TEXT_MAX)
		return -E2BIG;
	clean = malloc(len + 1);
	if (!clean)
		return -ENOMEM;
	explain_clean(text, len, clean);
	if (!explain_documents(text, len, out))
		explain_sentences(clean, NULL, out);
	fill_ident(clean, out);
	free(clean);
	return 0;
}
