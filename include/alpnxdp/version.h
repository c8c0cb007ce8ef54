/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The version of the program, as `alpnxdp version` and the daemon's status give it. */
#ifndef ALPNXDP_VERSION_H
#define ALPNXDP_VERSION_H

#define ALPNXDP_VERSION "0.1.0"

#endif
