/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The connections: all at once, non-blocking, until each has ended or the deadline has come. TLS goes through
 * tls_client_drive(), bytes in and bytes out; a large hello is sent as it is, and only the beginning of its answer read.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "check/probe.h"

/* ----------------------------------------------------------------- its way */

static bool send_out(struct probe *p)
{
	while (p->out_len) {
		ssize_t sent = send(p->fd, p->out, p->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0)
			return errno == EAGAIN;
		if (!p->answer->received)
			p->answer->hello += (size_t)sent;
		p->out_len -= (size_t)sent;
		memmove(p->out, p->out + sent, p->out_len);
	}
	return true;
}

/* As recv(), but -errno. */
static ssize_t receive(struct probe *p)
{
	ssize_t got = recv(p->fd, p->in + p->in_len, sizeof(p->in) - p->in_len, MSG_DONTWAIT);
	size_t kept;

	if (got < 0)
		return -errno;
	kept = MIN((size_t)got, RAW_ROOM - 1 - p->raw_len); /* a NUL stays behind it */
	memcpy(p->raw + p->raw_len, p->in + p->in_len, kept);
	p->raw_len += kept;
	p->in_len += (size_t)got;
	p->answer->received += (size_t)got;
	return got;
}

static enum tls_state drive(struct probe *p)
{
	enum tls_state state;
	struct tls_io io;

	do {
		io = (struct tls_io){ .in = p->in,
				      .in_len = p->in_len,
				      .out = p->out + p->out_len,
				      .out_cap = sizeof(p->out) - p->out_len };
		state = tls_client_drive(p->tls, &io);
		p->in_len -= io.consumed;
		memmove(p->in, p->in + io.consumed, p->in_len);
		p->out_len += io.produced;
	} while ((io.consumed && p->in_len) || (io.produced && p->out_len < sizeof(p->out)));
	return state;
}

static void part(struct probe *p, usec_t now)
{
	probe_finish(p, CHECK_END_DONE, now);
}

static void ask_for_page(struct probe *p)
{
	char text[IDENT_MAX + 128];

	snprintf(text, sizeof(text),
		 "HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: alpnxdp-check\r\nConnection: close\r\n\r\n",
		 p->target->host);
	tls_client_say(p->tls, text);
	p->said = true;
	drive(p);
}

/* After the handshake. True: it goes on. */
static bool talk(struct probe *p, usec_t now)
{
	if (p->target->kind == CHECK_WEB && !p->said)
		ask_for_page(p);
	if (p->target->kind == CHECK_WEB && !strstr(tls_client_heard(p->tls), "\r\n\r\n")) {
		send_out(p);
		return true;
	}
	tls_client_close(p->tls);
	drive(p);
	send_out(p);
	part(p, now);
	return false;
}

/* What came first decides whether it is TLS at all. False: it was not, and the probe is over. */
static bool is_tls(struct probe *p, usec_t now)
{
	enum first_kind kind = first_classify(p->raw, p->raw_len);

	if (p->raw_len < TELLING && kind == FIRST_OTHER)
		return true; /* not known yet */
	if (kind == FIRST_ALERT && p->raw[5] == 2) {
		p->answer->alert = p->raw[6];
		probe_finish(p, CHECK_END_ALERT, now);
		return false;
	}
	if (kind == FIRST_HELLO || kind == FIRST_ALERT || kind == FIRST_NOTHING)
		return true;
	probe_finish(p, CHECK_END_NOT_TLS, now);
	return false;
}

/* True: it goes on. */
static bool judge_bytes(struct probe *p, usec_t now)
{
	enum tls_state state;

	if (!is_tls(p, now))
		return false;
	if (!p->tls) {
		if (first_classify(p->raw, p->raw_len) != FIRST_HELLO)
			return true;
		probe_finish(p, CHECK_END_ANSWERED, now);
		return false;
	}
	state = drive(p);
	if (state == TLS_ESTABLISHED || (state == TLS_CLOSED && p->target->kind == CHECK_WEB && p->said))
		return talk(p, now);
	send_out(p);
	if (state == TLS_HANDSHAKING)
		return true;
	probe_finish(p, state == TLS_CLOSED ? CHECK_END_DONE : CHECK_END_FAILED, now);
	return false;
}

static void go_on(struct probe *p, usec_t now)
{
	ssize_t got;

	do {
		got = receive(p);
		if (got > 0 && !judge_bytes(p, now))
			return;
	} while (got > 0);
	if (got == -EAGAIN) {
		send_out(p);
		return;
	}
	if (got == 0 && p->raw_len && p->raw_len < TELLING)
		probe_finish(p, CHECK_END_NOT_TLS, now);
	else
		probe_finish(p, got == -ECONNRESET ? CHECK_END_RESET : CHECK_END_CLOSED, now);
}

