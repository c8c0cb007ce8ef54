/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A cage for the two processes that touch what comes from outside: no user, no capability, no file system, and a short
 * list of system calls. Both stay in their network namespace: BPF_PROG_TEST_RUN looks interfaces up by number in the
 * caller's, and harvest's listener is there.
 *
 * What an intruder has left in the engine process: the flows and challenges of this program, and the descriptors of its
 * maps and sockets. He can answer for any name (the keys of challenges are made here), and he can send frames; he
 * cannot read a file, open a socket, start a program, or load one into the kernel.
 *
 * In the front ends' process: he can add and remove challenges, have the keeper open files beneath the watched
 * directories to read them, and connect to TCP ports.
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include "base/base.h"
#include "daemon/sandbox.h"

/* Every call that is made after this point, and why. */
static const int common_calls[] = {
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

static const int front_calls[] = {
	SCMP_SYS(connect), SCMP_SYS(shutdown), /* harvest; clients that are done */
	SCMP_SYS(getdents64),                  /* watched directories */
	SCMP_SYS(inotify_rm_watch),            /* of the descriptor that it was given */
};

/* bpf(2) for descriptors that are held already: never a load, a link, or a look-up by number. */
static const int allowed_bpf[] = {
	BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,  BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_BATCH, BPF_PROG_TEST_RUN,
};

static int allow_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return err;
}

static int allow_engine(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(allowed_bpf); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)allowed_bpf[i]));
	return err;
}

enum { SOCK_TYPE = 0xf }; /* Linux SOCK_TYPE_MASK: without SOCK_NONBLOCK and SOCK_CLOEXEC */

static int allow_front(scmp_filter_ctx filter)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int err = allow_calls(filter, front_calls, ARRAY_SIZE(front_calls));

	for (size_t i = 0; !err && i < ARRAY_SIZE(families); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]),
				       SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE, SOCK_STREAM),
				       SCMP_A2(SCMP_CMP_EQ, 0)); /* TCP, nothing that comes as a module */
	return err;
}

static int install_filter(enum sandbox_role role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? allow_calls(filter, common_calls, ARRAY_SIZE(common_calls)) : -ENOMEM;

	if (!err)
		err = role == SANDBOX_ENGINE ? allow_engine(filter) : allow_front(filter);
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
	/* Over all threads. */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
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

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

/*
 * What libc reads from files is read before they are gone: the user database, and the time zone that gmtime(3) wants.
 * A keeper that is a user with capabilities, as under systemd, has no other user to become, nor a right to chroot(2).
 */
static int leave_root(enum sandbox_role role)
{
	const struct passwd *user = getpwnam("alpnxdp");
	uid_t uid = user ? user->pw_uid : 65534;
	gid_t gid = user ? user->pw_gid : 65534;
	int err;

	(void)role;
	if (setenv("TZ", "UTC0", 1))
		return -errno;
	tzset();
	if (geteuid() != 0)
		return drop_capabilities();
	err = enter_nowhere();
	if (!err && (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		err = -errno;
	return err;
}

static int limit_resources(enum sandbox_role role)
{
	const struct rlimit none = { 0, 0 };

	(void)role;
	/* Keys must not end in a core file; PR_SET_DUMPABLE also keeps other processes of the same user out. */
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/*
	 * The end of the channel tells us that the keeper is gone, but not while we are stopped: then we would go on holding
	 * the queues and the control socket. Set after the change of user, which clears it (prctl(2)).
	 */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

/* Of processes, and threads: there are as many now as there will ever be. */
static int leave_births(enum sandbox_role role)
{
	const struct rlimit none = { 0, 0 };

	(void)role;
	return setrlimit(RLIMIT_NPROC, &none) ? -errno : 0;
}

/*
 * Landlock: no file can be opened, whatever the filter lets through. Where there is none, or a container's own filter
 * keeps us from it, ours is alone.
 */
static int leave_files(enum sandbox_role role)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs =
							   (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	int err;

	(void)role;
	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	err = syscall(SYS_landlock_restrict_self, rules, 0) ? -errno : 0;
	close(rules);
	return err;
}

int sandbox_enter(enum sandbox_role role, int (*start)(void *context), void *context)
{
	static const struct {
		const char *what;
		int (*step)(enum sandbox_role role);
	} steps[] = {
		{ "leaving root", leave_root },       { "resource limits", limit_resources },
		{ "leaving all files", leave_files }, { "threads", NULL },
		{ "no more threads", leave_births },  { "system call filter", install_filter },
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int err = steps[i].step ? steps[i].step(role) : start ? start(context) : 0;

		if (err) {
			log_error("sandbox: %s: %s", steps[i].what, strerror(-err));
			return err;
		}
	}
	return 0;
}
