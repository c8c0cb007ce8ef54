/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of keys, and what each takes. */
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "settings/private.h"

static const char *const watch_names[] = {
#define X(symbol, name, help) [WATCH_##symbol] = (name),
	SETTINGS_WATCH_KINDS(X)
#undef X
};
static_assert(ARRAY_SIZE(watch_names) == NUM_WATCH_KINDS, "every kind of watched directory needs a name");

static const char *const format_names[] = {
	[LOG_FORMAT_AUTO] = "auto",
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JOURNAL] = "journal",
	[LOG_FORMAT_JSON] = "json",
};

const char *settings_watch_name(enum watch_kind kind)
{
	return watch_names[kind];
}

/* ------------------------------------------------------------------ paths */

/* What it is used for has no say in its directory: a relative one would depend on where the daemon was started. */
static const char *set_path(char *out, size_t size, const char *value)
{
	if (*value != '/')
		return "an absolute path is needed, without quotes";
	if (strlen(value) >= size)
		return size == SETTINGS_SOCKET_PATH ? "a socket's path has at most 107 bytes"
						    : "a path has at most 255 bytes";
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a path must not have control characters";
	strcpy(out, value);
	return NULL;
}

static bool get_text(const char *text, size_t n, char out[SETTINGS_PROBLEM])
{
	if (n || !*text)
		return false;
	snprintf(out, SETTINGS_PROBLEM, "%s", text);
	return true;
}

#define PATH_KEY(field)                                                                         \
	static const char *set_##field(struct settings *s, const char *value)                   \
	{                                                                                       \
		return set_path(s->field, sizeof(s->field), value);                             \
	}                                                                                       \
	static bool get_##field(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM]) \
	{                                                                                       \
		return get_text(s->field, n, out);                                              \
	}
PATH_KEY(socket)
PATH_KEY(ualpn_socket)
PATH_KEY(metrics_socket)
PATH_KEY(probe_hook)
#undef PATH_KEY

static const char *set_metrics_textfile(struct settings *s, const char *value)
{
	size_t len = strlen(value);

	if (len < 6 || strcmp(value + len - 5, ".prom") != 0 || value[len - 6] == '/')
		return "the file's name must end in .prom, or node_exporter does not read it";
	return set_path(s->metrics_textfile, sizeof(s->metrics_textfile), value);
}

static bool get_metrics_textfile(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return get_text(s->metrics_textfile, n, out);
}

/* ------------------------------------------------------------- repeatable */

static const char *set_interface(struct settings *s, const char *value)
{
	if (!text_is_ifname(value))
		return "this is not the name of an interface";
	for (size_t i = 0; i < s->interfaces; i++)
		if (!strcmp(s->interface[i], value))
			return "it is named twice";
	if (s->interfaces == SETTINGS_INTERFACES)
		return "at most 16 interfaces can be attached";
	strcpy(s->interface[s->interfaces++], value);
	return NULL;
}

static bool get_interface(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return n < s->interfaces && get_text(s->interface[n], 0, out);
}

static const char *set_watch(struct settings *s, const char *value)
{
	struct settings_watch *w = &s->watch[s->watches];
	const char *dir = strchr(value, ':'), *wrong;
	size_t kind = 0;

	while (dir && kind < NUM_WATCH_KINDS &&
	       (strlen(watch_names[kind]) != (size_t)(dir - value) ||
		memcmp(watch_names[kind], value, (size_t)(dir - value)) != 0))
		kind++;
	if (!dir || kind == NUM_WATCH_KINDS)
		return "KIND:DIR is needed; the kinds are dehydrated, certmagic and mod_md";
	for (size_t i = 0; i < s->watches; i++)
		if (!strcmp(s->watch[i].path, dir + 1))
			return "this directory is watched already";
	if (s->watches == SETTINGS_WATCHES)
		return "at most 16 directories can be watched";
	wrong = set_path(w->path, sizeof(w->path), dir + 1);
	if (wrong)
		return wrong;
	w->kind = (enum watch_kind)kind;
	s->watches++;
	return NULL;
}

static bool get_watch(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	if (n >= s->watches)
		return false;
	snprintf(out, SETTINGS_PROBLEM, "%s:%s", watch_names[s->watch[n].kind], s->watch[n].path);
	return true;
}

/* ------------------------------------------------------------------ words */

static const char *set_mode(struct settings *s, const char *value)
{
	for (enum xdp_mode mode = XDP_MODE_AUTO; mode <= XDP_MODE_GENERIC; mode++) {
		if (strcmp(value, xdp_mode_name(mode)) == 0) {
			s->mode = mode;
			return NULL;
		}
	}
	return "the modes are auto, native and generic";
}

static bool get_mode(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return get_text(xdp_mode_name(s->mode), n, out);
}

