// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Findings about an interface: whether we would see its frames at all, and in which mode we would be attached. Pure.
 *
 * Attaching in auto mode takes generic mode where native is refused, so what native mode refuses is a warning; errors
 * are what leaves no mode that works.
 */
#include <string.h>
#include "doctor/findings.h"

/* The interface itself cannot be the right one. */
static bool judge_kind(const struct device_facts *d, struct doctor_report *r)
{
	if (!d->ethernet) {
		finding_fix(finding_add(r, FINDING_NOT_ETHERNET, d->name,
					"%s carries packets without Ethernet headers, in which nothing is "
					"recognised: attach where they come in",
					d->name),
			    "ip -brief link   # and attach to the one below");
		return false;
	}
	if (!strcmp(d->kind, "bond") || !strcmp(d->kind, "team")) {
		finding_fix(finding_add(r, FINDING_BOND_MASTER, d->name,
					"%s is a %s: no frame reaches an AF_XDP socket of it, so attach to "
					"all of its ports",
					d->name, d->kind),
			    "sudo alpnxdp attach %s", *d->ports ? d->ports : "PORT...");
		return false;
	}
	if (d->loopback)
		finding_fix(finding_add(r, FINDING_LOOPBACK, d->name,
					"%s has only connections from this host to itself, never a CA's",
					d->name),
			    "alpnxdp doctor");
	return true;
}

static void judge_link(const struct device_facts *d, struct doctor_report *r)
{
	if (!d->up)
		finding_fix(finding_add(r, FINDING_LINK_DOWN, d->name, "%s is down", d->name),
			    "sudo ip link set dev %s up", d->name);
	else if (!d->carrier)
		finding_fix(finding_add(r, FINDING_NO_CARRIER, d->name,
					"%s has no carrier: nothing is plugged in", d->name),
			    "ethtool %s", d->name);
}

static void judge_offload(const struct device_facts *d, const struct driver_limits *limits,
			  enum finding which, struct doctor_report *r)
{
	bool lro = which == FINDING_LRO;
	const struct offload *o = lro ? &d->lro : &d->gro_hw;
	const char *name = lro ? "lro" : "rx-gro-hw";
	struct doctor_finding *f;

	if (!o->on || (limits && !(lro ? limits->lro : limits->gro_hw)))
		return;
	if (limits && limits->switches_off && !o->fixed)
		return;
	f = finding_add(r, which, d->name, "%s is on%s, and %s may refuse native mode for it", name,
			o->fixed ? " and cannot be switched off from here" : "",
			*d->driver ? d->driver : "the driver");
	if (o->fixed && !strcmp(d->driver, "virtio_net"))
		finding_fix(f, "on the VM's host: qemu-system-x86_64 ... -device virtio-net-pci,"
			       "guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off");
	else
		finding_fix(f, "sudo ethtool -K %s %s off", d->name, name);
}

static void judge_mtu(const struct device_facts *d, const struct driver_limits *limits,
		      struct doctor_report *r)
{
	bool frags = d->frags == FACT_UNKNOWN ? limits->frags : d->frags == FACT_YES;

	if (frags || !limits->mtu || d->mtu <= limits->mtu)
		return;
	finding_fix(finding_add(r, FINDING_MTU, d->name,
				"an MTU of %u is more than the %u that native mode of %s takes", d->mtu,
				limits->mtu, d->driver),
		    "sudo ip link set dev %s mtu %u", d->name, limits->mtu);
}

static void judge_channels(const struct device_facts *d, const struct driver_limits *limits,
			   struct doctor_report *r)
{
	if (limits->half_channels && d->combined_max > 1 && d->combined * 2 > d->combined_max)
		finding_fix(finding_add(r, FINDING_CHANNELS, d->name,
					"%u of %u queues are in use, but native mode of %s needs as many "
					"again for itself",
					d->combined, d->combined_max, d->driver),
			    "sudo ethtool -L %s combined %u", d->name, d->combined_max / 2);
	if (limits->combined_only && d->rx_only)
		finding_fix(finding_add(r, FINDING_CHANNELS, d->name,
					"receive and transmit queues are apart, but native mode of %s needs "
					"combined ones",
					d->driver),
			    "sudo ethtool -L %s rx 0 tx 0 combined %u", d->name, d->rx_only);
}

