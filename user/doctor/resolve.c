// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where names point, by the system's resolver, which can neither be hurried nor interrupted: children ask it, and are
 * killed when time is up. Each takes the next name that nobody has; answers come back through shared memory.
 * (getaddrinfo_a() of glibc 2.36 was tried: one run in 60 crashed, for its gai_suspend() leaves its stack in a list.)
 */
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "doctor/read.h"

enum { RESOLVERS = 8, RESOLVE_S = 3 };

struct answer {
	atomic_bool done;
	size_t count;
	struct in6_addr addresses[NAME_ADDRESSES];
};

struct shared {
	atomic_size_t next;
	struct answer answer[DOCTOR_NAMES];
};

bool address_mapped(const struct sockaddr *sa, struct in6_addr *out)
{
	*out = (struct in6_addr){ 0 };
	if (sa && sa->sa_family == AF_INET6) {
		*out = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
		return true;
	}
	if (!sa || sa->sa_family != AF_INET)
		return false;
	memset(out->s6_addr + 10, 0xff, 2);
	memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	return true;
}

static void resolve(const char *name, struct answer *out)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *first = NULL;

	if (getaddrinfo(name, NULL, &hints, &first))
		first = NULL;
	for (const struct addrinfo *a = first; a && out->count < NAME_ADDRESSES; a = a->ai_next)
		if (address_mapped(a->ai_addr, &out->addresses[out->count]))
			out->count++;
	atomic_store(&out->done, true);
}

/* The life of a child. The alarm is for a parent that has died. */
static void resolver_run(const struct names_facts *names, struct shared *s)
{
	size_t i;

	alarm(RESOLVE_S + 1);
	while ((i = atomic_fetch_add(&s->next, 1)) < names->count)
		resolve(names->list[i].name, &s->answer[i]);
	_exit(0);
}

/* Until every child has closed its end, or time is up. */
static void resolvers_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, RESOLVE_S * 1000);
}

static void resolvers_run(const struct names_facts *names, struct shared *s)
{
	pid_t pids[RESOLVERS];
	size_t count = 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	while (count < RESOLVERS && count < names->count) {
		pid_t pid = fork();

		if (pid == 0)
			resolver_run(names, s);
		if (pid < 0)
			break;
		pids[count++] = pid;
	}
	close(ends[1]);
	resolvers_wait(ends[0]);
	close(ends[0]);
	while (count-- > 0) {
		kill(pids[count], SIGKILL);
		waitpid(pids[count], NULL, 0);
	}
}

void names_resolve(struct names_facts *names)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return;
	resolvers_run(names, s);
	for (size_t i = 0; i < names->count; i++) {
		struct name_facts *n = &names->list[i];
		const struct answer *a = &s->answer[i];

		if (!atomic_load(&a->done))
			continue;
		n->count = a->count;
		n->resolved = a->count > 0;
		memcpy(n->addresses, a->addresses, sizeof(n->addresses));
	}
	munmap(s, sizeof(*s));
}
