/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What people write as a name or an address, brought into its only spelling.
 *
 * Owns the two texts of an identifier: the one for people and the one that validators send as server name. Refuses with
 * one sentence whatever a public CA could not validate by tls-alpn-01.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "challenge/challenge.h"

enum { LABEL_MAX = 63, V4_LABELS = 4, V6_LABELS = 32 };

static const char V4_SUFFIX[] = ".in-addr.arpa";
static const char V6_SUFFIX[] = ".ip6.arpa";
static const char WHY_MAPPED[] = "is an IPv4 address mapped into IPv6: give the IPv4 address itself";
static const char HEX[] = "0123456789abcdef";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* No <ctype.h>: its answers depend on the locale. */
static char to_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && !strcmp(text + len - tail, suffix);
}

static void set_ipv4(struct identifier *out, const uint8_t a[4])
{
	*out = (struct identifier){ .kind = IDENT_IPV4 };
	memcpy(out->address, a, 4);
	snprintf(out->text, sizeof(out->text), "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	snprintf(out->sni, sizeof(out->sni), "%u.%u.%u.%u%s", a[3], a[2], a[1], a[0], V4_SUFFIX);
}

static int set_ipv6(struct identifier *out, const struct in6_addr *a, const char **why)
{
	char *at = out->sni;

	if (IN6_IS_ADDR_V4MAPPED(a)) {
		*why = WHY_MAPPED;
		return -EINVAL;
	}
	*out = (struct identifier){ .kind = IDENT_IPV6 };
	memcpy(out->address, a, sizeof(*a));
	inet_ntop(AF_INET6, a, out->text, sizeof(out->text));
	for (size_t i = sizeof(*a); i-- > 0;) {
		*at++ = HEX[a->s6_addr[i] & 15];
		*at++ = '.';
		*at++ = HEX[a->s6_addr[i] >> 4];
		*at++ = '.';
	}
	strcpy(at - 1, V6_SUFFIX);
	return 0;
}

/* RFC 1035 3.5: all four octets, last one first, in decimal. */
static int parse_arpa4(const char *text, struct identifier *out, const char **why)
{
	char quad[IDENT_MAX + 1];
	uint8_t reversed[4];
	size_t len = strlen(text) - strlen(V4_SUFFIX);

	memcpy(quad, text, len);
	quad[len] = 0;
	if (inet_pton(AF_INET, quad, reversed) != 1) {
		*why = "is an in-addr.arpa name, but not of one whole IPv4 address";
		return -EINVAL;
	}
	set_ipv4(out, (const uint8_t[]){ reversed[3], reversed[2], reversed[1], reversed[0] });
	return 0;
}

/* RFC 3596 2.5: all 32 nibbles, last one first. */
static int parse_arpa6(const char *text, struct identifier *out, const char **why)
{
	struct in6_addr a = { 0 };

	if (strlen(text) != V6_LABELS * 2 - 1 + strlen(V6_SUFFIX))
		goto err_partial;
	for (size_t i = 0; i < V6_LABELS; i++) {
		const char *nibble = text[2 * i] ? strchr(HEX, text[2 * i]) : NULL;
		size_t at = (V6_LABELS - 1 - i) / 2;

		if (!nibble || text[2 * i + 1] != '.')
			goto err_partial;
		a.s6_addr[at] = (uint8_t)(a.s6_addr[at] | (nibble - HEX) << (i % 2 ? 4 : 0));
	}
	return set_ipv6(out, &a, why);

err_partial:
	*why = "is an ip6.arpa name, but not of one whole IPv6 address (32 digits)";
	return -EINVAL;
}

static int parse_ipv6(const char *text, struct identifier *out, const char **why)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, text, &a) == 1)
		return set_ipv6(out, &a, why);
	if (*text == '[')
		*why = "is in brackets: an IPv6 address is written without them";
	else if (strchr(text, '%'))
		*why = "has a zone: an address with a zone cannot be validated from outside";
	else
		*why = "has a colon, but is not an IPv6 address; a port does not belong here";
	return -EINVAL;
}

/* One label of a name in LDH form, underscore allowed. NULL, or what is wrong with it. */
static const char *label_flaw(const char *label, size_t len)
{
	if (!len)
		return "has an empty label (a dot at the beginning, or two in a row)";
	if (len > LABEL_MAX)
		return "has a label of more than 63 characters";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	for (size_t i = 0; i < len; i++) {
		char c = label[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
			return "has a character other than letters, digits, hyphens, underscores and dots";
	}
	return NULL;
}

static const char *name_flaw(const char *name)
{
	const char *label = name, *flaw;
	size_t len, digits;

	for (;;) {
		len = strcspn(label, ".");
		flaw = label_flaw(label, len);
		if (flaw || !label[len])
			break;
		label += len + 1;
	}
	if (flaw)
		return flaw;
	/* RFC 3696 2: no top level domain is all digits, so this was meant to be an address. */
	digits = strspn(label, "0123456789");
	return digits == len ? "ends in a number, but is not an IPv4 address of four decimal numbers" : NULL;
}

/* What can be said before looking at labels: these are mistakes with a better hint than "a character other than". */
static const char *text_flaw(const char *text)
{
	if (!*text)
		return "is empty";
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c > 0x7e)
			return "is not ASCII: give the name in its A-label form (xn--...)";
	}
	if (!strncmp(text, "*.", 2))
		return "is a wildcard: tls-alpn-01 cannot validate wildcards, use dns-01";
	if (strstr(text, "://"))
		return "is a URL: give the name alone";
	return NULL;
}

int identifier_parse(const char *text, struct identifier *out, const char **why)
{
	struct identifier ident = { .kind = IDENT_DNS };
	uint8_t v4[4];
	size_t len = strlen(text);

	*why = text_flaw(text);
	if (*why)
		return -EINVAL;
	if (strchr(text, ':'))
		return parse_ipv6(text, out, why);
	if (inet_pton(AF_INET, text, v4) == 1) {
		set_ipv4(out, v4);
		return 0;
	}
	if (text[len - 1] == '.')
		len--;
	if (len > IDENT_MAX) {
		*why = "has more than 253 characters";
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		ident.text[i] = to_lower(text[i]);
	if (ends_with(ident.text, V4_SUFFIX))
		return parse_arpa4(ident.text, out, why);
	if (ends_with(ident.text, V6_SUFFIX))
		return parse_arpa6(ident.text, out, why);
	*why = name_flaw(ident.text);
	if (*why)
		return -EINVAL;
	memcpy(ident.sni, ident.text, sizeof(ident.sni));
	*out = ident;
	return 0;
}
