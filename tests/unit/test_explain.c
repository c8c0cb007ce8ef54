/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What CAs say, as they say it and as clients wrap it: what is read in it. Then: what it comes to beside facts. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <errno.h>
#include <cmocka.h>
#include "explain/explain.h"

#define HEX1 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define HEX2 "0000000000000000000000000000000000000000000000000000000000000001"
#define INCORRECT \
	"Incorrect validation certificate for tls-alpn-01 challenge. Requested example.org from 192.0.2.1:443. "

static const struct row {
	const char *text;
	enum explain_symptom symptom;
	const char *ident, *address;
} rows[] = {
	/* Boulder, the connection */
	{ "192.0.2.1: Timeout during connect (likely firewall problem)", EXPLAIN_CONNECT_TIMEOUT, "",
	  "192.0.2.1" },
	{ "2001:db8::5: Connection refused", EXPLAIN_REFUSED, "", "2001:db8::5" },
	{ "192.0.2.1: Network unreachable", EXPLAIN_UNREACHABLE, "", "192.0.2.1" },
	{ "192.0.2.1: Connection reset by peer", EXPLAIN_RESET, "", "192.0.2.1" },
	{ "192.0.2.1: Timeout after connect (your server may be slow or overloaded)", EXPLAIN_SILENT, "",
	  "192.0.2.1" },
	{ "192.0.2.1: Timeout during read (your server may be slow or overloaded)", EXPLAIN_SILENT, "",
	  "192.0.2.1" },
	{ "192.0.2.1: Server only speaks HTTP, not TLS", EXPLAIN_PLAIN, "", "192.0.2.1" },
	{ "192.0.2.1: remote error: tls: no application protocol", EXPLAIN_NOT_OURS, "", "192.0.2.1" },
	{ "192.0.2.1: remote error: tls: unrecognized name", EXPLAIN_NOT_OURS, "", "192.0.2.1" },
	{ "192.0.2.1: remote error: tls: internal error", EXPLAIN_ALERT, "", "192.0.2.1" },
	{ "192.0.2.1: Error getting validation data", EXPLAIN_GARBLED, "", "192.0.2.1" },
	{ "Unable to contact \"example.org\" at \"2001:db8::5\", no IPv4 addresses to try as fallback",
	  EXPLAIN_NO_FALLBACK, "example.org", "2001:db8::5" },
	{ "During secondary validation: 192.0.2.1: Timeout during connect (likely firewall problem)",
	  EXPLAIN_CONNECT_TIMEOUT, "", "192.0.2.1" },
	{ "no valid A records found for example.org; no valid AAAA records found for example.org",
	  EXPLAIN_NO_ADDRESS, "example.org", "" },
	{ "DNS problem: NXDOMAIN looking up A for example.org - check that a DNS record exists for this domain",
	  EXPLAIN_NO_ADDRESS, "example.org", "" },
	{ "DNS problem: SERVFAIL looking up CAA for example.org - the domain's nameservers may be malfunctioning",
	  EXPLAIN_DNS_FAILED, "example.org", "" },
	/* Boulder, the certificate */
	{ "No certs presented for tls-alpn-01 challenge", EXPLAIN_NO_CERTIFICATE, "", "" },
	{ "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge", EXPLAIN_NO_ALPN, "",
	  "" },
	{ INCORRECT "Received certificate which is not self-signed.", EXPLAIN_NOT_SELF_SIGNED, "example.org",
	  "192.0.2.1" },
	{ INCORRECT
	  "Received certificate with unexpected extensions: \"Required extension OID 1.3.6.1.5.5.7.1.31 is not "
	  "present\"",
	  EXPLAIN_NO_EXTENSION, "example.org", "192.0.2.1" },
	{ INCORRECT
	  "Received certificate with unexpected extensions: \"Required extension OID 2.5.29.17 is not present\"",
	  EXPLAIN_NO_SAN, "example.org", "192.0.2.1" },
	{ INCORRECT "Received certificate with unexpected extensions: \"Extension OID 2.5.29.17 seen twice\"",
	  EXPLAIN_TWICE, "example.org", "192.0.2.1" },
	{ INCORRECT
	  "Received certificate with unexpected identifiers (\"a.example, b.example\"): \"wrong number of "
	  "identifiers\"",
	  EXPLAIN_NAMES, "example.org", "192.0.2.1" },
	{ INCORRECT
	  "Received certificate with unexpected identifiers (\"EXAMPLE.org\"): \"SAN extension does not match "
	  "expected bytes\"",
	  EXPLAIN_SPELLING, "example.org", "192.0.2.1" },
	{ INCORRECT "Received certificate with acmeValidationV1 extension that is not Critical.",
	  EXPLAIN_NOT_CRITICAL, "example.org", "192.0.2.1" },
	{ INCORRECT "Received certificate with malformed acmeValidationV1 extension value.",
	  EXPLAIN_MALFORMED, "example.org", "192.0.2.1" },
	{ INCORRECT "Received certificate with acmeValidationV1 extension value " HEX1 " but expected " HEX2
		    ".",
	  EXPLAIN_DIGEST, "example.org", "192.0.2.1" },
	/* Pebble */
	{ "Failed to connect to example.org:5001 for the tls-alpn-01 challenge", EXPLAIN_NOT_REACHED,
	  "example.org", "" },
	{ "Error occurred while resolving URL \"https://example.org:5001\": \"lookup failed\"",
	  EXPLAIN_DNS_FAILED, "", "" },
	{ "Incorrect validation certificate for tls-alpn-01 challenge. Requested {dns example.org} from "
	  "example.org:5001. Received 1 certificate(s), first certificate had names \"other.example\"",
	  EXPLAIN_NAMES, "example.org", "" },
	{ "Incorrect validation certificate for TLS-ALPN-01 challenge. Invalid acmeValidation extension value.",
	  EXPLAIN_DIGEST, "", "" },
	{ "Incorrect validation certificate for TLS-ALPN-01 challenge. Malformed acmeValidation extension value.",
	  EXPLAIN_MALFORMED, "", "" },
	{ "Incorrect validation certificate for TLS-ALPN-01 challenge. Missing acmeValidationV1 extension.",
	  EXPLAIN_NO_EXTENSION, "", "" },
	/* step-ca */
	{ "cannot negotiate ALPN acme-tls/1 protocol for tls-alpn-01 challenge", EXPLAIN_NO_ALPN, "", "" },
	{ "incorrect certificate for tls-alpn-01 challenge: obsolete id-pe-acmeIdentifier in acmeValidationV1 extension",
	  EXPLAIN_OBSOLETE, "", "" },
	{ "incorrect certificate for tls-alpn-01 challenge: acmeValidationV1 extension not critical",
	  EXPLAIN_NOT_CRITICAL, "", "" },
	{ "incorrect certificate for tls-alpn-01 challenge: expected acmeValidationV1 extension value " HEX2
	  " for this challenge but got " HEX1,
	  EXPLAIN_DIGEST, "", "" },
	{ "error doing TLS dial for example.org:443: dial tcp 192.0.2.1:443: connect: connection refused",
	  EXPLAIN_REFUSED, "example.org", "" },
	/* wrapped by clients */
	{ "Domain: example.org\n  Type:   connection\n  Detail: 192.0.2.1: Timeout during connect (likely firewall problem)\n",
	  EXPLAIN_CONNECT_TIMEOUT, "example.org", "192.0.2.1" },
	{ "error: one or more domains had a problem:\n[example.org] acme: error: 400 :: "
	  "urn:ietf:params:acme:error:connection :: 192.0.2.1: Connection refused\n",
	  EXPLAIN_REFUSED, "example.org", "192.0.2.1" },
	{ "[Sat Nov 28] example.org:Verify error:192.0.2.1: Timeout after connect (your server may be slow or overloaded)",
	  EXPLAIN_SILENT, "example.org", "192.0.2.1" },
	{ "uacme: challenge https://ca/chall failed with status invalid\n{\n \"error\": {\n  \"type\": "
	  "\"urn:ietf:params:acme:error:unauthorized\",\n  \"detail\": \"Cannot negotiate ALPN protocol \\\"acme-tls/1\\\" "
	  "for tls-alpn-01 challenge\",\n  \"status\": 403\n }\n}\n",
	  EXPLAIN_NO_ALPN, "", "" },
	{ "{\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"},\"status\":\"invalid\",\"challenges\":[{\"type\":"
	  "\"tls-alpn-01\",\"error\":{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"192.0.2.1: Connection "
	  "refused\",\"status\":400},\"validationRecord\":[{\"hostname\":\"example.org\",\"port\":\"443\",\"addressUsed\":"
	  "\"192.0.2.1\"}]}]}",
	  EXPLAIN_REFUSED, "example.org", "192.0.2.1" },
	{ "{\"level\":\"error\",\"logger\":\"tls.obtain\",\"msg\":\"challenge failed\",\"identifier\":\"example.org\","
	  "\"problem\":{\"type\":\"urn:ietf:params:acme:error:connection\",\"title\":\"\",\"detail\":\"2001:db8::5: Error "
	  "getting validation data\",\"instance\":\"\",\"subproblems\":[]}}",
	  EXPLAIN_GARBLED, "example.org", "2001:db8::5" },
	/* other problems */
	{ "urn:ietf:params:acme:error:rateLimited :: too many failed authorizations (5) for \"example.org\" in the last 1h",
	  EXPLAIN_RATE, "", "" },
	{ "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"CAA record for example.org prevents issuance\"}",
	  EXPLAIN_CAA, "example.org", "" },
	{ "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"JWS has an invalid anti-replay nonce\"}",
	  EXPLAIN_TYPE, "", "" },
	{ "Invalid response from http://example.org/.well-known/acme-challenge/x: 404", EXPLAIN_OTHER_METHOD,
	  "", "" },
};

