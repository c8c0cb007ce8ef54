/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to check: a certificate taken apart, the rules for it, and the bytes of hellos and of their answers. */
#ifndef ALPNXDP_CHECK_LOOK_H
#define ALPNXDP_CHECK_LOOK_H

#include "check/check.h"

/* Readers point into the certificate. */
struct look {
	struct reader tbs; /* with its tag: what is signed */
	struct reader algorithm, signature;
	struct reader issuer, subject, key; /* with their tags */
	struct reader san, acme;            /* values of the extensions */
	bool has_san, has_acme, critical, obsolete;
	bool negative_serial, doubled; /* Go's parser refuses both */
	bool bad_san;                  /* and this */
	unsigned dns_names, addresses;
	struct reader dns, address; /* the first of each */
};

/* False: it is no certificate in DER. What Go's parser refuses besides is noted, and looked over. */
bool look_read(struct reader der, struct look *out);
bool look_parses(const struct look *l); /* whether Go's parser would take it */

/* Names as Boulder lists them: common name and alternative names in lower case, sorted, once each. Printable. */
void look_names(const struct look *l, char *out, size_t room);

/* Whether the certificate's key has made its signature, over a hash that Go takes. */
bool look_signed_by_itself(const struct look *l);

struct rules {
	const struct identifier *ident;
	const uint8_t *digest; /* NULL: any */
	const uint8_t (*others)[DIGEST_LEN];
	size_t others_count;
	const char *address; /* that was asked */
	uint16_t port;
	bool self_signed; /* look_signed_by_itself() */
};

/* Boulder's rules for a certificate, in its order (va/tlsalpn.go). */
void rules_judge(const struct look *l, const struct rules *r, struct check_judgement *out);
/* The digest, if it is where it should be. */
bool rules_digest(const struct look *l, uint8_t out[DIGEST_LEN]);

/* How an answer's end maps to Boulder's words (va/va.go); CHECK_FINE: the handshake is finished. */
void ends_judge(const struct check_answer *a, const char *address, struct check_judgement *out);
void judge_answer(const struct check_answer *a, const struct rules *r, struct check_judgement *out);
void judgement_set(struct check_judgement *out, enum check_cause cause, const char *problem,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

enum { HELLO_RANDOM = 2048, HELLO_ROOM = 2048 };
/* A hello in the form and size of Go 1.26's, which Boulder is built with. Returns its length, 0: the name is too long. */
size_t hello_large(const char *sni, const uint8_t random[HELLO_RANDOM], uint8_t out[HELLO_ROOM]);

enum first_kind { FIRST_NOTHING, FIRST_HELLO, FIRST_ALERT, FIRST_HTTP, FIRST_SSH, FIRST_SMTP, FIRST_OTHER };
enum first_kind first_classify(const uint8_t *bytes, size_t len);
/*
 * The leaf of a TLS 1.2 server's flight, which travels in the clear. False: it is not there; an empty list of certificates is
 * an empty leaf. scratch holds len bytes.
 */
bool first_certificate(const uint8_t *bytes, size_t len, uint8_t *scratch, struct reader *out);

/* diagnose.c: each address from its answers, whether a page is to be asked for there, then the verdict and notes on the rest. */
void diagnose_address(const struct rules *r, struct check_address *a);
bool diagnose_wants_page(const struct check_address *a);
void diagnose(const struct check_options *o, struct check_report *r);

/* Printable ASCII of what came from outside, the rest as '?'. */
void text_printable(char *out, size_t room, const uint8_t *bytes, size_t len);

/* probe.c */
struct probe;
struct tls_context;
struct probe_target {
	const struct check_address *address;
	const char *sni, *host;
	enum check_kind kind;
	struct check_answer *answer;
};
/* Asks all at once, until each has ended or the deadline has come. 0, -ENOMEM, -EIO. */
int probes_run(struct tls_context *tls, const struct probe_target *target, size_t count, usec_t deadline);

/* resolve.c: by the system's resolver; false: it has not answered in time. */
bool resolve_name(const char *name, uint16_t port, unsigned timeout_ms,
		  struct check_address out[CHECK_ADDRESSES], size_t *count);
bool address_read(const char *text, uint16_t port, struct check_address *out);
bool address_reserved(const struct check_address *a); /* no CA connects to it */

#endif
