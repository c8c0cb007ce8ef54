/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Private to doctor: every finding there is, and the pure functions that make them of facts.
 * X(symbol, id, severity)
 */
#ifndef ALPNXDP_DOCTOR_FINDINGS_H
#define ALPNXDP_DOCTOR_FINDINGS_H

#include "doctor/facts.h"

#define DOCTOR_FINDING_ROWS(X)                            \
	X(NO_INTERFACE, "no-interface", ERROR)            \
	X(ATTACHED, "attached", OK)                       \
	X(NATIVE, "mode-native", OK)                      \
	X(GENERIC, "mode-generic", INFO)                  \
	X(MODE_UNKNOWN, "mode-unknown", INFO)             \
	X(NOT_ETHERNET, "not-ethernet", ERROR)            \
	X(LOOPBACK, "loopback", INFO)                     \
	X(LINK_DOWN, "link-down", WARNING)                \
	X(NO_CARRIER, "no-carrier", WARNING)              \
	X(MTU, "mtu-native", WARNING)                     \
	X(LRO, "lro", WARNING)                            \
	X(GRO_HW, "gro-hw", WARNING)                      \
	X(CHANNELS, "channels", WARNING)                  \
	X(QUEUES, "queues", WARNING)                      \
	X(RX_VLAN, "rx-vlan", ERROR)                      \
	X(BOND_MASTER, "bond-master", ERROR)              \
	X(BOND_PORT, "bond-port", WARNING)                \
	X(BRIDGE_PORT, "bridge-port", INFO)               \
	X(SHARED, "macvlan", INFO)                        \
	X(REFUSED, "attach-refused", ERROR)               \
	X(NOT_ROOT, "not-root", WARNING)                  \
	X(NEIGHBOURS, "neighbours", INFO)                 \
	X(KERNEL, "kernel", OK)                           \
	X(KERNEL_BTF, "kernel-btf", ERROR)                \
	X(KERNEL_CONNTRACK, "kernel-conntrack", INFO)     \
	X(KERNEL_FREPLACE, "kernel-freplace", INFO)       \
	X(KERNEL_JIT, "kernel-jit", WARNING)              \
	X(KERNEL_BPFFS, "kernel-bpffs", INFO)             \
	X(KERNEL_MEMLOCK, "kernel-memlock", ERROR)        \
	X(KERNEL_UNCHECKED, "kernel-unchecked", INFO)     \
	X(FIREWALL, "firewall", OK)                       \
	X(FIREWALL_UNCHECKED, "firewall-unchecked", INFO) \
	X(FIREWALL_INVALID, "firewall-invalid", INFO)     \
	X(FIREWALL_RST, "firewall-rst", WARNING)          \
	X(FIREWALL_PORT, "firewall-port", WARNING)        \
	X(TPROXY, "tproxy", INFO)                         \
	X(SYNPROXY, "synproxy", ERROR)                    \
	X(DNAT, "dnat", INFO)                             \
	X(DNAT_UNSEEN, "dnat-unseen", ERROR)              \
	X(CONNTRACK_LIBERAL, "conntrack-liberal", ERROR)  \
	X(CONNTRACK_LOOSE, "conntrack-loose", INFO)       \
	X(NFT_DUP, "nft-dup", INFO)                       \
	X(NFT_FWD, "nft-fwd", WARNING)                    \
	X(LISTENER, "listener", OK)                       \
	X(NO_LISTENER, "no-listener", ERROR)              \
	X(LISTENER_UNCHECKED, "listener-unchecked", INFO) \
	X(LISTENER_LOCAL, "listener-local", WARNING)      \
	X(LISTENER_MPTCP, "listener-mptcp", INFO)         \
	X(PROXY_PROTOCOL, "proxy-protocol", WARNING)      \
	X(CONFIG_UNCHECKED, "config-unchecked", INFO)     \
	X(VRF, "vrf", WARNING)                            \
	X(NAMES, "names", OK)                             \
	X(NAMES_UNCHECKED, "names-unchecked", INFO)       \
	X(NAME_UNRESOLVED, "name-unresolved", WARNING)    \
	X(NAME_ELSEWHERE, "name-elsewhere", WARNING)      \
	X(NAME_TRANSLATED, "name-translated", INFO)       \
	X(NAME_INTERFACE, "name-interface", WARNING)

enum finding {
#define X(symbol, id, severity) FINDING_##symbol,
	DOCTOR_FINDING_ROWS(X)
#undef X
		NUM_FINDINGS
};

const char *finding_id(enum finding f);

/* Appends one, with its text; never fails: what is beyond the limit is counted. ifname may be "". */
struct doctor_finding *finding_add(struct doctor_report *r, enum finding f, const char *ifname,
				   const char *text, ...) __attribute__((format(printf, 4, 5)));
void finding_fix(struct doctor_finding *f, const char *command, ...) __attribute__((format(printf, 2, 3)));

/* One file each. */
void device_judge(const struct device_facts *d, struct doctor_report *r);
void hook_judge(const struct device_facts *d, struct doctor_report *r);
void kernel_judge(const struct kernel_facts *k, unsigned queues, struct doctor_report *r);
void firewall_judge(const struct facts *facts, struct doctor_report *r);
void web_judge(const struct facts *facts, struct doctor_report *r);
void names_judge(const struct facts *facts, struct doctor_report *r);
/* All of them, in the order in which they are read. */
void facts_judge(const struct facts *facts, struct doctor_report *r);

/* The first rule with this effect, or NULL. */
const struct firewall_rule *firewall_find(const struct firewall_facts *f, enum firewall_effect effect);

/* -------------------------------------------------------------- drivers.c */

/* What a driver refuses native mode with. NULL: one that we know nothing of. */
struct driver_limits {
	const char *driver;
	unsigned mtu;       /* most for a frame in one buffer; 0: not known */
	bool frags;         /* several buffers, since before Linux 6.3, where the driver says it itself */
	bool lro;           /* refuses while LRO is on */
	bool gro_hw;        /* refuses while hardware GRO is on */
	bool switches_off;  /* switches them off by itself, where they can be */
	bool half_channels; /* needs as many queues for XDP as it uses */
	bool combined_only; /* needs combined channels */
};
const struct driver_limits *driver_limits(const char *driver);
bool driver_is_generic(const char *kind, const char *driver); /* has no native mode */

/* --------------------------------------------- nft.c, iptables.c: texts to rules */

/* The reply of `nft -j list ruleset`. 0, or -EPROTO if it is none. *foreign: rules of iptables are in it. */
int nft_parse(const char *text, uint16_t port, struct firewall_facts *out, bool *foreign);
/* The output of iptables-save (family "ip") or ip6tables-save ("ip6"). Rules that nft showed are not taken twice. */
void iptables_parse(char *text, const char *family, uint16_t port, struct firewall_facts *out);
/* Is there a finding in it? What drops only some connections is left out: tens of thousands are usual. */
bool firewall_matters(const struct firewall_rule *rule);
/* Appends, unless an equal one is there; without room for it, the facts are no longer complete. */
void firewall_take(struct firewall_facts *f, const struct firewall_rule *rule);
/* Do packets from outside to this machine go through it? By the hook's or the chain's name. */
bool firewall_chain_inward(const char *name);

/* ------------------------------------------------------------- config.c */

/* Does this line of a configuration make the port speak PROXY protocol? nginx's "listen", haproxy's "bind". */
bool config_line_proxies(const char *line, uint16_t port);

#endif