static const char *set_log_format(struct settings *s, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(format_names); i++) {
		if (strcmp(value, format_names[i]) == 0) {
			s->log_format = (enum log_format)i;
			return NULL;
		}
	}
	return "the formats are auto, text, journal and json";
}

static bool get_log_format(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return get_text(format_names[s->log_format], n, out);
}

static const char *set_log_level(struct settings *s, const char *value)
{
	for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		if (strcmp(value, log_level_name(level)) == 0) {
			s->log_level = level;
			return NULL;
		}
	}
	return "the levels are error, warning, notice, info and debug";
}

static bool get_log_level(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return get_text(log_level_name(s->log_level), n, out);
}

static const char *set_self_check(struct settings *s, const char *value)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return "yes or no";
	s->self_check = yes;
	return NULL;
}

static bool get_self_check(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	return get_text(s->self_check ? "yes" : "no", n, out);
}

/* ---------------------------------------------------------------- numbers */

static const char *set_port(struct settings *s, const char *value)
{
	return text_parse_port(value, &s->port);
}

static bool get_port(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	snprintf(out, SETTINGS_PROBLEM, "%u", s->port);
	return n == 0;
}

static bool take_number(unsigned *out, const char *value, unsigned least, unsigned most)
{
	uint64_t number;
	const char *rest;

	if (!text_parse_digits(value, &number, &rest) || *rest || number < least || number > most)
		return false;
	*out = (unsigned)number;
	return true;
}

static const char *set_threads(struct settings *s, const char *value)
{
	return take_number(&s->threads, value, 1, SETTINGS_THREADS) ? NULL
								    : "a number from 1 to 16 is needed";
}

static bool get_threads(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	snprintf(out, SETTINGS_PROBLEM, "%u", s->threads);
	return n == 0;
}

static const char *set_busy_poll(struct settings *s, const char *value)
{
	return take_number(&s->busy_poll_us, value, 0, SETTINGS_BUSY_POLL)
		       ? NULL
		       : "microseconds are needed, from 0 (off) to 10000";
}

static bool get_busy_poll(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	snprintf(out, SETTINGS_PROBLEM, "%u", s->busy_poll_us);
	return n == 0;
}

#define KEY(name, argument, help, completes, words, function)                                           \
	{                                                                                               \
		(name), (argument), (help), false, (completes), (words), set_##function, get_##function \
	}
#define REPEATABLE_KEY(name, argument, help, completes, words, function)                               \
	{                                                                                              \
		(name), (argument), (help), true, (completes), (words), set_##function, get_##function \
	}

const struct settings_key settings_keys[] = {
	REPEATABLE_KEY("interface", "IFACE", "an interface to attach to", SETTINGS_INTERFACE, "", interface),
	KEY("mode", "MODE", "auto (native if possible), native or generic", SETTINGS_WORD,
	    "auto|native|generic", mode),
	KEY("port", "N", "the web server's port, 443 if not given", SETTINGS_WORD, "", port),
	KEY("socket", "PATH", "the control socket", SETTINGS_FILE, "", socket),
	KEY("ualpn-socket", "PATH", "a socket that speaks ualpn's protocol", SETTINGS_FILE, "", ualpn_socket),
	REPEATABLE_KEY("watch", "KIND:DIR", "serve a directory: dehydrated, certmagic, mod_md",
		       SETTINGS_DIRECTORY, "dehydrated|certmagic|mod_md", watch),
	{ "harvest", "ADDR:PORT", "ask this listener for names nobody added", false, SETTINGS_WORD,
	  "127.0.0.1:|[::1]:", settings_set_harvest, settings_get_harvest },
	KEY("metrics-socket", "PATH", "a socket that answers with metrics", SETTINGS_FILE, "",
	    metrics_socket),
	KEY("metrics-textfile", "PATH", "*.prom, for node_exporter", SETTINGS_FILE, "", metrics_textfile),
	KEY("log-format", "F", "auto, text, journal or json", SETTINGS_WORD, "auto|text|journal|json",
	    log_format),
	KEY("log-level", "L", "error, warning, notice, info or debug", SETTINGS_WORD,
	    "error|warning|notice|info|debug", log_level),
	KEY("self-check", "yes|no", "validate once before saying ready", SETTINGS_WORD, "yes|no", self_check),
	KEY("threads", "N", "packet loops, 1 if not given; each has some queues", SETTINGS_WORD, "", threads),
	KEY("busy-poll", "USEC", "look for frames this long before sleeping", SETTINGS_WORD, "", busy_poll),
	{ "own-names", "NAME", "tell who asks for these while none is pending", true, SETTINGS_WORD, "",
	  settings_set_own_names, settings_get_own_names },
	KEY("probe-hook", "PATH", "the program that is run then", SETTINGS_FILE, "", probe_hook),
};
const size_t settings_key_count = ARRAY_SIZE(settings_keys);
static_assert(ARRAY_SIZE(settings_keys) <= SETTINGS_KEYS_MAX, "the lines of all keys must be remembered");
