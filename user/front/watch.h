/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch: directories in which ACME clients leave their challenges.
 *
 * What is looked for (settings.h names the kinds):
 *
 *     dehydrated  NAME.crt.pem, a certificate of RFC 8737, whose name must be NAME: a domain, or an arpa name.
 *                 dehydrated's ALPNCERTDIR, and the same layout of lighttpd's ssl.acme-tls-1.
 *     certmagic   acme/CA/challenge_tokens/NAME.json, an ACME challenge object to which certmagic has added
 *                 keyAuthorization and identifier. Those whose type is not tls-alpn-01 are not ours, and no error.
 *     mod_md      challenges/NAME/acme-tls-alpn-01-pubcert[.SPEC].pem, a certificate of RFC 8737 for NAME.
 *
 * The digest is all that is taken from a certificate: the answer is given under a key of our own. The key beside it
 * (NAME.key.pem, acme-tls-alpn-01-privkey.pem) is never opened.
 *
 * A challenge is pending while its file is there and right. It is added for an hour and renewed every half an hour, so
 * that nothing stays for ever, whoever crashes. Files are not written in one piece: what is not right yet is looked at
 * again, at each event and a few times until 5 s after the last; only then it is said, once for each version of the
 * file, why it is not used. Until then the challenge of the version before it stays.
 *
 * The tree: each directory on the way is a node with an inotify watch, each file that matches is a node. All work is
 * in a queue of nodes; events, lists and the clock only put nodes into it.
 */
#ifndef ALPNXDP_FRONT_WATCH_H
#define ALPNXDP_FRONT_WATCH_H

#include <sys/types.h>
#include "challenge/challenge.h"
#include "front/private.h"

enum {
	WATCH_FILE_MAX = 64 * 1024, /* bytes */
	WATCH_DIRECTORIES = 1024,   /* on the way to files, in all watched trees */
	WATCH_FILES = 100000,
	WATCH_ENTRIES = 1000000, /* of one directory, whatever they are */
};

/* ------------------------------------------------- what is looked for (pure) */

enum challenge_source watch_source(enum watch_kind kind);

/* How many components lead from the watched directory to a file. */
unsigned watch_depth(enum watch_kind kind);

/* Is this name what is looked for at this depth? 1: in the watched directory itself. A pattern's '*' is any text. */
bool watch_matches(enum watch_kind kind, unsigned depth, const char *name);

struct watch_text {
	enum watch_kind kind;
	const char
		*folder; /* the file's directory, its last component; "" for the watched directory itself */
	const char *name;
	const char *text;
	size_t len;
};

/*
 * The challenge in a file. 0; -EINVAL with *why; -ENOMSG: a challenge of another type. Nothing of the text is in *why.
 */
int watch_read(const struct watch_text *t, struct challenge_facts *out, const char **why);

/* ----------------------------------------------------- nodes, queue (pure) */

/*
 * X(symbol, wait, next): a node waits in exactly one step, or is idle. Each step has one waiting time, so its nodes are
 * in the order of their time. next: for a file that is still not right when it has been looked at in this step.
 */
#define WATCH_STEPS(X)                                                                                  \
	X(NOW, 0, SECOND)                                                                               \
	X(MADE, 2 * USEC_PER_MSEC, SECOND)  /* its close comes, and is not waited for */                \
	X(SOON, 20 * USEC_PER_MSEC, SECOND) /* looked at just before: a file is not read without end */ \
	X(SECOND, 50 * USEC_PER_MSEC, THIRD)                                                            \
	X(THIRD, 150 * USEC_PER_MSEC, FOURTH)                                                           \
	X(FOURTH, 800 * USEC_PER_MSEC, LAST)                                                            \
	X(LAST, 4 * USEC_PER_SEC, IDLE)                                                                 \
	X(REOPEN, 3 * USEC_PER_SEC, REOPEN)   /* a directory that cannot be opened */                   \
	X(VERIFY, 30 * USEC_PER_SEC, VERIFY)  /* is it still what its path leads to? */                 \
	X(REFUSED, 60 * USEC_PER_SEC, SECOND) /* by the engine */                                       \
	X(RENEW, 1800 * USEC_PER_SEC, SECOND)

enum watch_step {
#define X(symbol, wait, next) WATCH_##symbol,
	WATCH_STEPS(X)
#undef X
		WATCH_IDLE,
	WATCH_NUM_STEPS = WATCH_IDLE
};
enum watch_step watch_step_after(enum watch_step step);

/* A file that has these again has not been written since. */
struct watch_version {
	uint64_t device, inode, size;
	int64_t seconds, nanoseconds;
};

