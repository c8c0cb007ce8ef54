/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The harvest address: numbers only, and only of this host. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include "settings/private.h"

static bool is_loopback4(const struct in_addr *a)
{
	return ntohl(a->s_addr) >> 24 == 127;
}

static size_t address4(const char *host, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1 || !is_loopback4(&sin.sin_addr))
		return 0;
	memset(out, 0, sizeof(*out));
	memcpy(out, &sin, sizeof(sin));
	return sizeof(sin);
}

static size_t address6(const char *host, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, host, &sin6.sin6_addr) != 1 || !IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr))
		return 0;
	memset(out, 0, sizeof(*out));
	memcpy(out, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

size_t settings_harvest_address(const char *text, struct sockaddr_storage *out)
{
	char host[SETTINGS_ENDPOINT];
	const char *colon = strrchr(text, ':');
	uint16_t port;
	size_t len;

	if (!colon || strlen(text) >= sizeof(host) || text_parse_port(colon + 1, &port))
		return 0;
	len = (size_t)(colon - text);
	memcpy(host, text, len);
	host[len] = '\0';
	if (*host != '[')
		return address4(host, port, out);
	if (host[len - 1] != ']')
		return 0;
	host[len - 1] = '\0';
	return address6(host + 1, port, out);
}

const char *settings_set_harvest(struct settings *s, const char *value)
{
	struct sockaddr_storage ignored;

	if (strncmp(value, "localhost", 9) == 0)
		return "a number is needed instead of a name: 127.0.0.1:PORT or [::1]:PORT";
	if (!settings_harvest_address(value, &ignored))
		return "a loopback address with a port is needed: 127.0.0.1:PORT or [::1]:PORT";
	strcpy(s->harvest, value);
	return NULL;
}

bool settings_get_harvest(const struct settings *s, size_t n, char out[SETTINGS_PROBLEM])
{
	if (n || !*s->harvest)
		return false;
	strcpy(out, s->harvest);
	return true;
}
