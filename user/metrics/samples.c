/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The samples of the daemon as a whole. What the status does not have is left out. */
#include <alpnxdp/abi.h>
#include "metrics/rows.h"

enum { LABELS_MAX = 64 }; /* samples of one object: more than any closed list of ours has words */

static json_int_t number(const json_t *value)
{
	return json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
}

void samples_member(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *value = json_object_get(status, m->from);

	if (m->key)
		value = json_object_get(value, m->key);
	if (!json_is_integer(value) && !json_is_boolean(value))
		return;
	text_name(out, m, "");
	text_integer(out, number(value));
}

void samples_object(FILE *out, const struct metric *m, const json_t *status)
{
	json_t *object = json_object_get(status, m->from), *value;
	const char *key;
	unsigned count = 0;

	json_object_foreach(object, key, value)
	{
		if (!json_is_integer(value) || count++ >= LABELS_MAX)
			continue;
		text_name(out, m, "");
		text_label(out, "{", m->label, key);
		fputc('}', out);
		text_integer(out, number(value));
	}
}

void samples_build(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *daemon = json_object_get(status, "daemon");
	const char *version = json_string_value(json_object_get(daemon, "version"));
	const char *library = json_string_value(json_object_get(daemon, "tls_library"));
	char abi[16];

	snprintf(abi, sizeof(abi), "%u", ALPNXDP_ABI);
	text_name(out, m, "");
	text_label(out, "{", "version", version ? version : "");
	text_label(out, ",", "tls_library", library ? library : "");
	text_label(out, ",", "abi", abi);
	fputc('}', out);
	text_integer(out, 1);
}

void samples_silence(FILE *out, const struct metric *m, const json_t *status)
{
	static const char *const outcomes[] = { "silenced", "unsilenced" };
	const json_t *silence = json_object_get(status, "silence");

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		text_name(out, m, "");
		text_label(out, "{", "method", "rst");
		text_label(out, ",", "outcome", outcomes[i]);
		fputc('}', out);
		text_integer(out, number(json_object_get(silence, outcomes[i])));
	}
}

static void put_bucket(FILE *out, const struct metric *m, const char *le, const json_t *count)
{
	text_name(out, m, "_bucket");
	text_label(out, "{", "le", le);
	fputc('}', out);
	text_integer(out, number(count));
}

void samples_durations(FILE *out, const struct metric *m, const json_t *status)
{
	const json_t *all = json_object_get(status, m->from), *bucket;
	const json_t *buckets = json_object_get(all, "buckets");
	char le[SECONDS_TEXT_LEN];
	size_t i;

	if (!all)
		return;
	json_array_foreach(buckets, i, bucket)
	{
		text_format_seconds(number(json_object_get(bucket, "le_us")), le);
		put_bucket(out, m, le, json_object_get(bucket, "count"));
	}
	put_bucket(out, m, "+Inf", json_object_get(all, "count"));
	text_name(out, m, "_count");
	text_integer(out, number(json_object_get(all, "count")));
	text_name(out, m, "_sum");
	text_seconds(out, number(json_object_get(all, "sum_us")));
}
