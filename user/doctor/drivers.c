// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What drivers refuse native mode with. MTUs are for frames that lie in one buffer (pages of 4 KiB, the smallest where
 * kernels differ): our program takes several (xdp.frags), but not every driver hands them over. Since Linux 6.3 a driver
 * says that itself, but still not what it refuses.
 */
#include <string.h>
#include "doctor/findings.h"

static const struct driver_limits limits[] = {
	{ .driver = "bnxt_en",
	  .mtu = 3502,
	  .frags = true,
	  .combined_only = true },                                            /* BNXT_MAX_PAGE_MODE_MTU */
	{ .driver = "ena", .mtu = 3498, .half_channels = true },              /* ENA_XDP_MAX_MTU */
	{ .driver = "gve", .mtu = 2032, .lro = true, .half_channels = true }, /* verify_xdp_configuration() */
	{ .driver = "hv_netvsc", .mtu = 3506, .lro = true },                  /* netvsc_xdp_set() */
	{ .driver = "i40e", .mtu = 3046 },               /* 3,072 less I40E_PACKET_HDR_PAD */
	{ .driver = "ice", .mtu = 3046 },                /* 3,072 less ICE_ETH_PKT_HDR_PAD */
	{ .driver = "igb", .mtu = 3046 },                /* 3,072 less IGB_ETH_PKT_HDR_PAD */
	{ .driver = "igc", .mtu = 1500 },                /* igc_xdp_set_prog(): ETH_DATA_LEN */
	{ .driver = "ixgbe", .mtu = 3050, .lro = true }, /* ixgbe_xdp_setup() */
	{ .driver = "ixgbevf", .mtu = 3050 },            /* ixgbevf_xdp_setup() */
	{ .driver = "mlx4_en", .mtu = 3498 },            /* MLX4_EN_MAX_XDP_MTU */
	{ .driver = "mlx5_core", .mtu = 3498, .lro = true, .gro_hw = true }, /* mlx5e_xdp_allowed() */
	{ .driver = "tun" },
	{ .driver = "veth", .mtu = 3506, .frags = true }, /* veth_xdp_set(): of the other end */
	{ .driver = "virtio_net",
	  .mtu = 3506,
	  .lro = true,
	  .gro_hw = true,
	  .switches_off = true },                          /* virtnet_xdp_set() */
	{ .driver = "vmxnet3", .mtu = 3494, .lro = true }, /* VMXNET3_XDP_MAX_MTU */
};

const struct driver_limits *driver_limits(const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (!strcmp(limits[i].driver, driver))
			return &limits[i];
	return NULL;
}

bool driver_is_generic(const char *kind, const char *driver)
{
	static const char *const kinds[] = { "bridge",  "dummy",   "geneve", "ifb", "ipvlan", "ipvtap",
					     "macvlan", "macvtap", "vlan",   "vrf", "vxlan" };
	static const char *const drivers[] = { "e1000", "8139cp", "8139too", "pcnet32" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i], kind))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(drivers[i], driver))
			return true;
	return false;
}
