// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching the steering program.
 *
 * Its configuration is written right after it is attached, since libxdp loads it on the way; until then the map is all
 * zeros, which is unarmed, so it passes everything. The program outlives this process: no pin is needed where it is
 * the only one, since the interface itself holds it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include "xdp/dispatch.h"
#include "xdp/private.h"

/* How a program came to be attached. */
struct attempt {
	enum xdp_mode mode;
	bool conntrack;
	char fallback
		[160]; /* the reason why native mode was not possible, "" if it was, or nobody asked for it */
};

/* Names whoever is there, and how its owner would take it away. */
static int error_busy(const struct device *d, const struct hook *h, int err, struct xdp_error *error)
{
	const struct program *p = &h->programs[0].program;

	xdp_error_refuse(error, err, "%s: another XDP program is attached: %s (id %u), %s mode", d->name,
			 p->name, p->id, xdp_mode_name(h->mode));
	if (h->link_id)
		xdp_error_fix(error, "bpftool link detach id %u", h->link_id);
	else if (h->dispatcher)
		xdp_error_fix(error, "xdp-loader unload %s --id %u", d->name, p->id);
	else
		xdp_error_fix(error, "ip link set dev %s %s off", d->name,
			      h->mode == XDP_MODE_GENERIC ? "xdpgeneric" : "xdpdrv");
	return err;
}

static int attach_object(const struct device *d, const struct attempt *a)
{
	struct bpf_object *object;
	int err = xdp_object_open(a->conntrack, &object);

	if (err)
		return err;
	err = dispatch_attach(object, ALPNXDP_PROG_STEER, d->ifindex, a->mode == XDP_MODE_GENERIC);
	bpf_object__close(object);
	return err;
}

/* Linux 6.1 refuses conntrack's functions (EACCES) in a program that libxdp's dispatcher is to call. */
static int attach_in_mode(const struct device *d, enum xdp_mode mode, struct attempt *a,
			  struct xdp_error *error)
{
	struct hook hook;
	int err;

	xdp_words_forget();
	a->mode = mode;
	a->conntrack = xdp_conntrack_available();
	err = attach_object(d, a);
	if (err == -EACCES && a->conntrack) {
		a->conntrack = false;
		err = attach_object(d, a);
	}
	if (!err)
		return 0;
	/* Somebody may have come in between, or share a dispatcher that we cannot join. */
	if (!xdp_hook_read(d->ifindex, &hook) && hook.main_id)
		return error_busy(d, &hook, -EBUSY, error);
	xdp_error_set(error, err, "%s: cannot attach in %s mode", d->name, xdp_mode_name(mode));
	if (mode == XDP_MODE_NATIVE)
		xdp_error_fix(error, "alpnxdp attach %s --mode generic", d->name);
	return err;
}

static int attach_fresh(const struct device *d, enum xdp_mode mode, struct attempt *a,
			struct xdp_error *error)
{
	int err;

	if (mode != XDP_MODE_AUTO)
		return attach_in_mode(d, mode, a, error);
	err = attach_in_mode(d, XDP_MODE_NATIVE, a, error);
	if (!err || err == -EBUSY)
		return err;
	snprintf(a->fallback, sizeof(a->fallback), "%s", error->system);
	return attach_in_mode(d, XDP_MODE_GENERIC, a, error);
}

/* In one step, so that the link of the interface never flaps: the kernel checks that the old one is still there. */
static int replace_single(const struct device *d, const struct hook *h, struct attempt *a)
{
	__u32 flags = h->mode == XDP_MODE_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	struct bpf_xdp_attach_opts options = { .sz = sizeof(options) };
	struct bpf_program *program;
	struct bpf_object *object;
	int err;

	a->mode = h->mode;
	a->conntrack = xdp_conntrack_available();
	err = xdp_object_open(a->conntrack, &object);
	if (err)
		return err;
	err = bpf_object__load(object);
	if (err)
		goto out_object;
	program = bpf_object__find_program_by_name(object, ALPNXDP_PROG_STEER);
	options.old_prog_fd = bpf_prog_get_fd_by_id(h->main_id);
	if (!program || options.old_prog_fd < 0) {
		err = -ENOENT;
		goto out_object;
	}
	err = bpf_xdp_attach((int)d->ifindex, bpf_program__fd(program), flags, &options);
	close(options.old_prog_fd);
out_object:
	bpf_object__close(object);
	return err;
}

/* A program of ours whose maps this version cannot read. */
static int replace(const struct device *d, const struct hook *h, struct attempt *a, struct xdp_error *error)
{
	uint32_t old = xdp_hook_ours(h)->id;
	int err;

	xdp_words_forget();
	if (!h->dispatcher) {
		err = replace_single(d, h, a);
		return err ? xdp_error_set(error, err, "%s: cannot replace program %u", d->name, old) : 0;
	}
	err = attach_in_mode(d, h->mode, a, error);
	return err ? err : xdp_detach_program(d, h, old, error);
}

/*
 * The engine's own fields are left alone: it finds its predecessor's epoch there. Whether the program asks conntrack was
 * settled when it was loaded.
 */
