/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was seen, address by address and connection by connection: share/schema/check.json. */
#include "cli/check.h"

/* Members are left out where there is nothing to say ("*" of json_pack()). */
static void set_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	if (number)
		json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *answer_json(enum check_kind kind, const struct check_answer *a)
{
	json_t *out = json_pack("{s:s,s:s,s:b,s:I,s:I,s:I}", "kind", check_kind_name(kind), "end",
				check_end_name(a->end), "acme_tls", a->acme, "sent", (json_int_t)a->hello,
				"received", (json_int_t)a->received, "took_us", (json_int_t)a->took);
	char text[400];

	if (a->alert >= 0)
		json_object_set_new(out, "alert", json_integer(a->alert));
	if (a->version)
		set_text(out, "version", a->version == 0x0304 ? "1.3" : "1.2");
	set_number(out, "cipher", a->cipher);
	set_number(out, "connect_us", a->connected);
	if (a->cert && check_describe(a->cert, a->cert_len, text, sizeof(text)))
		set_text(out, "certificate", text);
	set_text(out, "server", a->server);
	set_text(out, "error", a->error_text);
	return out;
}

static json_t *address_json(const struct check_address *a)
{
	json_t *answers = json_array();

	for (int kind = 0; kind < NUM_CHECK_KINDS; kind++)
		if (a->answer[kind].end != CHECK_END_NOT_ASKED)
			json_array_append_new(answers, answer_json((enum check_kind)kind, &a->answer[kind]));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "address", a->text, "family", a->ipv6 ? "IPv6" : "IPv4",
			 "cause", check_cause_name(a->judged.cause), "problem", a->judged.problem, "detail",
			 a->judged.text, "answers", answers);
}

static void set_digest(json_t *object, const char *key, const uint8_t *digest)
{
	char text[DIGEST_TEXT_LEN];

	digest_format(digest, text);
	json_object_set_new(object, key, json_string(text));
}

json_t *check_json(const struct check_options *o, const struct check_report *r)
{
	json_t *addresses = json_array(), *notes = json_array(), *out;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(addresses, address_json(&r->address[i]));
	for (size_t i = 0; i < r->notes; i++)
		json_array_append_new(notes, json_string(r->note[i]));
	out = json_pack("{s:b,s:i,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "ok", r->verdict.cause == CHECK_FINE,
			"status", (int)check_cause_class(r->verdict.cause), "identifier", o->ident->text,
			"port", (int)o->port, "cause", check_cause_name(r->verdict.cause), "problem",
			r->verdict.problem, "detail", r->verdict.text, "means",
			check_cause_means(r->verdict.cause), "fix", check_cause_fix(r->verdict.cause),
			"notes", notes, "addresses", addresses);
	if (r->decisive)
		json_object_set_new(out, "decisive", json_string(r->decisive->text));
	if (o->digest)
		set_digest(out, "wanted", o->digest);
	if (r->found)
		set_digest(out, "found", r->digest);
	return out;
}
