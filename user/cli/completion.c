/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * completion: scripts for three shells, written from the tables of verbs, options and settings. Interfaces are those of
 * /sys/class/net when the key is hit; pending identifiers are asked of the daemon.
 */
#include <string.h>
#include "cli/completion.h"

void completion_quoted(const char *text, const char *special, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, stdout);
		else if (strchr(special, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

enum settings_value completion_value(enum option_id id)
{
	const struct settings_key *k = option_setting(id);

	if (k)
		return k->completes;
	switch (id) {
	case OPTION_SOCKET:
	case OPTION_CONFIG:
	case OPTION_CERT:
	case OPTION_KEY:
	case OPTION_WRITE:
		return SETTINGS_FILE;
	default:
		return SETTINGS_WORD;
	}
}

const char *completion_words(enum option_id id)
{
	return option_setting(id) ? option_setting(id)->words : "";
}

const char *completion_operands(const struct verb *v)
{
	switch (v->completes) {
	case COMPLETE_CLIENTS:
		return "uacme dehydrated acmed";
	case COMPLETE_SHELLS:
		return "bash zsh fish";
	case COMPLETE_CONFIG:
		return "check";
	default:
		return NULL;
	}
}

int run_completion(const struct command *c)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish } };
	char what[128];

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (strcmp(c->operand[0], shells[i].name) == 0) {
			shells[i].print();
			return EXIT_DONE;
		}
	}
	snprintf(what, sizeof(what), "there are completions for bash, zsh and fish, not for '%.40s'",
		 c->operand[0]);
	return failure_tell(c, &(struct failure){ EXIT_USAGE, what, NULL, "alpnxdp completion bash" });
}
