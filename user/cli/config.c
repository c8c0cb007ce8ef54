/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configuration file: read for attach, checked for `config check`, and asked for the socket by all others, who take
 * nothing else from it: a mistake elsewhere in it, or a file that only root may read, must not keep a hook from its daemon.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/command.h"

static void add_problem(void *context, const char *line)
{
	json_array_append_new(context, json_string_nocheck(line));
}

/* Whether the file is to blame, at least for one. */
static bool are_of_file(const json_t *problems, const char *path)
{
	for (size_t i = 0; i < json_array_size(problems); i++)
		if (!strncmp(json_string_value(json_array_get(problems, i)), path, strlen(path)))
			return true;
	return false;
}

static int load(const struct command *c, const struct settings_source *source, struct settings *out)
{
	json_t *problems = json_array();
	char what[64], fix[320];
	int count = settings_load(source, out, add_problem, problems);

	if (!count) {
		json_decref(problems);
		return EXIT_DONE;
	}
	snprintf(what, sizeof(what), "the configuration has %d problem%s", count, count == 1 ? "" : "s");
	if (are_of_file(problems, source->path))
		snprintf(fix, sizeof(fix), "edit it, then: alpnxdp config check %.200s", source->path);
	else
		snprintf(fix, sizeof(fix), "another value in the command line; alpnxdp attach --help");
	return problems_tell(c, problems, &(struct failure){ EXIT_REFUSED, what, NULL, fix });
}

int config_load(const struct command *c, struct settings *out, struct settings_source *source)
{
	*source = (struct settings_source){ .path = c->config ? c->config : SETTINGS_FILE_DEFAULT,
					    .may_be_missing = !c->config,
					    .given = &c->given };
	return load(c, source, out);
}

void config_find_socket(struct command *c)
{
	if (c->socket_given)
		return;
	if (settings_find_socket(SETTINGS_FILE_DEFAULT, c->file_socket))
		c->socket = c->file_socket;
}

static void warn_of_directory(const char *key, const char *path)
{
	struct stat st;

	if (stat(path, &st) ? errno == ENOENT || errno == ENOTDIR : !S_ISDIR(st.st_mode))
		fprintf(stderr, "alpnxdp: warning: %s: %s: %s; it is looked for again and again\n", key, path,
			stat(path, &st) ? strerror(errno) : strerror(ENOTDIR));
}

/* What may be there later is no error: a client that has never run has no directory yet. */
void config_warn(const struct settings *s)
{
	char directory[SETTINGS_PATH];

	for (size_t i = 0; i < s->watches; i++)
		warn_of_directory("watch", s->watch[i].path);
	if (!*s->metrics_textfile)
		return;
	snprintf(directory, sizeof(directory), "%.*s/",
		 (int)(strrchr(s->metrics_textfile, '/') - s->metrics_textfile), s->metrics_textfile);
	warn_of_directory("metrics-textfile", directory);
}

/* Numbers and yes|no as what they are in JSON; NULL: not set. */
static json_t *value_json(const struct settings_key *k, const struct settings *s, size_t n)
{
	char value[SETTINGS_PROBLEM];
	const char *rest;
	uint64_t number;

	if (!k->get(s, n, value))
		return NULL;
	if (text_parse_digits(value, &number, &rest) && !*rest)
		return json_integer((json_int_t)number);
	if (strcmp(k->words, "yes|no") == 0)
		return json_boolean(strcmp(value, "yes") == 0);
	return json_string(value);
}

static json_t *settings_json(const struct settings *s)
{
	json_t *object = json_object(), *value, *list;

	for (size_t i = 0; i < settings_key_count; i++) {
		const struct settings_key *k = &settings_keys[i];

		list = k->repeatable ? json_array() : NULL;
		for (size_t n = 0; list && (value = value_json(k, s, n)); n++)
			json_array_append_new(list, value);
		value = list ? list : value_json(k, s, 0);
		json_object_set_new(object, k->name, value ? value : json_null());
	}
	return object;
}

int run_config(const struct command *c)
{
	const char *named = c->operands > 1 ? c->operand[1] : c->config;
	const struct settings_source source = { .path = named ? named : SETTINGS_FILE_DEFAULT,
						.may_be_missing = !named };
	struct settings s;
	int status;

	if (strcmp(c->operand[0], "check") != 0)
		return failure_tell(c, &(struct failure){ EXIT_USAGE, "config can only check", NULL,
							  "alpnxdp config check" });
	status = load(c, &source, &s);
	if (status)
		return status;
	config_warn(&s);
	if (c->json)
		print_json("config", json_pack("{s:b,s:s,s:o}", "ok", 1, "file", source.path, "settings",
					       settings_json(&s)));
	else if (access(source.path, F_OK))
		printf("%s: is not there: every key has its default\n", source.path);
	else
		printf("%s: all right\n", source.path);
	return EXIT_DONE;
}
