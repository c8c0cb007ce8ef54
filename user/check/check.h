/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * check: validates a name or an address as Let's Encrypt's validator (Boulder) does, and says what that would report.
 *
 * Owns: Boulder's order of steps and its exact words, the rules for certificates, and what each ending means. Needs neither root nor
 * daemon, and works against any responder. Whatever comes over the network is hostile: bounded, and text made of it holds printable
 * characters only. Refuses to guess: what was not seen is not said.
 * Limits: CHECK_ADDRESSES addresses, all asked at once: it takes twice the timeout at most, and 3 s for a web server's page.
 */
#ifndef ALPNXDP_CHECK_H
#define ALPNXDP_CHECK_H

#include <netinet/in.h>
#include "base/base.h"
#include "challenge/challenge.h"
#include "tls/tls.h"

enum {
	CHECK_ADDRESSES = 16,
	CHECK_CERTIFICATE_MAX = TLS_CLIENT_CERTIFICATE_MAX,
	CHECK_TIMEOUT_MS = 10000, /* Boulder's, for connect and handshake of one address together */
	CHECK_TIMEOUT_MAX_S = 300,
	CHECK_FIRST = 64, /* bytes that came first, kept */
	CHECK_TEXT = 1024,
	CHECK_NOTES = 12,
};

/* The command's exit status; 0: would validate. Beside those of enum control_exit. */
enum check_class {
	CHECK_CLASS_OK = 0,
	CHECK_CLASS_DNS = 10,         /* the name leads to no address that a CA would use */
	CHECK_CLASS_CONNECTION = 11,  /* no connection, or it ended without a word of TLS */
	CHECK_CLASS_TLS = 12,         /* what answers is not TLS, or its handshake failed */
	CHECK_CLASS_OTHER = 13,       /* somebody else answered: a web server, a CDN */
	CHECK_CLASS_CERTIFICATE = 14, /* acme-tls/1 was spoken, and a rule for the certificate is broken */
	CHECK_CLASS_DIGEST = 15,      /* all is right but the digest */
};

/* X(symbol, name, class): what is the matter. Words on each are in words.c. */
#define CHECK_CAUSES(X)                                                \
	X(FINE, "fine", CHECK_CLASS_OK)                                \
	X(NO_ADDRESS, "no-address", CHECK_CLASS_DNS)                   \
	X(RESERVED, "reserved-address", CHECK_CLASS_DNS)               \
	X(CONNECT_TIMEOUT, "connect-timeout", CHECK_CLASS_CONNECTION)  \
	X(REFUSED, "refused", CHECK_CLASS_CONNECTION)                  \
	X(UNREACHABLE, "unreachable", CHECK_CLASS_CONNECTION)          \
	X(SILENT, "silent", CHECK_CLASS_CONNECTION)                    \
	X(STALLED, "stalled", CHECK_CLASS_CONNECTION)                  \
	X(CLOSED, "closed", CHECK_CLASS_CONNECTION)                    \
	X(RESET, "reset", CHECK_CLASS_CONNECTION)                      \
	X(LARGE_HELLO, "large-hello", CHECK_CLASS_CONNECTION)          \
	X(HTTP, "http", CHECK_CLASS_TLS)                               \
	X(SSH, "ssh", CHECK_CLASS_TLS)                                 \
	X(SMTP, "smtp", CHECK_CLASS_TLS)                               \
	X(NOT_TLS, "not-tls", CHECK_CLASS_TLS)                         \
	X(OLD_TLS, "old-tls", CHECK_CLASS_TLS)                         \
	X(ALERT_NAME, "alert-name", CHECK_CLASS_TLS)                   \
	X(ALERT, "alert", CHECK_CLASS_TLS)                             \
	X(HANDSHAKE, "handshake", CHECK_CLASS_TLS)                     \
	X(ALPN_OTHER, "other-protocol", CHECK_CLASS_TLS)               \
	X(ALERT_ALPN, "no-acme-tls", CHECK_CLASS_OTHER)                \
	X(NO_ALPN, "web-server", CHECK_CLASS_OTHER)                    \
	X(CDN, "cdn", CHECK_CLASS_OTHER)                               \
	X(NO_CERTIFICATE, "no-certificate", CHECK_CLASS_CERTIFICATE)   \
	X(PARSE, "unreadable-certificate", CHECK_CLASS_CERTIFICATE)    \
	X(NOT_SELF_SIGNED, "not-self-signed", CHECK_CLASS_CERTIFICATE) \
	X(NO_ACME, "no-acme-identifier", CHECK_CLASS_CERTIFICATE)      \
	X(OBSOLETE_OID, "obsolete-oid", CHECK_CLASS_CERTIFICATE)       \
	X(NO_SAN, "no-san", CHECK_CLASS_CERTIFICATE)                   \
	X(SAN_COUNT, "san-count", CHECK_CLASS_CERTIFICATE)             \
	X(SAN_KIND, "san-kind", CHECK_CLASS_CERTIFICATE)               \
	X(SAN_OTHER, "san-other-name", CHECK_CLASS_CERTIFICATE)        \
	X(SAN_CASE, "san-case", CHECK_CLASS_CERTIFICATE)               \
	X(SAN_BYTES, "san-bytes", CHECK_CLASS_CERTIFICATE)             \
	X(NOT_CRITICAL, "not-critical", CHECK_CLASS_CERTIFICATE)       \
	X(MALFORMED, "malformed-digest", CHECK_CLASS_CERTIFICATE)      \
	X(STALE, "stale-digest", CHECK_CLASS_DIGEST)                   \
	X(DIGEST, "other-digest", CHECK_CLASS_DIGEST)

