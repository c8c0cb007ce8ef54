/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * challenge: what is pending, and the certificate that proves it.
 *
 * Owns: identifiers (RFC 8737 names, RFC 8738 addresses) in one normal form, digests in every spelling that ACME
 * clients hand over, the store of pending challenges with their expiry, and the self-signed certificate of each.
 * Refuses: wildcards, U-labels, names that are not LDH (underscore excepted), digests that are not 32 bytes.
 * Deterministic given the clock argument and a random source (wolfCrypt's, for keys and serial numbers).
 */
#ifndef ALPNXDP_CHALLENGE_H
#define ALPNXDP_CHALLENGE_H

#include "base/base.h"

enum {
	IDENT_MAX = 253,          /* longest DNS name, in characters */
	DIGEST_LEN = 32,          /* SHA-256 of the key authorization */
	CHALLENGE_MAX = 1000000,  /* pending at once; one more is refused */
	CHALLENGE_PER_NAME = 256, /* of them with one identifier, which are looked through one by one */
	CHALLENGE_TTL_MIN_S = 1,
	CHALLENGE_TTL_DEFAULT_S = 3600,
	CHALLENGE_TTL_MAX_S = 30 * 24 * 3600, /* BR 3.2.2.4.20: a token lives for at most 30 days */
};

enum identifier_kind { IDENT_DNS, IDENT_IPV4, IDENT_IPV6 };

/* A name or address under validation, in its only spelling. Two identifiers are equal when their sni are. */
struct identifier {
	enum identifier_kind kind;
	uint8_t address[16];      /* IDENT_IPV4: the first 4 bytes; IDENT_IPV6: all */
	char text[IDENT_MAX + 1]; /* for people: lowercase without trailing dot, or the canonical literal */
	char sni[IDENT_MAX + 1];  /* for validators: the name itself, or its arpa name (RFC 8738 6) */
};

/*
 * Reads what a person or a client hands over: a name in any case with or without one trailing dot, an IPv4 or IPv6
 * literal, or the arpa name of an address. Returns 0; -EINVAL, with *why one sentence that says what is wrong.
 */
int identifier_parse(const char *text, struct identifier *out, const char **why);

/* Both as struct identifier.sni: is sni the name itself, or one below it? Pure. */
bool identifier_covers(const char *suffix, const char *sni);

/*
 * Reads a digest in any of: base64url (43), base64 (44), hex (64), colon-hex (95), OpenSSL's
 * "critical,DER:04:20:..." (with or without "critical," and an OID before it). Returns 0 or -EINVAL with *why.
 */
int digest_parse(const char *text, uint8_t out[DIGEST_LEN], const char **why);

/* SHA-256 of a key authorization "token.thumbprint" (RFC 8555 8.1). -EINVAL with *why if it does not look like one. */
int digest_from_key_authorization(const char *text, uint8_t out[DIGEST_LEN], const char **why);

/* base64url without padding: 43 characters and NUL. */
enum { DIGEST_TEXT_LEN = 44 };
void digest_format(const uint8_t digest[DIGEST_LEN], char out[DIGEST_TEXT_LEN]);

/* ----------------------------------------------------------- certificates */

/* A certificate and its private key, both DER, ready for the TLS engine. */
struct certificate {
	uint8_t *cert;
	size_t cert_len;
	uint8_t *key; /* wiped before it is freed */
	size_t key_len;
	bool rsa; /* which signature algorithms the validator must offer: RSA, or ECDSA over P-256 */
};

/*
 * Makes the certificate of RFC 8737 3 / RFC 8738 3: P-256, self-signed, issuer equal to subject, positive serial, one
 * SAN (lowercase dNSName, or iPAddress of 4 or 16 bytes), critical acmeIdentifier with the digest, no CN longer than
 * 64 characters. now_unix: seconds; valid from an hour before to 30 days after. 0, -ENOMEM, or -EIO (wolfCrypt
 * refused; logged).
 */
int certificate_make(const struct identifier *ident, const uint8_t digest[DIGEST_LEN], int64_t now_unix,
		     struct certificate *out);

/* A copy in blocks of just its size: there may be many, and they stay as long as their challenge. 0, -ENOMEM. */
int certificate_copy(const struct certificate *made, struct certificate *out);
void certificate_free(struct certificate *c); /* wipes the key; c may be all zero */

enum {
	CERTIFICATE_MAX = 6144,     /* bytes of DER; what ACME clients make has 600 to 1,500 */
	CERTIFICATE_KEY_MAX = 3072, /* RSA of 4096 bits: 2,380 */
};

/* What a challenge certificate says. */
struct challenge_facts {
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	bool exact; /* its SAN is the identifier's normal form, byte for byte: validators compare bytes */
};

/*
 * Reads a certificate of RFC 8737 3 / RFC 8738 3 that somebody else has made, with a key of any type. Strict: DER in its
 * shortest form, nothing behind the certificate; exactly one acmeIdentifier, critical, an OCTET STRING of 32 bytes and no
 * more; exactly one SAN extension with exactly one name, a dNSName or an iPAddress. The rest is walked, not judged:
 * neither dates nor signature, at which no validator looks. 0; -EINVAL with *why, what is wrong with it ("has ...").
 */
int certificate_read(const uint8_t *der, size_t len, struct challenge_facts *out, const char **why);

/*
 * The first CERTIFICATE block of a PEM text (RFC 7468) as DER. *der_len is written on success. 0; -EINVAL with *why, as
 * above: no such block, one without its end, one that is not base64, more than cap bytes.
 */
int certificate_pem_decode(const char *text, size_t len, uint8_t *der, size_t cap, size_t *der_len,
			   const char **why);

/* Words on what is wrong with a certificate or a key that was given. */
struct certificate_flaw {
	bool key;                     /* with the key; else with the certificate */
	const char *fix;              /* NULL: there is none */
	char why[2 * IDENT_MAX + 64]; /* "is encrypted" */
};

/*
 * Takes a certificate and its key that somebody has made for ident, each DER or PEM: RSA of 2048 to 4096 bits, or ECDSA over
 * P-256. As validators want it: what certificate_read() asks for, exactly ident as its name, its own issuer, and the key
 * is that of the certificate. *out is to be freed with certificate_free(). 0; -ENOMEM; -EINVAL with *flaw.
 */
int certificate_take(struct reader cert, struct reader key, const struct identifier *ident,
		     struct certificate *out, uint8_t digest[DIGEST_LEN], struct certificate_flaw *flaw);

/* Base64url without padding. To be freed; NULL: no memory. Reads as digest_parse() does; false: not that, or too long. */
char *base64url_encode(const uint8_t *bytes, size_t len);
bool base64url_decode(const char *text, uint8_t *out, size_t cap, size_t *len);

/* --------------------------------------------------------------- the store */

/* X(symbol, name, help): who asked for it. The names are words of the control socket and of the saved file. */
#define CHALLENGE_SOURCES(X)                                            \
	X(CONTROL, "control", "alpnxdp add, or the control socket")     \
	X(HOOK, "hook", "alpnxdp hook")                                 \
	X(FILE, "certificate", "alpnxdp add --cert")                    \
	X(UALPN, "ualpn", "ualpn's socket")                             \
	X(DEHYDRATED, "dehydrated", "a directory of dehydrated's form") \
	X(CERTMAGIC, "certmagic", "the storage of Caddy or certmagic")  \
	X(MOD_MD, "mod_md", "the store of Apache's mod_md")             \
	X(HARVEST, "harvest", "a local listener that was asked")

enum challenge_source {
#define X(symbol, name, help) CHALLENGE_SOURCE_##symbol,
	CHALLENGE_SOURCES(X)
#undef X
		NUM_CHALLENGE_SOURCES
};

const char *challenge_source_name(enum challenge_source source);
const char *challenge_source_help(enum challenge_source source);
bool challenge_source_find(const char *name, enum challenge_source *out); /* false: no such name */

/*
 * One pending challenge. The store owns it; a pointer is good until the next add, remove or expire. There may be a million:
 * what can be derived is not kept.
 */
struct challenge {
	usec_t added;
	usec_t expires;
	uint64_t hits;                   /* flows answered with it */
	struct certificate *certificate; /* NULL: none was given, and none was needed yet */
	/* The store's: in its table of names, among those of the same name, in order of adding, in the heap. */
	struct challenge *collides, *older, *prev, *next;
	uint32_t hash, heap_at;
	uint8_t digest[DIGEST_LEN];
	uint8_t source; /* enum challenge_source */
	uint8_t kind;   /* enum identifier_kind */
	char text[];    /* of the identifier */
};

void challenge_sni(const struct challenge *c, char out[IDENT_MAX + 1]); /* struct identifier.sni */

/* Whether a validator has to be able to verify RSA, or ECDSA over P-256. */
static inline bool challenge_is_rsa(const struct challenge *c)
{
	return c->certificate && c->certificate->rsa;
}

struct challenge_store;

struct challenge_store *challenge_store_new(void); /* NULL: no memory */
void challenge_store_free(struct challenge_store *s);

/*
 * A store has one thread that owns it; every function here is that thread's. Others may call challenge_find(), and use what
 * it gives (challenge_certificate(), challenge_hit()), between these two. The owner needs them for just that, too, where
 * there are others; what changes the store takes the lock by itself.
 */
void challenge_lock(struct challenge_store *s);
void challenge_unlock(struct challenge_store *s);

/* What is to be pending. */
struct challenge_order {
	const struct identifier *ident;
	const uint8_t *digest; /* DIGEST_LEN */
	usec_t expires;
	enum challenge_source source;
	uint64_t hits; /* flows that were answered with it before a restart */
	struct certificate
		*given; /* NULL: one is made when it is needed; else emptied into the store on success */
};

/*
 * Adds a challenge; the same identifier and digest again only changes its expiry, its source and, if
 * one is given, its certificate. Several digests may be
 * pending for an identifier (two CAs at once): challenge_find() gives the one added last.
 * 0; -EEXIST when it was there already (and was changed); -ENOSPC at CHALLENGE_MAX; -ENOMEM.
 * Beyond CHALLENGE_PER_NAME the oldest of the identifier gives way: the newest is the one that is served.
 */
int challenge_add(struct challenge_store *s, const struct challenge_order *order, usec_t now);

/* Removes those of ident with this digest, or all of ident when digest is NULL. Returns how many. */
size_t challenge_remove(struct challenge_store *s, const struct identifier *ident, const uint8_t *digest);

/* The challenge for a server name in normal form (struct identifier.sni), or NULL. */
struct challenge *challenge_find(struct challenge_store *s, const char *sni);

/* The certificate of a challenge, made at the first call; NULL when that failed. */
const struct certificate *challenge_certificate(struct challenge *c, int64_t now_unix);

/* Counted under the lock, and read without it. */
static inline uint64_t challenge_hits(const struct challenge *c)
{
	return __atomic_load_n(&c->hits, __ATOMIC_RELAXED);
}

static inline void challenge_hit(struct challenge *c)
{
	__atomic_store_n(&c->hits, c->hits + 1, __ATOMIC_RELAXED);
}

/*
 * Removes what has expired, at most some hundred at a time: challenge_next_expiry() is in the past then. Returns how many.
 */
size_t challenge_expire(struct challenge_store *s, usec_t now);
usec_t challenge_next_expiry(const struct challenge_store *s); /* USEC_NEVER when empty */
size_t challenge_count(const struct challenge_store *s);
size_t challenge_names(const struct challenge_store *s); /* different ones */
size_t challenge_count_of(const struct challenge_store *s, enum challenge_source source);
usec_t
challenge_oldest(const struct challenge_store *s); /* when the one pending longest was added; USEC_NEVER */

/*
 * Calls visit for each in order of adding until it returns false. The store must not be changed meanwhile.
 */
void challenge_each(struct challenge_store *s, bool (*visit)(struct challenge *c, void *context),
		    void *context);

/*
 * A place in the order of adding that stays right while challenges come and go, for walks that take several turns. One
 * that is all zero is closed; an open one must stay where it is in memory.
 */
struct challenge_cursor {
	struct challenge *next;
	struct challenge_cursor *other; /* open on the same store */
	bool open;
};

void challenge_cursor_open(struct challenge_store *s, struct challenge_cursor *cursor); /* before the first */
struct challenge *challenge_cursor_next(struct challenge_cursor *cursor);               /* NULL: no more */
void challenge_cursor_close(struct challenge_store *s,
			    struct challenge_cursor *cursor); /* also a closed one */

/*
 * Told of every name that becomes pending (true) or is pending no longer (false), once per name however many digests
 * it has: this is what the XDP program's map of names follows.
 */
void challenge_watch(struct challenge_store *s, void (*changed)(const char *sni, bool pending, void *context),
		     void *context);

/*
 * The store as text, one challenge per line, to survive a restart; the expiry in CLOCK_MONOTONIC (the file lives in
 * /run and ends with the boot). challenge_save_some() writes as many whole lines into out as fit, from the cursor on,
 * and returns the bytes written, 0 at the end; the text begins with CHALLENGE_SAVE_HEAD. challenge_store_save() gives
 * all of it: a string to be freed, NULL without memory. challenge_store_restore() takes back what it can, ignores what
 * has expired, and returns the number restored or -EINVAL for a text that is not ours.
 */
#define CHALLENGE_SAVE_HEAD "alpnxdp challenges 1\n"
enum { CHALLENGE_LINE_MAX = 512 }; /* out holds at least this */
size_t challenge_save_some(struct challenge_cursor *cursor, char *out, size_t cap);
char *challenge_store_save(struct challenge_store *s);
int challenge_store_restore(struct challenge_store *s, const char *text, size_t len, usec_t now);

/* The same in parts of so many lines: begin, then as long as it returns true. The text must stay. */
struct challenge_restore {
	const char *at, *end;
	size_t restored;
};
int challenge_restore_begin(struct challenge_restore *r, const char *text, size_t len); /* 0 or -EINVAL */
bool challenge_restore_some(struct challenge_store *s, struct challenge_restore *r, size_t lines, usec_t now);

#endif
