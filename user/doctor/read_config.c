// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Configurations of nginx and haproxy, looked through line by line for PROXY protocol: a hint where they lie. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "doctor/findings.h"
#include "doctor/read.h"

enum { CONFIG_FILES = 500, CONFIG_LINES = 20000, CONFIG_DEPTH = 4 };

/* nftw(3) hands nothing through to its function. */
static struct {
	struct web_facts *out;
	uint16_t port;
	unsigned files;
} search;

static void file_read(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	char line[512];

	if (!file) {
		if (errno == EACCES)
			snprintf(search.out->unreadable, sizeof(search.out->unreadable), "%s", path);
		return;
	}
	while (number < CONFIG_LINES && search.out->hints < WEB_HINTS && fgets(line, sizeof(line), file)) {
		number++;
		if (config_line_proxies(line, search.port))
			snprintf(search.out->hint[search.out->hints++], sizeof(search.out->hint[0]),
				 "%.110s:%u", path, number);
	}
	fclose(file);
}

static int entry_visit(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	if (type == FTW_DNR)
		snprintf(search.out->unreadable, sizeof(search.out->unreadable), "%s", path);
	if (type == FTW_F && S_ISREG(info->st_mode) && at->level <= CONFIG_DEPTH)
		file_read(path);
	return ++search.files >= CONFIG_FILES;
}

void configs_read(uint16_t port, struct web_facts *out)
{
	static const char *const places[] = { "/etc/nginx", "/etc/haproxy" };

	search.out = out;
	search.port = port;
	search.files = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!access(places[i], F_OK))
			nftw(places[i], entry_visit, CONFIG_DEPTH + 4, 0);
}
