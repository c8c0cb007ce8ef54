/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Problem documents (RFC 7807, RFC 8555 6.7) wherever they are nested: in a challenge's "error", an order's, a client's
 * log line. What an object says of identifier and address holds for what is within it, until that says otherwise.
 */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "explain/private.h"

enum { TRIES = 64, DEPTH = 24 };

struct walk {
	struct explain_reading *out;
	bool found;
};

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The last record is of the connection that failed: a redirect or a fallback adds one. */
static void context_of(const json_t *object, struct explain_context *c)
{
	const json_t *records = json_object_get(object, "validationRecord");
	const json_t *record = json_array_get(records, json_array_size(records) - 1);
	const json_t *ident = json_object_get(object, "identifier");
	const char *value = json_is_object(ident) ? member(ident, "value") : json_string_value(ident);

	if (value)
		c->ident = value;
	if (member(record, "addressUsed"))
		c->address = member(record, "addressUsed");
	if (!c->ident && member(record, "hostname"))
		c->ident = member(record, "hostname");
}

static const char *type_of(const json_t *object)
{
	const char *type = member(object, "type"), *colon = type ? strrchr(type, ':') : NULL;

	return colon && strstr(type, "acme:error:") ? colon + 1 : NULL;
}

static void problem(struct walk *w, const json_t *object, struct explain_context c)
{
	const char *detail = member(object, "detail");
	size_t len = detail ? strlen(detail) : 0;
	char *clean;

	c.type = type_of(object);
	if (!c.type && !detail)
		return;
	clean = malloc(len + 1);
	if (!clean)
		return;
	explain_clean(detail ? detail : "", len, clean);
	if (explain_sentences(clean, &c, w->out))
		w->found = true;
	free(clean);
}

static void walk(struct walk *w, const json_t *node, struct explain_context c, unsigned depth)
{
	const char *key, *text;
	json_t *child;
	size_t i;

	if (depth == DEPTH)
		return;
	json_array_foreach(node, i, child) walk(w, child, c, depth + 1);
	if (!json_is_object(node))
		return;
	context_of(node, &c);
	/* A list of subproblems says it name by name; the one around it only sums up. */
	if (!json_array_size(json_object_get(node, "subproblems")))
		problem(w, node, c);
	json_object_foreach((json_t *)(uintptr_t)node, key, child)
	{
		text = json_string_value(child);
		if (!text)
			walk(w, child, c, depth + 1);
		else if (strchr(text, '{')) /* JSON in a log line's message */
			w->found = explain_documents(text, strlen(text), w->out) || w->found;
	}
}

bool explain_documents(const char *text, size_t len, struct explain_reading *out)
{
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL;
	struct walk w = { .out = out };
	size_t at = 0;

	for (int tries = 0; tries < TRIES; tries++) {
		const char *brace = memchr(text + at, '{', len - at);
		json_error_t error;
		json_t *root;

		if (!brace)
			break;
		at = (size_t)(brace - text);
		root = json_loadb(brace, len - at, flags, &error);
		if (root)
			walk(&w, root, (struct explain_context){ 0 }, 0);
		/* What was read whole is behind us. */
		at += root && error.position > 0 ? (size_t)error.position : 1;
		json_decref(root);
	}
	return w.found;
}
