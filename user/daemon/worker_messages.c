/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the keeper sends: first the programs, the control socket and the saved challenges; then interfaces, each with
 * its queues, and the word to begin.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "daemon/worker.h"

struct worker_interface *worker_find(struct worker *w, const char *ifname)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].used && !strcmp(w->interface[n].attachment.ifname, ifname))
			return &w->interface[n];
	return NULL;
}

static struct worker_interface *find_index(struct worker *w, unsigned ifindex)
{
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].used && w->interface[n].attachment.ifindex == ifindex)
			return &w->interface[n];
	return NULL;
}

static void start(struct worker *w, struct message *m)
{
	if (m->fd_count < 4)
		return;
	w->inject = (struct xdp_inject){ .frame_fd = m->fd[0], .rst_fd = m->fd[1], .probe_fd = m->fd[2] };
	w->listen_fd = m->fd[3];
	worker_restore(w, m->fd_count > 4 ? m->fd[4] : -1);
}

static void close_all(struct message *m)
{
	for (size_t n = 0; n < m->fd_count; n++)
		close(m->fd[n]);
}

static void add_interface(struct worker *w, struct message *m)
{
	struct worker_interface *i = NULL;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES && !i; n++)
		if (!w->interface[n].used)
			i = &w->interface[n];
	if (!i || m->fd_count != 8) {
		close_all(m);
		return;
	}
	*i = (struct worker_interface){ .used = true, .attachment = m->report.attachment };
	i->attachment.maps = (struct xdp_maps){ .config = m->fd[0],
						.queues = m->fd[1],
						.live = m->fd[2],
						.flows = m->fd[3],
						.names = m->fd[4],
						.hellos = m->fd[5],
						.counters = m->fd[6],
						.xsks = -1,
						.notes = m->fd[7] };
	i->port.mtu = i->attachment.mtu;
}

static void add_queue(struct worker *w, struct message *m)
{
	const struct xdp_socket socket = { .fd = m->fd[0], .umem_fd = m->fd[1], .queue = m->queue };
	struct worker_interface *i = find_index(w, m->ifindex);
	int err;

	if (!i || m->fd_count != 2 || m->queue >= ALPNXDP_MAX_QUEUES) {
		close_all(m);
		return;
	}
	err = xdp_rings_map(&socket, &i->rings[m->queue]);
	close(socket.umem_fd); /* mapped; the socket itself is kept, its rings live on it */
	if (!err)
		return;
	close(socket.fd);
	log_error("engine: %s: queue %u: %s", i->attachment.ifname, m->queue, strerror(-err));
}

static bool all_queues(const struct worker_interface *i)
{
	for (unsigned q = 0; q < i->attachment.queues; q++)
		if (!i->rings[q])
			return false;
	return true;
}

/* A new epoch makes the entries of a dead engine void at one stroke; the sweep then takes them out. */
static void serve(struct worker *w, unsigned ifindex)
{
	struct worker_interface *i = find_index(w, ifindex);
	const struct message ready = { .type = MESSAGE_READY, .ifindex = ifindex };

	if (!i || !all_queues(i) || xdp_shared_map(&i->attachment.maps, &i->shared))
		return;
	memcpy(i->port.own_mac, i->shared.config->own_mac, sizeof(i->port.own_mac));
	__atomic_fetch_add(&i->shared.config->epoch, 1, __ATOMIC_SEQ_CST);
	for (unsigned n = 0; n <= ALPNXDP_MAX_FLOWS / XDP_SWEEP && (!n || i->sweep.started); n++)
		xdp_flow_sweep(&i->attachment.maps, &i->shared, &i->sweep, w->now * 1000);
	worker_names_load(w, i);
	i->serving = true;
	worker_notes_begin(w, i);
	worker_arm(w);
	channel_send(w->channel, &ready);
}

static void check(struct worker *w, struct message *m)
{
	struct worker_interface *i = find_index(w, m->ifindex);

	if (i && m->fd_count == 2)
		worker_check_want(w, i, m);
	else
		close_all(m);
}

static void changed(struct worker *w, const struct xdp_attachment *now)
{
	struct worker_interface *i = find_index(w, now->ifindex);

	if (!i)
		return;
	memcpy(i->attachment.ifname, now->ifname, sizeof(i->attachment.ifname));
	i->attachment.mtu = i->port.mtu = now->mtu;
}

void worker_withdraw(struct worker_interface *i)
{
	for (unsigned q = 0; i->serving && q < i->attachment.queues; q++)
		__atomic_store_n(&i->shared.queues[q].heartbeat_ns, 0, __ATOMIC_RELEASE);
}

/* The socket goes with the last descriptor: one kept open would swallow frames and hold its queue. */
static void drop_queue(struct xdp_rings *rings)
{
	int fd = rings ? xdp_rings_fd(rings) : -1;

	if (!rings)
		return;
	xdp_rings_unmap(rings);
	close(fd);
}

static void gone(struct worker *w, unsigned ifindex)
{
	struct worker_interface *i = find_index(w, ifindex);
	const struct xdp_maps *maps;

	if (!i)
		return;
	worker_withdraw(i);
	worker_names_forget(w, i);
	worker_check_gone(w, i);
	for (unsigned n = 0; n < w->threads; n++)
		engine_port_gone(w->thread[n].engine, (unsigned)(i - w->interface));
	for (unsigned q = 0; q < ALPNXDP_MAX_QUEUES; q++)
		drop_queue(i->rings[q]);
	if (i->serving)
		xdp_shared_unmap(&i->shared);
	maps = &i->attachment.maps;
	close(maps->config);
	close(maps->queues);
	close(maps->live);
	close(maps->flows);
	close(maps->names);
	close(maps->hellos);
	close(maps->counters);
	close(maps->notes);
	i->used = i->serving = false;
}

static void take_settings(struct worker *w, const struct engine_settings *s)
{
	w->settings = *s;
	log_setup(s->log_level, s->log_format);
	worker_harvest_set(w, s->harvest);
}

void worker_message(struct worker *w, struct message *m)
{
	switch (m->type) {
	case MESSAGE_START:
		start(w, m);
		break;
	case MESSAGE_INTERFACE:
		add_interface(w, m);
		break;
	case MESSAGE_QUEUE:
		add_queue(w, m);
		break;
	case MESSAGE_SERVE:
		serve(w, m->ifindex);
		break;
	case MESSAGE_CHANGED:
		changed(w, &m->report.attachment);
		break;
	case MESSAGE_CHECK:
		check(w, m);
		break;
	case MESSAGE_GONE:
		gone(w, m->ifindex);
		break;
	case MESSAGE_RESULT:
		worker_result(w, m);
		break;
	case MESSAGE_SETTINGS:
		take_settings(w, &m->settings);
		break;
	case MESSAGE_FRONT:
		if (m->fd_count == 1)
			worker_front_open(w, m->fd[0]);
		break;
	case MESSAGE_WATCHDOG:
		if (m->fd_count == 1)
			w->notify.fd = m->fd[0];
		break;
	case MESSAGE_OWN_NAMES:
		if (m->fd_count == 1)
			worker_probes_set(w, m->fd[0]);
		break;
	case MESSAGE_CHECKED:
	case MESSAGE_PROBE:
	case MESSAGE_READY:
	case MESSAGE_SAVE:
	case MESSAGE_REQUEST:
		break; /* ours to send */
	}
}
