/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reload: the daemon reads its configuration again, or refuses all of it. Its refusal has room for the first problem; the
 * others are found by reading the file here, too.
 */
#include "cli/command.h"

int run_reload(const struct command *c)
{
	struct settings_source source;
	struct settings ignored;
	struct failure f;
	json_t *reply;
	int err = ask(c, ASK_ATTACH_MS, "reload", (const char *const[]){ NULL }, &reply);

	if (err)
		return ask_failed(c, err);
	if (reply_ok(reply)) {
		if (c->json)
			print_json("reload", json_pack("{s:b}", "ok", 1));
		else
			puts("the settings are read again, and in force");
		json_decref(reply);
		return EXIT_DONE;
	}
	f = reply_failure(reply);
	err = f.code == EXIT_REFUSED ? config_load(c, &ignored, &source) : EXIT_DONE;
	if (!err)
		err = failure_tell(c, &f);
	json_decref(reply);
	return err;
}
