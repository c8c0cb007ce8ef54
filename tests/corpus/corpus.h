/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ClientHellos as sent by real programs (tests/corpus/README.md), and what is known of each. The path is relative to
 * the root of the tree, where all tests are run.
 */
#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CORPUS_MAX = 4096, CORPUS_SEGMENTS = 8 };

struct corpus_hello {
	const char *file;  /* without .hex */
	bool acme;         /* its ALPN list holds acme-tls/1 */
	uint16_t alpn_end; /* one past its ALPN extension; 0: none */
	uint16_t sni_at;   /* its SNI extension, at the type */
	const char *name;
};

#define CORPUS_LABEL(c) \
	c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define CORPUS_LABEL_63(c) CORPUS_LABEL(c) c c c c c c c c c c c c c c
#define CORPUS_LONG_NAME     \
	CORPUS_LABEL_63("a") \
	"." CORPUS_LABEL_63("b") "." CORPUS_LABEL_63("c") "." CORPUS_LABEL("d") ".example.org"
#define CORPUS_IPV6_NAME "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa"

static const struct corpus_hello corpus[] = {
	{ "boulder-va-go1.26", true, 251, 108, "d.example.org" },
	{ "boulder-va-go1.26-ipident", true, 260, 108, "2.0.77.10.in-addr.arpa" },
	{ "boulder-va-go1.26-ipv6", true, 251, 108, "d.example.org" },
	{ "boulder-va-go1.26-ipv6-ipident", true, 310, 108, CORPUS_IPV6_NAME },
	{ "boulder-va-go1.26-longname", true, 491, 108, CORPUS_LONG_NAME },
	{ "boulder-va-go1.26-mss216", true, 251, 108, "d.example.org" },
	{ "boulder-va-go1.26-mss536", true, 251, 108, "d.example.org" },
	{ "boulder-va-go1.26-nomlkem", true, 245, 108, "d.example.org" },
	{ "boulder-va-go1.26-v6first", true, 251, 108, "d.example.org" },
	{ "chromium-1", false, 1976, 1433, "h.example.org" },
	{ "chromium-1-2", false, 408, 164, "h.example.org" },
	{ "chromium-1-3", false, 156, 432, "h.example.org" },
	{ "chromium-1-4", false, 1721, 1721, "h.example.org" },
	{ "chromium-1-5", false, 1890, 1845, "h.example.org" },
	{ "chromium-1-6", false, 1912, 541, "h.example.org" },
	{ "chromium-2", false, 136, 1926, "h.example.org" },
	{ "chromium-2-2", false, 1948, 185, "h.example.org" },
	{ "chromium-2-3", false, 367, 643, "h.example.org" },
	{ "chromium-2-4", false, 1602, 1918, "h.example.org" },
	{ "curl-7.88-https", false, 218, 144, "d.example.org" },
	{ "gnutls-cli-3.7", true, 236, 377, "d.example.org" },
	{ "node20-tls", true, 277, 200, "d.example.org" },
	{ "nss-3.110-tstclnt", false, 0, 120, "d.example.org" },
	{ "nss-3.110-tstclnt-permute-grease", false, 0, 275, "d.example.org" },
	{ "openssl-3.0-s_client", true, 221, 144, "d.example.org" },
	{ "openssl-3.0-s_client-tls1_2", true, 173, 106, "d.example.org" },
	{ "openssl-3.5-s_client", true, 220, 147, "d.example.org" },
	{ "openssl-3.5-s_client-tls1_2", true, 176, 109, "d.example.org" },
	{ "pebble-va-debian", true, 223, 120, "d.example.org" },
	{ "pebble-va-pebble-trixie", true, 231, 120, "d.example.org" },
	{ "pebble-va-pebble-trixie-tlsmlkem", true, 233, 120, "d.example.org" },
	{ "python3.11-ssl", true, 195, 118, "d.example.org" },
};

enum { CORPUS_HELLOS = sizeof(corpus) / sizeof(*corpus) };

/* The stream, and the ends of its TCP segments. */
struct corpus_bytes {
	uint8_t bytes[CORPUS_MAX];
	size_t len;
	size_t ends[CORPUS_SEGMENTS];
	unsigned segments;
};

static inline int corpus_digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A missing or broken file ends the program: every test that asks needs it. */
static inline void corpus_load(const char *file, struct corpus_bytes *out)
{
	char path[256];
	int high = -1, c, digit;
	FILE *f;

	memset(out, 0, sizeof(*out));
	snprintf(path, sizeof(path), "tests/corpus/clienthello/%s.hex", file);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(1);
	}
	while ((c = fgetc(f)) != EOF) {
		digit = corpus_digit(c);
		if (c == '\n' && out->segments < CORPUS_SEGMENTS) {
			out->ends[out->segments++] = out->len;
		} else if (digit >= 0 && high < 0) {
			high = digit;
		} else if (digit >= 0 && out->len < CORPUS_MAX) {
			out->bytes[out->len++] = (uint8_t)(high << 4 | digit);
			high = -1;
		}
	}
	fclose(f);
	if (!out->segments || out->ends[out->segments - 1] != out->len) {
		fprintf(stderr, "%s: not lines of hex\n", path);
		exit(1);
	}
}

#endif
