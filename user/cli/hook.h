/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hook of each ACME client is called with, as requests to the daemon.
 *
 * A client's own file reads its words and nothing else: it writes down what to add and to remove, or why the words
 * cannot be right. Pure but for the heap. hook.c carries it out, all or nothing.
 */
#ifndef ALPNXDP_CLI_HOOK_H
#define ALPNXDP_CLI_HOOK_H

#include "challenge/challenge.h"
#include "control/control.h"

struct hook_call {
	size_t count;
	char *const *word;
	const char *challenge_type; /* $CHALLENGETYPE; NULL: not set */
};

struct hook_step {
	bool add;
	bool every; /* remove: whatever the digest is */
	struct identifier ident;
	char digest[DIGEST_TEXT_LEN];
};

/* Nothing to do, and nothing to say, is a plan too. */
struct hook_plan {
	size_t count;
	struct hook_step *step;
	bool forgiving;            /* a daemon that cannot be reached is told, but no failure */
	enum control_exit decline; /* count 0: the status for words that mean somebody else */
	char what[384];            /* why it cannot be right, or a remark; "": nothing */
};

/* Each fills *plan, all zero before, and returns EXIT_DONE, or a status with plan->what. */
int hook_uacme(const struct hook_call *call, struct hook_plan *plan);
int hook_dehydrated(const struct hook_call *call, struct hook_plan *plan);
int hook_acmed(const struct hook_call *call, struct hook_plan *plan);

/* ---------------------------------------- what they have in common: hook.c */

/* Room for count steps; EXIT_DONE or EXIT_FAILED. */
int hook_reserve(struct hook_plan *plan, size_t count);
/* Appends a step; digest NULL: every one of ident. */
int hook_append(struct hook_plan *plan, bool add, const char *ident, const char *digest);
/* EXIT_USAGE: how the client calls its hook, and that this is not it. */
int hook_misused(struct hook_plan *plan, const char *client, const char *form);

#endif
