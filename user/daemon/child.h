/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process of the keeper's: born with a channel and nothing else of ours, ended, and born again after a pause. */
#ifndef ALPNXDP_DAEMON_CHILD_H
#define ALPNXDP_DAEMON_CHILD_H

#include <sys/types.h>
#include "base/base.h"

enum { CHILD_FDS = 8 };

struct child {
	const char *name; /* "engine": the process is alpnxdp-engine */
	pid_t pid;        /* 0: none */
	int channel;      /* -1: none */
	usec_t started;
	usec_t restart_at;    /* when another may be started */
	usec_t restart_delay; /* grows while they die young */
};

/* What the new process begins with: descriptors (-1: none), which it finds in the same order behind its channel. */
struct child_birth {
	size_t fds;
	int fd[CHILD_FDS];
	/* Its whole life: fd[0] is the channel, then the others. Returns the exit status. */
	int (*run)(const int *fd, const void *context);
	const void *context;
};

int child_start(struct child *c, const struct child_birth *birth); /* 0 or -errno */
void child_stop(struct child *c);                                  /* ends it and waits for its end */
void child_ended(struct child *c);                 /* after its end: says when to start another */
bool child_due(const struct child *c, usec_t now); /* there is none, and the pause is over */

#endif
