/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of options, and the reading of a command line with it: options may stand anywhere, those of every
 * verb also before the verb.
 */
#include <getopt.h>
#include <string.h>
#include "cli/command.h"

static const char *set_mode(struct command *c, const char *value)
{
	for (enum xdp_mode mode = XDP_MODE_AUTO; mode <= XDP_MODE_GENERIC; mode++) {
		if (strcmp(value, xdp_mode_name(mode)) == 0) {
			c->mode = mode;
			return NULL;
		}
	}
	return "the modes are auto, native and generic";
}

static const char *set_port(struct command *c, const char *value)
{
	c->port_given = true;
	return text_parse_port(value, &c->port);
}

static const char *set_foreground(struct command *c, const char *value)
{
	(void)value;
	c->foreground = true;
	return NULL;
}

static const char *set_all(struct command *c, const char *value)
{
	(void)value;
	c->all = true;
	return NULL;
}

static const char *set_digest(struct command *c, const char *value)
{
	c->digest = value;
	return NULL;
}

static const char *set_key_auth(struct command *c, const char *value)
{
	c->key_auth = value;
	return NULL;
}

static const char *set_cert(struct command *c, const char *value)
{
	c->cert = value;
	return *value ? NULL : "a path is needed";
}

static const char *set_key(struct command *c, const char *value)
{
	c->key = value;
	return *value ? NULL : "a path is needed";
}

static const char *set_ttl(struct command *c, const char *value)
{
	return text_parse_ttl(value, &c->ttl_s);
}

static const char *set_json(struct command *c, const char *value)
{
	(void)value;
	c->json = true;
	return NULL;
}

static const char *set_socket(struct command *c, const char *value)
{
	c->socket = value;
	c->socket_given = true;
	return *value ? NULL : "a path is needed";
}

static const char *set_help(struct command *c, const char *value)
{
	(void)value;
	c->help = true;
	return NULL;
}

static const char *set_version(struct command *c, const char *value)
{
	(void)value;
	c->version = true;
	return NULL;
}

const struct option_row option_rows[NUM_OPTIONS] = {
	[OPTION_MODE] = { "mode", "M", "auto (native if possible), native or generic", set_mode },
	[OPTION_PORT] = { "port", "N", "the web server's port, 443 if not given", set_port },
	[OPTION_FOREGROUND] = { "foreground", NULL, "do not detach from the terminal; log to it",
				set_foreground },
	[OPTION_ALL] = { "all", NULL, "every interface that we are attached to", set_all },
	[OPTION_DIGEST] = { "digest", "D", "SHA-256 of the key authorization", set_digest },
	[OPTION_KEY_AUTH] = { "key-auth", "TEXT", "key authorization; - reads it from standard input",
			      set_key_auth },
	[OPTION_CERT] = { "cert", "FILE", "a challenge certificate to answer with; PEM or DER", set_cert },
	[OPTION_KEY] = { "key", "FILE", "its private key: RSA of 2048 to 4096 bits, or P-256", set_key },
	[OPTION_TTL] = { "ttl", "TIME", "90s, 5m, 1h, 2d: forget it after this; 1h if not given", set_ttl },
	[OPTION_JSON] = { "json", NULL, "one line of JSON on standard output", set_json },
	[OPTION_SOCKET] = { "socket", "PATH", "the daemon's, if not " CONTROL_SOCKET_DEFAULT, set_socket },
	[OPTION_HELP] = { "help", NULL, "this text", set_help },
	[OPTION_VERSION] = { "version", NULL, "the version of this program", set_version },
};

/* What getopt_long() returns for a row is this plus its index: no character. */
enum { OPTION_BASE = 256 };

static void long_options(const struct verb *v, struct option out[NUM_OPTIONS + 1])
{
	size_t n = 0;

	for (int id = 0; id < NUM_OPTIONS; id++) {
		if (!verb_has_option(v, (enum option_id)id))
			continue;
		out[n].name = option_rows[id].name;
		out[n].has_arg = option_rows[id].argument ? required_argument : no_argument;
		out[n].flag = NULL;
		out[n++].val = OPTION_BASE + id;
	}
	out[n] = (struct option){ 0 };
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
	const struct option_row *row;
	const char letter[] = { '-', (char)optopt, '\0' }; /* getopt(3): 0 when it was a long option */
	const char *wrong;
	char what[256];

	if (got == ':')
		return usage(c, "%s needs a value", argv[optind - 1]);
	if (got == '?' && optopt >= OPTION_BASE)
		return usage(c, "--%s takes no value", option_rows[optopt - OPTION_BASE].name);
	if (got == '?')
		return usage(c, "unknown option '%.40s'", letter[1] ? letter : argv[optind - 1]);
	row = &option_rows[got - OPTION_BASE];
	wrong = row->set(c, optarg);
	if (!wrong)
		return EXIT_DONE;
	snprintf(what, sizeof(what), "--%s '%.40s': %s", row->name, optarg, wrong);
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
	const char *order = c->verb && !c->verb->passes_on ? "-:" : "+:";
	int got, status = EXIT_DONE;

	long_options(c->verb, options);
	opterr = 0;
	optind = 0; /* getopt(3): 0 starts a new scan */
	/*
	 * '-': other words come in their order as option 1, whatever POSIXLY_CORRECT says; '+': the first one
	 * ends it.
	 */
	while (!status && (got = getopt_long(argc, argv, order, options, NULL)) != -1)
		status = got == 1 ? operand_take(c, optarg) : option_take(c, got, argv);
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

	*c = (struct command){ .socket = CONTROL_SOCKET_DEFAULT,
			       .port = 443,
			       .ttl_s = CHALLENGE_TTL_DEFAULT_S };
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
