/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to cli: the file that capture writes. */
#ifndef ALPNXDP_CLI_CAPTURE_H
#define ALPNXDP_CLI_CAPTURE_H

#include <net/if.h>
#include "capture/capture.h"
#include "cli/command.h"

struct capture_file {
	FILE *to;
	uint64_t written, most; /* bytes */
	uint64_t keys;          /* lines of them */
	bool full;              /* one more block would be more than `most` */
	unsigned interfaces;
	char interface[64][IF_NAMESIZE];
};

/*
 * path "-": standard output. Else a regular file of our own, emptied, mode 0600; never through a symbolic link. NULL, or what
 * is wrong.
 */
const char *capture_file_open(struct capture_file *f, const char *path, uint64_t most);
int capture_file_close(struct capture_file *f); /* 0, or -errno: not all of it was written */

/* False: it is full, or could not be written. */
bool capture_file_packet(struct capture_file *f, const char *ifname, struct capture_packet *p);
bool capture_file_keys(struct capture_file *f, const json_t *keys);

#endif
