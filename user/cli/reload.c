/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reload: the daemon reads its configuration again, or refuses all of it. Its refusal has room for the first problem; the
 * others are found by reading the file here, too.
 */
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

/* Which file was wrong, if the refusal says so; to be freed. */
static char *file_of(const char *what)
{
	return *what == '/' ? strndup(what, strcspn(what, ":")) : NULL;
}

static int tell_all(const struct command *c, const struct failure *f)
{
	struct command with = *c;
	struct settings_source source;
	struct settings ignored;
	char *file = c->config ? NULL : file_of(f->what);
	int status = EXIT_DONE;

	if (file)
		with.config = file;
	if (with.config)
		status = config_load(&with, &ignored, &source);
	free(file);
	return status ? status : failure_tell(c, f);
}

static void tell_done(const struct command *c, const char *note)
{
	if (c->json) {
		print_json("reload", json_pack("{s:b,s:s*}", "ok", 1, "note", *note ? note : NULL));
		return;
	}
	puts("the settings are read again, and in force");
	if (*note)
		printf("but not yet %s\n", note);
}

int run_reload(const struct command *c)
{
	struct failure f;
	json_t *reply;
	int err = ask(c, ASK_ATTACH_MS, "reload", (const char *const[]){ NULL }, &reply);

	if (err)
		return ask_failed(c, err);
	if (reply_ok(reply)) {
		tell_done(c, reply_string(reply, "note"));
	} else {
		f = reply_failure(reply);
		err = f.code == EXIT_REFUSED ? tell_all(c, &f) : failure_tell(c, &f);
	}
	json_decref(reply);
	return err;
}
