/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The doctor's judgement: one row per finding, each a good machine with one thing wrong. Every id is reached, and what is
 * not ok names a command.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "doctor/findings.h"

static struct facts facts;
static struct doctor_report report;
static bool reached[NUM_FINDINGS];

static struct in6_addr ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff, a, b, c, d } };
}

/* A machine on which nothing is wrong. */
static void good_machine(void)
{
	facts = (struct facts){
		.devices = 1,
		.device = { { .name = "eth0",
			      .driver = "ice",
			      .ethernet = true,
			      .up = true,
			      .carrier = true,
			      .mtu = 1500,
			      .queues = 4,
			      .native = FACT_YES,
			      .frags = FACT_NO } },
		.kernel = { .release = "6.1.0",
			    .btf = FACT_YES,
			    .conntrack = FACT_YES,
			    .freplace = FACT_YES,
			    .jit = FACT_YES,
			    .bpffs = true,
			    .root = true,
			    .lock_any = true },
		.firewall = { .read = true },
		.web = { .port = 443,
			 .count = 1,
			 .listeners = { { .text = "0.0.0.0", .address = ipv4(0, 0, 0, 0) } } },
		.names = { .total = 1,
			   .count = 1,
			   .list = { { .name = "a.example",
				       .resolved = true,
				       .count = 1,
				       .addresses = { ipv4(192, 0, 2, 1) } } },
			   .hosts = 1,
			   .host = { { .address = ipv4(192, 0, 2, 1), .ifname = "eth0" } } },
	};
}

static void judge(void)
{
	memset(&report, 0, sizeof(report));
	facts_judge(&facts, &report);
	for (size_t i = 0; i < report.count; i++) {
		const struct doctor_finding *f = &report.findings[i];

		if (!*f->text || (f->severity == DOCTOR_OK) != !*f->fix)
			fail_msg("%s: text \"%s\", fix \"%s\"", f->id, f->text, f->fix);
		for (enum finding id = 0; id < NUM_FINDINGS; id++)
			reached[id] |= !strcmp(finding_id(id), f->id);
	}
}

static const struct doctor_finding *find(enum finding id)
{
	for (size_t i = 0; i < report.count; i++)
		if (!strcmp(report.findings[i].id, finding_id(id)))
			return &report.findings[i];
	return NULL;
}

/* One thing wrong each. */
#define D (&facts.device[0])
#define K (&facts.kernel)

static struct firewall_rule *rule(enum firewall_effect effect)
{
	struct firewall_rule *r = &facts.firewall.rules[facts.firewall.count++];

	*r = (struct firewall_rule){
		.effect = effect, .family = "inet", .table = "f", .chain = "in", .handle = 7
	};
	return r;
}

static void refuse(int err, const char *what, const char *fix)
{
	D->check = err;
	strcpy(D->check_error.what, what);
	strcpy(D->check_error.fix, fix);
}

