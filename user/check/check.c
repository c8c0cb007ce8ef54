/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of a check, in the CA's order: addresses, connections, certificate, verdict. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check/look.h"

enum { PAGE_MS = 3000 };

static int take_given(const struct check_options *o, struct check_report *r)
{
	for (size_t i = 0; i < o->address_count && r->count < CHECK_ADDRESSES; i++) {
		if (!address_read(o->address[i], o->port, &r->address[r->count])) {
			judgement_set(&r->verdict, CHECK_NO_ADDRESS, "", "'%.60s' is no IPv4 or IPv6 address",
				      o->address[i]);
			return -EINVAL;
		}
		r->count++;
	}
	return 0;
}

/* What no CA would connect to is left out, as the CA leaves it out. */
static void take_resolved(const struct check_options *o, struct check_report *r)
{
	const char *name = o->ident->text;
	size_t all;

	if (!resolve_name(name, o->port, o->timeout_ms, r->address, &all))
		snprintf(r->note[r->notes++], sizeof(r->note[0]),
			 "the resolver of this machine has not answered in %u s", o->timeout_ms / 1000);
	for (size_t i = 0; i < all; i++)
		if (!address_reserved(&r->address[i]))
			r->address[r->count++] = r->address[i];
	if (!r->count)
		judgement_set(&r->verdict, all ? CHECK_RESERVED : CHECK_NO_ADDRESS, "dns",
			      "no valid A records found for %s; no valid AAAA records found for %s", name,
			      name);
}

/* For an address it is the address (RFC 8738 2): nothing is resolved. */
static int find_addresses(const struct check_options *o, struct check_report *r)
{
	if (o->address_count)
		return take_given(o, r);
	if (o->ident->kind == IDENT_DNS)
		take_resolved(o, r);
	else if (address_read(o->ident->text, o->port, &r->address[0]))
		r->count = 1;
	return 0;
}

static struct probe_target target(const struct check_options *o, struct check_address *a,
				  enum check_kind kind)
{
	return (struct probe_target){ .address = a,
				      .sni = o->ident->sni,
				      .host = o->ident->text,
				      .kind = kind,
				      .answer = &a->answer[kind] };
}

/*
 * First both handshakes. A large hello may hang a responder that serves one connection after the other, as openssl s_server does: it
 * comes when they are over, and only where TLS was spoken.
 */
static bool wants(const struct check_address *a, enum check_kind kind)
{
	const struct check_answer *first = &a->answer[CHECK_AS_CA];

	switch (kind) {
	case CHECK_LARGE:
		return first_classify(first->first, first->first_len) == FIRST_HELLO;
	case CHECK_WEB:
		return diagnose_wants_page(a);
	default:
		return true;
	}
}

static int ask(const struct check_options *o, struct tls_context *tls, struct check_report *r,
	       const enum check_kind kind[2], unsigned timeout_ms)
{
	struct probe_target list[2 * CHECK_ADDRESSES];
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < 2; k++)
			if (kind[k] != NUM_CHECK_KINDS && wants(&r->address[i], kind[k]))
				list[n++] = target(o, &r->address[i], kind[k]);
	return n ? probes_run(tls, list, n, clock_now() + timeout_ms * USEC_PER_MSEC) : 0;
}

static void judge(const struct check_options *o, struct check_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct rules rules = { .ident = o->ident,
					     .digest = o->digest,
					     .others = o->others,
					     .others_count = o->others_count,
					     .address = r->address[i].text,
					     .port = o->port };

		diagnose_address(&rules, &r->address[i]);
	}
}

static int ask_all(const struct check_options *o, struct tls_context *tls, struct check_report *r)
{
	static const enum check_kind handshakes[] = { CHECK_AS_CA, CHECK_TLS12 };
	static const enum check_kind large[] = { CHECK_LARGE, NUM_CHECK_KINDS };
	static const enum check_kind page[] = { CHECK_WEB, NUM_CHECK_KINDS };
	int err = ask(o, tls, r, handshakes, o->timeout_ms);

	if (!err)
		err = ask(o, tls, r, large, o->timeout_ms);
	if (err)
		return err;
	judge(o, r);
	return ask(o, tls, r, page, MIN(PAGE_MS, o->timeout_ms));
}

int check_run(const struct check_options *o, struct check_report *out)
{
	struct tls_context *tls;
	int err;

	*out = (struct check_report){ .count = 0 };
	judgement_set(&out->verdict, CHECK_FINE, "", "%s", "");
	err = find_addresses(o, out);
	if (err)
		return err;
	err = tls_context_new(&tls);
	if (err)
		return err;
	err = ask_all(o, tls, out);
	if (!err)
		diagnose(o, out);
	else
		check_report_free(out);
	tls_context_free(tls);
	return err;
}

void check_report_free(struct check_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		for (size_t kind = 0; kind < NUM_CHECK_KINDS; kind++) {
			free(r->address[i].answer[kind].cert);
			r->address[i].answer[kind].cert = NULL;
		}
	}
}
