/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of options, and what each does. Those that are settings are checked as settings_load() does. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"

/* The daemon leaves this directory; no path must depend on it. NULL: does not fit. */
static const char *path_absolute(struct command *c, const char *prefix, size_t prefix_len, const char *path)
{
	char *out = c->paths + c->paths_len;
	size_t room = sizeof(c->paths) - c->paths_len, len;
	char cwd[SETTINGS_PATH];
	int n;

	if (!getcwd(cwd, sizeof(cwd)))
		return NULL;
	n = snprintf(out, room, "%.*s%s/%s", (int)prefix_len, prefix, strcmp(cwd, "/") ? cwd : "", path);
	len = n < 0 ? room : (size_t)n;
	if (len >= room)
		return NULL;
	c->paths_len += len + 1;
	return out;
}

/* A setting: checked at once, and kept for settings_load(). */
static const char *give(struct command *c, const struct settings_key *k, const char *value)
{
	const char *path = k->completes == SETTINGS_DIRECTORY ? strchr(value, ':') : value;
	struct settings_given *g = &c->given;

	if (k->completes == SETTINGS_DIRECTORY && path)
		path++;
	if ((k->completes == SETTINGS_FILE || k->completes == SETTINGS_DIRECTORY) && path && *path &&
	    *path != '/')
		value = path_absolute(c, value, (size_t)(path - value), path);
	if (!value)
		return "from the directory where you are this path is too long";
	if (g->count == ARRAY_SIZE(g->pair))
		return "these are too many settings for one command line";
	g->pair[g->count].key = k->name;
	g->pair[g->count++].value = value;
	return k->set(&c->typed, value);
}

bool command_given(const struct command *c, const char *key)
{
	for (size_t i = 0; i < c->given.count; i++)
		if (!strcmp(c->given.pair[i].key, key))
			return true;
	return false;
}

