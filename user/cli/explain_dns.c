/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a name points, by the system's resolver, which cannot be hurried: a child asks it, and is killed when time is up. */
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/explain.h"

enum { RESOLVE_S = 3 };

bool explain_map_address(const struct sockaddr *from, struct in6_addr *out)
{
	*out = (struct in6_addr){ 0 };
	if (from && from->sa_family == AF_INET6) {
		*out = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
		return true;
	}
	if (!from || from->sa_family != AF_INET)
		return false;
	memset(out->s6_addr + 10, 0xff, 2);
	memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	return true;
}

/* The life of the child. With a dot at its end no search list is gone through: the CA has none. */
static void resolve(const char *name, int to)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	char rooted[IDENT_MAX + 2];
	struct in6_addr address;
	struct addrinfo *first;

	alarm(RESOLVE_S + 1); /* for a parent that has died */
	snprintf(rooted, sizeof(rooted), "%s.", name);
	if (getaddrinfo(rooted, NULL, &hints, &first))
		_exit(EXIT_FAILED);
	for (const struct addrinfo *a = first; a; a = a->ai_next)
		if (explain_map_address(a->ai_addr, &address) &&
		    write(to, &address, sizeof(address)) != sizeof(address))
			break;
	_exit(EXIT_DONE);
}

/* A write of one address is whole: it is below PIPE_BUF. */
static void collect(int from, struct explain_facts *out)
{
	struct pollfd p = { .fd = from, .events = POLLIN };

	while (out->resolved < EXPLAIN_RESOLVED && poll(&p, 1, RESOLVE_S * 1000) > 0 &&
	       read(from, &out->address[out->resolved], sizeof(struct in6_addr)) == sizeof(struct in6_addr))
		out->resolved++;
}

bool explain_resolve(const char *name, struct explain_facts *out)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	child = fork();
	if (child == 0)
		resolve(name, ends[1]);
	close(ends[1]);
	if (child > 0)
		collect(ends[0], out);
	close(ends[0]);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return child > 0 && out->resolved;
}
