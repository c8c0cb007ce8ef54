// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching, finding, taking over and detaching on a real interface, and what is said when it is not possible.
 * xdp_attach.sh makes the namespace. Usage: xdp_attach IFACE (a veth with two queues)
 */
#include <errno.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/wait.h>
#include "xdp/private.h"
#include "xdp_test.h"

static const char *iface;

static int attach(const char *ifname, enum xdp_mode mode, uint16_t port, struct xdp_attachment *a,
		  struct xdp_error *e)
{
	const struct xdp_attach_options o = { .ifname = ifname, .mode = mode, .port = port };
	int err;

	memset(e, 0, sizeof(*e));
	err = xdp_attach(&o, a, e);
	if (err)
		print_error("attach", err, e);
	return err;
}

static uint32_t attached_id(const char *ifname)
{
	uint32_t id = 0;

	bpf_xdp_query_id((int)if_nametoindex(ifname), 0, &id);
	return id;
}

static struct config config_of(const struct xdp_attachment *a)
{
	struct config c = { .abi = 0 };
	const uint32_t zero = 0;

	CHECK(!bpf_map_lookup_elem(a->maps.config, &zero, &c));
	return c;
}

/* A program of somebody else's that passes everything. */
static int stranger_load(void)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", pass, ARRAY_SIZE(pass), NULL);
}

static void test_wrong_interface(void)
{
	static const char *const names[] = { "nosuch0", "", "a-name-of-an-interface-that-is-too-long",
					     "../etc" };
	struct xdp_attachment a;
	struct xdp_error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK(attach(names[i], XDP_MODE_AUTO, 443, &a, &e) == -ENODEV);
		CHECK(strstr(e.what, "no such interface") && strstr(e.fix, "ip "));
		CHECK(xdp_detach(names[i], &e) == -ENODEV && xdp_find(names[i], &a, &e) == -ENODEV);
	}
	CHECK(xdp_find(iface, &a, &e) == -ENOENT && xdp_detach(iface, &e) == -ENOENT);
}

static void test_not_root(void)
{
	struct xdp_attachment a;
	struct xdp_error e;
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		if (setresuid(65534, 65534, 65534))
			_exit(9);
		if (attach(iface, XDP_MODE_AUTO, 443, &a, &e) != -EPERM ||
		    strncmp(e.fix, "sudo alpnxdp attach ", 20))
			_exit(1);
		if (xdp_detach(iface, &e) != -EPERM || xdp_find(iface, &a, &e) != -EPERM)
			_exit(2);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(!attached_id(iface));
}

static void test_old_kernel(void)
{
	struct xdp_error e;

	CHECK(xdp_system_check_kernel("5.10.0-28-amd64", &e) == -EOPNOTSUPP && strstr(e.what, "LIVE_FRAMES"));
	CHECK(xdp_system_check_kernel("5.18.1", &e) == -EOPNOTSUPP && strstr(e.what, "without capabilities"));
	CHECK(xdp_system_check_kernel("6.0", &e) == -EOPNOTSUPP);
	CHECK(!xdp_system_check_kernel("6.1.0-28-amd64", &e) && !xdp_system_check_kernel("10.0", &e));
}

static void test_attach(enum xdp_mode mode)
{
	struct xdp_neighbour n[4];
	struct xdp_attachment a;
	enum xdp_mode there;
	struct xdp_error e;
	struct config c;

	if (!CHECK(!attach(iface, mode, 443, &a, &e)))
		return;
	CHECK(a.mode == mode && a.queues == 2 && a.mtu == 1500 && a.port == 443 && !a.taken_over &&
	      !a.fallback[0]);
	c = config_of(&a);
	CHECK(c.abi == ALPNXDP_ABI && c.port == htons(443) && c.ifindex == a.ifindex && !c.armed);
	CHECK((c.own_mac[0] & 3) == 2); /* unicast, locally administered */
	CHECK(c.flags == (unsigned)((mode == XDP_MODE_GENERIC ? CONFIG_GENERIC : 0) |
				    (a.conntrack ? CONFIG_CONNTRACK : 0)));
	CHECK(xdp_neighbours(iface, n, ARRAY_SIZE(n), &there) == 1 && there == mode);
	CHECK(n[0].ours && n[0].id == a.prog_id && !strcmp(n[0].name, ALPNXDP_PROG_STEER));
	if (!a.dispatcher)
		CHECK(attached_id(iface) == a.prog_id);
	xdp_attachment_close(&a);
	CHECK(!xdp_detach(iface, &e) && !attached_id(iface));
}

