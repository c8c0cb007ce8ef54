/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process of the daemon's may still do: see sandbox.c. */
#ifndef ALPNXDP_DAEMON_SANDBOX_H
#define ALPNXDP_DAEMON_SANDBOX_H

enum sandbox_role { SANDBOX_ENGINE, SANDBOX_FRONT };

/* Gives up everything; there is no way back. 0 or -errno (logged); the caller must end then. */
int sandbox_enter(enum sandbox_role role);

#endif
