// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the verifier had to do for the programs that are loaded now: a line for each, "NAME TYPE INSTRUCTIONS", where
 * TYPE is ext in a dispatcher, else xdp. The kernel keeps the number that it prints as "processed N insns"
 * (struct bpf_prog_info, since 5.16), so the programs are counted as alpnxdp itself loaded them.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>

int main(void)
{
	uint32_t id = 0, size;
	int fd;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = { 0 };

		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue; /* gone since */
		size = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    (info.type == BPF_PROG_TYPE_XDP || info.type == BPF_PROG_TYPE_EXT))
			printf("%s %s %u\n", info.name, info.type == BPF_PROG_TYPE_EXT ? "ext" : "xdp",
			       info.verified_insns);
		close(fd);
	}
	return 0;
}
