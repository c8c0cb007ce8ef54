/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How results and errors are printed. */
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

void print_json(const char *name, json_t *body)
{
	json_t *object = json_object();
	char *text;

	json_object_set_new(object, "schema", json_sprintf("alpnxdp.%s/1", name));
	json_object_update(object, body);
	text = json_dumps(object, JSON_COMPACT);
	if (text)
		puts(text);
	free(text);
	json_decref(object);
	json_decref(body);
}

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

json_t *failure_json(const struct failure *f)
{
	/* "*": a member that is NULL is left out. */
	return json_pack("{s:b,s:i,s:s,s:s*,s:s*}", "ok", 0, "code", (int)f->code, "error", f->what, "system",
			 text_or_null(f->system), "fix", text_or_null(f->fix));
}

void failure_print(const struct failure *f)
{
	fprintf(stderr, "alpnxdp: %s\n", f->what);
	if (text_or_null(f->system))
		fprintf(stderr, "  system: %s\n", f->system);
	if (text_or_null(f->fix))
		fprintf(stderr, "  fix: %s\n", f->fix);
}

int failure_tell(const struct command *c, const struct failure *f)
{
	failure_print(f);
	if (c->json)
		print_json("error", failure_json(f));
	return (int)f->code;
}

int problems_tell(const struct command *c, json_t *problems, const struct failure *f)
{
	json_t *body = failure_json(f), *problem;
	size_t i;

	json_array_foreach(problems, i, problem) fprintf(stderr, "%s\n", json_string_value(problem));
	failure_print(f);
	json_object_set_new(body, "problems", problems);
	if (c->json)
		print_json("error", body);
	else
		json_decref(body);
	return (int)f->code;
}

void print_wrapped(const char *text, int indent)
{
	int width = 100 - indent;

	while ((int)strlen(text) > width) {
		int cut = width;

		while (cut > 0 && text[cut] != ' ')
			cut--;
		if (!cut)
			break;
		printf("%.*s\n%*s", cut, text, indent, "");
		text += cut + 1;
	}
	puts(text);
}
