// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keeper's half of an AF_XDP socket: memory, ring sizes, bind, and its place in the XSKMAP.
 *
 * Copy mode only: zero-copy makes drivers reconfigure their queues, and the load is tens of packets a second. The
 * memory is a memfd, so that another process can map the very pages that the kernel has pinned; this process unmaps
 * them at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "xdp/private.h"

enum {
	UMEM_SIZE = XDP_FRAMES * XDP_FRAME_SIZE,
	BIND_RETRIES = 10,     /* 1, 2, 4 .. 512 ms: about a second in all */
	BUSY_POLL_BUDGET = 16, /* frames of a round */
};

static int umem_create(int fd)
{
	struct xdp_umem_reg umem = { .len = UMEM_SIZE, .chunk_size = XDP_FRAME_SIZE };
	int err = 0, memory = memfd_create("alpnxdp-umem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *map;

	if (memory < 0)
		return -errno;
	/* Nobody who is handed this descriptor may pull the memory away from under the others. */
	if (ftruncate(memory, UMEM_SIZE) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		err = -errno;
		goto err_memory;
	}
	map = mmap(NULL, UMEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (map == MAP_FAILED) {
		err = -errno;
		goto err_memory;
	}
	umem.addr = (uintptr_t)map;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)))
		err = -errno;
	munmap(map, UMEM_SIZE);
	if (!err)
		return memory;

err_memory:
	close(memory);
	return err;
}

static int rings_create(int fd)
{
	static const int rings[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING };
	const int size = XDP_RING_SIZE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rings); i++)
		if (setsockopt(fd, SOL_XDP, rings[i], &size, sizeof(size)))
			return -errno;
	return 0;
}

/* The kernel frees a dead owner's queue from a work item, so for some milliseconds it may still be taken. */
static int queue_bind(int fd, unsigned ifindex, unsigned queue)
{
	const struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY | XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};
	int try;

	for (try = 0; bind(fd, (const struct sockaddr *)&address, sizeof(address)); try++) {
		if (errno != EBUSY || try == BIND_RETRIES)
			return -errno;
		usleep(1000u << try);
	}
	return 0;
}

static int bind_error(const struct xdp_attachment *a, unsigned queue, int err, struct xdp_error *error)
{
	if (err != -EBUSY)
		return xdp_error_set(error, err, "%s: cannot bind an AF_XDP socket to queue %u", a->ifname,
				     queue);
	xdp_error_refuse(error, err, "%s: another AF_XDP socket holds queue %u", a->ifname, queue);
	xdp_error_fix(error, "ss --xdp --processes");
	return err;
}

int xdp_socket_open(const struct xdp_attachment *a, unsigned queue, struct xdp_socket *out,
		    struct xdp_error *error)
{
	struct xdp_socket s = { .queue = queue };
	int err;

	xdp_words_forget();
	s.fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s.fd < 0)
		return xdp_error_set(error, -errno, "%s: cannot create an AF_XDP socket", a->ifname);
	err = s.umem_fd = umem_create(s.fd);
	if (err >= 0)
		err = rings_create(s.fd);
	if (err) {
		xdp_error_set(error, err, "%s: cannot set up an AF_XDP socket", a->ifname);
		xdp_socket_close(&s);
		return err;
	}
	*out = s;
	return 0;
}

int xdp_socket_bind(const struct xdp_attachment *a, const struct xdp_socket *s, struct xdp_error *error)
{
	const uint32_t key = s->queue;
	int err;

	xdp_words_forget();
	err = queue_bind(s->fd, a->ifindex, s->queue);
	if (err)
		return bind_error(a, s->queue, err, error);
	if (bpf_map_update_elem(a->maps.xsks, &key, &s->fd, BPF_ANY))
		return xdp_error_set(error, -errno, "%s: cannot steer queue %u to its socket", a->ifname,
				     s->queue);
	return 0;
}

int xdp_socket_busy_poll(const struct xdp_socket *s, unsigned usec)
{
	const struct {
		int name, value;
	} options[] = {
		{ SO_PREFER_BUSY_POLL, 1 },
		{ SO_BUSY_POLL, (int)usec },
		{ SO_BUSY_POLL_BUDGET, BUSY_POLL_BUDGET },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (setsockopt(s->fd, SOL_SOCKET, options[i].name, &options[i].value,
			       sizeof(options[i].value)))
			return -errno;
	return 0;
}

void xdp_socket_close(struct xdp_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->umem_fd >= 0)
		close(s->umem_fd);
	s->fd = -1;
	s->umem_fd = -1;
}
