// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Rules of nftables, from the JSON of `nft -j list ruleset`. Of what narrows a rule, ports, conntrack states and TCP
 * flags are followed; anything else only marks it as narrowed. Chains without a hook are judged by their names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "doctor/findings.h"

struct reading {
	struct firewall_rule rule;
	const json_t *objects; /* of the whole reply, for sets */
	uint16_t port;
	bool other; /* it does not concern our port */
	bool foreign;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The elements of a named set of this rule's table. */
static const json_t *set_find(const struct reading *s, const char *name)
{
	const json_t *object;
	size_t i;

	json_array_foreach(s->objects, i, object)
	{
		const json_t *set = json_object_get(object, "set");

		if (!strcmp(text_of(set, "name"), name) && !strcmp(text_of(set, "table"), s->rule.table) &&
		    !strcmp(text_of(set, "family"), s->rule.family))
			return json_object_get(set, "elem");
	}
	return NULL;
}

/* A number, or {"range": [first, last]}. */
static bool element_has_port(const json_t *element, uint16_t port)
{
	const json_t *range = json_object_get(element, "range");

	if (!range)
		return json_is_integer(element) && json_integer_value(element) == port;
	return json_integer_value(json_array_get(range, 0)) <= port &&
	       port <= json_integer_value(json_array_get(range, 1));
}

static bool ports_have(const struct reading *s, const json_t *right)
{
	const char *name = json_string_value(right);
	const json_t *list = json_object_get(right, "set"), *element;
	size_t i;

	if (name && *name == '@')
		list = set_find(s, name + 1);
	if (!list)
		return element_has_port(right, s->port);
	json_array_foreach(list, i, element) if (element_has_port(element, s->port)) return true;
	return false;
}

/* Whether a word is what is asked for: alone, in a list or in a set. */
static bool words_have(const json_t *right, const char *word)
{
	const json_t *list = json_is_array(right) ? right : json_object_get(right, "set"), *element;
	size_t i;

	if (json_is_string(right))
		return !strcmp(json_string_value(right), word);
	json_array_foreach(list, i, element) if (json_is_string(element) &&
						 !strcmp(json_string_value(element), word)) return true;
	return false;
}

static bool is_payload(const json_t *left, const char *field)
{
	return !strcmp(text_of(json_object_get(left, "payload"), "field"), field);
}

/* tcp flags, or {"&": [tcp flags, mask]}. */
static bool is_flags(const json_t *left)
{
	const json_t *masked = json_object_get(left, "&");

	return is_payload(left, "flags") || is_payload(json_array_get(masked, 0), "flags");
}

static void match_take(struct reading *s, const json_t *match)
{
	const json_t *left = json_object_get(match, "left"), *right = json_object_get(match, "right");
	const char *meta = text_of(json_object_get(left, "meta"), "key");
	bool negated = !strcmp(text_of(match, "op"), "!=");

	if (is_payload(left, "dport")) {
		s->rule.port = true;
		s->other |= ports_have(s, right) == negated;
		s->other |= !strcmp(text_of(json_object_get(left, "payload"), "protocol"), "udp");
	} else if (!strcmp(text_of(json_object_get(left, "ct"), "key"), "state")) {
		s->rule.invalid = words_have(right, "invalid") && !negated;
		s->rule.narrowed |= !s->rule.invalid;
	} else if (is_flags(left)) {
		/* A list behind "==" is all of its flags at once, as in scans. */
		s->rule.rst = words_have(right, "rst") && !negated &&
			      !(json_is_array(right) && !strcmp(text_of(match, "op"), "=="));
		s->rule.narrowed |= !s->rule.rst;
	} else if (!strcmp(meta, "l4proto") || is_payload(left, "protocol")) {
		s->other |= words_have(right, "tcp") == negated;
	} else if (!strcmp(meta, "iifname") || !strcmp(meta, "iif")) {
		s->other |= words_have(right, "lo") && !negated;
	} else if (!json_object_get(left, "fib")) {
		s->rule.narrowed = true;
	}
}

/* A map from states to verdicts: of interest is what it does with invalid. */
static void vmap_take(struct reading *s, const json_t *vmap)
{
	const json_t *set = json_object_get(json_object_get(vmap, "data"), "set"), *pair;
	const json_t *ct = json_object_get(json_object_get(vmap, "key"), "ct");
	size_t i;

	if (strcmp(text_of(ct, "key"), "state") != 0)
		return;
	json_array_foreach(set, i, pair)
	{
		if (!words_have(json_array_get(pair, 0), "invalid") ||
		    !json_object_get(json_array_get(pair, 1), "drop"))
			continue;
		s->rule.invalid = true;
		s->rule.effect = FIREWALL_DROP;
	}
}

static void target_write(struct reading *s, const json_t *body)
{
	const json_t *port = json_object_get(body, "port");
	const char *at = text_of(body, "addr");

	at = *at ? at : text_of(body, "dev");
	if (json_is_integer(port))
		snprintf(s->rule.target, sizeof(s->rule.target), "%s:%d", at, (int)json_integer_value(port));
	else
		snprintf(s->rule.target, sizeof(s->rule.target), "%s", *at ? at : "another server");
}

static void statement_take(struct reading *s, const json_t *statement)
{
	static const struct {
		const char *name;
		enum firewall_effect effect;
	} rows[] = {
		{ "drop", FIREWALL_DROP },         { "reject", FIREWALL_DROP },
		{ "tproxy", FIREWALL_TPROXY },     { "dnat", FIREWALL_DNAT },
		{ "synproxy", FIREWALL_SYNPROXY }, { "dup", FIREWALL_DUP },
		{ "redirect", FIREWALL_DNAT },     { "fwd", FIREWALL_FWD },
	};
	const json_t *body;

	s->foreign |= json_object_get(statement, "xt") != NULL;
	s->rule.narrowed |= json_object_get(statement, "xt") || json_object_get(statement, "limit");
	body = json_object_get(statement, "match");
	if (body)
		match_take(s, body);
	body = json_object_get(statement, "vmap");
	if (body)
		vmap_take(s, body);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		body = json_object_get(statement, rows[i].name);
		if (!body)
			continue;
		s->rule.effect = rows[i].effect;
		target_write(s, body);
	}
}

