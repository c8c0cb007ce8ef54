/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the walk through a hello reads: one, two or four bytes, in network order.
 *
 * In the program a word is one load: an extension's head takes 9 instructions instead of 28. Behind what the mask lets
 * through its arrays go on. Natively a word is put together from bytes, which may lie at any address.
 */
#ifndef ALPNXDP_BYTES_H
#define ALPNXDP_BYTES_H

#include <alpnxdp/abi.h>
#ifdef __bpf__
#include <bpf/bpf_endian.h>
#endif

#define hello_inline static inline __attribute__((always_inline))

/*
 * Every read goes through here, behind a check against len. The mask is for the verifier, which does not know that
 * len <= ALPNXDP_MAX_HELLO; the empty asm keeps the compiler, which does know, from leaving the mask out.
 */
hello_inline __u32 hello_u8(const __u8 *bytes, __u32 at)
{
	__asm__ volatile("" : "+r"(at));
	return bytes[at & (ALPNXDP_MAX_HELLO - 1)];
}

#ifdef __bpf__
hello_inline __u32 hello_u16(const __u8 *bytes, __u32 at)
{
	__asm__ volatile("" : "+r"(at));
	return bpf_ntohs(*(const __be16 *)(bytes + (at & (ALPNXDP_MAX_HELLO - 1))));
}

hello_inline __u32 hello_u32(const __u8 *bytes, __u32 at)
{
	__asm__ volatile("" : "+r"(at));
	return bpf_ntohl(*(const __be32 *)(bytes + (at & (ALPNXDP_MAX_HELLO - 1))));
}
#else
hello_inline __u32 hello_u16(const __u8 *bytes, __u32 at)
{
	return hello_u8(bytes, at) << 8 | hello_u8(bytes, at + 1);
}

hello_inline __u32 hello_u32(const __u8 *bytes, __u32 at)
{
	return hello_u16(bytes, at) << 16 | hello_u16(bytes, at + 2);
}
#endif

#endif
