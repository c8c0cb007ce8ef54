/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of either family in sixteen bytes, as struct flow_key has them. Pure. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include "base/base.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
static const uint8_t loopback[16] = { [15] = 1 };

bool address_is_ipv4(const uint8_t address[16])
{
	return !memcmp(address, mapped, sizeof(mapped));
}

bool address_is_private(const uint8_t address[16])
{
	const uint8_t *b = address + sizeof(mapped);

	if (!address_is_ipv4(address))
		return (address[0] & 0xfe) == 0xfc || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) ||
		       !memcmp(address, loopback, sizeof(loopback));
	return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	       (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64) ||
	       (b[0] == 169 && b[1] == 254);
}

const char *address_format(const uint8_t address[16], char text[ADDRESS_TEXT])
{
	bool ipv4 = address_is_ipv4(address);

	inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address + sizeof(mapped) : address, text, ADDRESS_TEXT);
	return text;
}

bool address_parse(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out + sizeof(mapped)) == 1;
}

bool address_from_sockaddr(const struct sockaddr *from, uint8_t out[16])
{
	if (from && from->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
		return true;
	}
	if (!from || from->sa_family != AF_INET)
		return false;
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + sizeof(mapped), &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	return true;
}
