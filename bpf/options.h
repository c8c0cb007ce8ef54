/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP options of a hello: the timestamps, and those that forbid adoption.
 *
 * Works on a copy in OPTIONS_ROOM bytes, since it runs only for hellos that are about to be offered.
 * Refuses: TCP-MD5 (RFC 2385), TCP-AO (RFC 5925), MPTCP (RFC 8684), an option that is cut off or shorter than its head.
 */
#ifndef ALPNXDP_OPTIONS_H
#define ALPNXDP_OPTIONS_H

#include <alpnxdp/abi.h>
#include <bpf/bpf_helpers.h>

enum {
	OPTIONS_MAX = 40,  /* bytes, since the header length is four bits of words */
	OPTIONS_ROOM = 64, /* a power of two; an option may be looked at before its length is judged */
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_TIMESTAMPS = 8,
	OPTION_MD5 = 19,
	OPTION_AO = 29,
	OPTION_MPTCP = 30,
};

struct tcp_options {
	__u32 ts_value;
	__u32 ts_echo;
	__u32 len;
	__u32 next; /* where the walk finds the next option */
	bool has_timestamp;
};

/* RFC 7323 appendix A: two NOPs, and the timestamps; all that there is in nearly every hello. */
#define OPTIONS_USUAL 0x0101080au

static __always_inline __u32 options_u32(const __u8 *bytes)
{
	return (__u32)bytes[0] << 24 | (__u32)bytes[1] << 16 | (__u32)bytes[2] << 8 | bytes[3];
}

static __always_inline void options_timestamps(const __u8 *bytes, struct tcp_options *out)
{
	out->has_timestamp = true;
	out->ts_value = options_u32(bytes);
	out->ts_echo = options_u32(bytes + 4);
}

/*
 * Fills out; len <= OPTIONS_MAX. False: the hello must not be adopted.
 * The loop counts bytes, so that the verifier knows every offset; where the next option begins is kept in out, which
 * is in a map, so that the many ways of laying options end to end are one to it (see hello_forget_past()).
 */
static __always_inline bool options_parse(const __u8 *bytes, __u32 len, struct tcp_options *out)
{
	__u32 at, kind, size;

	*out = (struct tcp_options){ .len = len };
	if (len == 12 && options_u32(bytes) == OPTIONS_USUAL) {
		options_timestamps(bytes + 4, out);
		return true;
	}
	for (at = 0; at < OPTIONS_MAX; at++) {
		barrier();
		if (at < out->next)
			continue;
		kind = bytes[at];
		if (at >= out->len || kind == OPTION_END)
			break;
		if (kind == OPTION_NOP)
			continue;
		size = bytes[at + 1];
		out->next = at + size;
		if (size < 2 || at + size > out->len)
			return false;
		if (kind == OPTION_MD5 || kind == OPTION_AO || kind == OPTION_MPTCP)
			return false;
		if (kind == OPTION_TIMESTAMPS && size == 10)
			options_timestamps(bytes + at + 2, out);
	}
	return true;
}

#endif
