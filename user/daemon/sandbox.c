/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine's cage: no user, no capability, no file system, no new descriptor but what the keeper sends, and a short list
 * of system calls. It stays in its network namespace, because BPF_PROG_TEST_RUN looks interfaces up by number in the
 * caller's.
 *
 * What an intruder has left: the flows and challenges of this program, and the descriptors of its maps and sockets. He
 * can answer for any name (the keys of challenges are made here), and he can send frames; he cannot read a file,
 * open a socket, start a program, or load one into the kernel.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "base/base.h"
#include "daemon/sandbox.h"

/* Every call that the engine makes after this point, and why. */
static const int allowed_calls[] = {
	SCMP_SYS(read),          SCMP_SYS(write),
	SCMP_SYS(close),                               /* clients, saved challenges, the log */
	SCMP_SYS(recvmsg),       SCMP_SYS(sendmsg),    /* the keeper */
	SCMP_SYS(recvfrom),      SCMP_SYS(sendto),     /* clients; the kick of a transmit ring */
	SCMP_SYS(accept4),       SCMP_SYS(getsockopt), /* clients and their uid; ring offsets, statistics */
	SCMP_SYS(poll),          SCMP_SYS(ppoll),      /* the loop */
	SCMP_SYS(memfd_create),  SCMP_SYS(ftruncate),
	SCMP_SYS(fstat),         SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),         SCMP_SYS(brk),
	SCMP_SYS(munmap),        SCMP_SYS(mremap),
	SCMP_SYS(madvise), /* malloc */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom), /* keys, serial numbers, TLS randoms */
	SCMP_SYS(getpid),        SCMP_SYS(getppid),
	SCMP_SYS(gettid),        SCMP_SYS(rt_sigprocmask), /* abort(3) */
	SCMP_SYS(rt_sigreturn),  SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),          SCMP_SYS(exit_group),
	SCMP_SYS(futex),
};

/* bpf(2) for descriptors that are held already: never a load, a link, or a look-up by number. */
static const int allowed_bpf[] = {
	BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,  BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_BATCH, BPF_PROG_TEST_RUN,
};

static int install_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < ARRAY_SIZE(allowed_calls); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	for (size_t i = 0; !err && i < ARRAY_SIZE(allowed_bpf); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)allowed_bpf[i]));
	/* For abort(3): `nobody` has other processes than this one. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* Memory that can be written is never made executable. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return err;
}

/*
 * A root directory that exists no more: nothing is in it, and nothing can be made in it. Made where something can be:
 * /tmp may be read-only, full, or missing.
 */
static int enter_nowhere(void)
{
	char places[][32] = { "/run/alpnxdp-XXXXXX", "/tmp/alpnxdp-XXXXXX", "/dev/shm/alpnxdp-XXXXXX" };
	const char *directory = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(places) && !directory; i++)
		directory = mkdtemp(places[i]);
	if (!directory || chdir(directory) || rmdir(directory) || chroot("."))
		return -errno;
	return 0;
}

/* What libc reads from files is read before they are gone: the user database, and the time zone that gmtime(3) wants. */
static int leave_root(void)
{
	const struct passwd *user = getpwnam("alpnxdp");
	uid_t uid = user ? user->pw_uid : 65534;
	gid_t gid = user ? user->pw_gid : 65534;
	int err;

	if (setenv("TZ", "UTC0", 1))
		return -errno;
	tzset();
	err = enter_nowhere();
	if (!err && (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		err = -errno;
	return err;
}

static int limit_resources(void)
{
	const struct rlimit none = { 0, 0 };

	/* Keys must not end in a core file; PR_SET_DUMPABLE also keeps other processes of the same user out. */
	if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_NPROC, &none) || prctl(PR_SET_DUMPABLE, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/*
	 * The end of the channel tells us that the keeper is gone, but not while we are stopped: then we would go on holding
	 * the queues and the control socket. Set after the change of user, which clears it (prctl(2)).
	 */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

int sandbox_enter(void)
{
	static const struct {
		const char *what;
		int (*step)(void);
	} steps[] = {
		{ "leaving root", leave_root },
		{ "resource limits", limit_resources },
		{ "system call filter", install_filter },
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int err = steps[i].step();

		if (err) {
			log_error("engine: sandbox: %s: %s", steps[i].what, strerror(-err));
			return err;
		}
	}
	return 0;
}
