/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The interfaces of a daemon: attached, handed to the engine, taken off. A failed attach has undone what it did. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "daemon/keeper.h"

static struct xdp_attachment *find(struct keeper *k, const char *ifname)
{
	for (size_t n = 0; n < k->interfaces; n++)
		if (!strcmp(k->interface[n].ifname, ifname))
			return &k->interface[n];
	return NULL;
}

static int send_interface(struct keeper *k, const struct xdp_attachment *a)
{
	struct message m = { .type = MESSAGE_INTERFACE, .ifindex = a->ifindex, .fd_count = 8 };

	m.report.attachment = *a;
	m.fd[0] = a->maps.config;
	m.fd[1] = a->maps.queues;
	m.fd[2] = a->maps.live;
	m.fd[3] = a->maps.flows;
	m.fd[4] = a->maps.names;
	m.fd[5] = a->maps.hellos;
	m.fd[6] = a->maps.counters;
	m.fd[7] = a->maps.notes;
	return keeper_tell(k, &m);
}

static int send_queue(struct keeper *k, const struct xdp_attachment *a, const struct xdp_socket *socket)
{
	const struct message m = { .type = MESSAGE_QUEUE,
				   .ifindex = a->ifindex,
				   .queue = socket->queue,
				   .fd_count = 2,
				   .fd = { socket->fd, socket->umem_fd } };

	return keeper_tell(k, &m);
}

/* Where the kernel has no busy polling for sockets the engine only looks into its rings for longer. */
static int open_queue(const struct keeper *k, const struct xdp_attachment *a, unsigned queue,
		      struct xdp_socket *out, struct xdp_error *error)
{
	int err = xdp_socket_open(a, queue, out, error);

	if (!err && k->settings.busy_poll_us && xdp_socket_busy_poll(out, k->settings.busy_poll_us) &&
	    queue == 0)
		log_notice("keeper: %s: this kernel has no busy polling for sockets", a->ifname);
	return err;
}

/* The engine maps the rings before the sockets are bound (xdp.h tells why). Only it holds the sockets afterwards: a copy
 * kept here would go on swallowing frames. */
int keeper_serve(struct keeper *k, const struct xdp_attachment *a, struct xdp_error *error)
{
	const struct message begin = { .type = MESSAGE_SERVE, .ifindex = a->ifindex };
	int err = k->engine.channel < 0 ? -EPIPE : send_interface(k, a);
	struct xdp_socket sockets[ALPNXDP_MAX_QUEUES];
	unsigned opened = 0, q;

	while (!err && opened < a->queues) {
		err = open_queue(k, a, opened, &sockets[opened], error);
		if (!err)
			err = send_queue(k, a, &sockets[opened++]);
	}
	if (!err)
		err = keeper_tell(k, &begin);
	if (!err && !keeper_wait_ready(k, a->ifindex))
		err = -EPIPE;
	for (q = 0; !err && q < opened; q++)
		err = xdp_socket_bind(a, &sockets[q], error);
	while (opened)
		xdp_socket_close(&sockets[--opened]);
	if (!err)
		keeper_begin_check(k, a);
	if (err && !error->what[0]) {
		snprintf(error->what, sizeof(error->what), "%s: the engine process does not serve it",
			 a->ifname);
		snprintf(error->system, sizeof(error->system), "%s", strerror(-err));
		snprintf(error->fix, sizeof(error->fix), "to see why: alpnxdp attach %s --foreground",
			 a->ifname);
	}
	return err;
}

static void tell_gone(struct keeper *k, unsigned ifindex)
{
	const struct message gone = { .type = MESSAGE_GONE, .ifindex = ifindex };

	keeper_tell(k, &gone);
}

void keeper_forget(struct keeper *k, struct xdp_attachment *a)
{
	tell_gone(k, a->ifindex);
	xdp_attachment_close(a);
	*a = k->interface[--k->interfaces];
}

int keeper_serve_again(struct keeper *k, struct xdp_attachment *a, struct xdp_error *error)
{
	tell_gone(k, a->ifindex);
	return keeper_serve(k, a, error);
}

static int attach_new(struct keeper *k, const struct xdp_attach_options *o, struct daemon_report *report)
{
	struct xdp_attachment *a = &k->interface[k->interfaces];
	struct xdp_error ignored;
	int err = xdp_attach(o, a, &report->error);

	if (err)
		return err;
	k->interfaces++;
	err = keeper_serve(k, a, &report->error);
	report->attachment = *a;
	if (!err)
		return 0;
	if (!a->taken_over)
		xdp_detach(a->ifname, &ignored);
	keeper_forget(k, a);
	return err;
}

int keeper_attach(struct keeper *k, const struct xdp_attach_options *o, struct daemon_report *report)
{
	const struct xdp_attachment *present = find(k, o->ifname);

	if (present) {
		report->err = -EEXIST;
		snprintf(report->error.what, sizeof(report->error.what),
			 "%s: already attached (program id %u)", o->ifname, present->prog_id);
		snprintf(report->error.fix, sizeof(report->error.fix), "alpnxdp status %s", o->ifname);
	} else if (k->interfaces == DAEMON_MAX_INTERFACES) {
		report->err = -ENOSPC;
		snprintf(report->error.what, sizeof(report->error.what),
			 "one daemon serves at most %d interfaces", DAEMON_MAX_INTERFACES);
	} else {
		report->err = attach_new(k, o, report);
	}
	report->ok = !report->err;
	if (report->ok)
		log_notice("keeper: %s: attached, %s mode, %u queue%s, program id %u", o->ifname,
			   xdp_mode_name(report->attachment.mode), report->attachment.queues,
			   report->attachment.queues == 1 ? "" : "s", report->attachment.prog_id);
	return report->err;
}

int keeper_detach(struct keeper *k, const char *ifname, struct daemon_report *report)
{
	struct xdp_attachment *a = find(k, ifname);

	if (!a) {
		report->err = -ENOENT;
		snprintf(report->error.what, sizeof(report->error.what), "%s: not attached", ifname);
		return report->err;
	}
	report->attachment = *a;
	report->err = xdp_detach(ifname, &report->error);
	if (report->err && report->err != -ENOENT)
		return report->err;
	report->err = 0;
	keeper_forget(k, a);
	log_notice("keeper: %s: detached", ifname);
	return 0;
}
