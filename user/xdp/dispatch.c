// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libxdp, and nothing else: see dispatch.h for why it is alone in this file. */
#include <xdp/libxdp.h>
#include "xdp/dispatch.h"

static void (*log_take)(bool warning, const char *format, va_list args);

static int print_libxdp(enum libxdp_print_level level, const char *format, va_list args)
{
	log_take(level == LIBXDP_WARN, format, args);
	return 0;
}

void dispatch_setup_log(void (*take)(bool warning, const char *format, va_list args))
{
	log_take = take;
	libxdp_set_print(print_libxdp);
}

static enum xdp_attach_mode libxdp_mode(bool generic)
{
	return generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

int dispatch_attach(struct bpf_object *object, const char *program, unsigned ifindex, bool generic)
{
	struct xdp_program_opts options = { .sz = sizeof(options), .obj = object, .prog_name = program };
	struct xdp_program *p = xdp_program__create(&options);
	int err = (int)libxdp_get_error(p);

	if (err)
		return err;
	/* libxdp does not take it from the section's name of an object that it is given. */
	err = xdp_program__set_xdp_frags_support(p, true);
	if (!err)
		err = xdp_program__attach(p, (int)ifindex, libxdp_mode(generic), 0);
	xdp_program__close(p);
	return err;
}

int dispatch_detach(uint32_t program_id, unsigned ifindex, bool generic)
{
	struct xdp_program *p = xdp_program__from_id(program_id);
	int err = (int)libxdp_get_error(p);

	if (err)
		return err;
	err = xdp_program__detach(p, (int)ifindex, libxdp_mode(generic), 0);
	xdp_program__close(p);
	return err;
}
