/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line of ualpn's protocol: `auth IDENT AUTH` or `unauth IDENT`, words separated by spaces and tabs.
 *
 * The checks come in ualpn's order, so that a line with two mistakes is told of the same one. Where we differ, it is on
 * purpose: what could not be validated is not stored (ualpn takes any word of its alphabet), a byte that is NUL is a byte
 * like any other that does not belong, and a missing AUTH is answered (ualpn 1.7.4 dies of it).
 */
#include <string.h>
#include "control/control.h"
#include "front/ualpn.h"

enum { WORDS = 4, IDENT_LEN_MAX = 250, AUTH_LEN = 43 };

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char IDENT_ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";

const char *const ualpn_reply_text[NUM_UALPN_REPLIES] = {
#define X(symbol, text) [UALPN_##symbol] = text "\n",
	UALPN_REPLIES(X)
#undef X
};

struct word {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first WORDS words; more are not looked at. */
static size_t split(const char *line, size_t len, struct word words[WORDS])
{
	size_t count = 0, i = 0;

	for (;;) {
		while (i < len && is_blank(line[i]))
			i++;
		if (i == len || count == WORDS)
			return count;
		words[count].at = line + i;
		while (i < len && !is_blank(line[i]))
			i++;
		words[count].len = (size_t)(line + i - words[count].at);
		count++;
	}
}

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && !memcmp(w->at, text, w->len);
}

/* Into text, which has room for one byte more than most. A NUL in it ends it early, and is thereby refused. */
static bool word_copy(const struct word *w, const char *alphabet, size_t most, char *text)
{
	if (w->len == 0 || w->len > most)
		return false;
	memcpy(text, w->at, w->len);
	text[w->len] = '\0';
	return strspn(text, alphabet) == w->len;
}

static enum ualpn_reply read_auth(const struct word *w, struct ualpn_command *out)
{
	char text[AUTH_LEN + 1];
	const char *why;

	/* digest_parse() knows more spellings than ualpn: all but one are kept from it. */
	if (w->len != AUTH_LEN || !word_copy(w, BASE64URL, AUTH_LEN, text))
		return UALPN_AUTH;
	return digest_parse(text, out->digest, &why) ? UALPN_AUTH : UALPN_OK;
}

enum ualpn_reply ualpn_read(const char *line, size_t len, struct ualpn_command *out)
{
	struct word words[WORDS] = { 0 };
	char text[IDENT_LEN_MAX + 1];
	size_t count = split(line, len, words);
	bool auth = count && word_is(&words[0], "auth"), known;
	const char *why;

	if (!auth && !(count && word_is(&words[0], "unauth")))
		return UALPN_USAGE;
	if (!word_copy(&words[1], IDENT_ALPHABET, IDENT_LEN_MAX, text))
		return UALPN_IDENT;
	known = !identifier_parse(text, &out->ident, &why);
	out->verb = auth ? UALPN_VERB_AUTH : UALPN_VERB_UNAUTH;
	if (auth)
		return known ? read_auth(&words[2], out) : UALPN_IDENT;
	if (count > 2)
		return UALPN_PARAMETERS;
	return known ? UALPN_OK : UALPN_NOT_FOUND; /* it cannot be there */
}

enum ualpn_reply ualpn_reply_of(enum ualpn_verb verb, const struct ualpn_outcome *outcome)
{
	static const struct {
		int code;
		enum ualpn_reply reply;
	} rows[] = {
		{ EXIT_REFUSED, UALPN_IDENT }, /* the engine is stricter than we are: it has the last word */
		{ EXIT_TRY_AGAIN, UALPN_FULL },
	};

	if (outcome->code == EXIT_DONE && verb == UALPN_VERB_AUTH)
		return outcome->added ? UALPN_OK : UALPN_INSERTED;
	if (outcome->code == EXIT_DONE)
		return outcome->removed ? UALPN_OK : UALPN_NOT_FOUND;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].code == outcome->code)
			return rows[i].reply;
	return UALPN_LOCKED;
}
