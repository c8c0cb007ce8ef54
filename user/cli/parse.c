/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command line read with the two tables: options may stand anywhere, those of every verb also before the verb. */
#include <getopt.h>
#include <string.h>
#include "cli/command.h"

/* What getopt_long() returns for a row is this plus its index: no character. */
enum { OPTION_BASE = 256, LETTERS = 2 + 2 * NUM_OPTIONS + 1 };

static void long_options(const struct verb *v, struct option out[NUM_OPTIONS + 1])
{
	size_t n = 0;

	for (int id = 0; id < NUM_OPTIONS; id++) {
		if (!verb_has_option(v, (enum option_id)id))
			continue;
		out[n].name = option_rows[id].name;
		out[n].has_arg = option_argument((enum option_id)id) ? required_argument : no_argument;
		out[n].flag = NULL;
		out[n++].val = OPTION_BASE + id;
	}
	out[n] = (struct option){ 0 };
}

/* What getopt_long() is told of short forms, behind how it is to treat other words. */
static void short_options(const struct verb *v, const char *order, char out[LETTERS])
{
	size_t n = 2;

	memcpy(out, order, n);
	for (int id = 0; id < NUM_OPTIONS; id++) {
		if (!option_rows[id].letter || !verb_has_option(v, (enum option_id)id))
			continue;
		out[n++] = option_rows[id].letter;
		if (option_argument((enum option_id)id))
			out[n++] = ':';
	}
	out[n] = '\0';
}

/* The option of this verb with that letter, as long_options() numbers it; else the letter itself. */
static int option_of_letter(const struct verb *v, int letter)
{
	for (int id = 0; id < NUM_OPTIONS; id++)
		if (option_rows[id].letter == letter && verb_has_option(v, (enum option_id)id))
			return OPTION_BASE + id;
	return letter;
}

/* A mistake of form. The fix is the help of the verb. */
static int usage(const struct command *c, const char *format, const char *word)
{
	char what[256], fix[64];

	snprintf(what, sizeof(what), format, word);
	snprintf(fix, sizeof(fix), "alpnxdp %s%s--help", c->verb ? c->verb->name : "", c->verb ? " " : "");
	return failure_tell(c, &(struct failure){ .code = EXIT_USAGE, .what = what, .fix = fix });
}

static int option_take(struct command *c, int got, char **argv)
{
	const char letter[] = { '-', (char)optopt, '\0' }; /* getopt(3): 0 when it was a long option */
	const char *wrong;
	char what[256];

	if (got == ':')
		return usage(c, "%s needs a value", argv[optind - 1]);
	if (got == '?' && optopt >= OPTION_BASE)
		return usage(c, "--%s takes no value", option_rows[optopt - OPTION_BASE].name);
	if (got == '?')
		return usage(c, "unknown option '%.40s'", letter[1] ? letter : argv[optind - 1]);
	wrong = option_set((enum option_id)(got - OPTION_BASE), c, optarg);
	if (!wrong)
		return EXIT_DONE;
	snprintf(what, sizeof(what), "--%s '%.40s': %s", option_rows[got - OPTION_BASE].name, optarg, wrong);
	return failure_tell(c, &(struct failure){ .code = EXIT_REFUSED, .what = what });
}

static int operand_take(struct command *c, const char *word)
{
	if (!c->verb || c->operands == c->verb->most)
		return usage(c, "one argument too many: '%.40s'", word);
	c->operand[c->operands++] = word;
	return EXIT_DONE;
}

static int verb_take(struct command *c, const char *word)
{
	const char *nearest = text_nearest_verb(word);
	char what[128], fix[64];

	for (size_t i = 0; i < verb_count; i++) {
		if (strcmp(word, verbs[i].name) == 0) {
			c->verb = &verbs[i];
			return EXIT_DONE;
		}
	}
	snprintf(what, sizeof(what), "there is no verb '%.40s'", word);
	snprintf(fix, sizeof(fix), "alpnxdp %s", nearest ? nearest : "--help");
	return failure_tell(c, &(struct failure){ .code = EXIT_USAGE, .what = what, .fix = fix });
}

/* Behind the last option that is ours: "--", or the first operand of a verb that passes words on. */
static int operands_take(int argc, char **argv, struct command *c)
{
	int status = EXIT_DONE;

	for (; !status && optind < argc; optind++) {
		if (c->verb->passes_on && c->operands == c->verb->most)
			break;
		status = operand_take(c, argv[optind]);
	}
	c->rest = argv + optind;
	c->rest_count = (size_t)(argc - optind);
	return status;
}

/* Reads argv[1..]; with a verb the whole line, without one up to the first word that is no option. */
static int words_parse(int argc, char **argv, struct command *c)
{
	struct option options[NUM_OPTIONS + 1];
	char letters[LETTERS];
	int got, status = EXIT_DONE;

	long_options(c->verb, options);
	opterr = 0;
	optind = 0; /* getopt(3): 0 starts a new scan */
	/*
	 * '-': other words come in their order as option 1, whatever POSIXLY_CORRECT says; '+': the first one
	 * ends it.
	 */
	short_options(c->verb, c->verb && !c->verb->passes_on ? "-:" : "+:", letters);
	while (!status && (got = getopt_long(argc, argv, letters, options, NULL)) != -1)
		status = got == 1 ? operand_take(c, optarg)
				  : option_take(c, option_of_letter(c->verb, got), argv);
	return status || !c->verb ? status : operands_take(argc, argv, c);
}

/* For errors that come before the option is reached. What a hook passes on is not ours. */
static bool json_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
		for (size_t v = 0; v < verb_count; v++) {
			if (verbs[v].passes_on && strcmp(argv[i], verbs[v].name) == 0)
				return i + 1 < argc && strcmp(argv[i + 1], "--json") == 0;
		}
	}
	return false;
}

int command_parse(int argc, char **argv, struct command *c)
{
	int status;

	*c = (struct command){ .socket = CONTROL_SOCKET_DEFAULT, .ttl_s = CHALLENGE_TTL_DEFAULT_S };
	settings_default(&c->typed);
	c->json = json_wanted(argc, argv);
	status = words_parse(argc, argv, c);
	if (status || c->help || c->version)
		return status;
	if (optind == argc)
		return usage(c, "a verb is missing%s", "");
	argv += optind;
	argc -= optind;
	status = verb_take(c, argv[0]);
	if (!status)
		status = words_parse(argc, argv, c);
	if (status || c->help)
		return status;
	if (c->operands < c->verb->least)
		return usage(c, "this needs %s", c->verb->operand);
	return EXIT_DONE;
}
