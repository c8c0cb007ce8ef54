/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* metrics: what status says, as text for Prometheus; with --json that text in a member, for whoever asks for it. */
#include <stdlib.h>
#include "cli/command.h"
#include "metrics/metrics.h"

static char *text_of(const json_t *status)
{
	char *reply = json_dumps(status, JSON_COMPACT), *text = NULL;

	if (reply)
		text = metrics_format(reply, METRICS_OPENMETRICS);
	free(reply);
	return text;
}

int run_metrics(const struct command *c)
{
	const char *pairs[] = { NULL };
	int status = EXIT_DONE;
	json_t *reply = ask_or_fail(c, "status", pairs, &status);
	char *text;

	if (!reply)
		return status;
	text = text_of(reply);
	json_decref(reply);
	if (!text)
		return failure_tell(
			c, &(struct failure){ EXIT_FAILED, "the daemon's status is not one", NULL, NULL });
	if (c->json)
		print_json("metrics", json_pack("{s:b,s:s,s:s}", "ok", 1, "content_type",
						METRICS_CONTENT_TYPE, "text", text));
	else
		fputs(text, stdout);
	free(text);
	return EXIT_DONE;
}
