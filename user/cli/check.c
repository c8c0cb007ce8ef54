/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * check: prints what user/check finds: the CA's verdict in its own words, what it means, what to do, and then what was seen at each
 * address. The exit status is the verdict's class.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/check.h"

enum { COLUMN = 13 };

/* ------------------------------------------------------------------- words */

static void print_item(const char *head, const char *text)
{
	printf("%-*s", COLUMN, head);
	print_wrapped(text, COLUMN);
}

static void print_verdict(const struct check_options *o, const struct check_report *r)
{
	char digest[DIGEST_TEXT_LEN];

	if (r->verdict.cause != CHECK_FINE) {
		printf("the CA would report: %s: %s\n\n", r->verdict.problem, r->verdict.text);
		return;
	}
	digest_format(r->digest, digest);
	if (o->digest)
		puts("the CA would be satisfied\n");
	else
		printf("the CA would be satisfied, if the digest it expects is %s\n\n", digest);
}

/* "TLS 1.3, 12 ms"; else how it ended. */
static void answer_text(const struct check_answer *a, char *out, size_t room)
{
	if (a->end == CHECK_END_NOT_ASKED)
		snprintf(out, room, "-");
	else if (a->end == CHECK_END_DONE)
		snprintf(out, room, "TLS %s, %u ms", a->version == 0x0304 ? "1.3" : "1.2",
			 (unsigned)(a->took / USEC_PER_MSEC));
	else if (a->end == CHECK_END_ALERT)
		snprintf(out, room, "alert %d", a->alert);
	else if (a->end == CHECK_END_CONNECT_FAILED)
		snprintf(out, room, "%s", strerror(a->error));
	else
		snprintf(out, room, "%s", check_end_name(a->end));
}

static void print_addresses(const struct check_report *r)
{
	int width = (int)strlen("ADDRESS");
	char text[3][40];

	for (size_t i = 0; i < r->count; i++)
		width = MAX(width, (int)strlen(r->address[i].text));
	if (r->count)
		printf("\n%-*s  %-22s  %-22s  %s\n", width, "ADDRESS", "AS THE CA", "TLS 1.2 ALONE",
		       "LARGE HELLO");
	for (size_t i = 0; i < r->count; i++) {
		for (size_t kind = 0; kind < 3; kind++)
			answer_text(&r->address[i].answer[kind], text[kind], sizeof(text[0]));
		printf("%-*s  %-22s  %-22s  %s\n", width, r->address[i].text, text[CHECK_AS_CA],
		       text[CHECK_TLS12], text[CHECK_LARGE]);
	}
}

static void print_report(const struct check_options *o, const struct check_report *r)
{
	print_verdict(o, r);
	print_item("it means:", check_cause_means(r->verdict.cause));
	if (*check_cause_fix(r->verdict.cause))
		print_item("what to do:", check_cause_fix(r->verdict.cause));
	for (size_t i = 0; i < r->notes; i++)
		print_item(i ? "" : "seen:", r->note[i]);
	print_addresses(r);
}

/* ------------------------------------------------------------------- verb */

static int check_failed(const struct command *c, const struct check_report *r, int err)
{
	if (err == -EINVAL)
		return failure_tell(c, &(struct failure){ .code = EXIT_REFUSED, .what = r->verdict.text });
	return failure_tell(
		c, &(struct failure){ EXIT_FAILED, "the check could not be made", strerror(-err), NULL });
}

static int check_and_print(const struct command *c, const struct check_options *o)
{
	struct check_report *r = calloc(1, sizeof(*r));
	int err = r ? check_run(o, r) : -ENOMEM, status;

	if (err) {
		status = r ? check_failed(c, r, err) : EXIT_FAILED;
		free(r);
		return status;
	}
	if (c->json)
		print_json("check", check_json(o, r));
	else
		print_report(o, r);
	status = (int)check_cause_class(r->verdict.cause);
	check_report_free(r);
	free(r);
	return status;
}

/* The digest that was typed, else the one that our daemon answers with. */
static int run_with(const struct command *c, struct check_options *o, struct pending_digests *p)
{
	uint8_t digest[DIGEST_LEN];
	char text[DIGEST_TEXT_LEN];
	const char *why;
	int status;

	pending_ask(c, o->ident, p); /* without a daemon nothing is pending, which is no concern of a check */
	o->others = (const uint8_t(*)[DIGEST_LEN])p->digest;
	o->others_count = p->count;
	if (c->digest || c->key_auth) {
		status = digest_typed(c, text);
		if (status)
			return status;
		digest_parse(text, digest, &why);
		o->digest = digest;
	} else if (p->count) {
		o->digest = p->digest[p->count - 1];
	}
	return check_and_print(c, o);
}

int run_check(const struct command *c)
{
	struct check_options o = { .port = command_given(c, "port") ? c->typed.port : 443,
				   .timeout_ms = c->timeout_s ? c->timeout_s * 1000 : CHECK_TIMEOUT_MS,
				   .address = c->address,
				   .address_count = c->addresses };
	struct identifier ident;
	struct pending_digests *p;
	int status;

	if (c->digest && c->key_auth)
		return failure_tell(
			c, &(struct failure){ EXIT_USAGE,
					      "--digest and --key-auth are the same thing: one of them", NULL,
					      "alpnxdp check --help" });
	status = identifier_typed(c, &ident);
	if (status)
		return status;
	o.ident = &ident;
	p = calloc(1, sizeof(*p));
	if (!p)
		return failure_tell(c, &(struct failure){ EXIT_FAILED, "no memory", NULL, NULL });
	status = run_with(c, &o, p);
	free(p);
	return status;
}
