// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The map of pending names: the hashes of what validators send in SNI. */
#include <errno.h>
#include <bpf/bpf.h>
#include "xdp/xdp.h"

static name_hash_t name_hash(const char *sni)
{
	name_hash_t hash = NAME_HASH_INIT;
	unsigned char c;

	for (; (c = (unsigned char)*sni); sni++) {
		if (c == '.' && !sni[1])
			break;
		hash = NAME_HASH_STEP(hash, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return hash;
}

int xdp_name_add(const struct xdp_maps *m, const char *sni)
{
	const name_hash_t key = name_hash(sni);
	const uint8_t value = 1;

	return bpf_map_update_elem(m->names, &key, &value, BPF_ANY) ? -errno : 0;
}

int xdp_name_remove(const struct xdp_maps *m, const char *sni)
{
	const name_hash_t key = name_hash(sni);

	return bpf_map_delete_elem(m->names, &key) ? -errno : 0;
}

/* The userspace is the only writer, so the first key is always another one. */
int xdp_name_clear(const struct xdp_maps *m)
{
	name_hash_t key;
	unsigned left;

	for (left = ALPNXDP_MAX_NAMES; left && !bpf_map_get_next_key(m->names, NULL, &key); left--)
		if (bpf_map_delete_elem(m->names, &key))
			return -errno;
	return 0;
}
