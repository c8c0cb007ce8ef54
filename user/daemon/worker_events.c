/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `events`: what became of each connection, from a number on; and what `list` says of it for each name. Nobody is written
 * to: who wants to follow asks again, with the number that the last reply gave.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "daemon/worker.h"

enum { EVENTS_ROWS = 256 };

/* ---------------------------------------------------------------- taking in */

static int64_t wall_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void worker_record_place(const struct worker_interface *i, struct ledger_record *r, usec_t now)
{
	r->time_us = wall_clock_us() - (int64_t)(now - MIN(r->began, now));
	_Static_assert(sizeof(r->ifname) == sizeof(i->attachment.ifname), "one size of name");
	memcpy(r->ifname, i->attachment.ifname, sizeof(r->ifname));
}

void worker_ended(void *thread, unsigned port, const struct ledger_record *record)
{
	const struct worker_thread *t = thread;
	const struct worker_interface *i = &t->worker->interface[port];
	struct ledger_record r = *record;

	if (selfcheck_is_pretended(r.key.saddr))
		return;
	worker_record_place(i, &r, t->now);
	if (r.answer_us == LEDGER_NEVER)
		r.unsolicited = worker_probe(t->worker, i, &r, t->now);
	ledger_add(t->worker->ledger, &r);
}

/* --------------------------------------------------------------------- JSON */

static void put_address(struct jsonw *j, const char *key, const uint8_t address[16])
{
	char text[ADDRESS_TEXT];

	jsonw_string(j, key, address_format(address, text));
}

static void put_time(struct jsonw *j, int64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	char text[32], all[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(all, sizeof(all), "%s.%06dZ", text, (int)(time_us % 1000000));
	jsonw_string(j, "time", all);
}

static void put_identifier(struct jsonw *j, const char *sni)
{
	struct identifier ident;
	const char *why;

	jsonw_string(j, "identifier", !identifier_parse(sni, &ident, &why) ? ident.text : sni);
}

/* Protocols have commas between them; one at the end says that there were more. */
static void put_alpn(struct jsonw *j, const char *alpn)
{
	char name[TLS_OFFERED_ALPN];
	size_t len;

	jsonw_open_array(j, "alpn");
	while (*alpn) {
		len = strcspn(alpn, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, alpn);
		if (len)
			jsonw_string(j, NULL, name);
		alpn += len;
		if (!*alpn)
			break;
		if (!*++alpn)
			jsonw_string(j, NULL, "...");
	}
	jsonw_close_array(j);
}

static void put_offered(struct jsonw *j, const struct ledger_record *r)
{
	char text[LEDGER_NUMBER_TEXT];

	jsonw_open_object(j, "hello");
	put_alpn(j, r->offered.alpn);
	jsonw_open_array(j, "versions");
	for (size_t i = 0; i < TLS_OFFERED_VERSIONS && r->offered.version[i]; i++)
		jsonw_string(j, NULL, ledger_version_name(r->offered.version[i], text));
	jsonw_close_array(j);
	jsonw_open_array(j, "groups");
	for (size_t i = 0; i < TLS_OFFERED_GROUPS && r->offered.group[i]; i++)
		jsonw_string(j, NULL, ledger_group_name(r->offered.group[i], text));
	jsonw_close_array(j);
	jsonw_unsigned(j, "bytes", r->hello_bytes);
	jsonw_unsigned(j, "segments", r->hello_segments);
	jsonw_close_object(j);
}

static void put_negotiated(struct jsonw *j, const struct ledger_record *r)
{
	char text[LEDGER_NUMBER_TEXT];

	if (!r->version)
		return;
	jsonw_open_object(j, "negotiated");
	jsonw_string(j, "version", ledger_version_name(r->version, text));
	if (r->cipher)
		jsonw_string(j, "cipher", ledger_cipher_name(r->cipher, text));
	if (r->group)
		jsonw_string(j, "group", ledger_group_name(r->group, text));
	jsonw_close_object(j);
}

static void put_timing(struct jsonw *j, const struct ledger_record *r)
{
	const struct {
		const char *key;
		uint32_t us;
	} rows[] = { { "hello", r->hello_us },
		     { "answer", r->answer_us },
		     { "finished", r->finished_us },
		     { "closed", r->closed_us } };

	jsonw_open_object(j, "timing_us");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].us != LEDGER_NEVER)
			jsonw_unsigned(j, rows[i].key, rows[i].us);
	jsonw_close_object(j);
}