/* --------------------------------------------------------------- its begin */

/* A machine that connects to itself does so from the address that it connects to. */
static bool is_own(int fd)
{
	struct sockaddr_storage here = { 0 }, there = { 0 };
	socklen_t here_len = sizeof(here), there_len = sizeof(there);
	const struct sockaddr_in *a4 = (void *)&here, *b4 = (void *)&there;
	const struct sockaddr_in6 *a6 = (void *)&here, *b6 = (void *)&there;

	if (getsockname(fd, (void *)&here, &here_len) || getpeername(fd, (void *)&there, &there_len))
		return false;
	return here.ss_family == AF_INET ? a4->sin_addr.s_addr == b4->sin_addr.s_addr
					 : !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

static void connected(struct probe *p, usec_t now)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		p->answer->error = error;
		probe_finish(p, CHECK_END_CONNECT_FAILED, now);
		return;
	}
	p->connected = true;
	p->answer->connected = now - p->begun;
	p->answer->own = is_own(p->fd);
	if (p->tls)
		drive(p);
	send_out(p);
}

static int prepare(struct probe *p, struct tls_context *tls)
{
	const struct probe_target *t = p->target;
	const struct tls_client_options options = { .sni = t->sni,
						    .alpn = t->kind == CHECK_WEB ? "http/1.1" : "acme-tls/1",
						    .tls12_only = t->kind == CHECK_TLS12 };
	uint8_t random[HELLO_RANDOM];

	if (t->kind != CHECK_LARGE)
		return tls_client_open_as(tls, &options, &p->tls);
	for (size_t got = 0; got < sizeof(random); got += 256)
		if (getentropy(random + got, 256))
			return -EIO;
	p->out_len = hello_large(t->sni, random, p->out);
	return p->out_len ? 0 : -EIO;
}

static void dial(struct probe *p, usec_t now)
{
	const struct check_address *a = p->target->address;
	socklen_t len = a->ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int on = 1;

	p->begun = now;
	p->answer->alert = -1;
	p->fd = socket(a->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Or a hello's second segment would wait for the first one's ACK: Go does not wait, either. */
	if (p->fd >= 0)
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (p->fd >= 0 && (!connect(p->fd, (const struct sockaddr *)&a->to, len) || errno == EINPROGRESS))
		return;
	p->answer->error = errno;
	probe_finish(p, CHECK_END_CONNECT_FAILED, now);
}

/* False: all have ended. */
static bool wait_for_some(struct probe *all, size_t count, struct pollfd *fds, int timeout_ms)
{
	bool some = false;

	for (size_t i = 0; i < count; i++) {
		struct probe *p = &all[i];

		fds[i] = (struct pollfd){ .fd = p->over ? -1 : p->fd,
					  .events = (short)(!p->connected ? POLLOUT
							    : p->out_len  ? POLLIN | POLLOUT
									  : POLLIN) };
		some |= !p->over;
	}
	if (some)
		poll(fds, (nfds_t)count, timeout_ms);
	return some;
}

static void run(struct probe *all, size_t count, struct pollfd *fds, usec_t deadline)
{
	usec_t now = clock_now();

	for (size_t i = 0; i < count; i++)
		dial(&all[i], now);
	while (now < deadline &&
	       wait_for_some(all, count, fds, (int)((deadline - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC))) {
		now = clock_now();
		for (size_t i = 0; i < count; i++) {
			if (all[i].over || !fds[i].revents)
				continue;
			if (!all[i].connected)
				connected(&all[i], now);
			else
				go_on(&all[i], now);
		}
	}
	for (size_t i = 0; i < count; i++)
		if (!all[i].over)
			probe_finish(&all[i], all[i].connected ? CHECK_END_SILENT : CHECK_END_CONNECT_TIMEOUT,
				     now);
}

int probes_run(struct tls_context *tls, const struct probe_target *target, size_t count, usec_t deadline)
{
	struct probe *all = calloc(count, sizeof(*all));
	struct pollfd *fds = calloc(count, sizeof(*fds));
	int err = all && fds ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < count; i++) {
		all[i].target = &target[i];
		all[i].answer = target[i].answer;
		err = prepare(&all[i], tls);
	}
	if (!err)
		run(all, count, fds, deadline);
	for (size_t i = 0; all && i < count; i++)
		tls_client_free(all[i].tls);
	free(all);
	free(fds);
	return err;
}
