/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions of bash, which takes --option=value and KIND:DIR apart at = and :. */
#include "cli/completion.h"

/* "a|b" as "a b" */
static void put_words(const char *words)
{
	for (; *words; words++)
		putchar(*words == '|' ? ' ' : *words);
}

static void bash_options(const struct verb *v)
{
	for (int id = 0; id < NUM_OPTIONS; id++)
		if (verb_has_option(v, (enum option_id)id))
			printf(" --%s", option_rows[id].name);
}

static void bash_values(void)
{
	puts("\tcase $prev in");
	for (int id = 0; id < NUM_OPTIONS; id++) {
		if (!option_argument((enum option_id)id))
			continue;
		printf("\t--%s) ", option_rows[id].name);
		if (completion_value((enum option_id)id) == SETTINGS_FILE) {
			fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", stdout);
		} else {
			fputs("COMPREPLY=($(compgen -W '", stdout);
			put_words(completion_words((enum option_id)id));
			fputs("' -- \"$cur\"))", stdout);
		}
		if (completion_value((enum option_id)id) == SETTINGS_DIRECTORY)
			fputs("; COMPREPLY=(\"${COMPREPLY[@]/%/:}\"); compopt -o nospace 2>/dev/null",
			      stdout);
		puts("; return ;;");
	}
	puts("\tesac");
}

static void bash_operands(const struct verb *v)
{
	const char *words = completion_operands(v);

	if (words)
		printf("[ \"$operands\" -gt 0 ] || words='%s'", words);
	else if (v->completes == COMPLETE_INTERFACES)
		fputs("words=$(cd /sys/class/net && echo *)", stdout);
	else if (v->completes == COMPLETE_PENDING)
		fputs("words=$(" COMPLETION_PENDING ")", stdout);
	if (v->completes == COMPLETE_FILES)
		fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", stdout);
	if (v->completes == COMPLETE_CONFIG)
		fputs("; [ \"$operands\" -ne 1 ] || COMPREPLY=($(compgen -f -- \"$cur\"))", stdout);
}

static void bash_verbs(void)
{
	for (size_t i = 0; i < verb_count; i++) {
		printf("\t%s)\n\t\toptions='", verbs[i].name);
		bash_options(&verbs[i]);
		fputs("'\n\t\t", stdout);
		bash_operands(&verbs[i]);
		puts("\n\t\t;;");
	}
}

void completion_bash(void)
{
	puts("# bash completion of alpnxdp, from `alpnxdp completion bash`\n"
	     "# bash takes --option=value and KIND:DIR apart at = and :.\n"
	     "_alpnxdp() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tlocal verb='' operands=0 words='' options='' i\n"
	     "\tCOMPREPLY=()\n"
	     "\t[ \"$prev\" != '=' ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	     "\t[ \"$cur\" != '=' ] || cur=''\n"
	     "\tif [ \"$prev\" = ':' ]; then COMPREPLY=($(compgen -d -- \"$cur\")); return; fi\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tcase ${COMP_WORDS[i]} in");
	fputs("\t\t:", stdout);
	for (int id = 0; id < NUM_OPTIONS; id++)
		if (option_argument((enum option_id)id))
			printf(" | --%s", option_rows[id].name);
	puts(") [ \"${COMP_WORDS[i + 1]}\" != '=' ] || i=$((i + 1)); i=$((i + 1)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) if [ -z \"$verb\" ]; then verb=${COMP_WORDS[i]}; else operands=$((operands + 1)); fi ;;\n"
	     "\t\tesac\n"
	     "\tdone");
	bash_values();
	fputs("\tcase $verb in\n\t'')\n\t\toptions='", stdout);
	bash_options(NULL);
	fputs("'\n\t\twords='", stdout);
	for (size_t i = 0; i < verb_count; i++)
		printf("%s%s", i ? " " : "", verbs[i].name);
	puts("'\n\t\t;;");
	bash_verbs();
	puts("\tesac\n"
	     "\t[ \"${cur:0:1}\" != - ] || words=$options\n"
	     "\tCOMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "}\n"
	     "complete -F _alpnxdp alpnxdp");
}
