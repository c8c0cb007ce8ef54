/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * resolve: where names point, by the system's resolver, within a time of the caller's.
 *
 * Owns: children that ask it, for it can neither be hurried nor interrupted, and are killed when time is up.
 * Refuses: to wait longer. A name without an answer in time is told apart from one without an address.
 *
 * For programs of one thread, and without children of their own that end meanwhile. No SIGCHLD is ignored.
 */
#ifndef ALPNXDP_RESOLVE_H
#define ALPNXDP_RESOLVE_H

#include "base/base.h"

enum { RESOLVE_ADDRESSES = 16, RESOLVE_NAMES = 64, RESOLVE_NAME = 256 };

struct resolve_name {
	/* As it is to be asked for: with a dot at its end no search list is gone through, and /etc/hosts is not read. */
	char name[RESOLVE_NAME];
	bool answered; /* in time; count 0: it has no address */
	size_t count;
	uint8_t address[RESOLVE_ADDRESSES]
		       [16]; /* in the resolver's order (RFC 6724); IPv4 mapped into IPv6 */
};

/*
 * All of them at the same time, at most RESOLVE_NAMES, within timeout_ms. Fills answered, count and address; none is
 * answered where no child can be made.
 */
void resolve_names(struct resolve_name *names, size_t count, unsigned timeout_ms);

#endif
