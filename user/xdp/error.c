// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What went wrong, in words. The libraries print what they know instead of returning it: their messages go to the log,
 * and the most telling one since the last xdp_words_forget() is kept for struct xdp_error.
 */
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "xdp/dispatch.h"
#include "xdp/private.h"

static char words[sizeof(((struct xdp_error *)0)->system)];
static bool words_are_final;

void xdp_words_forget(void)
{
	words[0] = '\0';
	words_are_final = false;
}

/* The driver's own sentence (a netlink extended ACK) says more than what the libraries make of it afterwards. */
static void keep_words(const char *line)
{
	static const char driver[] = "Kernel error message: ";
	const char *found = strstr(line, driver);

	if (words_are_final && !found)
		return;
	if (found) {
		line = found + sizeof(driver) - 1;
		words_are_final = true;
	}
	snprintf(words, sizeof(words), "%.*s", (int)strcspn(line, "\n"), line);
}

static void take_message(bool warning, const char *format, va_list args)
{
	char line[900];

	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	if (warning && line[0])
		keep_words(line);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_DEBUG) /* several lines for every relocation */
		take_message(level == LIBBPF_WARN, format, args);
	return 0;
}

void xdp_setup_log(void)
{
	libbpf_set_print(print_libbpf);
	dispatch_setup_log(take_message);
}

int xdp_error_set(struct xdp_error *e, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->what, sizeof(e->what), format, args);
	va_end(args);
	snprintf(e->system, sizeof(e->system), "%s", words[0] ? words : strerror(-err));
	e->fix[0] = '\0';
	return err;
}

int xdp_error_refuse(struct xdp_error *e, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->what, sizeof(e->what), format, args);
	va_end(args);
	e->system[0] = '\0';
	e->fix[0] = '\0';
	return err;
}

void xdp_error_fix(struct xdp_error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->fix, sizeof(e->fix), format, args);
	va_end(args);
}
