/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to the completions of the three shells. */
#ifndef ALPNXDP_CLI_COMPLETION_H
#define ALPNXDP_CLI_COMPLETION_H

#include "cli/command.h"

/* Prints the identifiers that are pending. */
#define COMPLETION_PENDING \
	"alpnxdp list --json 2>/dev/null | grep -o '\"identifier\":\"[^\"]*\"' | cut -d'\"' -f4"

/* Text within single quotes: an inner quote becomes `quote`, characters in `special` get a backslash in front. */
void completion_quoted(const char *text, const char *special, const char *quote);
enum settings_value completion_value(enum option_id id); /* what completes its value */
const char *completion_words(enum option_id id);         /* "a|b", or "" */
const char *completion_operands(const struct verb *v);   /* "a b"; NULL: they are no fixed words */

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif
