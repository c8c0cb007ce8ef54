/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that are ours, and the program that is run when somebody asks for one of them. */
#include <string.h>
#include "challenge/challenge.h"
#include "settings/private.h"

static const char *add_name(struct settings *s, const char *text)
{
	struct identifier ident;
	const char *why;

	if (identifier_parse(text, &ident, &why))
		return why;
	for (size_t i = 0; i < s->own_names; i++)
		if (!strcmp(s->own_name[i], ident.text))
			return "it is named twice";
	if (s->own_names == SETTINGS_OWN_NAMES)
		return "at most 64 names can be watched over";
	memcpy(s->own_name[s->own_names++], ident.text, sizeof(s->own_name[0]));
	return NULL;
}

/* One or several, with blanks or commas between them. */
const char *settings_set_own_names(struct settings *s, const char *value)
{
	char words[SETTINGS_OWN_VALUE], *rest = words, *word;
	const char *wrong = NULL;
	size_t count = 0;

	if (strlen(value) >= sizeof(words))
		return "this is too long: the key may be given several times";
	strcpy(words, value);
	while (!wrong && (word = strsep(&rest, " \t,"))) {
		if (!*word)
			continue;
		wrong = add_name(s, word);
		count++;
	}
	return wrong || count ? wrong : "a name or an address is needed";
}

bool settings_get_own_names(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	if (n >= s->own_names)
		return false;
	strcpy(out, s->own_name[n]);
	return true;
}
