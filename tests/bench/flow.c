/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection of the load generator, from SYN to FIN. */
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <openssl/err.h>

void flow_wrong(const char *says)
{
	if (!load.lane->meter.wrong++)
		fprintf(stderr, "client: %s, port %u: %s\n", load.lane->address, load.lane->port, says);
}

void flow_end(struct flow *f)
{
	SSL_free(f->ssl);
	close(f->fd);
	f->ssl = NULL;
	f->fd = -1;
}

static int flow_socket(void)
{
	struct lane *l = load.lane;
	int fd = socket(l->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (l->froms) {
		unsigned i = l->next_from++ % l->froms;

		/* The port is chosen when the peer is known: 60,000 for each source instead of 60,000 in all. */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(fd, (struct sockaddr *)&l->from[i], l->from_len[i]))
			goto err_socket;
	}
	return fd;
err_socket:
	close(fd);
	return -1;
}

void flow_begin(struct flow *f, uint64_t now)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = f };

	f->connected = f->shaken = f->asked = f->parked = false;
	f->len = 0;
	f->begun_us = now;
	f->fd = flow_socket();
	f->ssl = SSL_new(load.lane->tls);
	if (f->fd < 0 || !f->ssl || !SSL_set_fd(f->ssl, f->fd) ||
	    !SSL_set_tlsext_host_name(f->ssl, load.name) ||
	    epoll_ctl(load.epoll, EPOLL_CTL_ADD, f->fd, &event) ||
	    (connect(f->fd, (struct sockaddr *)&load.lane->to, load.lane->to_len) && errno != EINPROGRESS)) {
		perror("client: connect");
		exit(1);
	}
}

/* What begins and ends within the window counts. */
static void flow_done(const struct flow *f)
{
	if (f->begun_us >= load.measured_from_us)
		meter_add(&load.lane->meter, meter_now_us() - f->begun_us);
}

/* True: it may come again; false: it is wrong and was said to be. */
static bool flow_blocked(const struct flow *f, int ret)
{
	int why = SSL_get_error(f->ssl, ret);

	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return true;
	flow_wrong(why == SSL_ERROR_SSL ? ERR_reason_error_string(ERR_peek_error())
		   : errno              ? strerror(errno)
					: "closed by the server");
	return false;
}

static bool connected(struct flow *f)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!f->connected) {
		if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
			flow_wrong(strerror(err));
			return false;
		}
		f->connected = true;
	}
	return true;
}

/* 1: shaken hands, and with the right one; 0: not yet; -1: wrong. */
static int flow_shake(struct flow *f)
{
	const char *wrong;
	int ret;

	if (!connected(f))
		return -1;
	ret = SSL_connect(f->ssl);
	if (ret != 1)
		return flow_blocked(f, ret) ? 0 : -1;
	f->shaken = true;
	if (load.what == CHALLENGES)
		flow_done(f);
	wrong = answer_judge(&load.lane->answer, f->ssl);
	if (wrong)
		flow_wrong(wrong);
	return wrong ? -1 : 1;
}

/* 1: the page is there; 0: not yet; -1: wrong. */
static int flow_read(struct flow *f)
{
	int ret, whole = 0;

	if (!f->asked) {
		ret = SSL_write(f->ssl, load.request, (int)strlen(load.request));
		if (ret <= 0)
			return flow_blocked(f, ret) ? 0 : -1;
		f->asked = true;
	}
	while (!whole) {
		if (f->len == MAX_PAGE) {
			whole = -1;
			break;
		}
		ret = SSL_read(f->ssl, f->page + f->len, (int)(MAX_PAGE - f->len));
		if (ret <= 0)
			return flow_blocked(f, ret) ? 0 : -1;
		f->len += (size_t)ret;
		whole = answer_page(&load.lane->answer, f->page, f->len);
	}
	if (whole < 0)
		flow_wrong("another page");
	return whole;
}

static void flow_reset(struct flow *f)
{
	const struct linger none = { .l_onoff = 1 };

	if (connected(f))
		flow_done(f);
	setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	flow_end(f);
}

void flow_drive(struct flow *f)
{
	int ret = 1;

	ERR_clear_error();
	errno = 0;
	if (load.what == RESETS) {
		flow_reset(f);
		return;
	}
	if (!f->shaken)
		ret = flow_shake(f);
	while (ret == 1 && load.what != CHALLENGES) {
		ret = flow_read(f);
		if (ret != 1)
			break;
		flow_done(f);
		if (load.what == CONNECTIONS)
			break;
		f->asked = false;
		f->len = 0;
		f->begun_us = meter_now_us();
		f->parked = load.parking;
		if (f->parked)
			return;
	}
	if (ret == 1)
		SSL_shutdown(f->ssl);
	if (ret)
		flow_end(f);
}

void flows_begin(uint64_t now)
{
	for (unsigned i = 0; i < load.in_flight; i++) {
		struct flow *f = &load.lane->flow[i];

		if (f->fd >= 0 && now - f->begun_us > LIMIT_US) {
			flow_wrong("no answer within ten seconds");
			flow_end(f);
		}
		if (f->fd >= 0 || load.parking || (load.rate && now < load.next_due_us))
			continue;
		if (load.rate)
			load.next_due_us += 1000000 / load.rate;
		flow_begin(f, now);
	}
}

void flows_wait(int timeout_ms)
{
	struct epoll_event events[64];
	int n = epoll_wait(load.epoll, events, 64, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct flow *f = events[i].data.ptr;

		if (!f->parked)
			flow_drive(f);
	}
}
