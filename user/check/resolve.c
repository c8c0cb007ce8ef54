/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a name points, and which addresses no CA connects to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "check/look.h"
#include "resolve/resolve.h"

static void take(const uint8_t address[16], uint16_t port, struct check_address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->to;

	memset(&out->to, 0, sizeof(out->to));
	out->ipv6 = !address_is_ipv4(address);
	if (out->ipv6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, address, 16);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address + 12, 4);
	}
	address_format(address, out->text);
}

bool resolve_name(const char *name, uint16_t port, unsigned timeout_ms,
		  struct check_address out[CHECK_ADDRESSES], size_t *count)
{
	struct resolve_name asked;

	/* With a dot at its end no search list is gone through: the CA has none. */
	snprintf(asked.name, sizeof(asked.name), "%s.", name);
	resolve_names(&asked, 1, timeout_ms);
	*count = MIN(asked.count, (size_t)CHECK_ADDRESSES);
	for (size_t i = 0; i < *count; i++)
		take(asked.address[i], port, &out[i]);
	return asked.answered;
}

bool address_read(const char *text, uint16_t port, struct check_address *out)
{
	uint8_t address[16];

	if (!address_parse(text, address))
		return false;
	take(address, port, out);
	return true;
}

struct range {
	uint8_t bytes[16];
	unsigned bits;
};

/* The IANA special-purpose registries (RFC 6890), as far as they are not globally reachable. */
static const struct range reserved4[] = {
	{ { 0 }, 8 },         { { 10 }, 8 },       { { 100, 64 }, 10 },      { { 127 }, 8 },
	{ { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 },    { { 192, 0, 2 }, 24 },
	{ { 192, 168 }, 16 }, { { 198, 18 }, 15 }, { { 198, 51, 100 }, 24 }, { { 203, 0, 113 }, 24 },
	{ { 224 }, 3 },
};
static const struct range reserved6[] = {
	{ { 0 }, 8 },           { { 0x01, 0x00 }, 64 }, { { 0xfc }, 7 },
	{ { 0xfe, 0x80 }, 10 }, { { 0xff }, 8 },        { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
};

static bool within(const uint8_t *address, const struct range *r)
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	return !memcmp(address, r->bytes, whole) &&
	       (!rest || (uint8_t)((address[whole] ^ r->bytes[whole]) >> (8 - rest)) == 0);
}

bool address_reserved(const struct check_address *a)
{
	const uint8_t *bytes = a->ipv6 ? ((const struct sockaddr_in6 *)&a->to)->sin6_addr.s6_addr
				       : (const uint8_t *)&((const struct sockaddr_in *)&a->to)->sin_addr;
	const struct range *list = a->ipv6 ? reserved6 : reserved4;
	size_t count = a->ipv6 ? ARRAY_SIZE(reserved6) : ARRAY_SIZE(reserved4);

	for (size_t i = 0; i < count; i++)
		if (within(bytes, &list[i]))
			return true;
	return false;
}
