/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions of fish, with the help of each option. */
#include "cli/completion.h"

/* v NULL: also behind every verb. */
static void fish_option(const struct verb *v, enum option_id id)
{
	fputs("complete -c alpnxdp ", stdout);
	if (v)
		printf("-n '__fish_seen_subcommand_from %s' ", v->name);
	printf("-l %s", option_rows[id].name);
	if (option_argument(id) && completion_value(id) == SETTINGS_FILE)
		fputs(" -r -F", stdout);
	else if (option_argument(id))
		fputs(" -x", stdout);
	if (*completion_words(id)) {
		fputs(" -a '", stdout);
		for (const char *w = completion_words(id); *w; w++) {
			if (*w == '|')
				fputs(completion_value(id) == SETTINGS_DIRECTORY ? ": " : " ", stdout);
			else
				putchar(*w);
		}
		fputs(completion_value(id) == SETTINGS_DIRECTORY ? ":'" : "'", stdout);
	}
	fputs(" -d '", stdout);
	completion_quoted(option_help(id), "\\", "\\'");
	puts("'");
}

static void fish_verb(const struct verb *v)
{
	const char *words = completion_operands(v);

	printf("complete -c alpnxdp -n __fish_use_subcommand -a %s -d '", v->name);
	completion_quoted(v->help, "\\", "\\'");
	puts("'");
	if (words)
		printf("complete -c alpnxdp -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from "
		       "%s' -a '%s'\n",
		       v->name, words, words);
	else if (v->completes == COMPLETE_INTERFACES)
		printf("complete -c alpnxdp -n '__fish_seen_subcommand_from %s' -a '(command ls /sys/class/net)'\n",
		       v->name);
	else if (v->completes == COMPLETE_PENDING)
		printf("complete -c alpnxdp -n '__fish_seen_subcommand_from %s' -a '(__alpnxdp_pending)'\n",
		       v->name);
	if (v->completes == COMPLETE_FILES)
		printf("complete -c alpnxdp -n '__fish_seen_subcommand_from %s' -F\n", v->name);
	if (v->completes == COMPLETE_CONFIG)
		printf("complete -c alpnxdp -n '__fish_seen_subcommand_from %s' -F\n", words);
	for (int id = 0; id < OPTION_JSON; id++)
		if (verb_has_option(v, (enum option_id)id))
			fish_option(v, (enum option_id)id);
}

void completion_fish(void)
{
	puts("# fish completion of alpnxdp, from `alpnxdp completion fish`\n"
	     "function __alpnxdp_pending\n"
	     "\t" COMPLETION_PENDING "\n"
	     "end\n"
	     "complete -c alpnxdp -f");
	for (int id = OPTION_JSON; id < NUM_OPTIONS; id++)
		fish_option(NULL, (enum option_id)id);
	for (size_t i = 0; i < verb_count; i++)
		fish_verb(&verbs[i]);
}