static int config_write(struct xdp_attachment *a, uint16_t port)
{
	struct xdp_shared shared;
	struct config *c;
	uint8_t mac[6];
	int err = xdp_shared_map(&a->maps, &shared);

	if (err)
		return err;
	c = shared.config;
	if (getrandom(mac, sizeof(mac), 0) != (ssize_t)sizeof(mac)) {
		err = -EIO;
		goto out;
	}
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02); /* IEEE 802: unicast, locally administered */
	memcpy(c->own_mac, mac, sizeof(mac));
	if (a->taken_over)
		a->conntrack = c->flags & CONFIG_CONNTRACK;
	c->flags = (c->flags & CONFIG_ANY_NAME) | (a->mode == XDP_MODE_GENERIC ? CONFIG_GENERIC : 0) |
		   (a->conntrack ? CONFIG_CONNTRACK : 0);
	c->port = htons(port);
	c->ifindex = a->ifindex;
	c->abi = ALPNXDP_ABI;
out:
	xdp_shared_unmap(&shared);
	return err;
}

/* What is there by now, configured. On failure a program that this call has attached goes again. */
static int attach_finish(const struct device *d, const struct xdp_attach_options *o,
			 const struct attempt *how, struct xdp_attachment *out, struct xdp_error *error)
{
	bool taken_over = how->mode == XDP_MODE_AUTO; /* nothing had to be attached */
	struct xdp_error undo;
	struct hook hook;
	int err = xdp_hook_read(d->ifindex, &hook);

	if (err)
		return xdp_error_set(error, err, "%s: cannot ask what is attached", d->name);
	err = xdp_attachment_read(d, &hook, out, error);
	if (err)
		return err;
	out->taken_over = taken_over;
	out->conntrack = how->conntrack;
	err = config_write(out, o->port);
	if (err)
		goto err_attachment;
	out->port = o->port;
	memcpy(out->fallback, how->fallback, sizeof(out->fallback));
	return 0;

err_attachment:
	xdp_error_set(error, err, "%s: cannot write the configuration", d->name);
	xdp_attachment_close(out);
	if (!taken_over)
		xdp_detach_program(d, &hook, out->prog_id, &undo);
	return err;
}

/* Ours is there already. same: it speaks our ABI and stays as it is. */
static int check_present(const struct device *d, const struct hook *h, enum xdp_mode mode, bool *same,
			 struct xdp_error *error)
{
	struct xdp_attachment a;
	int err;

	if (mode != XDP_MODE_AUTO && mode != h->mode) {
		xdp_error_refuse(error, -EEXIST, "%s: alpnxdp is attached already, in %s mode", d->name,
				 xdp_mode_name(h->mode));
		xdp_error_fix(error, "alpnxdp detach %s", d->name);
		return -EEXIST;
	}
	err = xdp_attachment_read(d, h, &a, error);
	if (err)
		return err;
	*same = xdp_maps_abi(&a.maps) == ALPNXDP_ABI;
	if (*same && xdp_attachment_served(&a)) {
		err = xdp_error_refuse(error, -EEXIST, "%s: another daemon of alpnxdp is at work there",
				       d->name);
		xdp_error_fix(error, "ask it by its --socket, or end it: alpnxdp detach %s", d->name);
	}
	xdp_attachment_close(&a);
	return err;
}

static int check_machine(const struct xdp_attach_options *o, struct device *d, struct hook *h,
			 struct xdp_error *error)
{
	struct utsname system;
	int err = xdp_device_read(o->ifname, d, error);

	if (!err && !uname(&system))
		err = xdp_system_check_kernel(system.release, error);
	if (!err)
		err = xdp_system_check_rights("attach", o->ifname, error);
	if (err)
		return err;
	err = xdp_hook_read(d->ifindex, h);
	return err ? xdp_error_set(error, err, "%s: cannot ask what is attached", d->name) : 0;
}

int xdp_check(const struct xdp_attach_options *o, struct xdp_error *error)
{
	struct device device;
	struct hook hook;
	bool same;
	int err = check_machine(o, &device, &hook, error);

	if (err)
		return err;
	if (xdp_hook_ours(&hook))
		return check_present(&device, &hook, o->mode, &same, error);
	return hook.main_id && !hook.dispatcher ? error_busy(&device, &hook, -EBUSY, error) : 0;
}

int xdp_attach(const struct xdp_attach_options *o, struct xdp_attachment *out, struct xdp_error *error)
{
	struct attempt how = { .mode = XDP_MODE_AUTO };
	enum xdp_mode mode = o->mode;
	struct xdp_attachment a;
	struct device device;
	struct hook hook;
	bool same = false;
	int err = check_machine(o, &device, &hook, error);

	if (err)
		return err;
	if (xdp_hook_ours(&hook)) {
		err = check_present(&device, &hook, mode, &same, error);
		if (!err && !same)
			err = replace(&device, &hook, &how, error);
	} else if (hook.main_id && !hook.dispatcher) {
		err = error_busy(&device, &hook, -EBUSY, error);
	} else {
		if (hook.dispatcher && mode == XDP_MODE_AUTO)
			mode = hook.mode; /* beside the others there is only their mode */
		err = attach_fresh(&device, mode, &how, error);
	}
	if (!err)
		err = attach_finish(&device, o, &how, &a, error);
	if (err)
		return err;
	*out = a;
	return 0;
}
