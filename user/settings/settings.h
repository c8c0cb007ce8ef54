/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * settings: what can be set of a daemon, in one table: the keys of the configuration file are the long options of
 * `attach`, with the same values, checked by the same code.
 *
 * Owns: the keys, their defaults, their checks, and the file's format: `key = value` lines, each on one line. `#` and `;`
 * begin a comment, at the start of a line or behind a blank. Keys marked "repeatable" may occur several times, any other
 * only once. The splitting of lines is libinih's; what it would take silently in another sense than it looks is refused
 * before it sees it.
 * Refuses: sections, unknown keys, keys given twice, continued lines, lines of more than SETTINGS_LINE_MAX bytes, control
 * characters, values out of range, two sockets at one path, the web server's own port for harvest: each with file, line,
 * key and what is wrong; all of them, not just the first. To root, a file that somebody else may have written: it
 * decides what root opens.
 *
 * The command line wins: a key given there takes the place of all that the file says of that key (which must be right all
 * the same).
 */
#ifndef ALPNXDP_SETTINGS_H
#define ALPNXDP_SETTINGS_H

#include <net/if.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "xdp/xdp.h"

#define SETTINGS_FILE_DEFAULT "/etc/alpnxdp/alpnxdp.conf"
#define SETTINGS_SOCKET_DEFAULT "/run/alpnxdp/control.sock" /* control.h's; this module knows no control */

enum {
	SETTINGS_INTERFACES = 16,
	SETTINGS_WATCHES = 16,
	SETTINGS_PATH = 256,        /* bytes of a path, its NUL included */
	SETTINGS_SOCKET_PATH = 108, /* of a UNIX socket's: struct sockaddr_un */
	SETTINGS_ENDPOINT = 64,     /* "127.0.0.1:8443", "[::1]:8443" */
	SETTINGS_LINE_MAX =
		197, /* without its end: libinih, as distributions build it, has 200 bytes for all */
	SETTINGS_FILE_MAX = 65536,
	SETTINGS_THREADS = 16,      /* packet loops of the engine process */
	SETTINGS_BUSY_POLL = 10000, /* microseconds */
	SETTINGS_OWN_NAMES = 64,
	SETTINGS_OWN_VALUE = 1024, /* of own-names on a command line */
	SETTINGS_GIVEN = 48,       /* options of one command line */
	SETTINGS_PROBLEM = 512,
};

/* X(symbol, name, help): what a watched directory holds. */
#define SETTINGS_WATCH_KINDS(X)                                                                            \
	X(DEHYDRATED, "dehydrated", "ALPNCERTDIR of dehydrated, ssl.acme-tls-1 of lighttpd: NAME.crt.pem") \
	X(CERTMAGIC, "certmagic", "storage of Caddy and certmagic: acme/CA/challenge_tokens/NAME.json")    \
	X(MOD_MD, "mod_md", "MDStoreDir of Apache's mod_md: challenges/NAME/acme-tls-alpn-01-*.pem")

enum watch_kind {
#define X(symbol, name, help) WATCH_##symbol,
	SETTINGS_WATCH_KINDS(X)
#undef X
		NUM_WATCH_KINDS
};
const char *settings_watch_name(enum watch_kind kind);

struct settings_watch {
	enum watch_kind kind;
	char path[SETTINGS_PATH]; /* absolute */
};

/* Plain data: it is copied to other processes as it is. "": not set. */
struct settings {
	size_t interfaces; /* interface = IFACE, repeatable; on the command line: attach's arguments */
	char interface[SETTINGS_INTERFACES][IF_NAMESIZE];
	enum xdp_mode mode;                      /* mode = auto|native|generic */
	uint16_t port;                           /* port = N */
	char socket[SETTINGS_SOCKET_PATH];       /* socket = PATH */
	char ualpn_socket[SETTINGS_SOCKET_PATH]; /* ualpn-socket = PATH */
	size_t watches;                          /* watch = KIND:DIR, repeatable */
	struct settings_watch watch[SETTINGS_WATCHES];
	char harvest[SETTINGS_ENDPOINT];                  /* harvest = ADDRESS:PORT, a loopback address */
	char metrics_socket[SETTINGS_SOCKET_PATH];        /* metrics-socket = PATH */
	char metrics_textfile[SETTINGS_PATH];             /* metrics-textfile = PATH, *.prom */
	enum log_format log_format;                       /* log-format = auto|text|journal|json */
	enum log_level log_level;                         /* log-level = error|warning|notice|info|debug */
	bool self_check;                                  /* self-check = yes|no */
	unsigned threads;                                 /* threads = N */
	unsigned busy_poll_us;                            /* busy-poll = USEC; 0: off */
	size_t own_names;                                 /* own-names = NAME..., repeatable */
	char own_name[SETTINGS_OWN_NAMES][IDENT_MAX + 1]; /* struct identifier.text */
	char probe_hook[SETTINGS_PATH];                   /* probe-hook = PATH */
};

void settings_default(struct settings *s);

/* What completes a value: a word of the row's, a file, a directory behind a word and a colon, an interface. */
enum settings_value { SETTINGS_WORD, SETTINGS_FILE, SETTINGS_DIRECTORY, SETTINGS_INTERFACE };

/* One row per key; what --help, the man page's table, completions and `config check` know of it. */
struct settings_key {
	const char *name;
	const char *argument; /* metavariable */
	const char *help;     /* one line */
	bool repeatable;
	enum settings_value completes;
	const char *words;                                         /* "a|b|c", or "" */
	const char *(*set)(struct settings *s, const char *value); /* NULL, or what is wrong */
	/* Writes value number n (0 of those not repeatable) as set() takes it; false when there is none. */
	bool (*get)(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM]);
};
extern const struct settings_key settings_keys[];
extern const size_t settings_key_count;
const struct settings_key *settings_find(const char *name); /* NULL: there is none */

/* Of settings.harvest: its address as struct sockaddr_in or sockaddr_in6, and how long that is; 0: it is none. */
struct sockaddr_storage;
size_t settings_harvest_address(const char *text, struct sockaddr_storage *out);

/* What a command line said: names of keys and their values, which must live as long as this is used. */
struct settings_given {
	size_t count;
	struct {
		const char *key;
		const char *value;
	} pair[SETTINGS_GIVEN];
};

/*
 * Defaults, then the file (NULL or "": none), then what was given. Returns the number of problems, each told to
 * problem() as one line for people ("FILE:LINE: KEY: 'VALUE': what is wrong", without newline and control characters), in
 * the order of the lines; a file that cannot be read is one problem.
 * *out is written only when there is none. A file that is missing is a problem too, unless may_be_missing.
 */
struct settings_source {
	const char *path;
	bool may_be_missing;
	const struct settings_given *given;
};
int settings_load(const struct settings_source *from, struct settings *out,
		  void (*problem)(void *context, const char *line), void *context);

/*
 * For those who only ask a daemon: `socket` of a file, whatever else is in it. False: none, or the file cannot be read.
 */
bool settings_find_socket(const char *path, char out[SETTINGS_SOCKET_PATH]);

#endif
