/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to cli: a parsed command line, the two tables, and what verbs print with. */
#ifndef ALPNXDP_CLI_COMMAND_H
#define ALPNXDP_CLI_COMMAND_H

#include <stdio.h>
#include <jansson.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "check/check.h"
#include "control/control.h"
#include "daemon/daemon.h"
#include "xdp/xdp.h"

enum option_id {
	OPTION_MODE, /* from here on: settings */
	OPTION_PORT,
	OPTION_UALPN_SOCKET,
	OPTION_WATCH,
	OPTION_HARVEST,
	OPTION_METRICS_SOCKET,
	OPTION_METRICS_TEXTFILE,
	OPTION_LOG_FORMAT,
	OPTION_LOG_LEVEL,
	OPTION_SELF_CHECK,
	OPTION_THREADS,
	OPTION_BUSY_POLL,
	OPTION_OWN_NAMES,
	OPTION_PROBE_HOOK,
	OPTION_CONFIG, /* from here on: of the command */
	OPTION_FOREGROUND,
	OPTION_ALL,
	OPTION_DIGEST,
	OPTION_KEY_AUTH,
	OPTION_CERT,
	OPTION_KEY,
	OPTION_TTL,
	OPTION_FOLLOW,
	OPTION_IDENT,
	OPTION_LIMIT,
	OPTION_BATCH,
	OPTION_COUNT,
	OPTION_DELAY,
	OPTION_ADDRESS,
	OPTION_TIMEOUT,
	OPTION_FROM,
	OPTION_NO_DNS,
	OPTION_WRITE,
	OPTION_KEYS,
	OPTION_MAX_SIZE,
	OPTION_JSON, /* from here on: of every verb */
	OPTION_SOCKET,
	OPTION_HELP,
	OPTION_VERSION, /* of the program, before the verb */
	NUM_OPTIONS
};

enum {
	COMMAND_PATHS = 4096, /* bytes for paths made absolute */
	COMMAND_OPERANDS = 64,
};
_Static_assert((int)COMMAND_OPERANDS >= (int)DAEMON_MAX_INTERFACES, "all interfaces may be named");

/* What the command line said. */
struct command {
	const struct verb *verb; /* NULL: none */
	const char *socket;
	bool socket_given;
	bool json;
	bool help;
	bool version;
	bool all;
	bool foreground;
	const char *config;          /* NULL: not given */
	struct settings_given given; /* settings, with absolute paths */
	struct settings typed;       /* the same over the defaults: for verbs that need no file */
	const char *digest;          /* as typed; NULL: not given */
	const char *key_auth;
	const char *cert; /* paths */
	const char *key;
	uint32_t ttl_s;
	bool no_dns;
	bool batch;
	uint32_t count;    /* 0: without end */
	uint32_t delay_ms; /* 0: not given */
	bool follow;
	const char *ident; /* NULL: not given */
	uint32_t limit;    /* 0: not given */
	size_t addresses;
	const char *address[CHECK_ADDRESSES];
	uint32_t timeout_s;
	const char *from;  /* an address; NULL: not given */
	const char *write; /* a path, or "-"; NULL: not given */
	bool keys;
	uint64_t max_size; /* bytes; 0: not given */
	size_t operands;
	const char *operand[COMMAND_OPERANDS];
	size_t rest_count; /* of a verb that passes words on: those behind its first operand */
	char *const *rest;
	size_t paths_len;
	char paths[COMMAND_PATHS];
	char file_socket[SETTINGS_SOCKET_PATH]; /* what the configuration file says */
};

struct option_row {
	const char *name;     /* of a setting only this: the rest is in settings_keys */
	const char *argument; /* NULL: takes none */
	const char *help;
	/* Takes the value; returns NULL, or what is wrong with it. */
	const char *(*set)(struct command *c, const char *value);
	char letter; /* of its short form, where tools of its kind have one; 0: none */
};
extern const struct option_row option_rows[NUM_OPTIONS];
const struct settings_key *option_setting(enum option_id id); /* NULL: it is none */
const char *option_argument(enum option_id id);
const char *option_help(enum option_id id);
const char *option_set(enum option_id id, struct command *c, const char *value); /* NULL, or what is wrong */
bool command_given(const struct command *c, const char *key);                    /* a setting */

