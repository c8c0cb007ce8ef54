/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * daemon: two processes joined by a socketpair, and a third beside them while a front end is set up (front/front.h).
 *
 * The keeper is privileged and reads nothing that came over a network: it attaches, opens sockets, restarts the engine
 * process, writes the challenges to disk as an opaque blob, and removes. The engine process holds descriptors and
 * nothing else: no capability, no file system, a short list of system calls. It does all that touches bytes from
 * outside: frames, TCP, TLS, challenges, the control socket. It ends when the keeper does.
 *
 * Everything the daemon keeps lies beside its control socket: `challenges` (0600, atomic; none while nothing is pending),
 * `daemon.pid`, and in the background `log`. The last detach takes all but pending challenges along.
 */
#ifndef ALPNXDP_DAEMON_H
#define ALPNXDP_DAEMON_H

#include "base/base.h"
#include "settings/settings.h"
#include "xdp/xdp.h"

enum { DAEMON_MAX_INTERFACES = SETTINGS_INTERFACES };

struct daemon_options {
	struct settings settings; /* of the file and the command line together */
	/* What reload reads again. Both must live as long as the daemon. */
	struct settings_source source;
	bool foreground; /* stay in the foreground, log to stderr */
};

/* What became of one interface, for the one line that attach prints. */
struct daemon_report {
	bool ok;
	int err;                          /* -errno when not ok */
	struct xdp_attachment attachment; /* its descriptors are meaningless here */
	struct xdp_error error;
};

/*
 * Starts the daemon and attaches. Returns in the caller when the program is live on every queue of every interface, or
 * has failed and undone everything: 0 or -errno, with reports[interfaces] filled. In the background the keeper is a
 * child that outlives the caller; in the foreground started() is called with the reports when ready, and the call
 * returns when the daemon has ended. -EADDRINUSE: a daemon answers on the socket already (ask it to attach).
 */
int daemon_start(const struct daemon_options *o, struct daemon_report *reports,
		 void (*started)(const struct daemon_options *o, const struct daemon_report *reports));

/*
 * Removes what a daemon that died has left beside its socket, when nothing is attached any more; pending challenges stay.
 * Does nothing while a daemon is there, however long it takes to answer.
 */
void daemon_clear(const char *socket_path);

#endif
