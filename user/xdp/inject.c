// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Handing frames to the kernel as if an interface had just received them, and asking it about a flow, by
 * BPF_PROG_TEST_RUN. That needs only a program's descriptor, and an interface index of this process's own network
 * namespace: a process that has left the namespace cannot inject into it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include "inject.skel.h"
#include "xdp/private.h"

enum { IPV6_LEN = 40 };

struct run {
	int fd;
	unsigned ifindex;
	const uint8_t *frame;
	size_t len;
	bool live; /* frames go where the program says, and it returns nothing */
};

static int program_dup(const struct bpf_program *program, int *out)
{
	int fd = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	*out = fd;
	return 0;
}

static struct inject *load(bool conntrack)
{
	struct inject *skeleton = inject__open();
	int err;

	if (!skeleton)
		return NULL;
	skeleton->rodata->use_conntrack = conntrack;
	err = inject__load(skeleton);
	if (!err)
		return skeleton;
	inject__destroy(skeleton);
	errno = -err;
	return NULL;
}

int xdp_inject_load(struct xdp_inject *out, struct xdp_error *error)
{
	struct xdp_inject i = { -1, -1, -1, -1 };
	struct inject *skeleton;
	int err;

	xdp_words_forget();
	skeleton = load(xdp_conntrack_available());
	if (!skeleton)
		skeleton = load(false);
	if (!skeleton)
		return xdp_error_set(error, -errno,
				     "cannot load the programs that hand frames to the kernel");
	err = program_dup(skeleton->progs.inject_frame, &i.frame_fd);
	if (!err)
		err = program_dup(skeleton->progs.inject_rst, &i.rst_fd);
	if (!err)
		err = program_dup(skeleton->progs.probe, &i.probe_fd);
	if (!err)
		err = program_dup(skeleton->progs.peek, &i.peek_fd);
	inject__destroy(skeleton);
	if (err) {
		xdp_inject_close(&i);
		return xdp_error_set(error, err, "cannot keep the programs that hand frames to the kernel");
	}
	*out = i;
	return 0;
}

void xdp_inject_close(struct xdp_inject *i)
{
	int *const fds[] = { &i->frame_fd, &i->rst_fd, &i->probe_fd, &i->peek_fd };
	size_t n;

	for (n = 0; n < ARRAY_SIZE(fds); n++) {
		if (*fds[n] >= 0)
			close(*fds[n]);
		*fds[n] = -1;
	}
}

/* The program's return value, or -errno. out: what has become of the frame, or NULL. */
static int run(const struct run *r, uint8_t *out)
{
	/* Linux xdp_convert_md_to_buff(): data_end is the length, and the queue must be one in use. */
	struct xdp_md context = { .data_end = (__u32)r->len, .ingress_ifindex = r->ifindex };
	struct bpf_test_run_opts options = { .sz = sizeof(options),
					     .data_in = r->frame,
					     .data_size_in = (__u32)r->len,
					     .data_out = out,
					     .data_size_out = out ? (__u32)r->len : 0,
					     .ctx_in = &context,
					     .ctx_size_in = sizeof(context),
					     .repeat = 1,
					     .flags = r->live ? BPF_F_TEST_XDP_LIVE_FRAMES : 0 };

	if (r->len < sizeof(struct ether_header) || r->len > ALPNXDP_MAX_FRAME)
		return -EMSGSIZE;
	if (bpf_prog_test_run_opts(r->fd, &options))
		return -errno;
	return r->live ? 0 : (int)options.retval;
}

static int inject(int fd, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return run(&(struct run){ fd, ifindex, frame, len, .live = true }, NULL);
}

int xdp_inject_frame(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return inject(i->frame_fd, ifindex, frame, len);
}

int xdp_inject_rst(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return inject(i->rst_fd, ifindex, frame, len);
}

int xdp_probe(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return run(&(struct run){ i->probe_fd, ifindex, frame, len, .live = false }, NULL);
}

/* ------------------------------------------------------------- self-check */

int xdp_main_open(unsigned ifindex)
{
	struct hook hook;
	int err = xdp_hook_read(ifindex, &hook);

	if (err)
		return err;
	return hook.main_id ? bpf_prog_get_fd_by_id(hook.main_id) : -ENOENT;
}

int xdp_peek(int peek_fd, unsigned ifindex, const uint8_t *frame, size_t len, uint32_t *snd_nxt)
{
	uint8_t copy[ALPNXDP_MAX_FRAME];
	int answer = run(&(struct run){ peek_fd, ifindex, frame, len, .live = false }, copy);
	size_t at = sizeof(struct ether_header) + (frame[12] == 0x08 ? sizeof(struct iphdr) : IPV6_LEN) +
		    offsetof(struct tcphdr, ack_seq);

	if (answer == PROBE_REQUEST && at + sizeof(*snd_nxt) <= len)
		*snd_nxt = (uint32_t)copy[at] << 24 | (uint32_t)copy[at + 1] << 16 |
			   (uint32_t)copy[at + 2] << 8 | copy[at + 3];
	return answer;
}

int xdp_try(int main_fd, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return run(&(struct run){ main_fd, ifindex, frame, len, .live = false }, NULL);
}

int xdp_run(int main_fd, unsigned ifindex, const uint8_t *frame, size_t len)
{
	return inject(main_fd, ifindex, frame, len);
}