static void add_generic(const struct device_facts *d, const char *why, struct doctor_report *r)
{
	const char *better = *d->lower ? d->lower : !strcmp(d->kind, "bridge") ? d->ports : "";
	struct doctor_finding *f = finding_add(r, FINDING_GENERIC, d->name, "generic mode: %s", why);

	if (*better)
		finding_fix(f, "sudo alpnxdp attach %s   # instead, for native mode", better);
	else
		finding_fix(f, "sudo alpnxdp attach %s --mode generic   # to say that you know", d->name);
}

/* Whether the driver has native mode, before what it refuses is looked at. */
static enum fact driver_native(const struct device_facts *d, const struct driver_limits *limits)
{
	if (d->native != FACT_UNKNOWN)
		return d->native;
	if (d->loopback || driver_is_generic(d->kind, d->driver))
		return FACT_NO;
	return limits ? FACT_YES : FACT_UNKNOWN;
}

static void judge_mode(const struct device_facts *d, struct doctor_report *r)
{
	const struct driver_limits *limits = driver_limits(*d->driver ? d->driver : d->kind);
	enum fact native = driver_native(d, limits);
	size_t before = r->count;

	if (native == FACT_NO && !strcmp(d->driver, "veth")) {
		finding_fix(finding_add(r, FINDING_CHANNELS, d->name,
					"the other end of %s has more transmit queues than it has receive "
					"queues (%u), which native mode of veth refuses",
					d->name, d->queues),
			    "sudo ethtool -L %s rx N   # as many as the other end's tx", d->name);
	} else if (native != FACT_NO) {
		judge_offload(d, limits, FINDING_LRO, r);
		judge_offload(d, limits, FINDING_GRO_HW, r);
		if (limits) {
			judge_mtu(d, limits, r);
			judge_channels(d, limits, r);
		}
	}
	if (r->count != before)
		add_generic(d, "what is said above keeps native mode away", r);
	else if (native == FACT_NO)
		add_generic(d, "this kind of interface has no native mode", r);
	else if (native == FACT_YES)
		finding_add(r, FINDING_NATIVE, d->name, "native mode: %s, %u receive queue%s, MTU %u",
			    *d->driver ? d->driver : d->kind, d->queues, d->queues == 1 ? "" : "s", d->mtu);
	else
		finding_fix(finding_add(r, FINDING_MODE_UNKNOWN, d->name,
					"whether %s has a native mode is seen when it is tried; generic mode "
					"is taken if not",
					*d->driver ? d->driver : d->name),
			    "sudo alpnxdp attach %s --mode native   # fails if it has none", d->name);
}

static void judge_queues(const struct device_facts *d, struct doctor_report *r)
{
	if (d->queues > ALPNXDP_MAX_QUEUES)
		finding_fix(finding_add(r, FINDING_QUEUES, d->name,
					"challenges that arrive on receive queues above %d pass to the web "
					"server: there are %u",
					ALPNXDP_MAX_QUEUES, d->queues),
			    "sudo ethtool -L %s combined %d", d->name, ALPNXDP_MAX_QUEUES);
}

/* Other interfaces that ride on this one, or that it belongs to. */
static void judge_company(const struct device_facts *d, struct doctor_report *r)
{
	if (*d->vlans && d->rx_vlan.on)
		finding_fix(finding_add(r, FINDING_RX_VLAN, d->name,
					"the driver takes VLAN tags off before XDP sees a frame, so what "
					"comes for %s would be answered without its tag",
					d->vlans),
			    "sudo ethtool -K %s rxvlan off", d->name);
	if (*d->shared)
		finding_fix(finding_add(r, FINDING_SHARED, d->name,
					"connections to %s pass: servers there belong to other stacks",
					d->shared),
			    "sudo alpnxdp attach IFACE   # in the namespace of that server");
	if (!strcmp(d->master_kind, "bond") || !strcmp(d->master_kind, "team"))
		finding_fix(finding_add(r, FINDING_BOND_PORT, d->name,
					"%s is one port of %s, and a connection may come in on any of them: "
					"attach to all",
					d->name, d->master),
			    "sudo alpnxdp attach %s", *d->ports ? d->ports : d->name);
	if (!strcmp(d->master_kind, "bridge"))
		finding_fix(finding_add(r, FINDING_BRIDGE_PORT, d->name,
					"%s is a port of %s: this host's own connections are answered, those "
					"that are bridged to others pass",
					d->name, d->master),
			    "bridge link show");
}

void device_judge(const struct device_facts *d, struct doctor_report *r)
{
	if (!judge_kind(d, r))
		return;
	judge_link(d, r);
	if (!d->ours)
		judge_mode(d, r);
	judge_queues(d, r);
	judge_company(d, r);
}