/* What a shell offers for the operands. */
enum completes {
	COMPLETE_NOTHING,
	COMPLETE_INTERFACES,
	COMPLETE_PENDING,
	COMPLETE_CLIENTS, /* the first one */
	COMPLETE_SHELLS,
	COMPLETE_CONFIG, /* check, then files */
	COMPLETE_FILES,
};

struct verb {
	const char *name;
	const char *arguments; /* for the synopsis */
	const char *help;      /* one line */
	const char *more;      /* lines of its own help */
	const char *operand;   /* what is missing when there are too few */
	size_t least, most;    /* operands */
	enum completes completes;
	uint64_t options; /* bits 1 << enum option_id, those of every verb left out */
	bool passes_on;   /* what is behind its first operand is somebody else's, options too */
	int (*run)(const struct command *c);
};
extern const struct verb verbs[];
extern const size_t verb_count;

bool verb_has_option(const struct verb *v, enum option_id id); /* v NULL: the program's own options */

/* Fills *c. 0, or an exit status after an error has been printed. */
int command_parse(int argc, char **argv, struct command *c);

/* At most 24 lines of 80 columns each. */
void help_program(FILE *to);
void help_verb(FILE *to, const struct verb *v);

/* The verbs. */
int run_attach(const struct command *c);
int run_detach(const struct command *c);
int run_status(const struct command *c);
int run_add(const struct command *c);
int run_remove(const struct command *c);
int run_list(const struct command *c);
int run_events(const struct command *c);
int run_trace(const struct command *c);
int run_capture(const struct command *c);
int run_metrics(const struct command *c);
int run_top(const struct command *c);
int run_doctor(const struct command *c);
int run_check(const struct command *c);
int run_explain(const struct command *c);
int run_hook(const struct command *c);
int run_config(const struct command *c);
int run_reload(const struct command *c);
int run_completion(const struct command *c);
int run_version(const struct command *c);

/* ---------------------------------------------------------- config.c */

/*
 * File and command line together. 0, or an exit status after each problem has been printed. source: what was read, for
 * reload.
 */
int config_load(const struct command *c, struct settings *out, struct settings_source *source);
void config_warn(const struct settings *s); /* of directories that are not there, on stderr */
void config_find_socket(struct command *c); /* what the file says of it, if --socket does not */

/* --------------------------------------------------- start.c, follow.c */

/* Starts the daemon. -EADDRINUSE, with nothing printed: there is one. Otherwise an exit status. */
int attach_start(const struct command *c, const struct settings *s, const struct settings_source *source);
void attach_print(bool json, json_t *interfaces); /* takes the reference */
/* Attaches one interface through the daemon; as ask(). */
int attach_ask(const struct command *c, const struct settings *s, const char *ifname, json_t **reply);
/* Stays in the foreground while another daemon serves our interfaces. Returns an exit status. */
int attach_follow(const struct command *c, const struct settings *s);

/* ----------------------------------------------------------- output.c */

/* An error as enum control_exit, what happened, and, where not NULL or "", the system's words and the fix. */
struct failure {
	enum control_exit code;
	const char *what;
	const char *system;
	const char *fix;
};
int failure_tell(const struct command *c, const struct failure *f); /* prints it; returns its code */
json_t *failure_json(const struct failure *f);
void failure_print(const struct failure *f); /* to stderr only */
/* The same behind a list of problems, one per line; with --json in one object. Takes the reference. */
int problems_tell(const struct command *c, json_t *problems, const struct failure *f);

/* Prints body as one line with "schema": "alpnxdp.<name>/1" in front. Takes the reference. */
void print_json(const char *name, json_t *body);

/* Text of any length, at most 100 columns wide; it begins at column indent, and each further line there, too. */
void print_wrapped(const char *text, int indent);

