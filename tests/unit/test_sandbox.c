/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From inside the cages: what an intruder would try first, each in a process of its own, which the filter ends; and what
 * the process itself needs.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include "base/base.h"
#include "daemon/sandbox.h"

enum { E = 1 << SANDBOX_ENGINE, F = 1 << SANDBOX_FRONT };

static const int one = 1;
static char path[] = "/etc/passwd";

static const struct {
	const char *what;
	unsigned allowed; /* in which cages */
	long call[6];
} rows[] = {
	{ "clock", E | F, { SYS_getpid } },
	{ "TCP over IPv4", F, { SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0 } },
	{ "TCP over IPv6", F, { SYS_socket, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0 } },
	{ "another protocol", 0, { SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_SCTP } },
	{ "UDP", 0, { SYS_socket, AF_INET, SOCK_DGRAM, 0 } },
	{ "a UNIX socket", 0, { SYS_socket, AF_UNIX, SOCK_STREAM, 0 } },
	{ "a raw socket", 0, { SYS_socket, AF_PACKET, SOCK_RAW, 0 } },
	{ "an option of a socket",
	  0,
	  { SYS_setsockopt, 0, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof(one) } },
	{ "a file", 0, { SYS_openat, AT_FDCWD, (long)path, O_RDONLY } },
	{ "a signal for the keeper", 0, { SYS_kill, 1, 0 } },
	{ "a debugger's call", 0, { SYS_ptrace, PTRACE_ATTACH, 1 } },
	{ "another program", 0, { SYS_execve, (long)path } },
	{ "another process", 0, { SYS_clone, SIGCHLD } },
	{ "a BPF program", 0, { SYS_bpf, BPF_PROG_LOAD } },
	{ "a map by its number", 0, { SYS_bpf, BPF_MAP_GET_FD_BY_ID } },
	{ "a map that is held", E, { SYS_bpf, BPF_MAP_LOOKUP_ELEM } },
	{ "code", 0, { SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
};

/* How the process has ended that tries it. */
static int try(enum sandbox_role role, const long *call)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (sandbox_enter(role, NULL, NULL))
			_exit(2);
		syscall(call[0], call[1], call[2], call[3], call[4], call[5]);
		syscall(SYS_exit_group, 0); /* _exit() of the sanitizers makes calls of its own */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_calls(void **state)
{
	(void)state;
	for (enum sandbox_role role = SANDBOX_ENGINE; role <= SANDBOX_FRONT; role++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			int status = try(role, rows[i].call);
			bool ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;

			if (ended == !(rows[i].allowed & 1u << role) && (ended || status == 0))
				continue;
			fail_msg("%s: %s: status %x", role == SANDBOX_FRONT ? "front" : "engine",
				 rows[i].what, (unsigned)status);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_calls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
