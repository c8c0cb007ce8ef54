/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a name points, by the system's resolver, and which addresses no CA connects to. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include "check/look.h"

static bool take(const struct sockaddr *sa, uint16_t port, struct check_address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->to;

	memset(&out->to, 0, sizeof(out->to));
	if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
		return false;
	out->ipv6 = sa->sa_family == AF_INET6;
	memcpy(&out->to, sa, out->ipv6 ? sizeof(*v6) : sizeof(*v4));
	if (out->ipv6)
		v6->sin6_port = htons(port);
	else
		v4->sin_port = htons(port);
	return inet_ntop(sa->sa_family, out->ipv6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, out->text,
			 sizeof(out->text));
}

static size_t resolve(const char *name, int flags, uint16_t port, struct check_address *out, size_t room)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = flags };
	struct addrinfo *first;
	size_t count = 0;

	if (getaddrinfo(name, NULL, &hints, &first))
		return 0;
	for (const struct addrinfo *a = first; a && count < room; a = a->ai_next)
		count += take(a->ai_addr, port, &out[count]);
	freeaddrinfo(first);
	return count;
}

size_t resolve_name(const char *name, uint16_t port, struct check_address *out, size_t room)
{
	char rooted[IDENT_MAX + 2];

	/* With a dot at its end no search list is gone through: the CA has none. */
	snprintf(rooted, sizeof(rooted), "%s.", name);
	return resolve(rooted, 0, port, out, room);
}

bool address_read(const char *text, uint16_t port, struct check_address *out)
{
	return resolve(text, AI_NUMERICHOST, port, out, 1) == 1;
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
