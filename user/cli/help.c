/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Help, made from the tables of verbs and options. */
#include "cli/command.h"

static void help_options(FILE *to, const struct verb *v, int first, int last)
{
	char left[32];

	for (int id = first; id < last; id++) {
		const struct option_row *row = &option_rows[id];

		if (!verb_has_option(v, (enum option_id)id))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(to, "  %-18s %s\n", left, row->help);
	}
}

void help_program(FILE *to)
{
	fputs("Usage: alpnxdp VERB [ARGUMENT...]\n\n"
	      "Answers ACME tls-alpn-01 challenges beside a running web server.\n\n",
	      to);
	for (size_t i = 0; i < verb_count; i++)
		fprintf(to, "  %-18s %s\n", verbs[i].name, verbs[i].help);
	fputs("\nOptions:\n", to);
	help_options(to, NULL, OPTION_JSON, NUM_OPTIONS);
	fputs("\n`alpnxdp VERB --help` tells more.\n"
	      "Exit status: 0 done, 1 failed, 2 usage, 3 not attached, 4 refused input, 75 try\n"
	      "again.\n",
	      to);
}

void help_verb(FILE *to, const struct verb *v)
{
	fprintf(to, "Usage: alpnxdp %s%s%s\n\n%c%s.\n%s\n", v->name, *v->arguments ? " " : "", v->arguments,
		v->help[0] - 'a' + 'A', v->help + 1, v->more);
	help_options(to, v, 0, NUM_OPTIONS);
}
