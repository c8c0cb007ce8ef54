/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of a finding: patterns filled with what was read and what is known. */
#include <stdio.h>
#include <string.h>
#include "explain/private.h"

static const char *const symptom_texts[] = {
#define X(symbol, text) [EXPLAIN_##symbol] = text,
	EXPLAIN_SYMPTOMS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(symptom_texts) == NUM_EXPLAIN_SYMPTOMS, "every symptom needs a sentence");

static const char *record_kind(const struct judged *j)
{
	return strchr(j->p->address, ':') ? "AAAA" : "A";
}

static const char *word(const struct judged *j, char letter, char text[DIGEST_TEXT_LEN + 200])
{
	text[0] = '\0';
	switch (letter) {
	case 'n':
		return j->name;
	case 'a':
		return *j->p->address ? j->p->address : "its address";
	case 'i':
		return j->interface ? j->interface : "IFACE";
	case 'w':
		return j->wanted;
	case 'g':
		return j->got;
	case 's':
		return symptom_texts[j->p->symptom];
	case 'k':
		return record_kind(j);
	case 'f':
		return j->failed ? j->failed->client : "";
	case 't':
		return !j->failed ? "" : *j->failed->text ? j->failed->text : j->failed->outcome;
	case 'x':
		return j->failed && *j->failed->fix ? j->failed->fix
						    : "run the client again, and see alpnxdp events";
	case 'p':
		if (j->f->pending)
			digest_format(j->f->digest[0], text);
		return text;
	case 'c':
		snprintf(text, DIGEST_TEXT_LEN, "%u", j->finished);
		return text;
	case 'o':
		snprintf(text, DIGEST_TEXT_LEN, "%zu", j->f->flows);
		return text;
	case 'r':
		if (*j->p->names || *j->p->alert)
			snprintf(text, DIGEST_TEXT_LEN + 200, " (%s)",
				 *j->p->names ? j->p->names : j->p->alert);
		return text;
	default:
		return "";
	}
}

void explain_fill(const struct judged *j, const char *pattern, char *out, size_t size)
{
	char text[DIGEST_TEXT_LEN + 200];
	size_t n = 0;

	for (; *pattern && n + 1 < size; pattern++) {
		const char *w;

		if (*pattern != '%') {
			out[n++] = *pattern;
			continue;
		}
		w = word(j, *++pattern, text);
		for (; *w && n + 1 < size; w++)
			out[n++] = *w >= ' ' && *w <= '~' ? *w : '?';
	}
	out[n] = '\0';
}
