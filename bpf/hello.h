/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ClientHello walk: does this TLS record stream open with a hello that offers acme-tls/1, and for which name?
 *
 * Pure: bytes in, verdict out, no helper call, so that it also compiles natively and is tested and fuzzed there.
 * It works on any prefix of the stream; a longer prefix never turns one decision into another, except that what lies
 * behind the ALPN list may still prove malformed. Its caller may therefore come back with more bytes after HELLO_MORE.
 *
 * It is a sieve, not a judge: a list with acme-tls/1 beside other protocols is HELLO_ACME, and duplicate extensions
 * are not looked for. The gate in userspace is strict.
 * Limits: the first TLS record only, its first ALPNXDP_MAX_HELLO bytes, HELLO_MAX_EXTENSIONS extensions,
 * HELLO_MAX_PROTOCOLS protocols. What lies beyond is HELLO_OTHER: not ours.
 */
#ifndef ALPNXDP_HELLO_H
#define ALPNXDP_HELLO_H

#include <alpnxdp/abi.h>
#ifndef __bpf__
#include <stdbool.h>
#endif
#include "bytes.h"

enum {
	HELLO_MAX_EXTENSIONS = 64,
	HELLO_MAX_PROTOCOLS = 32,
	HELLO_MAX_NAME = 253, /* longest DNS name */

	HELLO_HEADERS = 9,        /* record header and handshake header */
	HELLO_SESSION_ID = 43,    /* behind them, version and random: its length byte */
	HELLO_MAX_RECORD = 16384, /* RFC 8446 5.1 */
	HELLO_EXT_SNI = 0,        /* RFC 6066 3 */
	HELLO_EXT_ALPN = 16,      /* RFC 7301 3.1 */
	HELLO_ACME_LEN = 10,      /* "acme-tls/1", RFC 8737 6.2 */
};

enum hello_verdict {
	HELLO_READY,     /* nothing decided; only between the functions below */
	HELLO_NOT,       /* does not begin with a ClientHello */
	HELLO_MALFORMED, /* lengths contradict each other */
	HELLO_OTHER,     /* does not offer acme-tls/1 */
	HELLO_MORE,      /* undecided: the bytes ended first */
	HELLO_ACME,      /* offers acme-tls/1 */
};

/*
 * The verifier follows every path with the ranges of all its numbers, and there are endless ways to lay extensions
 * end to end. So the walk keeps its position in struct hello, which the program has in a map: a number loaded from
 * there has no past, and all paths through a loop's body end in one. This makes the compiler load it anew.
 */
#define hello_forget_past() __asm__ volatile("" ::: "memory")

/* What is known about a hello besides the verdict; offsets count from the start of the stream. */
struct hello {
	__u32 len;                 /* bytes that may be read */
	__u32 end;                 /* one past the hello, as its header says */
	enum hello_verdict beyond; /* what it means when a field lies past len */
	__u32 at;                  /* the walk is here */
	__u32 alpn_at;             /* body of the extension; 0: not seen */
	__u32 alpn_len;
	__u32 sni_at;
	__u32 sni_len;
	__u32 name_at;  /* of HELLO_ACME: the server name */
	__u32 name_len; /* 0: not in view */
	bool nameless;  /* nor behind the view: every extension's head was seen */
};

/* May the bytes before `end` be read? HELLO_READY, or the verdict. */
hello_inline enum hello_verdict hello_need(const struct hello *h, __u32 end)
{
	if (end <= h->len)
		return HELLO_READY;
	return end > h->end ? HELLO_MALFORMED : h->beyond;
}

/* The two headers in front of the hello. RFC 8446 5.1, 4; record versions 0x0301 and 0x0303 both occur. */
hello_inline enum hello_verdict hello_headers(const __u8 *bytes, struct hello *h)
{
	__u32 record_end;

	if (h->len < 1)
		return HELLO_MORE;
	if (hello_u8(bytes, 0) != 22 || (h->len > 1 && hello_u8(bytes, 1) != 3) ||
	    (h->len > 5 && hello_u8(bytes, 5) != 1))
		return HELLO_NOT;
	if (h->len < HELLO_HEADERS)
		return HELLO_MORE;
	record_end = 5 + hello_u16(bytes, 3);
	if (record_end < HELLO_HEADERS || record_end > 5 + HELLO_MAX_RECORD)
		return HELLO_NOT;
	h->end = HELLO_HEADERS + (hello_u8(bytes, 6) << 16 | hello_u16(bytes, 7));
	h->beyond = HELLO_MORE;
	if (record_end > ALPNXDP_MAX_HELLO)
		record_end = ALPNXDP_MAX_HELLO;
	if (record_end <= h->len) {
		h->len = record_end;
		h->beyond = HELLO_OTHER;
	}
	if (h->end < h->len)
		h->len = h->end;
	return HELLO_READY;
}

/* Session id, cipher suites, compression methods; leaves h->at at the first extension. RFC 8446 4.1.2. */
hello_inline enum hello_verdict hello_fixed(const __u8 *bytes, struct hello *h)
{
	enum hello_verdict verdict;
	__u32 at = HELLO_SESSION_ID, len;

	verdict = hello_need(h, at + 1);
	if (verdict != HELLO_READY)
		return verdict;
	len = hello_u8(bytes, at);
	if (len > 32)
		return HELLO_MALFORMED;
	at += 1 + len;

	verdict = hello_need(h, at + 2);
	if (verdict != HELLO_READY)
		return verdict;
	len = hello_u16(bytes, at);
	if (len < 2 || len % 2)
		return HELLO_MALFORMED;
	at += 2 + len;

	verdict = hello_need(h, at + 1);
	if (verdict != HELLO_READY)
		return verdict;
	len = hello_u8(bytes, at);
	if (len < 1)
		return HELLO_MALFORMED;
	at += 1 + len;
	if (at == h->end) /* TLS 1.2 allows a hello without extensions */
		return HELLO_OTHER;

	verdict = hello_need(h, at + 2);
	if (verdict != HELLO_READY)
		return verdict;
	h->at = at + 2;
	return h->at + hello_u16(bytes, at) == h->end ? HELLO_READY : HELLO_MALFORMED;
}

