/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reads: what the walk of the XDP program and the gate read from hellos, for compare.py.
 *
 * Standard input: hellos, each behind its length in two bytes, big endian. A line for each: the walk's verdict, name and
 * protocols, then the gate's verdict and name, between tabs; protocols are joined by '|'. Empty: not there.
 */
#include <stdio.h>
#include "tls/tls.h"
#include "../../bpf/hello.h"

static void print_bytes(const uint8_t *bytes, size_t len)
{
	fwrite(bytes, 1, len, stdout);
}

/* The list is well formed: its walk came to a verdict. */
static void print_protocols(const uint8_t *bytes, const struct hello *h)
{
	size_t end = h->alpn_at + h->alpn_len;

	if (!h->alpn_at)
		return;
	for (size_t at = h->alpn_at + 2; at < end; at += 1u + bytes[at]) {
		print_bytes(bytes + at + 1, bytes[at]);
		if (at + 1 + bytes[at] < end)
			putchar('|');
	}
}

static const char *walk_name(enum hello_verdict verdict)
{
	return verdict == HELLO_ACME ? "acme" : verdict == HELLO_OTHER ? "other" : "undecided";
}

static void print_hello(const uint8_t *bytes, size_t len)
{
	struct hello h;
	struct tls_hello gate;
	enum hello_verdict walk = hello_walk(bytes, (__u32)len, &h);
	enum gate_verdict verdict = tls_gate(bytes, len, &gate);

	printf("%s\t", walk_name(walk));
	print_bytes(bytes + h.name_at, h.name_len);
	putchar('\t');
	if (walk == HELLO_ACME || walk == HELLO_OTHER)
		print_protocols(bytes, &h);
	printf("\t%s\t%s\n", verdict == GATE_ACCEPT ? "accept" : gate_reject_name(gate.why), gate.sni);
}

int main(void)
{
	uint8_t head[2], bytes[ALPNXDP_MAX_HELLO];

	while (fread(head, 1, 2, stdin) == 2) {
		size_t len = (size_t)(head[0] << 8 | head[1]);

		if (len > sizeof(bytes) || fread(bytes, 1, len, stdin) != len)
			return 1;
		print_hello(bytes, len);
	}
	return 0;
}
