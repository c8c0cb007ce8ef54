/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* version: with --json also of what it is made of, as it runs here. */
#include <sys/utsname.h>
#include <bpf/libbpf.h>
#include <seccomp.h>
#include <alpnxdp/abi.h>
#include <alpnxdp/version.h>
#include "cli/command.h"
#include "tls/tls.h"

/* These two cannot be asked: what was there when this was built. */
#ifndef INIH_VERSION
#define INIH_VERSION ""
#endif
#ifndef LIBXDP_VERSION
#define LIBXDP_VERSION ""
#endif

static json_t *seccomp_text(void)
{
	const struct scmp_version *v = seccomp_version();

	return v ? json_sprintf("%u.%u.%u", v->major, v->minor, v->micro) : json_null();
}

int run_version(const struct command *c)
{
	struct utsname host;
	json_t *libraries;

	if (!c->json) {
		printf("alpnxdp %s\n", ALPNXDP_VERSION);
		return EXIT_DONE;
	}
	if (uname(&host))
		snprintf(host.release, sizeof(host.release), "unknown");
	libraries = json_pack("{s:s,s:s,s:s,s:s,s:o,s:s}", "tls", tls_library_version(), "libbpf",
			      libbpf_version_string(), "libxdp", LIBXDP_VERSION, "jansson",
			      jansson_version_str(), "libseccomp", seccomp_text(), "inih", INIH_VERSION);
	print_json("version", json_pack("{s:b,s:s,s:i,s:o,s:s}", "ok", 1, "version", ALPNXDP_VERSION, "abi",
					(int)ALPNXDP_ABI, "libraries", libraries, "kernel", host.release));
	return EXIT_DONE;
}
