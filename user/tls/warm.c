/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wolfCrypt asks what the processor can do when a cipher or a hash is used for the first time, and keeps the answer in
 * variables without a lock. Here each is used once, before there is a second thread.
 */
#include <errno.h>
#include "tls/context.h"
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hash.h>

enum { SOME = 64, KEY = 32, IV = 12, TAG = 16 };

static bool use_aes(const byte *in, byte *out)
{
	bool done;
	Aes aes;

	if (wc_AesInit(&aes, NULL, INVALID_DEVID))
		return false;
	done = !wc_AesGcmSetKey(&aes, in, KEY) &&
	       !wc_AesGcmEncrypt(&aes, out, in, SOME, in, IV, out + SOME, TAG, NULL, 0);
	wc_AesFree(&aes);
	return done;
}

static bool use_chacha(const byte *in, byte *out)
{
#ifdef HAVE_CHACHA
	return !wc_ChaCha20Poly1305_Encrypt(in, in, NULL, 0, in, SOME, out, out + SOME);
#else
	(void)in;
	(void)out;
	return true;
#endif
}

int tls_warm_up(void)
{
	const byte in[SOME] = { 0 };
	byte out[SOME + TAG];

	if (!use_aes(in, out) || !use_chacha(in, out) || wc_Sha256Hash(in, SOME, out) ||
	    wc_Sha384Hash(in, SOME, out))
		return -EIO;
	return 0;
}