/* ------------------------------------------------------ challenges.c */

/* What was typed as IDENT, --digest or --key-auth. 0, or an exit status after an error has been printed. */
int identifier_typed(const struct command *c, struct identifier *ident);
int digest_typed(const struct command *c, char text[DIGEST_TEXT_LEN]);

/* ------------------------------------------------------------- ask.c */

enum { ASK_MS = 5000, ASK_ATTACH_MS = 60000, ASK_DETACH_MS = 8000 }; /* attaching may restart the link */

/*
 * One request to the daemon. 0 with *reply, whether its "ok" is true or false; or the negative errno of
 * control_call().
 */
int ask(const struct command *c, int timeout_ms, const char *verb, const char *const *pairs, json_t **reply);
bool ask_nobody(int err);                         /* no daemon, or one that has ended */
int ask_failed(const struct command *c, int err); /* prints why ask() failed; returns the exit status */

/* For most verbs: asks and returns the reply if it is ok: true; else prints the error and sets *status. */
json_t *ask_or_fail(const struct command *c, const char *verb, const char *const *pairs, int *status);

/* A refusal's words; they point into the reply. */
struct failure reply_failure(const json_t *reply);
bool reply_ok(const json_t *reply);

/* Members of a reply; 0, "" and false when they are not there. */
uint64_t reply_number(const json_t *object, const char *key);
const char *reply_string(const json_t *object, const char *key);
bool reply_true(const json_t *object, const char *key);

/* --------------------------------------------------------- pending.c */

/* What the daemon has for a name, in the order of adding: the last is the one that it answers with. */
struct pending_digests {
	size_t count;
	uint8_t digest[CHALLENGE_PER_NAME][DIGEST_LEN];
};
/* False, with count 0: no daemon answers, or not to us. Nothing is printed. */
bool pending_ask(const struct command *c, const struct identifier *ident, struct pending_digests *p);

/* ----------------------------------------------------- certificate.c */

/* A certificate and its key as words of a request: base64url of DER. */
struct certificate_words {
	char *cert, *key;
};

/* Reads --cert and --key, which must be for ident. 0, or an exit status after an error has been printed. */
int certificate_words(const struct command *c, const struct identifier *ident, struct certificate_words *out);
void certificate_words_free(struct certificate_words *w); /* wipes the key */

/* ------------------------------------------------------ attachment.c */

json_t *attachment_json(const struct xdp_attachment *a);
void attachment_print_facts(
	const json_t *interface); /* "native mode, 2 queues, ..." and the end of the line */

/* ---------------------------------------------------------- events.c */

/* For a verb that goes on until it is interrupted: signals, as a descriptor; then to wait for one, or for a closed stdout. */
int signals_open(void);
bool signals_come(int signals, int wait_ms);

/* ---------------------------------------------------------- report.c */

void report_print(const json_t *status); /* status in words */

/* ----------------------------------------------------------- screen.c */

/*
 * A terminal as a whole, for a view that is written anew again and again; there is one. What it was like comes back with
 * screen_close(), which is called on every way out. Signals that would end or stop us are read from screen_poll().
 */
int screen_open(void); /* 0 or -errno (-ENOTTY: standard input or output is no terminal) */
void screen_close(void);
void screen_size(unsigned *columns, unsigned *lines);
void screen_show(const char *text); /* lines, each with its newline */
enum screen_event { SCREEN_TIME, SCREEN_AGAIN, SCREEN_QUIT };
enum screen_event
screen_wait(int timeout_ms); /* AGAIN: its size has changed, it came back, or space was pressed */

/* ------------------------------------------------------------- text.c */

const char *text_parse_ttl(const char *text, uint32_t *seconds); /* NULL or what is wrong */
enum { DURATION_TEXT_LEN = 32 };
void text_format_duration(uint64_t seconds, char out[DURATION_TEXT_LEN]); /* "2d 3h", "59m 3s" */
const char *text_nearest_verb(const char *text);                          /* NULL: none is near */

#endif