static void test_reading(void **state)
{
	static struct explain_reading r;
	unsigned wrong = 0;

	(void)state;
	assert_true(ARRAY_SIZE(rows) >= 40);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct explain_problem *p = &r.problem[0];

		assert_int_equal(explain_read(rows[i].text, strlen(rows[i].text), &r), 0);
		if (r.count == 1 && p->symptom == rows[i].symptom && !strcmp(p->ident, rows[i].ident) &&
		    !strcmp(p->address, rows[i].address) &&
		    p->secondary == !strncmp(rows[i].text, "During secondary", 16))
			continue;
		wrong++;
		print_error("%s\n  %zu: symptom %u (%u), '%s' ('%s'), '%s' ('%s')\n", rows[i].text, r.count,
			    p->symptom, rows[i].symptom, p->ident, rows[i].ident, p->address,
			    rows[i].address);
	}
	assert_int_equal(wrong, 0);
}

static void test_digests(void **state)
{
	static struct explain_reading r;
	const char *text = INCORRECT "Received certificate with acmeValidationV1 extension value " HEX1
				     " but expected " HEX2 ".";

	(void)state;
	assert_int_equal(explain_read(text, strlen(text), &r), 0);
	assert_true(r.problem[0].has_got && r.problem[0].has_wanted);
	assert_int_equal(r.problem[0].got[0], 0x9f);
	assert_int_equal(r.problem[0].wanted[31], 1);
}

