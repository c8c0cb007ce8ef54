/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Help, made from the tables of verbs and options. */
#include <string.h>
#include "cli/command.h"

enum { LEFT_MAX = 64 };

static void option_left(enum option_id id, char left[LEFT_MAX])
{
	const char *argument = option_argument(id);

	const char letter[] = { '-', option_rows[id].letter, '\0' };

	snprintf(left, LEFT_MAX, "%s%s--%s%s%s", letter[1] ? letter : "", letter[1] ? ", " : "",
		 option_rows[id].name, argument ? " " : "", argument ? argument : "");
}

static void help_options(FILE *to, const struct verb *v)
{
	char left[LEFT_MAX];
	int width = 14;

	for (int id = 0; id < NUM_OPTIONS; id++) {
		option_left((enum option_id)id, left);
		if (verb_has_option(v, (enum option_id)id))
			width = MAX(width, (int)strlen(left));
	}
	for (int id = 0; id < NUM_OPTIONS; id++) {
		option_left((enum option_id)id, left);
		if (verb_has_option(v, (enum option_id)id))
			fprintf(to, "  %-*s  %s\n", width, left, option_help((enum option_id)id));
	}
}

/* A screen has 24 lines; there will be more verbs. */
void help_program(FILE *to)
{
	int width = 0;

	for (size_t i = 0; i < verb_count; i++)
		width = MAX(width, (int)strlen(verbs[i].name));
	fputs("Usage: alpnxdp VERB [ARGUMENT...]: answers ACME challenges beside a web server\n\n", to);
	for (size_t i = 0; i < verb_count; i++)
		fprintf(to, "  %-*s  %s\n", width, verbs[i].name, verbs[i].help);
	fputs("\nOf every verb: --help, --json (one line of it), --socket PATH (another daemon).\n"
	      "Exit status: 0 done, 1 failed, 2 usage, 3 not attached, 4 refused, 75 try again.\n",
	      to);
}

void help_verb(FILE *to, const struct verb *v)
{
	fprintf(to, "Usage: alpnxdp %s%s%s\n\n%c%s.\n%s\n", v->name, *v->arguments ? " " : "", v->arguments,
		v->help[0] - 'a' + 'A', v->help + 1, v->more);
	help_options(to, v);
}
