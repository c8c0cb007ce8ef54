// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Facts about the kernel. The one thing tried is a program that the kernel refuses or that is gone at once. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include "doctor/read.h"

enum fact sysctl_read(const char *path)
{
	FILE *file = fopen(path, "re");
	int value, got;

	if (!file)
		return FACT_UNKNOWN;
	got = fscanf(file, "%d", &value);
	fclose(file);
	return got == 1 ? fact_of(value != 0) : FACT_UNKNOWN;
}

static bool has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

void kernel_read(struct kernel_facts *out)
{
	struct utsname system;
	struct rlimit limit;
	struct statfs fs;

	*out = (struct kernel_facts){
		.btf = fact_of(access("/sys/kernel/btf/vmlinux", R_OK) == 0),
		.conntrack = fact_of(xdp_conntrack_available()),
		.jit = sysctl_read("/proc/sys/net/core/bpf_jit_enable"),
		.bpffs = statfs("/sys/fs/bpf", &fs) == 0 && fs.f_type == BPF_FS_MAGIC,
		.root = has_capability(CAP_SYS_ADMIN) && has_capability(CAP_NET_ADMIN),
		.lock_any = has_capability(CAP_IPC_LOCK),
		.liberal = sysctl_read("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal"),
		.loose = sysctl_read("/proc/sys/net/netfilter/nf_conntrack_tcp_loose"),
	};
	if (!uname(&system))
		snprintf(out->release, sizeof(out->release), "%s", system.release);
	if (!getrlimit(RLIMIT_MEMLOCK, &limit))
		out->lock_most = limit.rlim_cur;
	if (out->root)
		out->freplace = fact_of(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1);
}
