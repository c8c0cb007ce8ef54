/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * add, remove. Identifiers and digests are read here as the daemon will, so that a mistake is told at
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

int identifier_typed(const struct command *c, struct identifier *ident)
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

int digest_typed(const struct command *c, char text[DIGEST_TEXT_LEN])
{
	return c->digest ? parse_digest(c, text) : parse_key_auth(c, text);
}

static void print_added(const json_t *reply)
{
	char lifetime[DURATION_TEXT_LEN];

	text_format_duration(reply_number(reply, "expires_s"), lifetime);
	printf("%s: %s for %s, digest %s\n", reply_string(reply, "identifier"),
	       reply_true(reply, "new") ? "answering" : "answering already, now", lifetime,
	       reply_string(reply, "digest"));
}

/* What is asked for: exactly one of a digest, a key authorization, and a certificate with its key. */
static const char *choice_flaw(const struct command *c)
{
	if (!c->cert != !c->key)
		return "--cert and --key belong together";
	if (!!c->digest + !!c->key_auth + !!c->cert != 1)
		return "add needs one of --digest, --key-auth and --cert with --key";
	return NULL;
}

static int tell(const struct command *c, const char *ident, const char *digest,
		const struct certificate_words *w)
{
	char ttl[16];
	json_t *reply;
	int status;

	snprintf(ttl, sizeof(ttl), "%" PRIu32, c->ttl_s);
	reply = ask_or_fail(c, "add",
			    (const char *[]){ "ident", ident, "digest", digest, "cert", w->cert, "key",
					      w->key, "ttl", ttl, NULL },
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

int run_add(const struct command *c)
{
	const char *flaw = choice_flaw(c);
	char digest[DIGEST_TEXT_LEN];
	struct certificate_words words = { 0 };
	struct identifier ident;
	int status;

	if (flaw)
		return failure_tell(c, &(struct failure){ EXIT_USAGE, flaw, NULL, "alpnxdp add --help" });
	status = identifier_typed(c, &ident);
	if (!status && c->cert)
		status = certificate_words(c, &ident, &words);
	else if (!status)
		status = digest_typed(c, digest);
	if (!status)
		status = tell(c, ident.text, c->cert ? NULL : digest, &words);
	certificate_words_free(&words);
	return status;
}

int run_remove(const struct command *c)
{
	char digest[DIGEST_TEXT_LEN];
	struct identifier ident;
	json_t *reply;
	uint64_t removed;
	int status = identifier_typed(c, &ident);

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
