/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "daemon/channel.h"

static_assert((int)MESSAGE_FDS == (int)PACKET_FDS, "what a packet carries");

int channel_send(int channel, const struct message *m)
{
	struct packet p = { .bytes = (void *)(uintptr_t)m, .len = sizeof(*m), .fds = m->fd_count };

	memcpy(p.fd, m->fd, sizeof(p.fd));
	return packet_send(channel, &p);
}

int channel_receive(int channel, struct message *m)
{
	struct packet p = { .bytes = m, .len = sizeof(*m) };
	int got = packet_receive(channel, &p);

	if (got != 1)
		return got;
	m->fd_count = p.fds;
	memcpy(m->fd, p.fd, sizeof(p.fd));
	return 1;
}
