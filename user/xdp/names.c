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

/*
 * Userspace is the only writer. The next key is asked for while this one is still there: a look for the first key passes
 * every empty bucket, and 65,536 such looks were seen to take five seconds.
 */
int xdp_name_clear(const struct xdp_maps *m)
{
	name_hash_t key, next;
	bool more = !bpf_map_get_next_key(m->names, NULL, &key);
	unsigned left;

	for (left = ALPNXDP_MAX_NAMES; left && more; left--, key = next) {
		more = !bpf_map_get_next_key(m->names, &key, &next);
		if (bpf_map_delete_elem(m->names, &key))
			return -errno;
	}
	return 0;
}
