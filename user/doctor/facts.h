/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to doctor: facts, which the read_*.c files fill and the files of findings judge. */
#ifndef ALPNXDP_DOCTOR_FACTS_H
#define ALPNXDP_DOCTOR_FACTS_H

#include <netinet/in.h>
#include "doctor/doctor.h"
#include "xdp/xdp.h"

enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

static inline enum fact fact_of(bool yes)
{
	return yes ? FACT_YES : FACT_NO;
}

/* -------------------------------------------------------------- devices */

/* An offload: its state, and whether it can be changed. */
struct offload {
	bool on;
	bool fixed;
};

enum { LIST_TEXT = 96 }; /* names of interfaces, separated by spaces; cut if there are more */

struct device_facts {
	char name[IF_NAMESIZE];
	char kind[16];   /* rtnetlink's, "veth"; "": hardware, or lo */
	char driver[32]; /* ethtool's, "virtio_net"; "": it does not say */
	bool ethernet;   /* frames begin with an Ethernet header */
	bool loopback;
	bool up, carrier;
	unsigned mtu;
	unsigned queues;                 /* RX queues in use */
	unsigned combined, combined_max; /* ethtool channels; 0: the driver has none */
	unsigned rx_only;                /* channels for receiving alone */
	/* As the driver says it (Linux 6.3 or later): it runs XDP; frames may lie in several buffers then. */
	enum fact native, frags;
	struct offload lro, gro_hw, rx_vlan;
	char master[IF_NAMESIZE], master_kind[16];
	char lower[IF_NAMESIZE]; /* what a VLAN or macvlan rides on, if it is in this namespace */
	char ports[LIST_TEXT];   /* of a bond or bridge: itself or its master */
	char vlans[LIST_TEXT];   /* VLAN interfaces on it */
	char shared[LIST_TEXT];  /* macvlan and ipvlan interfaces on it */

	int check; /* of xdp_check() */
	struct xdp_error check_error;
	bool ours; /* attached already */
	enum xdp_mode hook_mode;
	uint16_t port;  /* that it is attached with */
	int neighbours; /* on the hook, or -errno */
	struct xdp_neighbour on_hook[10];
};

/* --------------------------------------------------------------- kernel */

struct kernel_facts {
	char release[65];
	enum fact btf;       /* of the kernel itself */
	enum fact conntrack; /* its functions can be called */
	enum fact freplace;  /* extension programs, which libxdp's dispatcher needs */
	enum fact jit;
	bool bpffs;
	bool root;                /* all capabilities that attaching asks for */
	bool lock_any;            /* CAP_IPC_LOCK: memory of sockets is not counted */
	uint64_t lock_most;       /* RLIMIT_MEMLOCK, bytes */
	enum fact liberal, loose; /* nf_conntrack_tcp_be_liberal, nf_conntrack_tcp_loose */
};

/* ------------------------------------------------------------- firewall */

enum firewall_effect {
	FIREWALL_NONE,
	FIREWALL_DROP,
	FIREWALL_TPROXY,
	FIREWALL_SYNPROXY,
	FIREWALL_DNAT,
	FIREWALL_DUP,
	FIREWALL_FWD
};

struct firewall_rule {
	enum firewall_effect effect;
	bool invalid;  /* for packets that conntrack calls invalid, only */
	bool rst;      /* for RSTs only */
	bool port;     /* for our port among others; false: for any port */
	bool narrowed; /* by something that we do not follow, as an address */
	char family[8];
	char table[32], chain[64];
	unsigned handle; /* of nft; 0: a rule of iptables */
	char target[64]; /* where DNAT, dup and fwd send it */
	char rule[128];  /* of iptables, as iptables-save prints it without "-A" */
};

enum { FIREWALL_RULES = 64 };

struct firewall_facts {
	bool read;    /* what follows is complete */
	char why[96]; /* it is not: why, and */
	char fix[64]; /* what helps */
	size_t count;
	struct firewall_rule rules[FIREWALL_RULES];
};

/* ------------------------------------------------------------------ web */

enum { WEB_LISTENERS = 16, WEB_HINTS = 4 };

struct web_listener {
	struct in6_addr address; /* IPv4 mapped */
	char text[INET6_ADDRSTRLEN + 2];
	char device[IF_NAMESIZE]; /* that it is bound to; "": none */
	bool mptcp;
};

struct web_facts {
	uint16_t port;
	int error; /* of asking for listeners */
	size_t count;
	struct web_listener listeners[WEB_LISTENERS];
	enum fact l3mdev; /* tcp_l3mdev_accept */
	size_t hints;
	char hint[WEB_HINTS][128]; /* "/etc/nginx/sites-enabled/a:12" speaks PROXY protocol on the port */
	char unreadable[128];      /* a configuration that we may not read; "": none */
};

/* ---------------------------------------------------------------- names */

enum { NAME_ADDRESSES = 8, HOST_ADDRESSES = 64 };

struct name_facts {
	char name[254];
	bool resolved; /* false: no address, or none in time */
	size_t count;
	struct in6_addr addresses[NAME_ADDRESSES];
};

struct host_address {
	struct in6_addr address; /* IPv4 mapped */
	char ifname[IF_NAMESIZE];
};

struct names_facts {
	int error; /* of asking the daemon; -ENOENT and -ECONNREFUSED: there is none */
	size_t total;
	size_t count;
	struct name_facts list[DOCTOR_NAMES];
	size_t hosts;
	struct host_address host[HOST_ADDRESSES];
};

/* ------------------------------------------------------------------ all */

struct facts {
	size_t devices;
	struct device_facts device[DOCTOR_INTERFACES];
	struct kernel_facts kernel;
	struct firewall_facts firewall;
	struct web_facts web;
	struct names_facts names;
};

#endif
