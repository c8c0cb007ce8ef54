/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the program for unsolicited probes may be run: it has to be root's, and so has the way to it. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "daemon/keeper.h"

static int refuse(struct xdp_error *error, int err, const char *path, const char *why, const char *fix)
{
	snprintf(error->what, sizeof(error->what), "probe-hook: %.80s: %s", path, why);
	snprintf(error->system, sizeof(error->system), "%s", strerror(-err));
	if (fix)
		snprintf(error->fix, sizeof(error->fix), "%s %.120s", fix, path);
	return err;
}

/* Who could write it, or put another in its place, would run what he likes. A sticky directory keeps others' files. */
static int check_owner(const char *path, bool directory, struct xdp_error *error)
{
	struct stat st;

	if (stat(path, &st))
		return refuse(error, -errno, path, "it cannot be looked at", NULL);
	if (st.st_uid != 0)
		return refuse(error, -EPERM, path, "it does not belong to root", "chown root");
	if (st.st_mode & (S_IWGRP | S_IWOTH) && !(directory && st.st_mode & S_ISVTX))
		return refuse(error, -EPERM, path, "others than root may write it", "chmod go-w");
	if (!directory && !S_ISREG(st.st_mode))
		return refuse(error, -EINVAL, path, "it is no file", NULL);
	if (!directory && !(st.st_mode & S_IXUSR))
		return refuse(error, -EACCES, path, "it is not executable", "chmod +x");
	return 0;
}

/* As it is written and as it is, with every symbolic link followed. */
static int check_path(const char *path, struct xdp_error *error)
{
	char at[PATH_MAX];
	int err = check_owner(path, false, error);

	snprintf(at, sizeof(at), "%s", path);
	while (!err && at[1]) {
		dirname(at); /* in place: the path is absolute */
		err = check_owner(at, true, error);
	}
	return err;
}

int keeper_hook_check(const struct settings *s, struct xdp_error *error)
{
	char real[PATH_MAX];
	int err;

	if (!*s->probe_hook)
		return 0;
	if (!realpath(s->probe_hook, real))
		return refuse(error, -errno, s->probe_hook, "it cannot be looked at", NULL);
	err = check_path(s->probe_hook, error);
	return err ? err : check_path(real, error);
}
