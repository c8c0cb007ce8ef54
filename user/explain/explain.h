/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain: what a CA said of a failed validation, read out of whatever it is wrapped in, and what that comes to on this host.
 *
 * Owns: the sentences of Boulder, Pebble and step-ca, the problem types of RFC 8555 6.7, the closed list of causes, and the
 * judgement of a problem beside facts that the caller has gathered.
 * Refuses: to guess silently. A finding says how sure it is; text that is not known gives no problem at all.
 * Pure but for JSON, which jansson reads: no clock, no system call. Every text that goes out is printable ASCII of one line.
 * Limits: EXPLAIN_TEXT_MAX bytes, EXPLAIN_PROBLEMS problems; further ones are counted.
 */
#ifndef ALPNXDP_EXPLAIN_H
#define ALPNXDP_EXPLAIN_H

#include <netinet/in.h>
#include "base/base.h"
#include "challenge/challenge.h"

enum {
	EXPLAIN_TEXT_MAX = 256 * 1024,
	EXPLAIN_PROBLEMS = 16,
	EXPLAIN_SENTENCE = 480, /* of the CA; cut if it is longer */
	EXPLAIN_PENDING = 4,    /* digests of a name that are looked at */
	EXPLAIN_FLOWS = 32,     /* connections of a name: the newest */
	EXPLAIN_ADDRESSES = 64, /* of the host */
	EXPLAIN_RESOLVED = 16,  /* of a name */
	EXPLAIN_EVIDENCE = 8,
};

/* X(symbol, sentence): what the CA saw. */
#define EXPLAIN_SYMPTOMS(X)                                                                               \
	X(NO_ADDRESS, "the CA found no address for the name")                                             \
	X(DNS_FAILED, "the CA's question to the name's DNS servers failed")                               \
	X(CONNECT_TIMEOUT, "nobody answered the CA's SYN within its time")                                \
	X(REFUSED, "the CA's connection was refused")                                                     \
	X(UNREACHABLE, "the CA has no route to the address")                                              \
	X(RESET, "the CA's connection was reset")                                                         \
	X(SILENT, "the CA was connected, and then nothing answered it")                                   \
	X(PLAIN, "what answers on the port speaks plain HTTP, not TLS")                                   \
	X(NOT_OURS, "a TLS server without this challenge sent an alert")                                  \
	X(ALERT, "the server ended the handshake with an alert")                                          \
	X(GARBLED, "the handshake ended in the middle, or what came was no proper TLS")                   \
	X(NO_FALLBACK, "the IPv6 address failed, and there is no IPv4 address to fall back to")           \
	X(NO_CERTIFICATE, "the server presented no certificate")                                          \
	X(NO_ALPN, "a TLS server that does not speak acme-tls/1 answered")                                \
	X(NOT_SELF_SIGNED, "the certificate is not self-signed: an ordinary one was served")              \
	X(NO_EXTENSION, "the certificate has no acmeIdentifier: it is not one made for a challenge")      \
	X(NO_SAN, "the certificate has no subjectAltName")                                                \
	X(TWICE, "the certificate has an extension twice")                                                \
	X(OBSOLETE, "the certificate has the acmeIdentifier of the drafts, given up in 2022")             \
	X(NAMES, "the certificate is not for exactly this one name")                                      \
	X(SPELLING, "the certificate's name is not spelled byte for byte as the CA spells it")            \
	X(NOT_CRITICAL, "the certificate's acmeIdentifier is not marked critical")                        \
	X(MALFORMED, "the certificate's acmeIdentifier is no OCTET STRING of 32 bytes")                   \
	X(DIGEST, "the certificate proves another challenge: its digest is not the one the CA asked for") \
	X(NOT_REACHED, "the CA could not connect, or the handshake failed; it does not say which")        \
	X(RATE, "a limit of the CA is used up; nothing was validated")                                    \
	X(CAA, "a CAA record of the name forbids this CA to issue")                                       \
	X(OTHER_METHOD, "this is about another challenge, http-01 or dns-01")                             \
	X(TYPE, "")

enum explain_symptom {
#define X(symbol, text) EXPLAIN_##symbol,
	EXPLAIN_SYMPTOMS(X)
#undef X
		NUM_EXPLAIN_SYMPTOMS
};

