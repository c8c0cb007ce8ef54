/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "books.h"
#include "fresh.skel.h"
#include "tax.h"

const char *const contestant_name[NUM_CONTESTANTS] = { "empty", "alpnxdp" };

static int programs[NUM_CONTESTANTS];
static struct fresh *fresh; /* in front of both, or NULL */

void tax_open(void)
{
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	/* Or they could not be called from the same place. */
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS,
		    .expected_attach_type = BPF_XDP);

	programs[EMPTY] = bpf_prog_load(BPF_PROG_TYPE_XDP, "nothing", "GPL", pass, 2, &options);
	programs[ALPNXDP] = books_program();
	assert_true(programs[EMPTY] >= 0);
}

void tax_close(void)
{
	close(programs[EMPTY]);
}

void tax_forget_marks(unsigned index)
{
	fresh = fresh__open();
	assert_non_null(fresh);
	fresh->rodata->mark_index = index;
	assert_int_equal(bpf_map__reuse_fd(fresh->maps.marks, books_map("marks")), 0);
	assert_int_equal(fresh__load(fresh), 0);
}

void tax_keep_marks(void)
{
	fresh__destroy(fresh);
	fresh = NULL;
}

static int program_of(enum contestant c)
{
	__u32 zero = 0;

	if (!fresh)
		return programs[c];
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(fresh->maps.measured), &zero, &programs[c], 0), 0);
	return bpf_program__fd(fresh->progs.forget_mark);
}

unsigned tax_run(enum contestant c, const struct frame_bytes *in)
{
	struct xdp_md context = { .data_end = (__u32)in->len, .ingress_ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = (__u32)in->len,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = TAX_PACKETS);

	assert_int_equal(bpf_prog_test_run_opts(program_of(c), &opts), 0);
	assert_int_equal(opts.retval, XDP_PASS);
	return opts.duration;
}

void tax_round(struct tax *t, const struct frame_bytes *in)
{
	enum contestant first = t->rounds % 2 ? ALPNXDP : EMPTY, second = ALPNXDP - first;

	assert_in_range(t->rounds, 0, TAX_ROUNDS - 1);
	t->ns[first][t->rounds] = tax_run(first, in);
	t->ns[second][t->rounds] = tax_run(second, in);
	t->rounds++;
}

static int ascending(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(unsigned *values, unsigned count)
{
	qsort(values, count, sizeof(*values), ascending);
	return (values[count / 2] + values[(count - 1) / 2]) / 2.0;
}

unsigned tax_best(const struct tax *t, enum contestant c)
{
	unsigned best = t->ns[c][0];

	for (unsigned i = 1; i < t->rounds; i++)
		best = t->ns[c][i] < best ? t->ns[c][i] : best;
	return best;
}

double tax_median(const struct tax *t, enum contestant c)
{
	unsigned values[TAX_ROUNDS];

	memcpy(values, t->ns[c], sizeof(values));
	return median(values, t->rounds);
}
