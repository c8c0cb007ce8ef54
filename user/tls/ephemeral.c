/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "tls/ephemeral.h"
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/curve25519.h>

/* The names are the linker's. */
int __real_wc_curve25519_make_key(WC_RNG *rng, int size, curve25519_key *key);
int __wrap_wc_curve25519_make_key(WC_RNG *rng, int size, curve25519_key *key);

static _Thread_local struct ephemeral *current;

void ephemeral_use(struct ephemeral *e)
{
	current = e;
}

void ephemeral_wipe(struct ephemeral *e)
{
	explicit_bzero(e, sizeof(*e));
}

void ephemeral_refresh(struct ephemeral *e, usec_t now)
{
	if (e->made && now - e->made_at < EPHEMERAL_LIFE)
		return;
	ephemeral_wipe(e);
	e->made_at = now;
}

static void keep(struct ephemeral *e, curve25519_key *key)
{
	word32 public = X25519_LEN, private = X25519_LEN;

	e->made = !wc_curve25519_export_key_raw_ex(key, e->private, &private, e->public, &public,
						   EC25519_LITTLE_ENDIAN);
}

int __wrap_wc_curve25519_make_key(WC_RNG *rng, int size, curve25519_key *key)
{
	int ret;

	if (current && current->made)
		return wc_curve25519_import_private_raw_ex(current->private, X25519_LEN, current->public,
							   X25519_LEN, key, EC25519_LITTLE_ENDIAN);
	ret = __real_wc_curve25519_make_key(rng, size, key);
	if (!ret && current)
		keep(current, key);
	return ret;
}