static const char *set_config(struct command *c, const char *value)
{
	c->config = value;
	if (*value && *value != '/')
		c->config = path_absolute(c, "", 0, value);
	return *value && c->config ? NULL : "a path is needed";
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

static const char *set_follow(struct command *c, const char *value)
{
	(void)value;
	c->follow = true;
	return NULL;
}

static const char *set_ident(struct command *c, const char *value)
{
	c->ident = value;
	return *value ? NULL : "a name or an address is needed";
}

static const char *set_limit(struct command *c, const char *value)
{
	const char *rest;
	uint64_t number;

	if (!text_parse_digits(value, &number, &rest) || *rest || !number)
		return "a number above 0 is needed";
	c->limit = (uint32_t)number;
	return NULL;
}

static const char *set_no_dns(struct command *c, const char *value)
{
	(void)value;
	c->no_dns = true;
	return NULL;
}

static const char *set_batch(struct command *c, const char *value)
{
	(void)value;
	c->batch = true;
	return NULL;
}

static const char *set_count(struct command *c, const char *value)
{
	const char *rest;
	uint64_t number;

	if (!text_parse_digits(value, &number, &rest) || *rest || !number || number > UINT32_MAX)
		return "a number above 0 is needed";
	c->count = (uint32_t)number;
	return NULL;
}

/* Seconds, with at most three digits behind the point. */
static const char *set_delay(struct command *c, const char *value)
{
	uint64_t whole, part = 0;
	const char *rest, *end;

	if (!text_parse_digits(value, &whole, &rest) || whole > 3600)
		return "seconds from 0.1 to 3600 are needed";
	if (*rest == '.') {
		if (!text_parse_digits(rest + 1, &part, &end) || *end || end - rest > 4)
			return "seconds from 0.1 to 3600 are needed";
		for (long digits = end - rest - 1; digits < 3; digits++)
			part *= 10;
	} else if (*rest) {
		return "seconds from 0.1 to 3600 are needed";
	}
	c->delay_ms = (uint32_t)(whole * 1000 + part);
	return c->delay_ms >= 100 && c->delay_ms <= 3600000 ? NULL : "seconds from 0.1 to 3600 are needed";
}

static const char *set_address(struct command *c, const char *value)
{
	if (c->addresses == CHECK_ADDRESSES)
		return "16 addresses are the most";
	c->address[c->addresses++] = value;
	return *value ? NULL : "an address is needed";
}

static const char *set_timeout(struct command *c, const char *value)
{
	const char *rest;
	uint64_t seconds;

	if (!text_parse_digits(value, &seconds, &rest) || (*rest && strcmp(rest, "s") != 0) || !seconds ||
	    seconds > CHECK_TIMEOUT_MAX_S)
		return "from 1s to 300s are possible";
	c->timeout_s = (uint32_t)seconds;
	return NULL;
}

static const char *set_from(struct command *c, const char *value)
{
	uint8_t address[16];

	c->from = value;
	return inet_pton(AF_INET, value, address) == 1 || inet_pton(AF_INET6, value, address) == 1
		       ? NULL
		       : "an IPv4 or IPv6 address is needed";
}

static const char *set_write(struct command *c, const char *value)
{
	c->write = value;
	return *value ? NULL : "a path is needed";
}

static const char *set_keys(struct command *c, const char *value)
{
	(void)value;
	c->keys = true;
	return NULL;
}

static const char *set_max_size(struct command *c, const char *value)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	uint64_t number;

	if (!text_parse_digits(value, &number, &rest) || !number)
		return "bytes are needed, as in 500K, 64M or 2G";
	unit = *rest ? strchr(units, *rest) : NULL;
	if (*rest && (!unit || rest[1]))
		return "bytes are needed, as in 500K, 64M or 2G";
	c->max_size = unit ? number << (10 * (unit - units + 1)) : number;
	return c->max_size < 1024 ? "this is less than 1K" : NULL;
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
	return *value ? give(c, settings_find("socket"), value) : "a path is needed";
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
	[OPTION_MODE] = { .name = "mode" },
	[OPTION_PORT] = { .name = "port" },
	[OPTION_UALPN_SOCKET] = { .name = "ualpn-socket" },
	[OPTION_WATCH] = { .name = "watch" },
	[OPTION_HARVEST] = { .name = "harvest" },
	[OPTION_METRICS_SOCKET] = { .name = "metrics-socket" },
	[OPTION_METRICS_TEXTFILE] = { .name = "metrics-textfile" },
	[OPTION_LOG_FORMAT] = { .name = "log-format" },
	[OPTION_LOG_LEVEL] = { .name = "log-level" },
	[OPTION_SELF_CHECK] = { .name = "self-check" },
	[OPTION_THREADS] = { .name = "threads" },
	[OPTION_BUSY_POLL] = { .name = "busy-poll" },
	[OPTION_OWN_NAMES] = { .name = "own-names" },
	[OPTION_PROBE_HOOK] = { .name = "probe-hook" },
	[OPTION_CONFIG] = { "config", "FILE", "if not " SETTINGS_FILE_DEFAULT, set_config },
	[OPTION_FOREGROUND] = { "foreground", NULL, "do not detach from the terminal; log to it",
				set_foreground },
	[OPTION_ALL] = { "all", NULL, "every interface that we are attached to", set_all },
	[OPTION_DIGEST] = { "digest", "D", "SHA-256 of the key authorization", set_digest },
	[OPTION_KEY_AUTH] = { "key-auth", "TEXT", "key authorization; - reads it from standard input",
			      set_key_auth },
	[OPTION_CERT] = { "cert", "FILE", "a challenge certificate to answer with; PEM or DER", set_cert },
	[OPTION_KEY] = { "key", "FILE", "its private key: RSA of 2048 to 4096 bits, or P-256", set_key },
	[OPTION_TTL] = { "ttl", "TIME", "90s, 5m, 1h, 2d: forget it after this; 1h if not given", set_ttl },
	[OPTION_FOLLOW] = { "follow", NULL, "go on printing what comes, until interrupted", set_follow },
	[OPTION_IDENT] = { "ident", "NAME", "of this name or address", set_ident },
	[OPTION_LIMIT] = { "limit", "N", "begin with no more than the last N", set_limit },
	[OPTION_BATCH] = { "batch", NULL, "frames of plain text, for scripts", set_batch, 'b' },
	[OPTION_COUNT] = { "count", "N", "end after so many", set_count, 'n' },
	[OPTION_DELAY] = { "delay", "SECONDS", "between two frames; 1 if not given", set_delay, 'd' },
	[OPTION_ADDRESS] = { "address", "ADDR", "ask there, not where DNS leads; may be repeated",
			     set_address },
	[OPTION_TIMEOUT] = { "timeout", "TIME", "for each address; 10s if not given", set_timeout },
	[OPTION_FROM] = { "from", "ADDR", "only hellos of this client", set_from },
	[OPTION_NO_DNS] = { "no-dns", NULL, "do not ask where the name points", set_no_dns },
	[OPTION_WRITE] = { "write", "FILE", "where to; - is standard output", set_write, 'w' },
	[OPTION_KEYS] = { "keys", NULL, "the secrets of the handshakes, too", set_keys },
	[OPTION_MAX_SIZE] = { "max-size", "SIZE", "end before the file is larger; 64M if not given",
			      set_max_size },
	[OPTION_JSON] = { "json", NULL, "one line of JSON on standard output", set_json },
	[OPTION_SOCKET] = { "socket", "PATH", "the daemon's, if not " CONTROL_SOCKET_DEFAULT, set_socket },
	[OPTION_HELP] = { "help", NULL, "this text", set_help },
	[OPTION_VERSION] = { "version", NULL, "the version of this program", set_version },
};

const struct settings_key *option_setting(enum option_id id)
{
	return option_rows[id].set ? NULL : settings_find(option_rows[id].name);
}

const char *option_argument(enum option_id id)
{
	return option_setting(id) ? option_setting(id)->argument : option_rows[id].argument;
}

const char *option_help(enum option_id id)
{
	return option_setting(id) ? option_setting(id)->help : option_rows[id].help;
}

const char *option_set(enum option_id id, struct command *c, const char *value)
{
	return option_rows[id].set ? option_rows[id].set(c, value) : give(c, option_setting(id), value);
}
