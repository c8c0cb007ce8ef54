/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to settings: the file as bytes, and as pairs. */
#ifndef ALPNXDP_SETTINGS_PRIVATE_H
#define ALPNXDP_SETTINGS_PRIVATE_H

#include "settings/settings.h"

enum { SETTINGS_KEYS_MAX = 32 };

/* All of a file, to be freed. On failure: -errno, *why with the words and, where one helps, the command that fixes it. */
int file_read(const char *path, char **text, size_t *len, char why[SETTINGS_PROBLEM]);

/* Who is told of a text's lines, in their order. */
struct pairs {
	void (*pair)(void *context, unsigned line, const char *key, const char *value);
	void (*problem)(void *context, unsigned line, const char *what);
	void *context;
};
void pairs_read(const char *text, size_t len, const struct pairs *to);

/* settings_load() with the file's bytes at hand; `path` is what problems are told of. text NULL: no file. */
int settings_parse(const struct settings_source *from, const char *text, size_t len, struct settings *out,
		   void (*problem)(void *context, const char *line), void *context);

/* harvest.c, probes.c: rows of the table. */
const char *settings_set_harvest(struct settings *s, const char *value);
bool settings_get_harvest(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM]);
const char *settings_set_own_names(struct settings *s, const char *value);
bool settings_get_own_names(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM]);

#endif
