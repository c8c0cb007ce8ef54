/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * front: the process of the front ends: everything that reads other programs' files or opens connections for ACME
 * clients. It has no privilege, no file system, and nothing of the packet path.
 *
 * Owns: ualpn's socket, watched directories, harvest, the metrics socket and the text file's contents.
 * Refuses: to trust what it reads: a file is parsed by strict readers, bounded, and used only when all of it is right.
 *
 * It has two neighbours:
 *
 * The engine, over a SEQPACKET socket whose datagrams are lines of the control protocol without newline
 * (control/control.h). The front sends requests (add, remove with their source=, status) and gets the JSON replies in
 * the same order. The engine sends one request of its own, `harvest ident=NAME`; the front answers it when it can
 * with the request `harvested ident=NAME digest=BASE64URL`, or `harvested ident=NAME error=WORD` with WORD one of
 * FRONT_HARVEST_ERRORS; that request has no reply.
 *
 * The keeper, over a SEQPACKET socket: struct front_request, answered by struct front_reply, one at a time. The keeper
 * opens what lies beneath a watched directory, and never reads it; it writes the text file, and never parses it.
 *
 * The process ends when either neighbour does; the keeper then starts another.
 */
#ifndef ALPNXDP_FRONT_H
#define ALPNXDP_FRONT_H

#include "base/base.h"
#include "settings/settings.h"

enum { FRONT_PATH = 512 };

enum front_verb {
	FRONT_OPEN_FILE = 1, /* watch, path: a descriptor to read a regular file */
	FRONT_OPEN_DIR,      /* watch, path ("" is the directory itself): a descriptor to list it, and wd */
	FRONT_TEXTFILE,      /* fd: a memfd with the text file's new contents */
};

/* The keeper checks: watch is one of the settings', path is relative, ends, and stays beneath (openat2(2)). */
struct front_request {
	enum front_verb verb;
	unsigned watch;
	char path[FRONT_PATH];
};

struct front_reply {
	int err; /* 0 or -errno; a descriptor comes along for the two FRONT_OPEN when 0 */
	int wd;  /* FRONT_OPEN_DIR: of the watch that the keeper has put on it in the inotify descriptor */
};

/* Everything that concerns one process; descriptors are its own. */
struct front_options {
	int engine;         /* SEQPACKET */
	int keeper;         /* SEQPACKET */
	int inotify;        /* non-blocking; watches are added by the keeper: FRONT_WATCH_EVENTS */
	int ualpn_listen;   /* non-blocking; -1: none */
	int metrics_listen; /* likewise */
	struct settings settings;
};

/* What the keeper asks inotify(7) for. */
#define FRONT_WATCH_EVENTS                                                                                   \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR)

/* Serves until a neighbour is gone; returns the exit status. The caller has put on the sandbox. */
int front_run(const struct front_options *o);

/* X(symbol, name, help): why harvest has nothing for a name. */
#define FRONT_HARVEST_ERRORS(X)                                                                              \
	X(REFUSED, "refused", "nobody listens at the harvest address")                                       \
	X(TIMEOUT, "timeout", "the listener did not answer in time")                                         \
	X(TLS, "tls", "the listener refused the handshake, or closed it")                                    \
	X(ALPN, "alpn", "the listener did not choose acme-tls/1")                                            \
	X(CERTIFICATE, "certificate", "the listener's certificate is no answer to a challenge of this name") \
	X(BUSY, "busy", "more names are being asked for than we ask at once")

#endif
