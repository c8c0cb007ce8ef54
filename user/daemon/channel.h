/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages between keeper and engine process: one datagram each, with descriptors beside it. Both are one program. */
#ifndef ALPNXDP_DAEMON_CHANNEL_H
#define ALPNXDP_DAEMON_CHANNEL_H

#include "challenge/challenge.h"
#include "control/control.h"
#include "daemon/daemon.h"
#include "selfcheck/selfcheck.h"

enum { MESSAGE_FDS = 8 };

enum message_type {
	/* keeper to engine */
	MESSAGE_START =
		1, /* fds: inject_frame, inject_rst, probe, control socket, saved challenges (may be absent) */
	MESSAGE_INTERFACE, /* attachment; fds: its maps but xsks, in the order of struct xdp_maps */
	MESSAGE_QUEUE,     /* ifindex, queue; fds: socket, memory */
	MESSAGE_SERVE,     /* ifindex: all queues are there, begin */
	MESSAGE_CHANGED,   /* attachment: name and MTU of an interface that is served already */
	MESSAGE_CHECK,    /* ifindex, host; fds: program on the hook, peek: the sockets are bound, check it */
	MESSAGE_GONE,     /* ifindex: the program is off, or the interface is */
	MESSAGE_RESULT,   /* client, report: the answer to a request */
	MESSAGE_SETTINGS, /* settings */
	MESSAGE_FRONT,    /* fd: a socket to a new process of front ends; front/front.h */
	MESSAGE_WATCHDOG, /* fd: words for the service manager, from the packet loop */
	MESSAGE_OWN_NAMES, /* fd: names of ours as text, a line each */
	/* engine to keeper */
	MESSAGE_READY,   /* ifindex: serving */
	MESSAGE_SAVE,    /* fd: the challenges as text, in a memfd */
	MESSAGE_REQUEST, /* client, request */
	MESSAGE_CHECKED, /* ifindex, report.ok, report.error: how a self-check has ended */
	MESSAGE_PROBE,   /* ifindex, probe: somebody asked for a name of ours unasked */
};

enum request_verb { REQUEST_ATTACH, REQUEST_DETACH, REQUEST_RELOAD };

/* What the engine process has to know of the settings. */
struct engine_settings {
	enum log_format log_format;
	enum log_level log_level;
	bool harvest;
	bool self_check;
	bool probe_hook; /* there is one: MESSAGE_PROBE is wanted */
};

/* The keeper trusts none of this: names are checked to end, numbers to be in range. */
struct request {
	enum request_verb verb;
	char ifname[IF_NAMESIZE];
	enum xdp_mode mode;
	uint16_t port;
};

/* Likewise. */
struct probe {
	char sni[IDENT_MAX + 1];
	struct flow_key key;
	int64_t time_us; /* since 1970 */
};

struct message {
	enum message_type type;
	unsigned ifindex;
	unsigned queue;
	struct control_client client;
	struct request request;
	struct probe probe;
	struct engine_settings settings;
	struct selfcheck_host host;
	struct daemon_report report; /* MESSAGE_INTERFACE: only its attachment */
	size_t fd_count;             /* not sent: counted by the receiver */
	int fd[MESSAGE_FDS];         /* likewise; the receiver owns them */
};

/* 0 or -errno. Descriptors stay the sender's. */
int channel_send(int channel, const struct message *m);

/* 1: a message; 0: the other side is gone; -EAGAIN: nothing there; -errno. Waits unless the channel is non-blocking. */
int channel_receive(int channel, struct message *m);

#endif