static void put_outcome(struct jsonw *j, const struct ledger_record *r)
{
	struct ledger_words words;

	ledger_words(r, &words);
	jsonw_string(j, "outcome", ledger_cause_name((enum ledger_cause)r->cause));
	jsonw_string(j, "phase", ledger_phase_name((enum ledger_phase)r->phase));
	jsonw_string(j, "detail", words.detail);
	jsonw_string(j, "text", words.text);
	jsonw_string(j, "fix", words.fix);
}

void worker_put_hello(struct jsonw *j, const struct ledger_record *r)
{
	put_time(j, r->time_us);
	jsonw_string(j, "interface", r->ifname);
	jsonw_unsigned(j, "queue", r->queue);
	put_address(j, "client", r->key.saddr);
	jsonw_unsigned(j, "client_port", ntohs(r->key.sport));
	put_address(j, "server", r->key.daddr);
	jsonw_unsigned(j, "server_port", ntohs(r->key.dport));
	put_identifier(j, r->sni);
	put_offered(j, r);
}

static void put_event(struct jsonw *j, const struct ledger_record *r)
{
	jsonw_open_object(j, NULL);
	jsonw_unsigned(j, "number", r->number);
	worker_put_hello(j, r);
	put_negotiated(j, r);
	put_timing(j, r);
	jsonw_unsigned(j, "retransmits", r->retransmits);
	if (r->rtt_us)
		jsonw_unsigned(j, "rtt_us", r->rtt_us);
	put_outcome(j, r);
	jsonw_bool(j, "unsolicited", r->unsolicited);
	jsonw_close_object(j);
}

/* ----------------------------------------------------------------- requests */

static char *answer(struct worker *w, uint64_t at, uint64_t limit, const char *sni)
{
	struct ledger_record r;
	uint64_t lost = 0, ignored = 0;
	bool from_the_first = !at;
	char number[24];
	struct jsonw j;

	worker_reply_begin(&j);
	jsonw_open_array(&j, "events");
	while (limit && ledger_read(w->ledger, &at, from_the_first ? &ignored : &lost, &r)) {
		if (sni && strcmp(r.sni, sni) != 0)
			continue;
		put_event(&j, &r);
		limit--;
	}
	jsonw_close_array(&j);
	snprintf(number, sizeof(number), "%" PRIu64, at);
	jsonw_string(&j, "next", number);
	jsonw_unsigned(&j, "lost", lost);
	return worker_reply_end(&j);
}

char *worker_events(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	const char *from_text = control_value(r, "from"), *limit_text = control_value(r, "limit");
	const char *name = control_value(r, "ident"), *why = NULL;
	uint64_t at = 0, limit = EVENTS_ROWS;
	struct identifier ident;

	(void)from;
	if (limit_text && !worker_parse_number(limit_text, 1, UINT32_MAX, &limit))
		return control_refusal(EXIT_USAGE, "the limit is not a number of events", NULL, NULL);
	if (from_text && !worker_parse_number(from_text, 1, UINT64_MAX, &at))
		return control_refusal(EXIT_USAGE, "from is not the number of an event", NULL, NULL);
	if (name && identifier_parse(name, &ident, &why))
		return control_refusal(EXIT_REFUSED, "that is no identifier", why, NULL);
	return answer(w, at, MIN(limit, (uint64_t)EVENTS_ROWS), name ? ident.sni : NULL);
}

void worker_put_perspectives(struct worker *w, struct jsonw *j, const struct challenge *c)
{
	char sni[IDENT_MAX + 1] = "";
	struct ledger_summary s;

	challenge_sni(c, sni);
	if (!ledger_summarize(w->ledger, sni, c->added, &s))
		return;
	jsonw_open_object(j, "perspectives");
	jsonw_unsigned(j, "finished", s.finished);
	jsonw_unsigned(j, "others", s.others);
	if (s.others) {
		jsonw_open_object(j, "last");
		put_address(j, "client", s.last.key.saddr);
		put_outcome(j, &s.last);
		jsonw_close_object(j);
	}
	jsonw_close_object(j);
}
