/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Configuration files: what is accepted can be written down again and means the same; what is not is told, line by line. */
#include "fuzz.h"
#include "settings/private.h"

struct told {
	int lines;
	unsigned last; /* line of the file */
};

static void note(void *context, const char *line)
{
	struct told *told = context;
	unsigned at = 0;

	MUST(*line && strlen(line) < SETTINGS_PROBLEM);
	for (const char *c = line; *c; c++)
		MUST((uint8_t)*c >= 0x20 && *c != 0x7f);
	if (sscanf(line, "f:%u:", &at) == 1) {
		MUST(at >= told->last && at > 0);
		told->last = at;
	}
	told->lines++;
}

static size_t write_again(const struct settings *s, char *out, size_t room)
{
	char value[SETTINGS_PROBLEM];
	size_t len = 0;

	for (size_t i = 0; i < settings_key_count; i++) {
		const struct settings_key *k = &settings_keys[i];

		for (size_t n = 0; k->get(s, n, value); n++) {
			MUST(k->repeatable || n == 0);
			len += (size_t)snprintf(out + len, room - len, "%s=%s\n", k->name, value);
			MUST(len < room);
		}
	}
	return len;
}

static void same(const struct settings *a, const struct settings *b)
{
	char one[SETTINGS_PROBLEM], other[SETTINGS_PROBLEM];
	bool more;

	for (size_t i = 0; i < settings_key_count; i++) {
		for (size_t n = 0;; n++) {
			more = settings_keys[i].get(a, n, one);
			MUST(settings_keys[i].get(b, n, other) == more);
			if (!more)
				break;
			MUST(!strcmp(one, other));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct settings_source from = { .path = "f" };
	static char text[SETTINGS_FILE_MAX];
	uint8_t *exact = fuzz_exact(bytes, len);
	struct told told = { 0 };
	struct settings s, again;
	int problems = settings_parse(&from, (char *)exact, len, &s, note, &told);

	MUST(problems == told.lines);
	if (!problems) {
		size_t size = write_again(&s, text, sizeof(text));

		MUST(settings_parse(&from, text, size, &again, note, &told) == 0);
		same(&s, &again);
	}
	free(exact);
	return 0;
}