static void test_fallback(void)
{
	struct xdp_attachment a;
	struct xdp_error e;

	CHECK(attach("lo", XDP_MODE_NATIVE, 443, &a, &e) == -EOPNOTSUPP && !attached_id("lo"));
	CHECK(strstr(e.fix, "--mode generic"));
	if (!CHECK(!attach("lo", XDP_MODE_AUTO, 443, &a, &e)))
		return;
	CHECK(a.mode == XDP_MODE_GENERIC && a.queues == 1 && a.mtu == 65535);
	printf("fallback: %s\n", a.fallback);
	CHECK(strstr(a.fallback, "native")); /* the driver's own words */
	xdp_attachment_close(&a);
	CHECK(!xdp_detach("lo", &e) && !attached_id("lo"));
}

/* Somebody else's program, attached in one of three ways: it is named, left alone, and the advice is right. */
static void test_stranger(__u32 flags, bool by_link)
{
	const int ifindex = (int)if_nametoindex(iface);
	int program = stranger_load(), link = -1;
	struct xdp_neighbour n[4];
	struct xdp_attachment a;
	char id[32], command[200];
	enum xdp_mode there;
	struct xdp_error e;

	if (by_link)
		link = bpf_link_create(program, ifindex, BPF_XDP, NULL);
	CHECK(by_link ? link >= 0 : !bpf_xdp_attach(ifindex, program, flags, NULL));
	snprintf(id, sizeof(id), "(id %u)", attached_id(iface));
	CHECK(attach(iface, XDP_MODE_AUTO, 443, &a, &e) == -EBUSY);
	CHECK(strstr(e.what, "stranger") && strstr(e.what, id));
	CHECK(strstr(e.what, flags & XDP_FLAGS_SKB_MODE ? "generic mode" : "native mode"));
	CHECK(attach(iface, XDP_MODE_GENERIC, 443, &a, &e) == -EBUSY);
	CHECK(xdp_detach(iface, &e) == -ENOENT && xdp_find(iface, &a, &e) == -ENOENT);
	CHECK(xdp_neighbours(iface, n, ARRAY_SIZE(n), &there) == 1 && !n[0].ours &&
	      !strcmp(n[0].name, "stranger"));
	snprintf(command, sizeof(command), "(id %u)", attached_id(iface));
	CHECK(!strcmp(command, id));
	attach(iface, XDP_MODE_AUTO, 443, &a, &e);
	snprintf(command, sizeof(command), "PATH=$PATH:/usr/sbin %s", e.fix);
	CHECK(!system(command) && !attached_id(iface));
	close(program);
	if (link >= 0)
		close(link);
}

