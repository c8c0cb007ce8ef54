// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pieces of clean text: by their marks, and where a sentence ends. */
#include <string.h>
#include <strings.h>
#include "explain/private.h"

const char *explain_find(const char *text, const char *end, const char *what, size_t len)
{
	for (; text + len <= end; text++)
		if (!strncasecmp(text, what, len))
			return text;
	return NULL;
}

struct explain_span explain_between(const char *from, const char *at, const char *mark, const char *until)
{
	struct explain_span found = { 0 };
	size_t len = strlen(mark);
	const char *p = from, *end;

	while ((p = explain_find(p, at, mark, len))) {
		p += len;
		end = p;
		while (end < at && end - p < EXPLAIN_TAKE_MAX && !strchr(until, *end))
			end++;
		found = (struct explain_span){ p, (size_t)(end - p) };
	}
	return found;
}

/* Sentences quote names; the quotation that a sentence itself stands in ends before what goes on in JSON, or at the end. */
static bool quotation_ends(const char *at, const char *end)
{
	return *at == '"' && (at + 1 == end || strchr(",}]", at[1]) ||
			      (at[1] == ' ' && at + 2 < end && strchr(",}]", at[2])));
}

const char *explain_sentence_end(const char *at, const char *end)
{
	const char *stop = at;

	while (stop < end && !strchr("{}", *stop) && !quotation_ends(stop, end) &&
	       !(*stop == '.' && (stop + 1 == end || stop[1] == ' ' || stop[1] == '"')))
		stop++;
	if (stop + 1 == end && quotation_ends(stop, end) && memchr(at, '"', (size_t)(stop - at)))
		stop++; /* it closes one that the sentence has opened */
	while (stop > at && stop[-1] == ' ')
		stop--;
	return stop;
}
