/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The daemon's files, which lie beside its control socket. Keeper only. */
#ifndef ALPNXDP_DAEMON_STATE_H
#define ALPNXDP_DAEMON_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Bytes of saved challenges: CHALLENGE_MAX of them with the longest names have 373 MB; usual ones 120. Of a path. */
enum { STATE_MAX = 512 << 20, STATE_PATH_MAX = 256 };

/* Makes the socket's directory if it is missing (0755). 0 or -errno. */
int state_prepare(const char *socket_path);

/* Copies what is in memfd, at most STATE_MAX bytes, to the file: written beside it, 0600, and renamed. Nothing in it:
 * no file. 0 or -errno. */
int state_save(const char *socket_path, int memfd);

/* The same for a file of any path and mode. At most STATE_MAX bytes; 0 or -errno. */
int state_write_file(const char *path, int memfd, mode_t mode);

/* The saved challenges, to be read: a descriptor, or -errno. */
int state_open(const char *socket_path);

/* The pid file: written at start. */
int state_write_pid(const char *socket_path);

/* At the end: pid file and socket; the log, too, when nothing is attached any more. Challenges stay until they expire. */
void state_clear(const char *socket_path, bool detached);

/* Where a background daemon's messages go: a descriptor open for appending; begun anew above 1 MiB. */
int state_open_log(const char *socket_path);

#endif