/* Whether packets that come in go through the chain of this rule: by its hook, or by its name if it has none. */
static bool chain_inward(const struct reading *s)
{
	const json_t *object;
	size_t i;

	json_array_foreach(s->objects, i, object)
	{
		const json_t *chain = json_object_get(object, "chain");
		const char *hook = text_of(chain, "hook");

		if (!strcmp(text_of(chain, "name"), s->rule.chain) &&
		    !strcmp(text_of(chain, "table"), s->rule.table) &&
		    !strcmp(text_of(chain, "family"), s->rule.family))
			return firewall_chain_inward(*hook ? hook : s->rule.chain);
	}
	return false;
}

static void rule_take(const json_t *rule, const json_t *objects, uint16_t port, bool *foreign,
		      struct firewall_facts *out)
{
	struct reading s = { .objects = objects, .port = port };
	const json_t *statement;
	size_t i;

	snprintf(s.rule.family, sizeof(s.rule.family), "%s", text_of(rule, "family"));
	snprintf(s.rule.table, sizeof(s.rule.table), "%s", text_of(rule, "table"));
	snprintf(s.rule.chain, sizeof(s.rule.chain), "%s", text_of(rule, "chain"));
	s.rule.handle = (unsigned)json_integer_value(json_object_get(rule, "handle"));
	json_array_foreach(json_object_get(rule, "expr"), i, statement) statement_take(&s, statement);
	*foreign |= s.foreign;
	if (!s.other && firewall_matters(&s.rule) && chain_inward(&s))
		firewall_take(out, &s.rule);
}

int nft_parse(const char *text, uint16_t port, struct firewall_facts *out, bool *foreign)
{
	json_t *root = json_loads(text, 0, NULL);
	const json_t *objects = json_object_get(root, "nftables"), *object;
	size_t i;

	*foreign = false;
	if (!json_is_array(objects)) {
		json_decref(root);
		return -EPROTO;
	}
	json_array_foreach(objects, i, object)
	{
		const json_t *rule = json_object_get(object, "rule");

		if (rule)
			rule_take(rule, objects, port, foreign, out);
	}
	json_decref(root);
	return 0;
}