/* clang-format off */
static void no_interface(void) { facts.devices = 0; }
static void attached(void) { D->ours = true; D->port = 443; }
static void no_native(void) { D->native = FACT_NO; }
static void strange_driver(void) { D->native = FACT_UNKNOWN; strcpy(D->driver, "odd"); }
static void old_generic(void) { D->native = FACT_UNKNOWN; strcpy(D->driver, "e1000"); }
static void old_native(void) { D->native = D->frags = FACT_UNKNOWN; }
static void on_bridge(void) { no_native(); strcpy(D->kind, "bridge"); strcpy(D->ports, "eth1 eth2"); }
static void not_ethernet(void) { D->ethernet = false; }
static void loopback(void) { D->loopback = true; D->native = FACT_UNKNOWN; D->driver[0] = '\0'; }
static void down(void) { D->up = false; }
static void no_carrier(void) { D->carrier = false; }
static void jumbo(void) { D->mtu = 9000; }
static void jumbo_frags(void) { D->mtu = 9000; D->frags = FACT_YES; }
static void jumbo_old_veth(void) { D->mtu = 9000; D->native = D->frags = FACT_UNKNOWN; strcpy(D->driver, "veth"); }
static void lro(void) { D->lro.on = true; strcpy(D->driver, "ixgbe"); }
static void lro_harmless(void) { D->lro.on = true; }
static void gro_hw(void) { D->gro_hw = (struct offload){ true, true }; strcpy(D->driver, "virtio_net"); }
static void gro_hw_free(void) { D->gro_hw.on = true; strcpy(D->driver, "virtio_net"); }
static void channels(void) { D->combined = D->combined_max = 8; strcpy(D->driver, "ena"); }
static void channels_half(void) { D->combined = 4; D->combined_max = 8; strcpy(D->driver, "ena"); }
static void channels_apart(void) { D->rx_only = 2; strcpy(D->driver, "bnxt_en"); }
static void veth_queues(void) { no_native(); strcpy(D->driver, "veth"); }
static void queues(void) { D->queues = ALPNXDP_MAX_QUEUES + 1; }
static void vlan(void) { strcpy(D->vlans, "eth0.10"); D->rx_vlan.on = true; }
static void vlan_off(void) { strcpy(D->vlans, "eth0.10"); }
static void bond(void) { strcpy(D->kind, "bond"); strcpy(D->ports, "eth1 eth2"); }
static void bond_port(void) { strcpy(D->master, "bond0"); strcpy(D->master_kind, "bond"); }
static void bridge_port(void) { strcpy(D->master, "br0"); strcpy(D->master_kind, "bridge"); }
static void shared(void) { strcpy(D->shared, "mv0"); }
static void taken(void) { refuse(-EBUSY, "eth0: another XDP program is attached: x (id 9)", "ip link set dev eth0 xdpdrv off"); }
static void no_fix(void) { refuse(-EIO, "eth0: cannot ask what is attached", ""); }
static void not_root(void) { refuse(-EPERM, "only root", "sudo"); K->root = false; K->freplace = FACT_UNKNOWN; }
static void neighbours(void) { D->neighbours = 1; strcpy(D->on_hook[0].name, "xdp_filter"); }
static void alone(void) { attached(); D->neighbours = 1; D->on_hook[0].ours = true; }
static void no_btf(void) { K->btf = FACT_NO; }
static void no_conntrack(void) { K->conntrack = FACT_NO; }
static void no_freplace(void) { K->freplace = FACT_NO; }
static void no_jit(void) { K->jit = FACT_NO; }
static void no_bpffs(void) { K->bpffs = false; }
static void memlock(void) { K->lock_any = false; K->lock_most = 8 << 20; }
static void memlock_enough(void) { K->lock_any = false; K->lock_most = 16 << 20; }
static void firewall_unread(void) { facts.firewall.read = false; strcpy(facts.firewall.fix, "apt"); }
static void invalid(void) { rule(FIREWALL_DROP)->invalid = true; }
static void rst(void) { rule(FIREWALL_DROP)->rst = true; }
static void port(void) { rule(FIREWALL_DROP)->port = true; }
static void tproxy(void) { rule(FIREWALL_TPROXY); facts.web.count = 0; }
static void synproxy(void) { rule(FIREWALL_SYNPROXY); }
static void dnat(void) { rule(FIREWALL_DNAT); facts.web.count = 0; }
static void dnat_unseen(void) { dnat(); no_conntrack(); }
static void liberal(void) { dnat(); K->liberal = FACT_YES; }
static void loose(void) { dnat(); K->loose = FACT_YES; }
static void liberal_unused(void) { K->liberal = K->loose = FACT_YES; }
static void dup_to(void) { rule(FIREWALL_DUP); }
static void fwd_to(void) { rule(FIREWALL_FWD); }
static void nobody(void) { facts.web.count = 0; }
static void listeners_unread(void) { facts.web.error = -EACCES; facts.web.count = 0; }
static void local(void) { facts.web.listeners[0].address = ipv4(127, 0, 0, 1); }
static void mptcp(void) { facts.web.listeners[0].mptcp = true; }
static void proxy(void) { facts.web.hints = 1; strcpy(facts.web.hint[0], "/etc/nginx/a:1"); }
static void config_unread(void) { strcpy(facts.web.unreadable, "/etc/haproxy"); }
static void vrf(void) { strcpy(D->master, "blue"); strcpy(D->master_kind, "vrf"); }
static void daemon_mute(void) { facts.names.error = -ETIMEDOUT; facts.names.count = facts.names.total = 0; }
static void no_daemon(void) { facts.names.error = -ENOENT; facts.names.count = facts.names.total = 0; }
static void many_names(void) { facts.names.total = 100; }
static void unresolved(void) { facts.names.list[0].resolved = false; }
static void elsewhere(void) { facts.names.list[0].addresses[0] = ipv4(192, 0, 2, 2); }
static void translated(void) { facts.names.host[0].address = ipv4(10, 0, 0, 1); }
static void private_elsewhere(void) { translated(); facts.names.list[0].addresses[0] = ipv4(10, 0, 0, 2); }
static void other_interface(void) { strcpy(facts.names.host[0].ifname, "eth7"); }
static void bridged_address(void) { bridge_port(); strcpy(facts.names.host[0].ifname, "br0"); }
static void good(void) { }
/* clang-format on */

