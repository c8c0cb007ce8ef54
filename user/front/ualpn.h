/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ualpn's protocol without its socket: a line to a command, an outcome to a reply. Pure. */
#ifndef ALPNXDP_FRONT_UALPN_H
#define ALPNXDP_FRONT_UALPN_H

#include "challenge/challenge.h"

enum { UALPN_LINE_MAX = 511 }; /* its newline included */

/* ualpn 1.7.4's words, to the byte. "ERR locked" is for what has no words there: try again. */
#define UALPN_REPLIES(X)                                            \
	X(OK, "OK")                                                 \
	X(USAGE, "ERR usage: auth <ident> <auth> | unauth <ident>") \
	X(IDENT, "ERR invalid ident")                               \
	X(AUTH, "ERR invalid auth")                                 \
	X(INSERTED, "ERR already inserted")                         \
	X(NOT_FOUND, "ERR not found")                               \
	X(FULL, "ERR too many auths")                               \
	X(PARAMETERS, "ERR too many parameters")                    \
	X(LOCKED, "ERR locked")                                     \
	X(TOO_LONG, "ERR too long")

enum ualpn_reply {
#define X(symbol, text) UALPN_##symbol,
	UALPN_REPLIES(X)
#undef X
		NUM_UALPN_REPLIES
};
extern const char *const ualpn_reply_text[NUM_UALPN_REPLIES]; /* with newline */

enum ualpn_verb { UALPN_VERB_AUTH, UALPN_VERB_UNAUTH };

struct ualpn_command {
	enum ualpn_verb verb;
	struct identifier ident;
	uint8_t digest[DIGEST_LEN]; /* UALPN_VERB_AUTH */
};

/* Reads a line of len bytes without its newline. UALPN_OK: *out is to be done; anything else is the answer. */
enum ualpn_reply ualpn_read(const char *line, size_t len, struct ualpn_command *out);

/* What the engine's reply means (its code is one of enum control_exit; EXIT_DONE when it is ok). */
struct ualpn_outcome {
	int code;
	bool added;
	uint64_t removed;
};
enum ualpn_reply ualpn_reply_of(enum ualpn_verb verb, const struct ualpn_outcome *outcome);

#endif
