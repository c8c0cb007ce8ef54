/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of this folder share with each other and with nobody else. */
#ifndef ALPNXDP_XDP_PRIVATE_H
#define ALPNXDP_XDP_PRIVATE_H

#include "xdp/xdp.h"

/* -------------------------------------------------------------- error.c */

/* A call failed: says what happened, with the words of libbpf or libxdp if there were any since xdp_words_forget(), else
 * the system's. Clears the fix. Returns err. */
int xdp_error_set(struct xdp_error *e, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* We decline to do it: no call has failed, so there are no words but ours. */
int xdp_error_refuse(struct xdp_error *e, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void xdp_error_fix(struct xdp_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void xdp_words_forget(void);

/* ------------------------------------------------------------- device.c */

struct device {
	char name[IF_NAMESIZE];
	unsigned ifindex;
	unsigned mtu;
	unsigned queues; /* RX queues in use, at most ALPNXDP_MAX_QUEUES */
};

int xdp_device_read(const char *ifname, struct device *out, struct xdp_error *error);

/* ------------------------------------------------------------- system.c */

/* -EPERM with the command to type, unless this process may load, attach and look up programs. ifname may be "". */
int xdp_system_check_rights(const char *verb, const char *ifname, struct xdp_error *error);
/* -EOPNOTSUPP naming the missing feature, for the text of uname -r. */
int xdp_system_check_kernel(const char *release, struct xdp_error *error);

/* ------------------------------------------------------------ program.c */

enum { PROGRAM_NAME = 16 }; /* the kernel keeps 15 characters */

struct program {
	uint32_t id;
	uint32_t type; /* enum bpf_prog_type */
	char name[PROGRAM_NAME];
	bool ours; /* our name, and every map of ours */
};

int xdp_program_read(uint32_t id, struct program *out);
int xdp_program_open_maps(uint32_t id, struct xdp_maps *out); /* -ENOENT: a map of ours is missing */
void xdp_maps_close(struct xdp_maps *m);
uint32_t
xdp_maps_abi(const struct xdp_maps *m); /* the number in the config map; 0: unreadable or not yet written */

/* --------------------------------------------------------------- notes.c */

/* Parts of xdp_shared_map() and xdp_shared_unmap(). map: 0, or -1 with errno. */
int xdp_notes_map(int fd, struct xdp_shared *out);
void xdp_notes_unmap(struct xdp_shared *s);

/* ------------------------------------------------------------- object.c */

struct bpf_object;

/* The steering program, not loaded yet. 0 or -errno. */
int xdp_object_open(bool conntrack, struct bpf_object **out);

/* --------------------------------------------------------------- hook.c */

enum { HOOK_MAX = 10 }; /* components of a libxdp dispatcher */

struct hook {
	uint32_t main_id; /* the program that the kernel calls; 0: the hook is free */
	uint32_t link_id; /* of the bpf_link that holds it; 0: attached without one */
	enum xdp_mode mode;
	bool dispatcher; /* it is libxdp's, and calls the programs below */
	size_t count;
	struct hook_program {
		struct program program;
		uint32_t slot; /* grows in order of running */
	} programs[HOOK_MAX];
};

int xdp_hook_read(unsigned ifindex, struct hook *out); /* 0, also when the hook is free, or -errno */
const struct program *xdp_hook_ours(const struct hook *h);

/* --------------------------------------------------------------- find.c */

/* Fills what is known of an attached program of ours and opens its maps. */
int xdp_attachment_read(const struct device *device, const struct hook *hook, struct xdp_attachment *out,
			struct xdp_error *error);
/*
 * Whether an engine is at work behind it: its heartbeat moves. One that was killed leaves a fresh one, so this may watch
 * until it is too old for the program, too (ALPNXDP_HEARTBEAT_MS).
 */
bool xdp_attachment_served(const struct xdp_attachment *a);

/* ------------------------------------------------------------- detach.c */

int xdp_detach_program(const struct device *device, const struct hook *hook, uint32_t id,
		       struct xdp_error *error);

#endif