/* Words that any program says are the CA's only where something shows it. */
static void test_not_the_ca(void **state)
{
	static const char *const texts[] = {
		"curl: (7) Failed to connect to acme-v02.api.letsencrypt.org port 443: Connection refused",
		"Get \"https://acme.example/dir\": dial tcp 192.0.2.1:443: connect: network unreachable",
		"HTTPSConnectionPool(host='acme.example', port=443): [Errno 104] Connection reset by peer')",
		"rsync: connection reset by peer (104)",
	};
	static struct explain_reading r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(explain_read(texts[i], strlen(texts[i]), &r), 0);
		assert_int_equal(r.count, 0);
	}
	assert_int_equal(explain_read("Connection refused.", 19, &r), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(explain_read("Type: connection Detail: Connection refused", 43, &r), 0);
	assert_int_equal(r.count, 1);
}

/* A sentence is told whole, with the names that it quotes, and without what it is quoted in. */
static void test_sentences(void **state)
{
	static const struct {
		const char *text, *sentence;
	} told[] = {
		{ "Detail: Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge",
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
		{ "x \"detail\":\"Cannot negotiate ALPN protocol \\\"acme-tls/1\\\" for tls-alpn-01 challenge\", \"status\"",
		  "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge" },
		{ INCORRECT
		  "Received certificate with unexpected identifiers (\"a.example, b.example\"): \"wrong number of "
		  "identifiers\"",
		  INCORRECT
		  "Received certificate with unexpected identifiers (\"a.example, b.example\"): \"wrong number of "
		  "identifiers\"" },
		{ "too many failed authorizations (5) for \"a.example\" in the last 1h0m0s, retry after 2026-11-28 12:00:00 UTC: "
		  "see https://x",
		  "too many failed authorizations (5) for \"a.example\" in the last 1h0m0s, retry after 2026-11-28 12:00:00 UTC: "
		  "see https://x" },
		/* and of another challenge's failure nothing more is said: it was of another port */
		{ "192.0.2.1: Fetching http://b.example/.well-known/acme-challenge/x: Timeout during connect (likely firewall "
		  "problem)",
		  "/.well-known/acme-challenge/x: Timeout during connect (likely firewall problem)" },
	};
	static struct explain_reading r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		assert_int_equal(explain_read(told[i].text, strlen(told[i].text), &r), 0);
		assert_int_equal(r.count, 1);
		assert_string_equal(r.problem[0].sentence, told[i].sentence);
	}
}