static const struct {
	void (*spoil)(void);
	enum finding finding;
	bool absent;                   /* it must not be there */
	enum doctor_severity severity; /* the report's worst */
} rows[] = {
	{ good, FINDING_NATIVE, false, DOCTOR_OK },
	{ good, FINDING_KERNEL, false, DOCTOR_OK },
	{ good, FINDING_FIREWALL, false, DOCTOR_OK },
	{ good, FINDING_LISTENER, false, DOCTOR_OK },
	{ good, FINDING_NAMES, false, DOCTOR_OK },
	{ no_interface, FINDING_NO_INTERFACE, false, DOCTOR_ERROR },
	{ attached, FINDING_ATTACHED, false, DOCTOR_OK },
	{ attached, FINDING_NATIVE, true, DOCTOR_OK },
	{ no_native, FINDING_GENERIC, false, DOCTOR_INFO },
	{ old_generic, FINDING_GENERIC, false, DOCTOR_INFO },
	{ old_native, FINDING_NATIVE, false, DOCTOR_OK },
	{ strange_driver, FINDING_MODE_UNKNOWN, false, DOCTOR_INFO },
	{ on_bridge, FINDING_GENERIC, false, DOCTOR_INFO },
	{ not_ethernet, FINDING_NOT_ETHERNET, false, DOCTOR_ERROR },
	{ loopback, FINDING_LOOPBACK, false, DOCTOR_INFO },
	{ loopback, FINDING_GENERIC, false, DOCTOR_INFO },
	{ down, FINDING_LINK_DOWN, false, DOCTOR_WARNING },
	{ no_carrier, FINDING_NO_CARRIER, false, DOCTOR_WARNING },
	{ jumbo, FINDING_MTU, false, DOCTOR_WARNING },
	{ jumbo, FINDING_GENERIC, false, DOCTOR_WARNING },
	{ jumbo_frags, FINDING_MTU, true, DOCTOR_OK },
	{ jumbo_old_veth, FINDING_MTU, true, DOCTOR_OK },
	{ lro, FINDING_LRO, false, DOCTOR_WARNING },
	{ lro_harmless, FINDING_LRO, true, DOCTOR_OK },
	{ gro_hw, FINDING_GRO_HW, false, DOCTOR_WARNING },
	{ gro_hw_free, FINDING_GRO_HW, true, DOCTOR_OK },
	{ channels, FINDING_CHANNELS, false, DOCTOR_WARNING },
	{ channels_half, FINDING_CHANNELS, true, DOCTOR_OK },
	{ channels_apart, FINDING_CHANNELS, false, DOCTOR_WARNING },
	{ veth_queues, FINDING_CHANNELS, false, DOCTOR_WARNING },
	{ queues, FINDING_QUEUES, false, DOCTOR_WARNING },
	{ vlan, FINDING_RX_VLAN, false, DOCTOR_ERROR },
	{ vlan_off, FINDING_RX_VLAN, true, DOCTOR_OK },
	{ bond, FINDING_BOND_MASTER, false, DOCTOR_ERROR },
	{ bond_port, FINDING_BOND_PORT, false, DOCTOR_WARNING },
	{ bridge_port, FINDING_BRIDGE_PORT, false, DOCTOR_INFO },
	{ shared, FINDING_SHARED, false, DOCTOR_INFO },
	{ taken, FINDING_REFUSED, false, DOCTOR_ERROR },
	{ no_fix, FINDING_REFUSED, false, DOCTOR_ERROR },
	{ not_root, FINDING_NOT_ROOT, false, DOCTOR_WARNING },
	{ not_root, FINDING_KERNEL_UNCHECKED, false, DOCTOR_WARNING },
	{ neighbours, FINDING_NEIGHBOURS, false, DOCTOR_INFO },
	{ alone, FINDING_NEIGHBOURS, true, DOCTOR_OK },
	{ no_btf, FINDING_KERNEL_BTF, false, DOCTOR_ERROR },
	{ no_btf, FINDING_KERNEL, true, DOCTOR_ERROR },
	{ no_conntrack, FINDING_KERNEL_CONNTRACK, false, DOCTOR_INFO },
	{ no_freplace, FINDING_KERNEL_FREPLACE, false, DOCTOR_INFO },
	{ no_jit, FINDING_KERNEL_JIT, false, DOCTOR_WARNING },
	{ no_bpffs, FINDING_KERNEL_BPFFS, false, DOCTOR_INFO },
	{ memlock, FINDING_KERNEL_MEMLOCK, false, DOCTOR_ERROR },
	{ memlock_enough, FINDING_KERNEL_MEMLOCK, true, DOCTOR_OK },
	{ firewall_unread, FINDING_FIREWALL_UNCHECKED, false, DOCTOR_INFO },
	{ invalid, FINDING_FIREWALL_INVALID, false, DOCTOR_INFO },
	{ rst, FINDING_FIREWALL_RST, false, DOCTOR_WARNING },
	{ rst, FINDING_FIREWALL, true, DOCTOR_WARNING },
	{ port, FINDING_FIREWALL_PORT, false, DOCTOR_WARNING },
	{ tproxy, FINDING_TPROXY, false, DOCTOR_INFO },
	{ synproxy, FINDING_SYNPROXY, false, DOCTOR_ERROR },
	{ dnat, FINDING_DNAT, false, DOCTOR_INFO },
	{ dnat, FINDING_NO_LISTENER, true, DOCTOR_INFO },
	{ dnat_unseen, FINDING_DNAT_UNSEEN, false, DOCTOR_ERROR },
	{ liberal, FINDING_CONNTRACK_LIBERAL, false, DOCTOR_ERROR },
	{ loose, FINDING_CONNTRACK_LOOSE, false, DOCTOR_INFO },
	{ liberal_unused, FINDING_CONNTRACK_LIBERAL, true, DOCTOR_OK },
	{ dup_to, FINDING_NFT_DUP, false, DOCTOR_INFO },
	{ fwd_to, FINDING_NFT_FWD, false, DOCTOR_WARNING },
	{ nobody, FINDING_NO_LISTENER, false, DOCTOR_ERROR },
	{ listeners_unread, FINDING_LISTENER_UNCHECKED, false, DOCTOR_INFO },
	{ local, FINDING_LISTENER_LOCAL, false, DOCTOR_WARNING },
	{ mptcp, FINDING_LISTENER_MPTCP, false, DOCTOR_INFO },
	{ proxy, FINDING_PROXY_PROTOCOL, false, DOCTOR_WARNING },
	{ config_unread, FINDING_CONFIG_UNCHECKED, false, DOCTOR_INFO },
	{ vrf, FINDING_VRF, false, DOCTOR_WARNING },
	{ daemon_mute, FINDING_NAMES_UNCHECKED, false, DOCTOR_INFO },
	{ no_daemon, FINDING_NAMES_UNCHECKED, true, DOCTOR_OK },
	{ many_names, FINDING_NAMES_UNCHECKED, false, DOCTOR_INFO },
	{ unresolved, FINDING_NAME_UNRESOLVED, false, DOCTOR_WARNING },
	{ elsewhere, FINDING_NAME_ELSEWHERE, false, DOCTOR_WARNING },
	{ translated, FINDING_NAME_TRANSLATED, false, DOCTOR_INFO },
	{ private_elsewhere, FINDING_NAME_ELSEWHERE, false, DOCTOR_WARNING },
	{ other_interface, FINDING_NAME_INTERFACE, false, DOCTOR_WARNING },
	{ bridged_address, FINDING_NAME_INTERFACE, true, DOCTOR_INFO },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		good_machine();
		rows[i].spoil();
		judge();
		if (!find(rows[i].finding) != rows[i].absent)
			fail_msg("row %zu: %s is %sthere", i, finding_id(rows[i].finding),
				 rows[i].absent ? "" : "not ");
		if (report.worst != rows[i].severity)
			fail_msg("row %zu (%s): the worst is %s", i, finding_id(rows[i].finding),
				 doctor_severity_name(report.worst));
	}
	for (enum finding id = 0; id < NUM_FINDINGS; id++)
		if (!reached[id])
			fail_msg("no row reaches %s", finding_id(id));
}

static void test_ids(void **state)
{
	(void)state;
	for (enum finding a = 0; a < NUM_FINDINGS; a++) {
		const char *id = finding_id(a);

		assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz-"), strlen(id));
		for (enum finding b = 0; b < a; b++)
			assert_string_not_equal(id, finding_id(b));
	}
}

/* More findings than there is room for are counted, and still make the report as bad as they are. */
static void test_full(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	for (size_t i = 0; i < DOCTOR_FINDINGS; i++)
		finding_add(&report, FINDING_KERNEL, "", "%zu", i);
	finding_fix(finding_add(&report, FINDING_VRF, "eth0", "more"), "fix");
	assert_int_equal(report.count, DOCTOR_FINDINGS);
	assert_int_equal(report.left_out, 1);
	assert_int_equal(report.worst, DOCTOR_WARNING);
	assert_string_equal(report.findings[DOCTOR_FINDINGS - 1].text, "127");
	assert_string_equal(report.findings[DOCTOR_FINDINGS - 1].fix, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
