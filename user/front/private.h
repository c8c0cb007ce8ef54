/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The front ends' process from inside: one loop, and parts that take turns in it.
 *
 * A part keeps its state behind its own pointer in struct front. None blocks (but for front_keeper_ask(), which says
 * why), none reads the clock: front->now is the time of this wake-up.
 */
#ifndef ALPNXDP_FRONT_PRIVATE_H
#define ALPNXDP_FRONT_PRIVATE_H

#include <poll.h>
#include "front/front.h"

/* Descriptors of all parts together. */
enum { FRONT_FDS = 512 };

struct front {
	const struct front_options *options;
	usec_t now;
	bool ended; /* a neighbour is gone, or does not speak as it should (logged): the process is of no use any more */
	int status; /* what it ends with: enum control_exit */
	struct link *link;
	struct ualpn *ualpn;
	struct metrics *metrics;
	struct textfile *textfile;
	struct watch *watch;
	struct harvest *harvest;
};

struct front_part {
	const char *name;
	/* 0, or -errno: the process cannot start. A part that the settings do not ask for is content. */
	int (*open)(struct front *f);
	void (*close)(struct front *f); /* also after open() has failed or was not called */
	/* Writes at most max entries, returns how many. Called before each wait. */
	size_t (*poll)(struct front *f, struct pollfd *fds, size_t max);
	/* After each wait, whatever has ended it: its entries are as poll() wrote them, with revents. */
	void (*serve)(struct front *f, const struct pollfd *fds, size_t count);
	/* When serve() wants to be called at the latest; USEC_NEVER. */
	usec_t (*deadline)(const struct front *f);
};

extern const struct front_part front_part_link;     /* link.c: the engine, and that the keeper is there */
extern const struct front_part front_part_ualpn;    /* ualpn.c */
extern const struct front_part front_part_metrics;  /* metrics.c */
extern const struct front_part front_part_textfile; /* textfile.c */
extern const struct front_part front_part_watch;    /* watch.c */
extern const struct front_part front_part_harvest;  /* harvest.c */

/* ---------------------------------------------------------------- the loop
 * front_run() is these, so that a test can take the turns itself.
 */
int front_open(struct front *f, const struct front_options *o, usec_t now); /* 0 or -errno (logged) */
void front_close(struct front *f); /* closes nothing of front_options */
struct front_turn {
	struct pollfd fds[FRONT_FDS];
	size_t count;
	size_t of_part[8]; /* how many entries each has */
};
void front_collect(struct front *f, struct front_turn *t);
void front_serve(struct front *f, const struct front_turn *t, usec_t now);
usec_t front_deadline(const struct front *f);

/* Says why and lets the loop end. */
void front_end(struct front *f, const char *why) __attribute__((nonnull));

/* ----------------------------------------------------------- the engine */

enum {
	LINK_WAITING = 1024, /* requests without a reply; one more is told to wait */
	LINK_REPLY_MAX =
		1 << 18, /* bytes: a status with as many interfaces as there can be is a tenth of it */
};

struct link_reply {
	bool ok;
	bool added;       /* "new": false for a challenge that was there; true where the reply does not say */
	uint64_t removed; /* likewise 0 */
	int code;         /* enum control_exit; EXIT_DONE when ok */
	const char *error; /* "" when ok */
	const char *text;  /* the whole line */
};

/* Whom the reply goes to. done() is called once, from link's serve(); never when the process ends before. */
struct link_asker {
	void (*done)(struct front *f, const struct link_reply *r, const struct link_asker *asker);
	void *context;
	uint64_t token; /* for the asker's use: which of its clients, and whether he is still the same */
};

/*
 * Sends a request, in order, when the engine's socket takes it. line is control_format()'s, NULL when that had no memory;
 * it is freed here in every case. 0; -EAGAIN: LINK_WAITING are on their way, ask again after the next wake-up;
 * -ENOMEM; -EMSGSIZE.
 */
int link_ask(struct front *f, char *line, const struct link_asker *asker);
/* A request that has no reply: `harvested`. Otherwise the same. */
int link_tell(struct front *f, char *line);
/* How many more link_ask() would take now. */
size_t link_room(const struct front *f);

/* harvest.c: the engine's request; sni is as the engine gave it. Called from link's serve(). */
void harvest_asked(struct front *f, const char *sni);

/* ----------------------------------------------------------- the keeper */

/*
 * One question and its answer. It waits, but never longer than KEEPER_PATIENCE_MS: the keeper answers within microseconds
 * unless it is just attaching; one that does not is no use to us, and the process ends.
 * fd: sent with FRONT_TEXTFILE (stays the caller's), else -1. *got: the descriptor that came, the caller's, or -1.
 * 0 or -errno: the keeper's reply->err, or -EPIPE when there is no keeper any more.
 */
enum { KEEPER_PATIENCE_MS = 10000 };
int front_keeper_ask(struct front *f, const struct front_request *request, int fd, struct front_reply *reply,
		     int *got);

#endif
