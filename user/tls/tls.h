/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tls: a strict gate for hellos, and wolfSSL as a server, or as a client, over two buffers: bytes in, bytes out.
 *
 * Owns: which hellos may reach wolfSSL, and one handshake per struct tls. Knows no socket, clock or connection.
 * Refuses: anything the gate has not accepted. wolfSSL's own parsers have read out of bounds on malformed lists
 * (CVE-2026-3547); no byte of a hello reaches them before the gate has walked all of it.
 */
#ifndef ALPNXDP_TLS_H
#define ALPNXDP_TLS_H

#include "base/base.h"
#include "challenge/challenge.h"

/* ------------------------------------------------------------------- gate */

enum {
	GATE_MAX_HELLO = 4096, /* bytes of record stream, record headers included */
};

/* X(symbol, name, help): why a hello is not for us. Every one gives the flow back to the web server. */
#define GATE_REJECTS(X)                                                                                    \
	X(NOT_HELLO, "not-a-hello", "the stream does not begin with a ClientHello record")                 \
	X(TOO_LARGE, "too-large", "the hello is larger than 4,096 bytes")                                  \
	X(MALFORMED, "malformed", "lengths contradict each other, or bytes are left over")                 \
	X(DUPLICATE_EXTENSION, "duplicate-extension", "an extension occurs twice")                         \
	X(VERSION, "version", "offers neither TLS 1.2 nor TLS 1.3")                                        \
	X(COMPRESSION, "compression", "does not offer the null compression, or more than it with TLS 1.3") \
	X(NO_SNI, "no-sni", "names no server")                                                             \
	X(SNI, "sni", "names more than one server, or one that is not a DNS name in A-labels")             \
	X(NO_ALPN, "no-alpn", "offers no application protocols")                                           \
	X(ALPN, "alpn", "offers something else than acme-tls/1 alone (RFC 8737 3)")                        \
	X(CIPHER, "cipher", "offers no cipher suite that we have for its versions")                        \
	X(GROUP, "group", "offers neither X25519 nor P-256")                                               \
	X(KEY_SHARE, "key-share", "key shares malformed, doubled, of groups not offered, or more than 8")  \
	X(SIGNATURE, "signature", "offers no signature algorithm that fits the certificate")               \
	X(EARLY_DATA, "early-data", "offers a PSK, early data or a cookie, which we never gave")           \
	X(TRAILING, "trailing", "more bytes follow the hello before we have answered")

enum gate_reject {
#define X(symbol, name, help) GATE_##symbol,
	GATE_REJECTS(X)
#undef X
		NUM_GATE_REJECTS
};

const char *gate_reject_name(enum gate_reject why);
const char *gate_reject_help(enum gate_reject why);

enum gate_verdict { GATE_MORE, GATE_ACCEPT, GATE_REJECT };

enum {
	TLS_OFFERED_ALPN = 64,
	TLS_OFFERED_VERSIONS = 4,
	TLS_OFFERED_GROUPS = 12,
};

/*
 * What a hello offers, for people: the first few of each list, in its order, GREASE (RFC 8701) left out. alpn: the protocols
 * with commas between them, bytes that are no letters, digits or of "-._/+" percent-encoded; "," at the end: there were more.
 */
struct tls_offered {
	char alpn[TLS_OFFERED_ALPN];
	uint16_t version[TLS_OFFERED_VERSIONS]; /* IANA numbers; 0 ends the list, if it is not full */
	uint16_t group[TLS_OFFERED_GROUPS];     /* likewise */
};

/* What the gate has read; complete on GATE_ACCEPT, otherwise as far as it came. */
struct tls_hello {
	char sni[IDENT_MAX + 1]; /* lowercase, without trailing dot; "" when not seen */
	struct tls_offered offered;
	bool tls12, tls13; /* offered */
	bool ecdsa_p256;   /* can verify ecdsa_secp256r1_sha256 */
	bool rsa;          /* can verify an RSA signature that we make */
	bool x25519_share; /* TLS 1.3: a share that needs no HelloRetryRequest */
	bool p256_share;
	size_t length;        /* bytes of the record stream that the hello takes up */
	enum gate_reject why; /* on GATE_REJECT */
};

/*
 * Reads the beginning of a stream, len bytes of it. GATE_MORE: a hello that is not complete yet and whose records
 * have broken no rule so far; its fields are judged when it is whole. Pure; never reads past len. A hello cut over
 * several records is followed (RFC 8446 5.1) as long as nothing but handshake records come. Whether the name is
 * pending, and whether the signature algorithms fit the certificate, is the caller's question (GATE_SIGNATURE is for
 * the caller to give).
 */
enum gate_verdict tls_gate(const uint8_t *bytes, size_t len, struct tls_hello *hello);

/*
 * For people: the name and the offer of a hello that has come only in part, as far as that part has them whole. It is not
 * judged. Pure.
 */
void tls_glimpse(const uint8_t *bytes, size_t len, struct tls_hello *hello);

/* ----------------------------------------------------------------- engine */

struct tls_context; /* wolfSSL's shared state: versions, suites, groups, no tickets, no cache */

/* 0; -ENOMEM; -EIO (wolfSSL refused; logged). Call it after the last fork. */
int tls_context_new(struct tls_context **out);
void tls_context_free(struct tls_context *ctx);
/*
 * After the first tls_context_new(), before other threads use theirs: a context is one thread's, but wolfCrypt has a few
 * variables for all. 0; -EIO.
 */
int tls_warm_up(void);
const char *tls_library_version(void); /* "wolfSSL 5.7.2" */