struct watch_node {
	struct watch_node *parent; /* NULL: a watched directory, which always stays */
	struct watch_node *child, *previous, *next;
	struct watch_node *same_name; /* chains of the table */
	struct watch_node *same_digest;
	struct watch_node *queue_previous, *queue_next;
	enum watch_step step;
	usec_t due;
	unsigned watch; /* which of the settings' */
	unsigned depth;
	bool directory;
	bool gone;     /* to be freed when nothing is pending for it or beneath it any more */
	bool told;     /* why it cannot be used; of a file: this version */
	unsigned scan; /* the list that it was last seen in */
	int wd;        /* of a directory that is open: its inotify watch; else -1 */
	/* of files */
	usec_t checked;
	struct watch_version version;
	unsigned asked; /* requests without a reply */
	bool pending;   /* ident and digest are the engine's by now */
	uint8_t digest[DIGEST_LEN];
	char *ident;
	char name[];
};

struct watch_table; /* all nodes */

struct watch_table *watch_table_new(const uint8_t key[16]);
void watch_table_free(struct watch_table *t);

struct watch_node *watch_root(struct watch_table *t, unsigned watch); /* NULL: memory */
struct watch_node *watch_find(struct watch_table *t, const struct watch_node *directory, const char *name);
/* 0; -ENOMEM; -ENOSPC: WATCH_DIRECTORIES or WATCH_FILES. */
int watch_add(struct watch_table *t, struct watch_node *directory, bool is_directory, const char *name,
	      struct watch_node **out);
/* Without children, not pending, not asked. */
void watch_remove(struct watch_table *t, struct watch_node *n);
/* All directories, for looking watches up: *count of them. */
struct watch_node *const *watch_directories(const struct watch_table *t, size_t *count);

/* Into a step, from wherever it is. */
void watch_queue(struct watch_table *t, struct watch_node *n, enum watch_step step, usec_t now);
struct watch_node *watch_due(const struct watch_table *t, usec_t now); /* NULL: none */
usec_t watch_next(const struct watch_table *t);                        /* USEC_NEVER */

/* 0 or -ENOMEM. Not for one that is pending. */
int watch_pend(struct watch_table *t, struct watch_node *n, const struct challenge_facts *facts);
/* True: no other file has this challenge. ident and digest stay readable until the next watch_pend(). */
bool watch_unpend(struct watch_table *t, struct watch_node *n);
bool watch_pends(const struct watch_node *n, const struct challenge_facts *facts);

/* The path beneath the watched directory, as FRONT_OPEN_* want it. False: longer than FRONT_PATH. */
bool watch_path(const struct watch_node *n, char out[FRONT_PATH]);

/* ------------------------------------------------------- the part from inside */

struct watch {
	struct watch_table *table;
	struct watch_node *root[SETTINGS_WATCHES];
	unsigned scans;
	bool full_told;
	struct watch_node *asked[LINK_WAITING]; /* whom the next reply concerns; NULL: nobody any more */
	size_t asked_first, asked_count;
	usec_t minute; /* since when reports are counted, how many there were, and how many more had no line */
	unsigned reports, unsaid;
	char text[WATCH_FILE_MAX + 1];
};

/* watch_tree.c */
void watch_open_directory(struct front *f, struct watch_node *n);
void watch_forget(struct front *f,
		  struct watch_node *n); /* it is not there any more, nor what is beneath it */
/* Frees a node that is gone, and the directories that waited for that. */
void watch_let_go(struct front *f, struct watch_node *n);
void watch_entry(struct front *f, struct watch_node *directory, const char *name, bool is_directory,
		 enum watch_step when);
/* watch_events.c */
void watch_events(struct front *f);
/* watch_file.c */
void watch_check_file(struct front *f, struct watch_node *n);
void watch_withdraw(struct front *f, struct watch_node *n); /* its challenge, if it has one */
/* watch_requests.c: the engine */
bool watch_may_ask(const struct front *f);
void watch_ask_add(struct front *f, struct watch_node *n);
void watch_ask_remove(struct front *f, struct watch_node *n);
void watch_unask(struct front *f, struct watch_node *n); /* replies for it are nobody's from now on */
/* watch_report.c */
void watch_report(struct front *f, const struct watch_node *n, const char *why);
void watch_say(struct front *f, enum log_level level, const struct watch_node *n, const char *what);
/* Asks the keeper. fd or -errno. */
int watch_keeper(struct front *f, const struct watch_node *n, enum front_verb verb, int *wd);

#endif