enum check_cause {
#define X(symbol, name, class) CHECK_##symbol,
	CHECK_CAUSES(X)
#undef X
		NUM_CHECK_CAUSES
};
const char *check_cause_name(enum check_cause cause);
enum check_class check_cause_class(enum check_cause cause);
const char *check_cause_means(enum check_cause cause); /* one or two sentences */
const char *check_cause_fix(enum check_cause cause);   /* what to do; "" for CHECK_FINE */

/* How each address is asked: all of them at the same time, the first two kinds, then each of the others. */
enum check_kind {
	CHECK_AS_CA, /* acme-tls/1 alone, TLS 1.2 and 1.3, a small hello */
	CHECK_TLS12, /* the same, TLS 1.2 alone */
	CHECK_LARGE, /* a hello as large as the CA's, of which only the beginning of the answer is read */
	CHECK_WEB,   /* a page, as a browser would; only where a web server seems to be */
	NUM_CHECK_KINDS
};
const char *check_kind_name(enum check_kind kind);

/* X(symbol, name): how a connection ended. */
#define CHECK_ENDS(X)                         \
	X(NOT_ASKED, "not-asked")             \
	X(CONNECT_TIMEOUT, "connect-timeout") \
	X(CONNECT_FAILED, "connect-failed")   \
	X(SILENT, "timeout")                  \
	X(RESET, "reset")                     \
	X(CLOSED, "closed")                   \
	X(ALERT, "alert")                     \
	X(NOT_TLS, "not-tls")                 \
	X(FAILED, "handshake-failed")         \
	X(ANSWERED, "answered")               \
	X(DONE, "finished")

enum check_end {
#define X(symbol, name) CHECK_END_##symbol,
	CHECK_ENDS(X)
#undef X
		NUM_CHECK_ENDS
};
const char *check_end_name(enum check_end end);

/* What was seen over one connection. */
struct check_answer {
	enum check_end end;
	int error;                /* errno of CONNECT_FAILED */
	int alert;                /* -1: none */
	uint16_t version, cipher; /* 0: not negotiated */
	bool acme;                /* acme-tls/1 was chosen */
	bool alpn_refused;        /* another protocol was chosen, which was not offered */
	bool unparsed;            /* wolfSSL could not read the certificate */
	bool no_certificate, old_version;
	bool own; /* the address is one of this machine: by lo, where no program of ours looks */
	size_t hello, received;     /* bytes of ours and theirs */
	uint8_t first[CHECK_FIRST]; /* what came first */
	size_t first_len;
	usec_t connected, took; /* since its beginning; 0: not */
	uint8_t *cert;          /* of the leaf; NULL: none */
	size_t cert_len;
	char server[64];     /* of CHECK_WEB: what its HTTP header calls itself; printable */
	char error_text[80]; /* wolfSSL's own words for CHECK_END_FAILED */
};

/* What an answer comes to, in the CA's words. */
struct check_judgement {
	enum check_cause cause;
	const char *problem; /* the last word of an ACME error's type; "" for CHECK_FINE */
	bool falls_back;     /* the CA would try IPv4 after this */
	char text[CHECK_TEXT];
};

struct check_address {
	struct sockaddr_storage to;
	char text[INET6_ADDRSTRLEN];
	bool ipv6;
	struct check_answer answer[NUM_CHECK_KINDS];
	struct check_judgement judged;   /* of what the CA would see there */
	struct check_judgement judged12; /* with TLS 1.2 alone */
};

struct check_options {
	const struct identifier *ident;
	const uint8_t *digest;               /* what has to be in the certificate; NULL: not known */
	const uint8_t (*others)[DIGEST_LEN]; /* pending here besides: to tell a stale one */
	size_t others_count;
	const char *const *address; /* instead of the resolver's */
	size_t address_count;
	uint16_t port; /* host order */
	unsigned timeout_ms;
};

struct check_report {
	size_t count; /* addresses asked */
	struct check_address address[CHECK_ADDRESSES];
	const struct check_address *decisive; /* whose answer is the CA's verdict; NULL: none was asked */
	struct check_judgement verdict;
	bool found; /* a digest was in the decisive certificate */
	uint8_t digest[DIGEST_LEN];
	size_t notes;
	char note[CHECK_NOTES][CHECK_TEXT / 2]; /* what else was seen */
};

/* 0 with *out, to be freed; -EINVAL: an address is none, *out->verdict.text says which; -ENOMEM; -EIO (wolfSSL refused). */
int check_run(const struct check_options *o, struct check_report *out);
void check_report_free(struct check_report *r);

/* Who a certificate says it is, for people: "CN=x, issued by CN=y, for a, b". False: it is none. */
bool check_describe(const uint8_t *der, size_t len, char *out, size_t room);

#endif
