/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Private to doctor: what is asked of the system. Nothing here changes anything; every wait ends. By rtnetlink, ioctl
 * and /proc/sys, never by /sys/class: after `nsenter --net` that still shows the namespace that was left.
 */
#ifndef ALPNXDP_DOCTOR_READ_H
#define ALPNXDP_DOCTOR_READ_H

#include <linux/netlink.h>
#include "doctor/facts.h"

/* ------------------------------------------------------------ netlink.c */

/* Attributes of a message behind its fixed part: the one of a type, or NULL. */
enum { ATTRIBUTE_HEAD = sizeof(struct nlattr), ATTRIBUTE_ALIGN = 4 };

/* Bytes from an attribute, or from what is aligned like one, to the next. */
static inline size_t attribute_step(size_t len)
{
	return (len + ATTRIBUTE_ALIGN - 1) & ~(size_t)(ATTRIBUTE_ALIGN - 1);
}

const struct nlattr *attribute_find(const void *first, size_t len, uint16_t type);
const void *attribute_data(const struct nlattr *a);
uint32_t attribute_u32(const struct nlattr *a, uint32_t otherwise);
/* Copies text that may lack its NUL. a NULL: "". */
void attribute_text(const struct nlattr *a, char *out, size_t size);
size_t attribute_len(const struct nlattr *a);

/* Sends a request and hands each answer to take until the last. 0, or the negative errno of the kernel. */
int netlink_ask(int protocol, const struct nlmsghdr *request,
		void (*take)(const struct nlmsghdr *answer, void *context), void *context);

/* -------------------------------------------------------------- links.c */

/* An interface of this namespace, as rtnetlink has it. */
struct link {
	unsigned index, master;
	unsigned lower; /* what it rides on, in this namespace; 0: none, for each of the three */
	char name[IF_NAMESIZE];
	char kind[16];
	unsigned type, flags, mtu, rx_queues;
};

struct links {
	struct link *list;
	size_t count;
	bool no_memory;
};
int links_read(struct links *out);                                       /* to be freed: list */
const struct link *link_by_index(const struct links *l, unsigned index); /* NULL: none */
const struct link *link_by_name(const struct links *l, const char *name);

/* Interfaces of the default routes, each once. Returns how many. */
size_t routes_default(unsigned *indices, size_t max);

/* ------------------------------------------------------------ ethtool.c */

void ethtool_read(struct device_facts *d); /* driver, channels, offloads */

/* ----------------------------------------------------------- features.c */

/* Fills native and frags from netdev's xdp-features, Linux 6.3 or later; leaves them otherwise. */
void features_read(unsigned ifindex, struct device_facts *d);

/* ---------------------------------------------------- read_*.c and others */

void device_read(const struct links *links, const struct link *link, struct device_facts *out);
void kernel_read(struct kernel_facts *out);
void firewall_read(uint16_t port, struct firewall_facts *out);
void web_read(uint16_t port, struct web_facts *out);
void configs_read(uint16_t port, struct web_facts *out); /* hints and unreadable */
void names_read(const char *socket_path, struct names_facts *out);
enum fact sysctl_read(const char *path); /* 0: no, else yes; unknown: not there */

/* -------------------------------------------------------------- child.c */

/* The path of a system program, or NULL. */
const char *program_find(const char *name, char *path, size_t size);
/*
 * Runs a program and returns what it printed, to be freed, or NULL: it failed, printed more than 16 MiB, or took longer
 * than timeout_ms. *why then says which.
 */
char *program_output(const char *const argv[], int timeout_ms, const char **why);

#endif
