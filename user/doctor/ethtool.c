// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What ethtool shows: driver, channels, offloads. Every question may be one that a driver has no answer to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "doctor/read.h"

enum { FEATURES_MAX = 256, FEATURE_BLOCKS = FEATURES_MAX / 32 };

/* The offloads of a driver: names, in the order of their bits. Both end in arrays. */
struct features {
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *bits;
	uint32_t count;
};

static bool ask(int fd, const char *ifname, void *command)
{
	struct ifreq request = { .ifr_data = command };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static uint32_t feature_count(int fd, const char *ifname)
{
	union {
		struct ethtool_sset_info info;
		uint32_t words[sizeof(struct ethtool_sset_info) / sizeof(uint32_t) + 1];
	} sets = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };

	if (!ask(fd, ifname, &sets) || !sets.info.sset_mask)
		return 0;
	return MIN(sets.words[ARRAY_SIZE(sets.words) - 1], (uint32_t)FEATURES_MAX);
}

static struct offload offload_of(const struct features *f, const char *name)
{
	for (uint32_t i = 0; i < f->count; i++) {
		const struct ethtool_get_features_block *b = &f->bits->features[i / 32];
		uint32_t bit = 1u << i % 32;

		if (!strncmp((const char *)f->names->data + (size_t)i * ETH_GSTRING_LEN, name,
			     ETH_GSTRING_LEN))
			return (struct offload){ .on = b->active & bit,
						 .fixed = !(b->available & bit) || b->never_changed & bit };
	}
	return (struct offload){ 0 };
}

static void offloads_read(int fd, struct device_facts *d)
{
	struct features f = {
		.names = calloc(1, sizeof(*f.names) + FEATURES_MAX * ETH_GSTRING_LEN),
		.bits = calloc(1, sizeof(*f.bits) + FEATURE_BLOCKS * sizeof(f.bits->features[0])),
		.count = feature_count(fd, d->name),
	};

	if (!f.names || !f.bits || !f.count)
		goto out;
	f.names->cmd = ETHTOOL_GSTRINGS;
	f.names->string_set = ETH_SS_FEATURES;
	f.names->len = f.count;
	f.bits->cmd = ETHTOOL_GFEATURES;
	f.bits->size = (f.count + 31) / 32;
	if (!ask(fd, d->name, f.names) || !ask(fd, d->name, f.bits))
		goto out;
	d->lro = offload_of(&f, "rx-lro");
	d->gro_hw = offload_of(&f, "rx-gro-hw");
	d->rx_vlan = offload_of(&f, "rx-vlan-hw-parse");
out:
	free(f.names);
	free(f.bits);
}

void ethtool_read(struct device_facts *d)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (ask(fd, d->name, &info)) {
		memcpy(d->driver, info.driver, sizeof(d->driver));
		d->driver[sizeof(d->driver) - 1] = '\0';
	}
	if (ask(fd, d->name, &channels)) {
		d->combined = channels.combined_count;
		d->combined_max = channels.max_combined;
		d->rx_only = channels.rx_count;
		if (channels.combined_count + channels.rx_count)
			d->queues = channels.combined_count + channels.rx_count;
	}
	offloads_read(fd, d);
	close(fd);
}
