/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sentences in clean text: where they are, what they say. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include "explain/private.h"

enum {
	BEFORE_MAX = 700, /* how far before a sentence what belongs to it may stand */
	MARK_MAX = 48,
};

struct match {
	struct explain_span all;
	struct explain_span taken[128]; /* by letter */
};

/* The end of a sentence that has no other end: of its quotation, or at what no value has in it. */
static const char *value_end(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && p - at < EXPLAIN_TAKE_MAX && !strchr("\"',;()[]{}<> ", *p))
		p++;
	while (p > at && (p[-1] == '.' || p[-1] == ':'))
		p--;
	return p;
}

/* An alert has several words. */
static const char *words_end(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && p - at < MARK_MAX && !strchr("\"',;()[]{}<>.:", *p))
		p++;
	while (p > at && p[-1] == ' ')
		p--;
	return p;
}

static bool match_rest(const char *pattern, const char *at, const char *end, struct match *m)
{
	while (*pattern) {
		char letter = pattern[1];
		size_t len;
		const char *next;

		if (*pattern != '%')
			return false;
		pattern += 2;
		len = strcspn(pattern, "%");
		if (!len) {
			next = letter == 'L' ? words_end(at, end) : value_end(at, end);
			if (letter == 'S' && at < end && *at == '"')
				next = explain_find(at + 1, end, "\"", 1);
			next = next ? next : end;
		} else {
			next = explain_find(at, MIN(end, at + EXPLAIN_TAKE_MAX), pattern, len);
		}
		if (!next)
			return false;
		m->taken[(unsigned char)letter & 127] = (struct explain_span){ at, (size_t)(next - at) };
		at = next + len;
		pattern += len;
	}
	m->all.len = (size_t)(at - m->all.at);
	return true;
}

static bool match_at(const struct explain_pattern *p, const char *at, const char *end, struct match *m)
{
	size_t len = strcspn(p->text, "%");

	*m = (struct match){ .all = { at, len } };
	if (at + len > end || strncasecmp(at, p->text, len) != 0)
		return false;
	return match_rest(p->text + len, at + len, end, m);
}

/* ---------------------------------------------------------- what it says */

static void take_ident(struct explain_problem *p, struct explain_span s)
{
	struct identifier ident;
	char text[IDENT_MAX + 2];
	const char *why;

	while (s.len && strchr("\"'{[ ", *s.at))
		s.at++, s.len--;
	if (s.len > 4 && !strncasecmp(s.at, "dns ", 4))
		s.at += 4, s.len -= 4;
	while (s.len && strchr("\"'}] .", s.at[s.len - 1]))
		s.len--;
	if (!s.len || s.len >= sizeof(text) || *p->ident)
		return;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	if (!identifier_parse(text, &ident, &why))
		strcpy(p->ident, ident.text);
}

static bool address_normal(const char *text, char out[INET6_ADDRSTRLEN])
{
	uint8_t bytes[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, text, bytes) == 1 && inet_ntop(family, bytes, out, INET6_ADDRSTRLEN);
}

/* "192.0.2.1", "192.0.2.1:443", "[2001:db8::1]:443"; a name with a port is an identifier. */
static void take_address(struct explain_problem *p, struct explain_span s)
{
	char text[IDENT_MAX + 8], *colon;

	while (s.len && strchr("\"'[ ", *s.at))
		s.at++, s.len--;
	if (!s.len || s.len >= sizeof(text) || *p->address)
		return;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	text[strcspn(text, "]\"'")] = '\0';
	colon = strrchr(text, ':');
	if (colon && strchr(text, ':') == colon)
		*colon = '\0';
	if (!address_normal(text, p->address))
		take_ident(p, (struct explain_span){ text, strlen(text) });
}

/* The same of a word that may have something else in front, as "error:192.0.2.1"; no name is taken from it. */
static void take_address_behind(struct explain_problem *p, struct explain_span s)
{
	char text[INET6_ADDRSTRLEN + MARK_MAX], *at = text;

	if (!s.len || s.len >= sizeof(text) || *p->address)
		return;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	text[strcspn(text, "]")] = '\0';
	while (at && !address_normal(at + (*at == '['), p->address)) {
		at = strchr(at, ':');
		at = at ? at + 1 : NULL;
	}
}

