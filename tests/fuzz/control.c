/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request lines: whatever is accepted can be logged, and survives being written and read again. */
#include "fuzz.h"
#include "control/control.h"

static void must_be_printable(const char *s)
{
	for (; *s; s++)
		MUST((uint8_t)*s >= 0x20 && *s != 0x7f);
}

static void round_trip(const struct control_request *r)
{
	const char *pairs[2 * CONTROL_WORDS + 1] = { NULL };
	struct control_request again;
	const char *why;
	char *line;

	for (size_t i = 0; i < r->words; i++) {
		pairs[2 * i] = r->word[i].key;
		pairs[2 * i + 1] = r->word[i].value;
	}
	line = control_format(r->verb, pairs);
	MUST(line && line[strlen(line) - 1] == '\n');
	MUST(!control_parse(line, strlen(line) - 1, &again, &why));
	MUST(!strcmp(again.verb, r->verb) && again.words == r->words);
	for (size_t i = 0; i < r->words; i++) {
		MUST(!strcmp(again.word[i].key, r->word[i].key));
		MUST(!strcmp(again.word[i].value, r->word[i].value));
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct control_request r;
	const char *why = NULL;
	char *line;

	if (len > CONTROL_LINE_MAX)
		return 0;
	line = fuzz_text(bytes, len);
	if (control_parse(line, len, &r, &why)) {
		MUST(why && *why);
	} else {
		MUST(r.words <= CONTROL_WORDS);
		must_be_printable(r.verb);
		for (size_t i = 0; i < r.words; i++) {
			must_be_printable(r.word[i].key);
			must_be_printable(r.word[i].value);
			MUST(control_value(&r, r.word[i].key) == r.word[i].value);
		}
		round_trip(&r);
	}
	free(line);
	return 0;
}