/* No text is a reason to fail, and none comes out that a terminal would obey. */
static void test_hostile(void **state)
{
	static struct explain_reading r;
	char *text = malloc(EXPLAIN_TEXT_MAX + 1);
	const char *sentence =
		"\033[31m192.0.2.1: Timeout during connect\x07 (likely firewall problem)\033]0;x\x07";

	(void)state;
	assert_non_null(text);
	assert_int_equal(explain_read("", 0, &r), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(explain_read(sentence, strlen(sentence), &r), 0);
	assert_int_equal(r.count, 1);
	for (const char *c = r.problem[0].sentence; *c; c++)
		assert_in_range(*c, ' ', '~');
	memset(text, '{', EXPLAIN_TEXT_MAX + 1);
	assert_int_equal(explain_read(text, EXPLAIN_TEXT_MAX + 1, &r), -E2BIG);
	assert_int_equal(explain_read(text, EXPLAIN_TEXT_MAX, &r), 0);
	assert_int_equal(r.count, 0);
	for (size_t i = 0; i < EXPLAIN_TEXT_MAX; i++)
		text[i] = (char)(i * 2654435761u >> 13);
	assert_int_equal(explain_read(text, EXPLAIN_TEXT_MAX, &r), 0);
	free(text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t len = 0; len < strlen(rows[i].text); len++) {
			char *cut = malloc(len + 1); /* exactly as long: what is read behind it is seen */

			memcpy(cut, rows[i].text, len);
			explain_read(cut, len, &r);
			free(cut);
		}
}

/* ----------------------------------------------------------------- judgement */

static struct explain_facts facts;
static struct explain_finding finding;

static void add_host(const char *address, const char *interface, bool attached)
{
	struct explain_host *h = &facts.host[facts.hosts++];

	memset(h->address.s6_addr + 10, 0xff, 2);
	if (strchr(address, ':'))
		inet_pton(AF_INET6, address, &h->address);
	else
		inet_pton(AF_INET, address, h->address.s6_addr + 12);
	strcpy(h->interface, interface);
	h->attached = attached;
}

static void add_flow(const char *client, const char *outcome, const char *text)
{
	struct explain_flow *f = &facts.flow[facts.flows++];

	strcpy(f->client, client);
	strcpy(f->outcome, outcome);
	strcpy(f->text, text);
	strcpy(f->fix, "do this");
}

static int fresh(void **state)
{
	(void)state;
	facts = (struct explain_facts){ .daemon = true, .ledger = true, .listed = true };
	add_host("192.0.2.1", "eth0", true);
	return 0;
}

static enum explain_cause judge(const char *text)
{
	static struct explain_reading r;

	assert_int_equal(explain_read(text, strlen(text), &r), 0);
	assert_int_equal(r.count, 1);
	explain_judge(&r.problem[0], &facts, &finding);
	assert_true(*finding.text);
	assert_null(strchr(finding.text, '%'));
	return finding.cause;
}

#define NAMED \
	"{\"identifier\":\"example.org\",\"error\":{\"type\":\"urn:ietf:params:acme:error:x\",\"detail\":\"%s\"}}"

static enum explain_cause judge_named(const char *sentence)
{
	char text[1024];

	snprintf(text, sizeof(text), NAMED, sentence);
	return judge(text);
}

static void test_where(void **state)
{
	(void)state;
	assert_int_equal(judge_named("2001:db8::5: Connection refused"), EXPLAIN_CAUSE_DNS_ELSEWHERE);
	assert_string_equal(
		finding.text,
		"the CA connected to 2001:db8::5, which is no address of this host; no flow arrived "
		"on any attached interface from it: AAAA points elsewhere");
	assert_int_equal(finding.confidence, EXPLAIN_CERTAIN);
	facts.ledger = facts.daemon = false;
	assert_int_equal(judge_named("2001:db8::5: Connection refused"), EXPLAIN_CAUSE_DNS_ELSEWHERE);
	assert_int_equal(finding.confidence, EXPLAIN_LIKELY);
	assert_null(strstr(finding.text, "no flow arrived"));
	fresh(state);
	add_host("192.0.2.9", "eth1", false);
	assert_int_equal(judge_named("192.0.2.9: Error getting validation data"), EXPLAIN_CAUSE_NOT_ATTACHED);
	assert_string_equal(finding.fix, "sudo alpnxdp attach eth1");
	assert_int_equal(judge_named("192.0.2.1: Connection refused"), EXPLAIN_CAUSE_NOTHING_LISTENS);
	assert_int_equal(judge_named("192.0.2.1: Timeout during connect (likely firewall problem)"),
			 EXPLAIN_CAUSE_BLOCKED);
}

static void test_perspectives(void **state)
{
	(void)state;
	add_flow("203.0.113.7", "hello-incomplete", "it never sent the rest of its hello");
	for (unsigned i = 0; i < 4; i++)
		add_flow("203.0.113.8", "validated", "");
	assert_int_equal(judge_named("During secondary validation: 192.0.2.1: Timeout after connect"),
			 EXPLAIN_CAUSE_PERSPECTIVE);
	assert_string_equal(
		finding.text,
		"4 of 5 perspectives finished; of the one from 203.0.113.7: it never sent the rest "
		"of its hello");
	assert_string_equal(finding.fix, "do this");
}

static void test_not_pending(void **state)
{
	(void)state;
	assert_int_equal(judge_named("Cannot negotiate ALPN protocol"), EXPLAIN_CAUSE_NOT_PENDING);
	add_flow("203.0.113.7", "not-pending", "");
	assert_int_equal(judge_named("192.0.2.1: remote error: tls: no application protocol"),
			 EXPLAIN_CAUSE_NOT_PENDING);
	assert_int_equal(finding.confidence, EXPLAIN_CERTAIN);
	facts.flows = 0;
	facts.daemon = facts.ledger = facts.listed = false;
	assert_int_equal(judge_named("Cannot negotiate ALPN protocol"), EXPLAIN_CAUSE_NOT_RUNNING);
	fresh(state);
	add_flow("203.0.113.7", "gate", "offers h2, too");
	assert_int_equal(judge_named("Cannot negotiate ALPN protocol"), EXPLAIN_CAUSE_PASSED_ON);
}

static void test_digest(void **state)
{
	const char *why, *sentence =
				 INCORRECT "Received certificate with acmeValidationV1 extension value " HEX1
					   " but expected " HEX2 ".";

	(void)state;
	facts.pending = 1;
	assert_int_equal(digest_parse(HEX1, facts.digest[0], &why), 0);
	assert_int_equal(judge(sentence), EXPLAIN_CAUSE_OTHER_CHALLENGE);
	assert_non_null(strstr(finding.text, "used another account or an older token"));
	assert_int_equal(digest_parse(HEX2, facts.digest[0], &why), 0);
	assert_int_equal(judge(sentence), EXPLAIN_CAUSE_NOT_YET_PENDING);
	facts.pending = 2;
	assert_int_equal(digest_parse(HEX1, facts.digest[0], &why), 0);
	assert_int_equal(digest_parse(HEX2, facts.digest[1], &why), 0);
	assert_int_equal(judge(sentence), EXPLAIN_CAUSE_TWO_DIGESTS);
	facts.pending = 0;
	assert_int_equal(judge(sentence), EXPLAIN_CAUSE_OTHER_RESPONDER);
}

/* Every row, with facts and without: some finding, with words. */
static void test_always_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fresh(state);
		judge(rows[i].text);
		facts = (struct explain_facts){ 0 };
		assert_int_not_equal(judge(rows[i].text), EXPLAIN_CAUSE_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_not_the_ca),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test_setup(test_where, fresh),
		cmocka_unit_test_setup(test_perspectives, fresh),
		cmocka_unit_test_setup(test_not_pending, fresh),
		cmocka_unit_test_setup(test_digest, fresh),
		cmocka_unit_test_setup(test_always_words, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