static bool take_digest(struct explain_span s, uint8_t out[DIGEST_LEN])
{
	char text[128];
	const char *why;

	while (s.len && strchr("\"'[ ", *s.at))
		s.at++, s.len--;
	while (s.len && strchr("\"'] .", s.at[s.len - 1]))
		s.len--;
	if (!s.len || s.len >= sizeof(text))
		return false;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	return digest_parse(text, out, &why) == 0;
}

/* Where clients write whose error it is, and how the CA begins. */
static void take_before(struct explain_problem *p, const char *from, const char *at)
{
	static const struct {
		const char *mark, *until;
	} marks[] = {
		{ "Requested {dns ", "}" },
		{ "Requested ", " {" },
		{ "Domain: ", " " },
		{ "\"identifier\":\"", "\"" },
		{ "\"identifier\": \"", "\"" },
		{ "\"value\":\"", "\"" },
		{ "\"value\": \"", "\"" },
		{ "identifier=", " ," },
		{ "domain=", " ," },
		{ "error: one or more domains had a problem: [", "]" },
		{ "[", "]" },
		{ "Challenge failed for domain ", " " },
		{ "for domain ", " :" },
		{ "challenge for ", " :" },
	};
	const char *word = at;
	struct explain_span s;

	p->secondary = p->secondary || explain_between(from, at, "During secondary validation", "").at;
	s = explain_between(from, at, " from ", " ");
	if (s.at && explain_between(from, at, "Requested ", " ").at)
		take_address(p, s);
	/* "192.0.2.1: Timeout during connect" */
	while (word > from && strchr(": ", word[-1]))
		word--;
	s.len = 0;
	while (word > from && !strchr("\"' ,;()", word[-1]) && s.len < INET6_ADDRSTRLEN + MARK_MAX - 1)
		word--, s.len++;
	s.at = word;
	take_address_behind(p, s);
	for (size_t i = 0; i < ARRAY_SIZE(marks) && !*p->ident; i++) {
		s = explain_between(from, at, marks[i].mark, marks[i].until);
		if (*marks[i].mark != '[' || (s.at && memchr(s.at, '.', s.len)))
			take_ident(p, s);
	}
	/* acme.sh: "NAME:Verify error:", "NAME: Invalid status." */
	for (size_t i = 0; i < 2 && !*p->ident; i++) {
		static const char *const marks_behind[] = { ":Verify error", ": Invalid status" };
		const char *m = explain_find(from, at, marks_behind[i], strlen(marks_behind[i]));
		const char *start = m;

		while (start && start > from && start[-1] != ' ' && m - start < IDENT_MAX)
			start--;
		if (m)
			take_ident(p, (struct explain_span){ start, (size_t)(m - start) });
	}
}

static void take_sentence(struct explain_problem *p, const char *from, const struct match *m, const char *end)
{
	const char *start = m->all.at, *stop = m->all.at + m->all.len;
	static const char *const heads[] = { "During secondary validation",
					     "Incorrect validation certificate" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct explain_span s = explain_between(from, m->all.at, heads[i], "");

		if (s.at && s.at - strlen(heads[i]) < start)
			start = s.at - strlen(heads[i]);
	}
	if (*p->address && start == m->all.at && start - from > (ptrdiff_t)strlen(p->address) + 2 &&
	    !strncmp(start - strlen(p->address) - 2, p->address, strlen(p->address)))
		start -= strlen(p->address) + 2;
	stop = explain_sentence_end(stop,
				    start + EXPLAIN_SENTENCE - 1 < end ? start + EXPLAIN_SENTENCE - 1 : end);
	explain_say(p->sentence, sizeof(p->sentence), "%.*s", (int)MIN(stop - start, EXPLAIN_SENTENCE - 1),
		    start);
}

