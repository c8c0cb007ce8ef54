// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings about the kernel, whatever the interface. Pure. Its version is xdp_check()'s business. */
#include <inttypes.h>
#include "doctor/findings.h"

/* Bytes of locked memory that the sockets of one queue take, if they are counted: xdp_umem_account_pages(). */
#define QUEUE_MEMORY ((uint64_t)XDP_FRAMES * XDP_FRAME_SIZE)

static void judge_features(const struct kernel_facts *k, struct doctor_report *r)
{
	if (k->btf == FACT_NO)
		finding_fix(
			finding_add(r, FINDING_KERNEL_BTF, "",
				    "this kernel does not describe its types (CONFIG_DEBUG_INFO_BTF): the "
				    "program cannot be loaded"),
			"sudo apt-get install linux-image-amd64");
	if (k->conntrack == FACT_NO)
		finding_fix(finding_add(r, FINDING_KERNEL_CONNTRACK, "",
					"XDP programs cannot ask conntrack here: web servers behind DNAT "
					"(containers) are not answered for"),
			    "sudo modprobe nf_conntrack   # Linux 6.0 or later");
	if (k->freplace == FACT_NO)
		finding_fix(finding_add(r, FINDING_KERNEL_FREPLACE, "",
					"this kernel refuses extension programs: ours will be the only XDP "
					"program of its interface"),
			    "sudo apt-get install linux-image-amd64   # or another with CONFIG_BPF_JIT and "
			    "ftrace");
	if (k->jit == FACT_NO)
		finding_fix(finding_add(r, FINDING_KERNEL_JIT, "",
					"BPF programs are interpreted: every packet pays for it"),
			    "sudo sysctl -w net.core.bpf_jit_enable=1");
	if (!k->bpffs)
		finding_fix(finding_add(r, FINDING_KERNEL_BPFFS, "",
					"no BPF file system is mounted: XDP programs cannot be shared with "
					"others that use libxdp"),
			    "sudo mount -t bpf bpf /sys/fs/bpf");
}

void kernel_judge(const struct kernel_facts *k, unsigned queues, struct doctor_report *r)
{
	enum doctor_severity before = r->worst;

	r->worst = DOCTOR_OK;
	judge_features(k, r);
	if (!k->lock_any && k->root && k->lock_most < queues * QUEUE_MEMORY)
		finding_fix(finding_add(r, FINDING_KERNEL_MEMLOCK, "",
					"%u queues need %" PRIu64
					" KiB of locked memory, the limit is %" PRIu64
					", and CAP_IPC_LOCK is missing",
					queues, queues * QUEUE_MEMORY / 1024, k->lock_most / 1024),
			    "ulimit -l unlimited");
	if (k->freplace == FACT_UNKNOWN)
		finding_fix(
			finding_add(r, FINDING_KERNEL_UNCHECKED, "",
				    "not checked: whether XDP programs can share an interface, which only "
				    "root can try"),
			"sudo alpnxdp doctor");
	if (r->worst < DOCTOR_WARNING)
		finding_add(r, FINDING_KERNEL, "", "Linux %s has what is needed", k->release);
	r->worst = MAX(r->worst, before);
}