/* Finds the two extensions. HELLO_READY at the hello's end; else why the walk ended before it. */
hello_inline enum hello_verdict hello_extensions(const __u8 *bytes, struct hello *h)
{
	enum hello_verdict verdict;
	__u32 i, at, head, len;

	for (i = 0; i < HELLO_MAX_EXTENSIONS; i++) {
		hello_forget_past();
		at = h->at;
		if (at == h->end)
			return HELLO_READY;
		verdict = hello_need(h, at + 4);
		if (verdict != HELLO_READY)
			return verdict;
		head = hello_u32(bytes, at);
		at += 4;
		len = head & 0xffff;
		if (head >> 16 == HELLO_EXT_ALPN && !h->alpn_at) {
			h->alpn_at = at;
			h->alpn_len = len;
		} else if (head >> 16 == HELLO_EXT_SNI && !h->sni_at) {
			h->sni_at = at;
			h->sni_len = len;
		}
		h->at = at + len; /* past the end: hello_need() will say so */
	}
	return HELLO_OTHER;
}

hello_inline bool hello_is_acme(const __u8 *bytes, __u32 at)
{
	const char name[] = "acme-tls/1";
	__u32 i, difference = 0;

	for (i = 0; i < HELLO_ACME_LEN; i++)
		difference |= hello_u8(bytes, at + i) ^ (__u8)name[i];
	return !difference;
}

/* RFC 7301 3.1: a list of protocol names, none of them empty. */
hello_inline enum hello_verdict hello_alpn(const __u8 *bytes, struct hello *h)
{
	__u32 end, i, at, len;
	enum hello_verdict verdict;

	h->at = h->alpn_at + 2;
	verdict = hello_need(h, h->at);
	if (verdict != HELLO_READY)
		return verdict;
	len = hello_u16(bytes, h->alpn_at);
	if (len < 2 || len + 2 != h->alpn_len)
		return HELLO_MALFORMED;
	for (i = 0; i < HELLO_MAX_PROTOCOLS; i++) {
		hello_forget_past();
		at = h->at;
		end = h->alpn_at + h->alpn_len;
		if (at == end)
			return HELLO_OTHER;
		verdict = hello_need(h, at + 1);
		if (verdict != HELLO_READY)
			return verdict;
		len = hello_u8(bytes, at++);
		if (!len || at + len > end)
			return HELLO_MALFORMED;
		if (len == HELLO_ACME_LEN) {
			verdict = hello_need(h, at + len);
			if (verdict != HELLO_READY)
				return verdict;
			if (hello_is_acme(bytes, at))
				return HELLO_ACME;
		}
		h->at = at + len;
	}
	return HELLO_OTHER;
}

/* RFC 6066 3: a list of one host name. Sets the name if all of it is in view. */
hello_inline enum hello_verdict hello_sni(const __u8 *bytes, struct hello *h)
{
	__u32 at, len;

	hello_forget_past();
	at = h->sni_at;
	len = h->sni_len;
	if (!at)
		return HELLO_ACME;
	if (len < 6)
		return HELLO_MALFORMED;
	if (hello_need(h, at + len) != HELLO_READY)
		return HELLO_ACME;
	if (hello_u16(bytes, at) + 2 != len || hello_u8(bytes, at + 2) || hello_u16(bytes, at + 3) + 5 != len)
		return HELLO_MALFORMED;
	h->name_at = at + 5;
	h->name_len = len - 5;
	return HELLO_ACME;
}

/* Judges the first len bytes of a stream (len <= ALPNXDP_MAX_HELLO); h->name_* are set for HELLO_ACME. */
hello_inline enum hello_verdict hello_walk(const __u8 *bytes, __u32 len, struct hello *h)
{
	enum hello_verdict verdict, walk;

	*h = (struct hello){ .len = len };
	verdict = hello_headers(bytes, h);
	if (verdict != HELLO_READY)
		return verdict;
	verdict = hello_fixed(bytes, h);
	if (verdict != HELLO_READY)
		return verdict;
	walk = hello_extensions(bytes, h);
	if (walk == HELLO_MALFORMED)
		return walk;
	h->nameless = walk == HELLO_READY && !h->sni_at;
	if (!h->alpn_at)
		return walk == HELLO_READY ? HELLO_OTHER : walk;
	verdict = hello_alpn(bytes, h);
	return verdict == HELLO_ACME ? hello_sni(bytes, h) : verdict;
}

/* The key of the server name in the map of pending names; 0 for a name that is too long to be pending. */
hello_inline name_hash_t hello_name_hash(const __u8 *bytes, const struct hello *h)
{
	name_hash_t hash = NAME_HASH_INIT;
	__u32 i, c, len;

	hello_forget_past();
	len = h->name_len;
	if (len && hello_u8(bytes, h->name_at + len - 1) == '.') /* the gate forgives it too */
		len--;
	if (len > HELLO_MAX_NAME)
		return 0;
	for (i = 0; i < HELLO_MAX_NAME; i++) {
		if (i >= len)
			break;
		c = hello_u8(bytes, h->name_at + i);
		/* Bit 31 of the first term is clear only between 'A' and 'Z'. A branch here would double the paths. */
		c |= ~((c - 'A') | ('Z' - c)) >> 26 & 0x20;
		hash = NAME_HASH_STEP(hash, c);
	}
	return hash;
}

#endif
