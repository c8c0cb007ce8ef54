/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process of the daemon's may still do: see sandbox.c. */
#ifndef ALPNXDP_DAEMON_SANDBOX_H
#define ALPNXDP_DAEMON_SANDBOX_H

enum sandbox_role { SANDBOX_ENGINE, SANDBOX_FRONT };

/*
 * Gives up everything; there is no way back. 0 or -errno (logged); the caller must end then. start (NULL: nothing) makes the
 * threads of the process, when everything is given up but the making of threads: they inherit that, and the filter of
 * system calls is put over all of them.
 */
int sandbox_enter(enum sandbox_role role, int (*start)(void *context), void *context);

#endif
