/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Several segments of one connection through the program, in the order of a row; and what it remembers in the end. */
#ifndef TESTS_BPF_STORY_H
#define TESTS_BPF_STORY_H

#include "bench.h"
#include "made.h"

enum { STORY_STEPS = 8, STORY_DATA = 64 };

/* What becomes of a segment that passed. */
enum step_fate {
	GIVEN, /* the kernel gets it, after those that were held */
	HELD,  /* the kernel will get it later */
	LOST   /* the kernel never gets it */
};

/* What happens before a segment comes. */
enum step_event { NO_EVENT, SLOT_EXPIRES, ENGINE_HANGS, CREDIT_ENDS, SOCKET_CLOSES };

/* Zero everywhere means: bytes [from, to) of the client's stream, as they should be, and the kernel gets them. */
struct step {
	unsigned from;
	unsigned to; /* 0: the hello's end */
	enum reason reason;
	enum step_fate fate;
	enum step_event event;
	struct frame change; /* seq, ack, ts_echo: added; flags: instead; filler */
	bool data;           /* instead: STORY_DATA bytes of application data, right behind the hello */
	const char *foreign; /* instead: this hello of the corpus, at `from` */
};

struct story {
	const char *name;
	const char *hello; /* of the corpus */
	enum made_form form;
	unsigned at;
	enum peer_kind kind; /* 0: PEER_SOCKET */
	const char *pending;
	bool syn_unseen;
	struct step steps[STORY_STEPS]; /* those with a reason */
	bool waiting;                   /* afterwards: marked, and in a slot */
	bool spoofed;                   /* nobody is connected: PEER_STRANGER */
};

extern const struct story stories[];
extern const size_t num_stories;

void story_run(const struct story *story, int family, bool timestamps);

#endif
