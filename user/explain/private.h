/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to explain: between reading, the tables and the judgement. */
#ifndef ALPNXDP_EXPLAIN_PRIVATE_H
#define ALPNXDP_EXPLAIN_PRIVATE_H

#include "explain/explain.h"

/*
 * A row of the table of sentences. In the pattern a letter behind '%' takes text up to what comes next (at the end: up to
 * the end of the sentence): %N the identifier, %A an address, %G and %W digests received and wanted, %S names, %L an alert,
 * %* anything.
 */
struct explain_pattern {
	enum explain_symptom symptom;
	const char *text;
};
extern const struct explain_pattern explain_patterns[];
extern const size_t explain_pattern_count;

/* A problem type of RFC 8555 6.7 and its like. */
struct explain_type {
	const char *name;
	int symptom; /* -1: only a sentence tells what it means; EXPLAIN_TYPE: text and fix are all there is to say */
	const char *text;
	const char *fix;
};
const struct explain_type *explain_type_find(const char *name, size_t len); /* NULL */

/* What stands around a sentence, from a problem document. */
struct explain_context {
	const char *type;
	const char *ident;
	const char *address;
};

/* Bytes of clean text; at NULL: it was not there. */
struct explain_span {
	const char *at;
	size_t len;
};

enum { EXPLAIN_TAKE_MAX = 300 }; /* bytes of one taken text */

/* The first `what` in text, upper or lower case; NULL. */
const char *explain_find(const char *text, const char *end, const char *what, size_t len);
/* Behind the last `mark` before `at`, up to one of `until`, or `at`. */
struct explain_span explain_between(const char *from, const char *at, const char *mark, const char *until);
/* Where the sentence ends whose last known byte is before `at`. */
const char *explain_sentence_end(const char *at, const char *end);

/* Text of one line without control characters, escapes resolved. Returns its length; out has room for len + 1 bytes. */
size_t explain_clean(const char *text, size_t len, char *out);

/* Sentences in clean text; context may be NULL. False: none, and its type says nothing either. */
bool explain_sentences(const char *text, const struct explain_context *context, struct explain_reading *out);

/* Problem documents in text. False: there is none that is understood. */
bool explain_documents(const char *text, size_t len, struct explain_reading *out);

/* Keeps a problem unless it is there already. */
void explain_keep(struct explain_reading *out, const struct explain_problem *p);

enum where { WHERE_UNKNOWN, WHERE_ATTACHED, WHERE_OTHER_INTERFACE, WHERE_ELSEWHERE };

struct judged {
	const struct explain_problem *p;
	const struct explain_facts *f;
	enum where where;
	const char *interface;             /* that has the address */
	bool behind_nat;                   /* all addresses of this family are private: DNS cannot name one */
	unsigned finished;                 /* flows */
	const struct explain_flow *failed; /* the newest that was not */
	char name[IDENT_MAX + 1];          /* of the problem, or "the name" */
	char wanted[DIGEST_TEXT_LEN], got[DIGEST_TEXT_LEN];
};

/*
 * Fills a pattern in. %n the name, %a the address, %i its interface, %w and %g digests wanted and received, %p the one
 * pending, %s the symptom, %f the newest failed flow: its client, %t what the ledger says of it, %x its fix, %c how many
 * flows finished, %o of how many, %k the kind of DNS record, %r what the certificate says.
 */
void explain_fill(const struct judged *j, const char *pattern, char *out, size_t size);

/* Fills out's evidence. interface: that has the address; NULL. */
void explain_evidence(const struct explain_problem *p, const struct explain_facts *f, const char *interface,
		      struct explain_finding *out);

/* Formats, with control characters and non-ASCII as '?'. */
void explain_say(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
