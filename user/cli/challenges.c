/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * add, remove, list. Identifiers and digests are read here as the daemon will, so that a mistake is told at
 * once.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "cli/command.h"

/* A token of at most some hundred characters (RFC 8555 8.1), a dot, a thumbprint of 43. */
enum { KEY_AUTH_MAX = 1024 };

static int refuse(const struct command *c, const char *text, const char *why)
{
	char what[512];

	snprintf(what, sizeof(what), "'%.260s': %s", text, why);
	return failure_tell(c, &(struct failure){ .code = EXIT_REFUSED, .what = what });
}

static int parse_identifier(const struct command *c, struct identifier *ident)
{
	const char *why;

	return identifier_parse(c->operand[0], ident, &why) ? refuse(c, c->operand[0], why) : EXIT_DONE;
}

static int parse_digest(const struct command *c, char text[DIGEST_TEXT_LEN])
{
	uint8_t digest[DIGEST_LEN];
	const char *why;

	if (digest_parse(c->digest, digest, &why))
		return refuse(c, c->digest, why);
	digest_format(digest, text);
	return EXIT_DONE;
}

/* What a key authorization is, is not repeated in errors: on the screen of a CI job it does not belong. */
static int parse_key_auth(const struct command *c, char text[DIGEST_TEXT_LEN])
{
	uint8_t digest[DIGEST_LEN];
	char line[KEY_AUTH_MAX + 2];
	const char *key_auth = c->key_auth, *why;

	if (strcmp(key_auth, "-") == 0) {
		if (!fgets(line, sizeof(line), stdin))
			line[0] = '\0';
		line[strcspn(line, "\r\n")] = '\0';
		key_auth = line;
	}
	if (digest_from_key_authorization(key_auth, digest, &why))
		return refuse(c, "--key-auth", why);
	digest_format(digest, text);
	return EXIT_DONE;
}

static void print_added(const json_t *reply)
{
	char lifetime[DURATION_TEXT_LEN];

	text_format_duration(reply_number(reply, "expires_s"), lifetime);
	printf("%s: %s for %s, digest %s\n", reply_string(reply, "identifier"),
	       reply_true(reply, "new") ? "answering" : "answering already, now", lifetime,
	       reply_string(reply, "digest"));
}

int run_add(const struct command *c)
{
	char digest[DIGEST_TEXT_LEN], ttl[16];
	struct identifier ident;
	json_t *reply;
	int status;

	if (!c->digest == !c->key_auth)
		return failure_tell(c,
				    &(struct failure){ EXIT_USAGE, "add needs one of --digest and --key-auth",
						       NULL, "alpnxdp add --help" });
	status = parse_identifier(c, &ident);
	if (!status)
		status = c->digest ? parse_digest(c, digest) : parse_key_auth(c, digest);
	if (status)
		return status;
	snprintf(ttl, sizeof(ttl), "%" PRIu32, c->ttl_s);
	reply = ask_or_fail(c, "add",
			    (const char *[]){ "ident", ident.text, "digest", digest, "ttl", ttl, NULL },
			    &status);
	if (!reply)
		return status;
	if (c->json) {
		print_json("add", reply);
		return EXIT_DONE;
	}
	print_added(reply);
	json_decref(reply);
	return EXIT_DONE;
}

int run_remove(const struct command *c)
{
	char digest[DIGEST_TEXT_LEN];
	struct identifier ident;
	json_t *reply;
	uint64_t removed;
	int status = parse_identifier(c, &ident);

	if (!status && c->digest)
		status = parse_digest(c, digest);
	if (status)
		return status;
	reply = ask_or_fail(
		c, "remove",
		(const char *[]){ "ident", ident.text, "digest", c->digest ? digest : NULL, NULL }, &status);
	if (!reply)
		return status;
	if (c->json) {
		print_json("remove", reply);
		return EXIT_DONE;
	}
	removed = reply_number(reply, "removed");
	if (removed)
		printf("%s: %" PRIu64 " challenge%s removed\n", ident.text, removed, removed == 1 ? "" : "s");
	else
		printf("%s: nothing was pending\n", ident.text);
	json_decref(reply);
	return EXIT_DONE;
}

static void print_list(const json_t *challenges)
{
	const json_t *row;
	size_t i, width = strlen("IDENTIFIER");

	if (json_array_size(challenges) == 0) {
		puts("no challenges are pending");
		return;
	}
	json_array_foreach(challenges, i, row) width = MAX(width, strlen(reply_string(row, "identifier")));
	printf("%-*s  %-4s  %-43s  %-10s  %s\n", (int)width, "IDENTIFIER", "TYPE", "DIGEST", "EXPIRES IN",
	       "HITS");
	json_array_foreach(challenges, i, row)
	{
		char left[DURATION_TEXT_LEN];

		text_format_duration(reply_number(row, "expires_s"), left);
		printf("%-*s  %-4s  %-43s  %-10s  %" PRIu64 "\n", (int)width, reply_string(row, "identifier"),
		       reply_string(row, "type"), reply_string(row, "digest"), left,
		       reply_number(row, "hits"));
	}
}

int run_list(const struct command *c)
{
	int status;
	json_t *reply = ask_or_fail(c, "list", (const char *[]){ NULL }, &status);

	if (!reply)
		return status;
	if (c->json) {
		print_json("list", reply);
		return EXIT_DONE;
	}
	print_list(json_object_get(reply, "challenges"));
	json_decref(reply);
	return EXIT_DONE;
}
