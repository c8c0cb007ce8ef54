/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls of this folder into libxdp. libxdp's header defines XDP_MODE_NATIVE with another value than ours, so
 * dispatch.c sees this header instead of xdp.h.
 */
#ifndef ALPNXDP_XDP_DISPATCH_H
#define ALPNXDP_XDP_DISPATCH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_object;

/*
 * Loads the program of an opened, not loaded object and attaches it: through a dispatcher where the kernel has
 * extension programs and this process sees a bpffs for the pins, else alone. Never replaces a program that is not in a
 * dispatcher: libxdp sets XDP_FLAGS_UPDATE_IF_NOEXIST. The object stays the caller's.
 */
int dispatch_attach(struct bpf_object *object, const char *program, unsigned ifindex, bool generic);

/* Takes the program out of the dispatcher; the dispatcher goes with its last program. Needs to see libxdp's pins. */
int dispatch_detach(uint32_t program_id, unsigned ifindex, bool generic);

void dispatch_setup_log(void (*take)(bool warning, const char *format, va_list args));

#endif
