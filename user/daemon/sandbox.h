/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the engine process may still do: see sandbox.c. */
#ifndef ALPNXDP_DAEMON_SANDBOX_H
#define ALPNXDP_DAEMON_SANDBOX_H

/* Gives up everything; there is no way back. 0 or -errno (logged); the caller must end then. */
int sandbox_enter(void);

#endif
