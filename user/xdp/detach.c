// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Removing our program, and only ours.
 *
 * Alone on the hook it goes by its id: the kernel compares the id while it detaches. In a dispatcher libxdp has to
 * take it out, and libxdp works on its pins: when this mount namespace does not show them, some process's does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "xdp/dispatch.h"
#include "xdp/private.h"

static int detach_main(const struct device *d, const struct hook *h)
{
	__u32 flags = h->mode == XDP_MODE_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	struct bpf_xdp_attach_opts options = { .sz = sizeof(options) };
	int err;

	options.old_prog_fd = bpf_prog_get_fd_by_id(h->main_id);
	if (options.old_prog_fd < 0)
		return options.old_prog_fd;
	err = bpf_xdp_detach((int)d->ifindex, flags, &options);
	close(options.old_prog_fd);
	return err;
}

/* Finds a process that sees the dispatcher's pins. A descriptor of its mount namespace, or -ENOENT. */
static int pins_find(const struct device *d, const struct hook *h)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[128];
	struct stat st;
	int fd = -ENOENT;

	if (!proc)
		return -errno;
	while (fd < 0 && (entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/root/sys/fs/bpf/xdp/dispatch-%u-%u", pid, d->ifindex,
			 h->main_id);
		if (stat(path, &st))
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	closedir(proc);
	return fd < 0 ? -ENOENT : fd;
}

/*
 * By libxdp, in a child: it may look from another mount namespace (ns, or -1), and what libxdp 1.3 forgets to close
 * (three programs per detach, ours among them) is closed with it. A daemon would keep the program loaded otherwise.
 */
static int detach_apart(const struct device *d, const struct hook *h, uint32_t id, int ns)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(ns >= 0 && setns(ns, CLONE_NEWNS)
			      ? errno
			      : -dispatch_detach(id, d->ifindex, h->mode == XDP_MODE_GENERIC));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int detach_component(const struct device *d, const struct hook *h, uint32_t id)
{
	int ns, err = detach_apart(d, h, id, -1);

	if (err) {
		ns = pins_find(d, h);
		if (ns >= 0) {
			err = detach_apart(d, h, id, ns);
			close(ns);
		}
	}
	/* With no other program in it the dispatcher does nothing for anybody, and may go by its id. */
	if (err && h->count == 1)
		err = detach_main(d, h);
	return err;
}

int xdp_detach_program(const struct device *device, const struct hook *hook, uint32_t id,
		       struct xdp_error *error)
{
	int err;

	xdp_words_forget();
	err = hook->dispatcher ? detach_component(device, hook, id) : detach_main(device, hook);
	if (!err)
		return 0;
	xdp_error_set(error, err, "%s: cannot detach program %u", device->name, id);
	if (hook->link_id)
		xdp_error_fix(error, "bpftool link detach id %u", hook->link_id);
	else
		xdp_error_fix(error, "ip link set dev %s %s off", device->name,
			      hook->mode == XDP_MODE_GENERIC ? "xdpgeneric" : "xdpdrv");
	return err;
}

int xdp_detach(const char *ifname, struct xdp_error *error)
{
	const struct program *ours;
	struct device device;
	struct hook hook;
	int err;

	err = xdp_device_read(ifname, &device, error);
	if (!err)
		err = xdp_system_check_rights("detach", ifname, error);
	if (err)
		return err;
	err = xdp_hook_read(device.ifindex, &hook);
	if (err)
		return xdp_error_set(error, err, "%s: cannot ask what is attached", device.name);
	ours = xdp_hook_ours(&hook);
	if (!ours)
		return xdp_error_refuse(error, -ENOENT, "%s: alpnxdp is not attached", device.name);
	return xdp_detach_program(&device, &hook, ours->id, error);
}