/* A problem as the CA told it. Texts are "" where it did not say. */
struct explain_problem {
	enum explain_symptom symptom;
	const char *type; /* RFC 8555 6.7, without the prefix; static; "" */
	bool secondary;   /* one of the CA's other perspectives */
	char sentence[EXPLAIN_SENTENCE];
	char ident[IDENT_MAX + 1]; /* in normal form */
	char address[INET6_ADDRSTRLEN];
	char names[160]; /* in the certificate that was received */
	char alert[64];
	bool has_got, has_wanted;
	uint8_t got[DIGEST_LEN], wanted[DIGEST_LEN];
};

struct explain_reading {
	size_t count;
	size_t left_out;
	struct explain_problem problem[EXPLAIN_PROBLEMS];
};

/* Problem documents anywhere in the text, else the CA's sentences in it. -E2BIG; -ENOMEM; 0, with count 0: nothing is known. */
int explain_read(const char *text, size_t len, struct explain_reading *out);

/* What a CA's text looks like when it is known: for people whose text was not. NULL behind the last. */
const char *explain_known(size_t n);

/* -------------------------------------------------------------- facts */

struct explain_flow {
	char client[INET6_ADDRSTRLEN];
	char server[INET6_ADDRSTRLEN];
	char interface[16];
	char outcome[32]; /* as in events: kebab-case */
	char time[32];
	char text[256], fix[256];
};

struct explain_host {
	struct in6_addr address; /* IPv4 mapped */
	char interface[16];
	bool attached;
};

/* What the caller knows about the host, and about the problem's identifier. */
struct explain_facts {
	bool daemon;  /* it answered */
	bool ledger;  /* it knows flows */
	bool listed;  /* it told what is pending for the name */
	bool dns;     /* the name was asked for; addresses 0: nothing came */
	size_t hosts; /* 0: not known */
	struct explain_host host[EXPLAIN_ADDRESSES];
	size_t resolved;
	struct in6_addr address[EXPLAIN_RESOLVED];
	size_t pending; /* the one added last is first */
	uint8_t digest[EXPLAIN_PENDING][DIGEST_LEN];
	size_t flows; /* of the name, the newest first, of one validation's time */
	struct explain_flow flow[EXPLAIN_FLOWS];
};

/* ----------------------------------------------------------- findings */

/* X(symbol, name): why. Closed list; "unknown" only for problems of which nothing more can be said. */
#define EXPLAIN_CAUSES(X)                           \
	X(DNS_NONE, "dns-no-address")               \
	X(DNS_SERVERS, "dns-servers")               \
	X(DNS_ELSEWHERE, "dns-elsewhere")           \
	X(NOT_ATTACHED, "interface-not-attached")   \
	X(NOT_RUNNING, "not-running")               \
	X(NOTHING_LISTENS, "nothing-listens")       \
	X(BLOCKED, "blocked-on-the-way")            \
	X(NO_FLOW, "no-flow-arrived")               \
	X(NOT_PENDING, "not-pending")               \
	X(OTHER_CHALLENGE, "other-challenge")       \
	X(NOT_YET_PENDING, "not-yet-pending")       \
	X(TWO_DIGESTS, "two-digests")               \
	X(OTHER_RESPONDER, "other-responder")       \
	X(PASSED_ON, "passed-to-web-server")        \
	X(FLOW_FAILED, "flow-failed")               \
	X(PERSPECTIVE, "some-perspectives-failed")  \
	X(NO_TLS, "port-speaks-no-tls")             \
	X(BAD_CERTIFICATE, "certificate-not-valid") \
	X(UNFINISHED, "handshake-unfinished")       \
	X(RATE_LIMIT, "rate-limited")               \
	X(CAA_FORBIDS, "caa-forbids")               \
	X(NOT_TLS_ALPN, "not-tls-alpn-01")          \
	X(UNKNOWN, "unknown")

enum explain_cause {
#define X(symbol, name) EXPLAIN_CAUSE_##symbol,
	EXPLAIN_CAUSES(X)
#undef X
		NUM_EXPLAIN_CAUSES
};
const char *explain_cause_name(enum explain_cause cause);

/* certain: two sources say the same; likely: the CA's words and some of the facts; guess: the CA's words alone. */
enum explain_confidence { EXPLAIN_GUESS, EXPLAIN_LIKELY, EXPLAIN_CERTAIN };
const char *explain_confidence_name(enum explain_confidence confidence);

struct explain_finding {
	enum explain_cause cause;
	enum explain_confidence confidence;
	char text[512]; /* one sentence, without a full stop */
	char fix[400];
	size_t evidence;
	char line[EXPLAIN_EVIDENCE][256];
};

void explain_judge(const struct explain_problem *p, const struct explain_facts *f,
		   struct explain_finding *out);

#endif
