/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keeper: see keeper.c. */
#ifndef ALPNXDP_DAEMON_KEEPER_H
#define ALPNXDP_DAEMON_KEEPER_H

#include "daemon/channel.h"
#include "daemon/child.h"

/* A socket of the front ends', kept over the lives of their process. */
struct front_listener {
	int fd; /* -1: none */
	char path[SETTINGS_SOCKET_PATH];
};

/* A run of the program for unsolicited probes: waiting for its turn, or under way. */
enum { KEEPER_HOOKS = 16 };
struct hook {
	bool used, killed;
	pid_t pid; /* 0: it waits */
	usec_t started;
	time_t time; /* of the probe */
	struct flow_key key;
	char name[IDENT_MAX + 1];
	char ifname[IF_NAMESIZE];
};

struct keeper {
	const char *socket_path;
	struct settings settings; /* in force */
	const struct settings_source *source;
	int listen_fd;
	struct xdp_inject inject;

	struct child engine;

	struct child front; /* none when no front end is set */
	int inotify;        /* that of the present front; -1: none */
	struct front_listener ualpn, metrics;

	int notify;      /* the service manager; -1: none */
	int feed;        /* what the packet loop has to tell it; -1: none */
	bool ready;      /* it has been told so */
	usec_t ready_by; /* told at the latest, whatever the self-checks do */
	size_t checked_interfaces;

	int signals; /* signalfd: SIGTERM, SIGINT, SIGHUP */
	int links;   /* the kernel tells of links that change */
	bool stopping;
	unsigned serving; /* ifindex that the engine last said it serves; 0: none since it was asked */
	bool waiting; /* for that, in the middle of something: the table of interfaces must stay as it is */
	usec_t checked;

	struct hook hook[KEEPER_HOOKS];
	usec_t hook_next; /* none starts before this */
	size_t hook_turn;

	size_t interfaces;
	struct xdp_attachment interface[DAEMON_MAX_INTERFACES];
};

/* keeper.c: the whole life of the daemon; ready is told once, when it serves or has failed. Returns 0 or -errno. */
typedef void keeper_ready(void *context, const struct daemon_report *reports);
int keeper_run(const struct daemon_options *o, int listen_fd, keeper_ready *ready, void *context);

/* keeper_engine.c: the engine process. */
int keeper_start_engine(struct keeper *k); /* forks it and sends what it needs to begin; 0 or -errno */
int keeper_tell_settings(struct keeper *k);
int keeper_tell(struct keeper *k,
		const struct message *m); /* 0 or -errno; ends an engine that does not read */
int keeper_hear(struct keeper *k);        /* one message from it; 1, 0: gone, -EAGAIN, -errno */

/* keeper_interfaces.c */
int keeper_attach(struct keeper *k, const struct xdp_attach_options *o, struct daemon_report *report);
int keeper_detach(struct keeper *k, const char *ifname, struct daemon_report *report);
int keeper_serve(struct keeper *k, const struct xdp_attachment *a,
		 struct xdp_error *error); /* queues to the engine */
bool keeper_wait_ready(struct keeper *k, unsigned ifindex);
/* The same for one that the engine has: with as many queues as there are now. */
int keeper_serve_again(struct keeper *k, struct xdp_attachment *a, struct xdp_error *error);
void keeper_forget(struct keeper *k, struct xdp_attachment *a); /* the engine's part, too; not the program */

/* keeper_front.c: the process of the front ends. */
bool keeper_front_wanted(const struct keeper *k);
/* Opens the sockets that s names, closes those that it does not; on an error nothing more has changed. */
int keeper_front_listen(struct keeper *k, const struct settings *s, struct xdp_error *error);
int keeper_front_start(struct keeper *k); /* 0 or -errno */
void keeper_front_stop(struct keeper *k);
int keeper_front_hear(struct keeper *k);   /* one request of it; 1, 0: gone, -EAGAIN, -errno */
void keeper_front_close(struct keeper *k); /* its sockets, too */

/*
 * keeper_reload.c: the settings read again, and put into force. Nothing changes when something is wrong with them. An
 * interface that cannot be attached or detached is an error, too, but all else is in force then.
 */
int keeper_reload(struct keeper *k, struct daemon_report *report);

/* keeper_selfcheck.c: asks the engine for a self-check of an interface that is served, if the settings say so. */
void keeper_begin_check(struct keeper *k, const struct xdp_attachment *a);

/* keeper_notify.c: the service manager. */
void keeper_started(struct keeper *k);                          /* everything is attached */
void keeper_checked(struct keeper *k, const struct message *m); /* the result of a self-check */
usec_t keeper_ready_due(const struct keeper *k);                /* USEC_NEVER: told, or nobody to tell */
void keeper_tell_ready(struct keeper *k);
int keeper_feed_open(struct keeper *k); /* the engine's end of a new k->feed, or -errno */
void keeper_feed_close(struct keeper *k);
void keeper_feed(struct keeper *k); /* passes on what the engine has said */

/* keeper_probes.c */
int keeper_tell_names(struct keeper *k); /* 0 or -errno */
int keeper_hook_check(const struct settings *s,
		      struct xdp_error *error); /* 0, or -errno: it must not be run, or cannot */
void keeper_probe(struct keeper *k, const struct message *m);
void keeper_hooks(struct keeper *k);                         /* once a turn */
usec_t keeper_hooks_due(const struct keeper *k, usec_t now); /* USEC_NEVER: nothing is under way */
void keeper_hooks_end(struct keeper *k);

/* keeper_links.c */
int keeper_links_open(void); /* a descriptor for poll(), or -errno */
void keeper_links_drain(int fd);
void keeper_check(struct keeper *k); /* follows what has changed; forgets what is gone */

#endif
