/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions of zsh, with the help of each option. */
#include "cli/completion.h"

static void zsh_option(enum option_id id)
{
	printf("\t\t'--%s[", option_rows[id].name);
	completion_quoted(option_help(id), "[]\\", "'\\''");
	putchar(']');
	if (option_argument(id)) {
		fputs(":", stdout);
		completion_quoted(option_argument(id), ":", "'\\''");
		putchar(':');
		if (completion_value(id) == SETTINGS_FILE)
			fputs("_files", stdout);
		else if (completion_value(id) == SETTINGS_DIRECTORY)
			fputs("_alpnxdp_watch", stdout);
		else if (*completion_words(id)) {
			putchar('(');
			for (const char *w = completion_words(id); *w; w++)
				printf(*w == ':' || *w == '[' || *w == ']' ? "\\%c" : "%c",
				       *w == '|' ? ' ' : *w);
			putchar(')');
		}
	}
	puts("' \\");
}

static void zsh_verb(const struct verb *v)
{
	const char *words = completion_operands(v);

	printf("\t%s) _arguments \\\n", v->name);
	for (int id = 0; id < NUM_OPTIONS; id++)
		if (verb_has_option(v, (enum option_id)id))
			zsh_option((enum option_id)id);
	if (words)
		printf("\t\t'1: :(%s)'%s ;;\n", words,
		       v->completes == COMPLETE_CONFIG ? " '2: :_files'" : "");
	else
		printf("\t\t'*: :%s' ;;\n", v->completes == COMPLETE_INTERFACES ? "_alpnxdp_interfaces"
					    : v->completes == COMPLETE_PENDING  ? "_alpnxdp_pending"
					    : v->completes == COMPLETE_FILES    ? "_files"
										: "");
}

void completion_zsh(void)
{
	puts("#compdef alpnxdp\n"
	     "# zsh completion of alpnxdp, from `alpnxdp completion zsh`\n"
	     "_alpnxdp_interfaces() { local -a names; names=(/sys/class/net/*(N:t)); compadd -a names }\n"
	     "_alpnxdp_pending() { local -a names; names=(${(f)\"$(" COMPLETION_PENDING
	     ")\"}); compadd -a names }\n"
	     "_alpnxdp_watch() {\n"
	     "\tif compset -P '*:'; then _files -/; else compadd -S: dehydrated certmagic mod_md; fi\n"
	     "}\n"
	     "_alpnxdp() {\n"
	     "\tlocal curcontext=\"$curcontext\" state line\n"
	     "\t_arguments -C \\");
	for (int id = 0; id < NUM_OPTIONS; id++)
		if (verb_has_option(NULL, (enum option_id)id))
			zsh_option((enum option_id)id);
	puts("\t\t'1: :->verb' '*:: :->argument'\n"
	     "\tif [[ $state = verb ]]; then\n"
	     "\t\tlocal -a verbs\n"
	     "\t\tverbs=(");
	for (size_t i = 0; i < verb_count; i++) {
		printf("\t\t'%s:", verbs[i].name);
		completion_quoted(verbs[i].help, ":\\", "'\\''");
		puts("'");
	}
	puts("\t\t)\n"
	     "\t\t_describe verb verbs\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase $line[1] in");
	for (size_t i = 0; i < verb_count; i++)
		zsh_verb(&verbs[i]);
	puts("\tesac\n"
	     "}\n"
	     "_alpnxdp \"$@\"");
}