/*
 * Who captures may want to read what is encrypted. wanted() is asked when a handshake begins; while it says so, take() gets the
 * secrets as lines of a TLS key log (RFC 9850), without newline, and the line is wiped behind it. wanted NULL: never.
 * Both are called from within tls_open() and tls_drive(), and must not call this module.
 */
struct tls_keys {
	void *context;
	bool (*wanted)(void *context);
	void (*take)(void *context, const char *line);
};
void tls_context_keys(struct tls_context *ctx, const struct tls_keys *keys);

enum tls_state {
	TLS_HANDSHAKING, /* needs input, or room for output */
	TLS_ESTABLISHED, /* the validator's Finished was right; nothing but closing remains */
	TLS_CLOSED,      /* the validator sent close_notify */
	TLS_FAILED,      /* an alert is in the output, or the validator sent one: see tls_failure() */
};

/* Two buffers. in/in_len: what has arrived. out/out_cap: room for what is to be sent. The call writes the other two. */
struct tls_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_cap;
	size_t consumed; /* bytes of in that were taken */
	size_t produced; /* bytes of out that were written */
};

struct tls; /* one handshake */

/*
 * The certificate is copied. now: by it the context renews what handshakes share (ephemeral.h). 0; -ENOMEM; -EIO (wolfSSL
 * refused it; logged).
 */
int tls_open(struct tls_context *ctx, const struct certificate *cert, usec_t now, struct tls **out);
void tls_free(struct tls *t);

/*
 * Goes on as far as the bytes allow. Output that does not fit is kept and comes with the next call: there may be more
 * when produced equals out_cap. Application data (RFC 8737 3) and more than 16 KiB of input end in TLS_FAILED, with
 * close_notify as the alert. From TLS_CLOSED and TLS_FAILED on, input is taken and ignored.
 */
enum tls_state tls_drive(struct tls *t, struct tls_io *io);

/* Queues close_notify (once); it comes out with the next tls_drive(). */
void tls_close(struct tls *t);

/* What of the validator's came after its hello, at least the beginning; as records show it from the outside. */
enum tls_seen {
	TLS_SEEN_KEY_EXCHANGE = 1 << 0, /* TLS 1.2: ClientKeyExchange */
	TLS_SEEN_CHANGE_CIPHER_SPEC = 1 << 1,
	TLS_SEEN_LAST = 1 << 2, /* an encrypted record: its Finished, if it is right */
};

/* What happened, for the flow's record. */
struct tls_report {
	uint16_t version; /* 0x0303, 0x0304; 0: not negotiated */
	uint16_t cipher;  /* IANA number */
	uint16_t group;   /* IANA number; 0: unknown */
	int alert_in;     /* description of the validator's last alert, 0: close_notify, -1: none */
	int alert_out;    /* of our last, -1: none */
	char error[80];   /* wolfSSL's own words; "" when nothing failed */
	uint8_t seen;     /* enum tls_seen */
	bool retrying;    /* a HelloRetryRequest is out, and the second hello has not come */
};
void tls_report(const struct tls *t, struct tls_report *out);

/* ----------------------------------------------------------------- client */

/*
 * The other side, for asking a listener of this host what it would answer, and for checking ourselves: TLS 1.2 and 1.3,
 * ALPN acme-tls/1 alone, and a server's certificate that is read and never verified: it proves nothing to anybody.
 * Servers with an RSA key, one over P-256, P-384 or P-521, or Ed25519.
 */
struct tls_client;

enum {
	TLS_CLIENT_INPUT_MAX = 64 * 1024,
	TLS_CLIENT_CERTIFICATE_MAX = 16 * 1024, /* a larger leaf is not kept */
};

/* sni in normal form (struct identifier.sni). 0, -ENOMEM, or -EIO (wolfSSL refused it). */
int tls_client_open(struct tls_context *ctx, const char *sni, struct tls_client **out);
void tls_client_free(struct tls_client *c);

/* The same, asked in another way. alpn: the only protocol offered; when it is not "acme-tls/1" the server may do without it. */
struct tls_client_options {
	const char *sni;
	const char *alpn;
	bool tls12_only;
};
int tls_client_open_as(struct tls_context *ctx, const struct tls_client_options *o, struct tls_client **out);

/*
 * As tls_drive(); the first call needs no input. TLS_ESTABLISHED: our Finished is in the output. Application data is
 * read and thrown away; more than 64 KiB of input end in TLS_FAILED, with close_notify as the alert.
 */
enum tls_state tls_client_drive(struct tls_client *c, struct tls_io *io);

/* Queues close_notify (once); it comes out with the next tls_client_drive(). */
void tls_client_close(struct tls_client *c);

/* Once TLS_ESTABLISHED: application data, which comes out with the next tls_client_drive(). */
bool tls_client_say(struct tls_client *c, const char *text);
enum { TLS_CLIENT_HEARD_MAX = 1024 };
const char *
tls_client_heard(const struct tls_client *c); /* the beginning of the server's, with a NUL behind it */

bool tls_client_alpn(const struct tls_client *c); /* the server chose what was offered */

/* How far it came. */
struct tls_client_report {
	uint16_t version, cipher; /* IANA numbers; 0: not negotiated */
	int alert_in;             /* -1: none */
	bool alpn_refused;        /* the server chose a protocol that was not offered */
	bool unparsed;            /* the server's certificate could not be read */
	bool no_certificate;      /* or there was none */
};
void tls_client_report(const struct tls_client *c, struct tls_client_report *out);

/* DER of the server's leaf, as soon as it has come, whatever became of the handshake; NULL: none. Good until free. */
const uint8_t *tls_client_certificate(const struct tls_client *c, size_t *len);

const char *tls_client_error(const struct tls_client *c); /* why TLS_FAILED; "" when nothing failed */

#endif