static void test_take_over(void)
{
	struct xdp_attachment first, second;
	const uint32_t zero = 0;
	struct config c, then;
	struct xdp_error e;

	if (!CHECK(!attach(iface, XDP_MODE_AUTO, 443, &first, &e)))
		return;
	c = config_of(&first);
	c.epoch = 41;
	CHECK(!bpf_map_update_elem(first.maps.config, &zero, &c, BPF_ANY));
	if (CHECK(!attach(iface, XDP_MODE_AUTO, 8443, &second, &e))) {
		then = config_of(&second);
		CHECK(second.taken_over && second.prog_id == first.prog_id && second.mode == first.mode);
		CHECK(then.epoch == 41 && then.port == htons(8443) && then.abi == ALPNXDP_ABI);
		xdp_attachment_close(&second);
	}
	CHECK(attach(iface, XDP_MODE_GENERIC, 443, &second, &e) == -EEXIST &&
	      strstr(e.fix, "alpnxdp detach "));
	c.abi = ALPNXDP_ABI + 1; /* another version was here */
	CHECK(!bpf_map_update_elem(first.maps.config, &zero, &c, BPF_ANY));
	CHECK(attach(iface, XDP_MODE_GENERIC, 443, &second, &e) == -EEXIST);
	if (CHECK(!attach(iface, XDP_MODE_AUTO, 443, &second, &e))) {
		CHECK(!second.taken_over && second.prog_id != first.prog_id && second.mode == first.mode);
		CHECK(config_of(&second).abi == ALPNXDP_ABI && !config_of(&second).epoch);
		xdp_attachment_close(&second);
	}
	xdp_attachment_close(&first);
	CHECK(!xdp_detach(iface, &e) && !attached_id(iface));
}

/* The kernel frees programs some time after their last user is gone. */
static bool program_is_gone(uint32_t id)
{
	int fd, tries;

	for (tries = 0; tries < 100; tries++) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			return true;
		close(fd);
		usleep(20000);
	}
	return false;
}

/* Attached by a process that has ended: found, listed and removed by this one. */
static void test_orphan(void)
{
	char(*names)[IF_NAMESIZE];
	struct xdp_attachment a;
	struct xdp_error e;
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(attach(iface, XDP_MODE_AUTO, 4433, &a, &e) ? 1 : 0);
	waitpid(child, &status, 0);
	CHECK(status == 0);
	if (!CHECK(!xdp_find(iface, &a, &e)))
		return;
	CHECK(a.port == 4433 && a.queues == 2 && a.prog_id && a.maps.xsks >= 0);
	xdp_attachment_close(&a);
	CHECK(a.maps.config == -1);
	if (CHECK(xdp_list(&names, &e) == 1)) {
		CHECK(!strcmp(names[0], iface));
		free(names);
	}
	CHECK(!xdp_detach(iface, &e) && !attached_id(iface) && program_is_gone(a.prog_id));
	CHECK(xdp_detach(iface, &e) == -ENOENT && xdp_list(&names, &e) == 0);
	free(names);
}

/* Ours was replaced by somebody else's between the look and the deed: theirs must stay. */
static void test_late_detach(void)
{
	const int ifindex = (int)if_nametoindex(iface);
	int stranger = stranger_load(), ours;
	struct xdp_attachment a;
	struct device device;
	struct xdp_error e;
	struct hook hook;

	if (!CHECK(!attach(iface, XDP_MODE_NATIVE, 443, &a, &e)))
		return;
	CHECK(!xdp_device_read(iface, &device, &e) && !xdp_hook_read(device.ifindex, &hook));
	ours = bpf_prog_get_fd_by_id(a.prog_id);
	CHECK(!xdp_detach(iface, &e) && !bpf_xdp_attach(ifindex, stranger, XDP_FLAGS_DRV_MODE, NULL));
	CHECK(xdp_detach_program(&device, &hook, a.prog_id, &e) < 0 && attached_id(iface));
	CHECK(!bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL));
	xdp_attachment_close(&a);
	close(stranger);
	close(ours);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	iface = argv[1];
	xdp_setup_log();
	test_wrong_interface();
	test_not_root();
	test_old_kernel();
	test_attach(XDP_MODE_NATIVE);
	test_attach(XDP_MODE_GENERIC);
	test_fallback();
	test_stranger(XDP_FLAGS_DRV_MODE, false);
	test_stranger(XDP_FLAGS_SKB_MODE, false);
	test_stranger(0, true);
	test_take_over();
	test_orphan();
	test_late_detach();
	return checks_finish();
}