static void take(const struct explain_context *c, const char *from, const struct match *m, const char *end,
		 struct explain_problem *p)
{
	take_address(p, m->taken['A']);
	take_ident(p, m->taken['N']);
	take_before(p, from, m->all.at);
	if (c && c->address && !*p->address)
		take_address(p, (struct explain_span){ c->address, strlen(c->address) });
	if (c && c->ident)
		take_ident(p, (struct explain_span){ c->ident, strlen(c->ident) });
	p->has_got = take_digest(m->taken['G'], p->got);
	p->has_wanted = take_digest(m->taken['W'], p->wanted);
	if (m->taken['S'].at)
		explain_say(p->names, sizeof(p->names), "%.*s", (int)m->taken['S'].len, m->taken['S'].at);
	if (m->taken['L'].at)
		explain_say(p->alert, sizeof(p->alert), "%.*s", (int)m->taken['L'].len, m->taken['L'].at);
	take_sentence(p, from, m, end);
}

/* The type that the text names last before `at`, or first behind it where none is before. */
static const struct explain_type *type_near(const char *from, const char *at)
{
	static const char mark[] = "acme:error:";
	struct explain_span s = explain_between(from, at, mark, "\"' :,;)]}>.-");

	return s.at ? explain_type_find(s.at, s.len) : NULL;
}

/* A row that fits here; the first in the table. */
static bool match_any(const char *at, const char *end, struct match *m, enum explain_symptom *symptom)
{
	for (size_t i = 0; i < explain_pattern_count; i++) {
		if ((*at | 0x20) != (explain_patterns[i].text[0] | 0x20) ||
		    !match_at(&explain_patterns[i], at, end, m))
			continue;
		*symptom = explain_patterns[i].symptom;
		return true;
	}
	return false;
}

static bool type_only(const char *text, const char *end, const struct explain_context *c,
		      struct explain_reading *out)
{
	struct explain_problem p = { .type = "" };
	struct match m = { .all = { text, 0 } };
	const struct explain_type *t =
		c && c->type ? explain_type_find(c->type, strlen(c->type)) : type_near(text, end);

	if (!t || t->symptom < 0)
		return false;
	p.type = t->name;
	p.symptom = (enum explain_symptom)t->symptom;
	take(c, text, &m, end, &p);
	if (!c)
		take_before(&p, text, end);
	if (!c)
		explain_say(p.sentence, sizeof(p.sentence), "urn:ietf:params:acme:error:%s", t->name);
	explain_keep(out, &p);
	return true;
}

/*
 * Every program says these words, an ACME client that does not reach the CA, too: they are the CA's when they are all there
 * is, in a document, or where an address or the type stands before them.
 */
static bool whose(const struct explain_context *c, const struct explain_problem *p, const char *from,
		  const struct match *m)
{
	const char *behind = m->all.at + m->all.len;

	if (p->symptom != EXPLAIN_REFUSED && p->symptom != EXPLAIN_UNREACHABLE && p->symptom != EXPLAIN_RESET)
		return true;
	if (c || *p->address || !strcmp(p->type, "connection") ||
	    explain_between(from, m->all.at, "Type: connection", "").at)
		return true;
	return m->all.at == from && !behind[strspn(behind, " .\"'")];
}

bool explain_sentences(const char *text, const struct explain_context *c, struct explain_reading *out)
{
	const char *end = text + strlen(text), *from = text, *at = text;
	bool found = false;
	struct match m;

	while (at < end) {
		struct explain_problem p = { .type = "" };
		const struct explain_type *t;

		if (!match_any(at, end, &m, &p.symptom)) {
			at++;
			continue;
		}
		if (at - from > BEFORE_MAX)
			from = at - BEFORE_MAX;
		t = c && c->type ? explain_type_find(c->type, strlen(c->type)) : type_near(from, at);
		p.type = t ? t->name : "";
		take(c, from, &m, end, &p);
		at = m.all.at + MAX(m.all.len, 1u);
		if (!whose(c, &p, from, &m))
			continue;
		explain_keep(out, &p);
		found = true;
		if (p.symptom == EXPLAIN_OTHER_METHOD) /* how it failed was said of another port */
			at = explain_sentence_end(at, end);
		from = at;
	}
	return found || type_only(text, end, c, out);
}
