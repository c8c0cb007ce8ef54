/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that carry frames inwards: what probe answers at each point of a connection's life, and that a RST
 * leaves with the kernel's next sequence number and a right checksum. Plain runs: nothing is given to the stack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "inject.skel.h"
#include "bench.h"

static struct inject *inject;

struct outcome {
	int verdict;
	struct frame_bytes out;
};

static struct outcome run(const struct bpf_program *program, const struct frame *f)
{
	struct xdp_md context = { .ingress_ifindex = (__u32)peer_device() };
	struct outcome result;
	struct frame_bytes in;
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);

	frame_build(f, &in);
	context.data_end = (__u32)in.len;
	o.data_in = in.bytes;
	o.data_size_in = (__u32)in.len;
	o.data_out = result.out.bytes;
	o.data_size_out = FRAME_MAX;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &o), 0);
	result.verdict = (int)o.retval;
	result.out.len = o.data_size_out;
	result.out.ip = in.ip;
	result.out.tcp = in.tcp;
	return result;
}

static struct frame reset_of(const struct peer *p)
{
	struct frame f = peer_frame(p);

	f.flags = RST;
	f.timestamps = false;
	return f;
}

/* Brings the connection into a state by what the client sends or the server does. */
static void advance(struct peer *p, enum bench_event event)
{
	struct frame f = peer_frame(p);

	if (event == EVENT_NONE)
		return;
	if (event == EVENT_TIME_WAIT) {
		shutdown(p->accepted, SHUT_WR);
		f.ack++;
	}
	if (event == EVENT_CLIENT_SENT)
		f.data = (const uint8_t *)"0123456789";
	else
		f.flags |= FIN;
	f.data_len = event == EVENT_CLIENT_SENT ? 10 : 0;
	assert_int_equal(peer_send(p, &f), 0);
	p->seq += event == EVENT_CLIENT_SENT ? 10 : 1;
}

static const struct {
	const char *name;
	enum peer_kind kind;
	enum bench_event event;
	enum probe_answer answer;
} rows[] = {
	{ "nobody listens", PEER_NOBODY, EVENT_NONE, PROBE_NONE },
	{ "a listener", PEER_STRANGER, EVENT_NONE, PROBE_NONE },
	{ "established", PEER_SOCKET, EVENT_NONE, PROBE_SOCKET },
	{ "established, data received", PEER_SOCKET, EVENT_CLIENT_SENT, PROBE_SOCKET },
	{ "half closed", PEER_SOCKET, EVENT_CLIENT_CLOSED, PROBE_SOCKET },
	{ "waiting for stragglers", PEER_SOCKET, EVENT_TIME_WAIT, PROBE_NONE },
	{ "request socket", PEER_REQUEST, EVENT_NONE, PROBE_REQUEST },
	{ "deferred accept", PEER_DEFERRED, EVENT_NONE, PROBE_REQUEST },
};

static uint32_t sequence_of(const struct frame_bytes *f)
{
	const uint8_t *at = f->bytes + f->tcp + 4;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/*
 * The frame carries any sequence number up to the kernel's; what leaves carries the kernel's, and nothing else has
 * changed. With one that the kernel has not come to, the frame is dropped.
 */
static void check_reset(const struct peer *p, bool passes, uint32_t carried)
{
	struct frame f = reset_of(p);
	struct frame_bytes wanted;
	struct outcome result;

	f.seq = carried;
	result = run(inject->progs.inject_rst, &f);
	assert_int_equal(result.verdict, passes ? XDP_PASS : XDP_DROP);
	if (!passes)
		return;
	assert_int_equal(sequence_of(&result.out), p->seq);
	assert_int_equal(frame_tcp_residue(&result.out, p->family), 0);
	f.seq = p->seq;
	frame_build(&f, &wanted);
	assert_int_equal(result.out.len, wanted.len);
	assert_memory_equal(result.out.bytes, wanted.bytes, wanted.len);
}

static void test_connections(void **state)
{
	static const uint32_t behind[] = { 0, 1, 0x12345678, 0x0000ffff, 0x00010000, 0x7fffffff };
	static const uint32_t ahead[] = { 1, 0x0000ffff, 0x7fffffff };
	struct frame f;
	struct peer p;
	unsigned i, j;

	(void)state;
	for (i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		print_message("  %-32s IPv%d\n", rows[i / 2].name, i % 2 ? 6 : 4);
		assert_int_equal(peer_open(&p, rows[i / 2].kind, i % 2 ? 6 : 4, true), 0);
		advance(&p, rows[i / 2].event);
		f = reset_of(&p);
		assert_int_equal(run(inject->progs.probe, &f).verdict, rows[i / 2].answer);
		for (j = 0; j < sizeof(behind) / sizeof(*behind); j++)
			check_reset(&p, rows[i / 2].answer != PROBE_NONE, p.seq - behind[j]);
		for (j = 0; j < sizeof(ahead) / sizeof(*ahead); j++)
			check_reset(&p, false, p.seq + ahead[j]);
		peer_close(&p);
	}
}

/* Through tags and options as well; what is no TCP segment is refused. */
static void test_frames(void **state)
{
	struct outcome result;
	struct frame f;
	struct peer p;

	(void)state;
	assert_int_equal(peer_open(&p, PEER_SOCKET, 4, true), 0);
	f = reset_of(&p);
	f.tags[0] = 0x8100;
	f.ip_options = 8;
	f.seq = p.seq - 1;
	assert_int_equal(run(inject->progs.probe, &f).verdict, PROBE_SOCKET);
	result = run(inject->progs.inject_rst, &f);
	assert_int_equal(result.verdict, XDP_PASS);
	assert_int_equal(sequence_of(&result.out), p.seq);
	assert_int_equal(frame_tcp_residue(&result.out, 4), 0);

	f.protocol = 17;
	assert_int_equal(run(inject->progs.probe, &f).verdict, PROBE_NONE);
	assert_int_equal(run(inject->progs.inject_rst, &f).verdict, XDP_DROP);
	peer_close(&p);
}

/* A frame that is given back leaves as it came, whatever it is. */
static void test_frame_unchanged(void **state)
{
	struct frame f = { .family = 4, .data = (const uint8_t *)"anything", .data_len = 8 };
	struct frame_bytes wanted;
	struct outcome result;

	(void)state;
	f.filler = ALPNXDP_MAX_FRAME - 14 - 40 - 8;
	frame_build(&f, &wanted);
	assert_int_equal(wanted.len, ALPNXDP_MAX_FRAME);
	result = run(inject->progs.inject_frame, &f);
	assert_int_equal(result.verdict, XDP_PASS);
	assert_int_equal(result.out.len, wanted.len);
	assert_memory_equal(result.out.bytes, wanted.bytes, wanted.len);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frame_unchanged),
	};
	const char *why;
	int failed, err;

	err = peer_setup(&why);
	if (err) {
		fprintf(stderr, "cannot set up %s: %s\n", why, strerror(-err));
		return 1;
	}
	libbpf_set_print(quiet);
	inject = inject__open_and_load();
	if (!inject) {
		fprintf(stderr, "cannot load the inject programs: %s\n", strerror(errno));
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	inject__destroy(inject);
	return failed;
}
