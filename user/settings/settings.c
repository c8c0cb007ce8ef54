/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Defaults, file and command line become one struct, or a list of problems. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "settings/private.h"

void settings_default(struct settings *s)
{
	*s = (struct settings){
		.mode = XDP_MODE_AUTO,
		.port = 443,
		.socket = SETTINGS_SOCKET_DEFAULT,
		.log_format = LOG_FORMAT_AUTO,
		.log_level = LOG_LEVEL_INFO,
		.self_check = true,
		.threads = 1,
	};
}

const struct settings_key *settings_find(const char *name)
{
	for (size_t i = 0; i < settings_key_count; i++)
		if (!strcmp(settings_keys[i].name, name))
			return &settings_keys[i];
	return NULL;
}

struct load {
	const struct settings_source *from;
	struct settings s;
	/* What the file says of keys that were given, too: it has to be right, and is forgotten. */
	struct settings hidden;
	unsigned first[SETTINGS_KEYS_MAX]; /* line on which the key stands; 0: none */
	int problems;
	void (*problem)(void *context, const char *line);
	void *context;
};

static void tell(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct load *l, const char *format, ...)
{
	char line[SETTINGS_PROBLEM];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* of a file's name, or the command line's */
	l->problems++;
	l->problem(l->context, line);
}

static bool is_given(const struct load *l, const char *key)
{
	const struct settings_given *given = l->from->given;

	for (size_t i = 0; given && i < given->count; i++)
		if (!strcmp(given->pair[i].key, key))
			return true;
	return false;
}

static const char *key_name(size_t n)
{
	return n < settings_key_count ? settings_keys[n].name : NULL;
}

static void tell_unknown(struct load *l, unsigned line, const char *key)
{
	size_t n = text_nearest(key, key_name);

	if (n == TEXT_NONE)
		tell(l, "%.200s:%u: %.60s: there is no such key", l->from->path, line, key);
	else
		tell(l, "%.200s:%u: %.60s: there is no such key; %s is meant?", l->from->path, line, key,
		     settings_keys[n].name);
}

static void take_pair(void *context, unsigned line, const char *key, const char *value)
{
	struct load *l = context;
	const struct settings_key *k = settings_find(key);
	unsigned *first = k ? &l->first[k - settings_keys] : NULL;
	const char *wrong;

	if (!k) {
		tell_unknown(l, line, key);
		return;
	}
	if (*first && !k->repeatable) {
		tell(l, "%.200s:%u: %s: it is given already on line %u", l->from->path, line, key, *first);
		return;
	}
	if (!*first)
		*first = line;
	wrong = *value ? k->set(is_given(l, key) ? &l->hidden : &l->s, value) : "a value is needed";
	if (wrong)
		tell(l, "%.200s:%u: %s: '%.80s': %s", l->from->path, line, key, value, wrong);
}

static void take_problem(void *context, unsigned line, const char *what)
{
	struct load *l = context;

	tell(l, "%.200s:%u: %s", l->from->path, line, what);
}

static void take_given(struct load *l)
{
	const struct settings_given *given = l->from->given;

	for (size_t i = 0; given && i < given->count; i++) {
		const char *key = given->pair[i].key, *value = given->pair[i].value;
		const struct settings_key *k = settings_find(key);
		const char *wrong = k ? k->set(&l->s, value) : "there is no such key";

		if (wrong)
			tell(l, "--%.60s '%.80s': %s", key, value, wrong);
	}
}

/* Whoever comes second would take away the first one's socket, or write over it. */
static void check_paths(struct load *l)
{
	const struct {
		const char *key, *path;
	} rows[] = {
		{ "socket", l->s.socket },
		{ "ualpn-socket", l->s.ualpn_socket },
		{ "metrics-socket", l->s.metrics_socket },
		{ "metrics-textfile", l->s.metrics_textfile },
	};

	for (size_t i = 1; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < i; j++)
			if (*rows[i].path && !strcmp(rows[i].path, rows[j].path))
				tell(l, "%s: '%.80s': this is the path of %s, too", rows[i].key, rows[i].path,
				     rows[j].key);
}

/* It would ask the web server, or, through the port's own challenges, itself. */
static void check_harvest(struct load *l)
{
	struct sockaddr_storage to;
	uint16_t port;

	if (!*l->s.harvest || !settings_harvest_address(l->s.harvest, &to))
		return;
	port = ntohs(to.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&to)->sin6_port
					      : ((const struct sockaddr_in *)&to)->sin_port);
	if (port == l->s.port)
		tell(l, "harvest: '%.80s': this is the web server's own port", l->s.harvest);
}

int settings_parse(const struct settings_source *from, const char *text, size_t len, struct settings *out,
		   void (*problem)(void *context, const char *line), void *context)
{
	struct load l = { .from = from, .problem = problem, .context = context };
	const struct pairs to = { take_pair, take_problem, &l };

	settings_default(&l.s);
	settings_default(&l.hidden);
	if (text)
		pairs_read(text, len, &to);
	take_given(&l);
	check_paths(&l);
	check_harvest(&l);
	if (!l.problems)
		*out = l.s;
	return l.problems;
}

int settings_load(const struct settings_source *from, struct settings *out,
		  void (*problem)(void *context, const char *line), void *context)
{
	struct load l = { .from = from, .problem = problem, .context = context };
	char why[SETTINGS_PROBLEM], *text = NULL;
	size_t len = 0;
	int err = 0;

	if (from->path && *from->path)
		err = file_read(from->path, &text, &len, why);
	if (err && !(err == -ENOENT && from->may_be_missing)) {
		tell(&l, "%.200s: %s", from->path, why);
		return l.problems;
	}
	err = settings_parse(from, text, len, out, problem, context);
	free(text);
	return err;
}

static void take_socket(void *context, unsigned line, const char *key, const char *value)
{
	struct settings s;

	(void)line;
	if (!strcmp(key, "socket") && !settings_find(key)->set(&s, value))
		strcpy(context, s.socket);
}

static void ignore_problem(void *context, unsigned line, const char *what)
{
	(void)context;
	(void)line;
	(void)what;
}

bool settings_find_socket(const char *path, char out[SETTINGS_SOCKET_PATH])
{
	char why[SETTINGS_PROBLEM], *text, found[SETTINGS_SOCKET_PATH] = "";
	const struct pairs to = { take_socket, ignore_problem, found };
	size_t len;

	if (file_read(path, &text, &len, why))
		return false;
	pairs_read(text, len, &to);
	free(text);
	if (*found)
		strcpy(out, found);
	return *found;
}
