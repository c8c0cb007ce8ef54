/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keeper's side of the engine process: birth, messages, death, and another one after it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/keeper.h"
#include "daemon/state.h"
#include "daemon/worker.h"

#define RESTART_LEAST (100 * USEC_PER_MSEC)
#define RESTART_MOST (5 * USEC_PER_SEC)
#define GROWN_UP (10 * USEC_PER_SEC) /* an engine that lived for so long did not die of its start */
enum { END_WAIT_MS = 2000, READY_WAIT_MS = 5000 };

/* In the child: nothing of the keeper's stays open but the channel and the log. */
static _Noreturn void become_engine(int channel)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(channel, 3) < 0 || close_range(4, ~0u, 0))
		_exit(EXIT_FAILED);
	if (fcntl(3, F_SETFL, O_NONBLOCK))
		_exit(EXIT_FAILED);
	prctl(PR_SET_NAME, "alpnxdp-engine");
	_exit(worker_run(3));
}

/*
 * An engine that reads nothing any more hangs: it is ended, and another one starts. Whoever waited for it would be deaf
 * to signals and links.
 */
int keeper_tell(struct keeper *k, const struct message *m)
{
	int err = k->channel < 0 ? -EPIPE : channel_send(k->channel, m);

	if (err == -EAGAIN) {
		log_error("keeper: the engine process does not read what it is told: it is ended");
		kill(k->engine, SIGKILL);
	}
	return err;
}

static int send_start(struct keeper *k)
{
	struct message m = { .type = MESSAGE_START, .fd_count = 4 };
	int saved = state_open(k->socket_path);
	int err;

	m.fd[0] = k->inject.frame_fd;
	m.fd[1] = k->inject.rst_fd;
	m.fd[2] = k->inject.probe_fd;
	m.fd[3] = k->listen_fd;
	if (saved >= 0)
		m.fd[m.fd_count++] = saved;
	err = keeper_tell(k, &m);
	if (saved >= 0)
		close(saved);
	return err;
}

int keeper_start_engine(struct keeper *k)
{
	const struct timeval patience = {
		.tv_sec = 1
	}; /* for an engine that does not read; see keeper_tell() */
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		log_warning("keeper: %s", strerror(errno));
	k->engine = fork();
	if (k->engine < 0) {
		err = -errno;
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (k->engine == 0)
		become_engine(pair[1]);
	close(pair[1]);
	k->channel = pair[0];
	k->engine_started = clock_now();
	err = send_start(k);
	if (err)
		keeper_stop_engine(k);
	return err;
}

/* The engine ends by itself when the channel does; it is not waited for longer than END_WAIT_MS. */
void keeper_stop_engine(struct keeper *k)
{
	if (k->channel >= 0)
		close(k->channel);
	k->channel = -1;
	if (k->engine <= 0)
		return;
	for (int waited = 0; waitpid(k->engine, NULL, WNOHANG) == 0; waited += 10) {
		if (waited >= END_WAIT_MS)
			kill(k->engine, SIGKILL);
		poll(NULL, 0, 10);
	}
	k->engine = 0;
}

void keeper_engine_ended(struct keeper *k)
{
	usec_t now = clock_now();

	keeper_stop_engine(k);
	if (now - k->engine_started > GROWN_UP || !k->restart_delay)
		k->restart_delay = RESTART_LEAST;
	else
		k->restart_delay = MIN(k->restart_delay * 2, RESTART_MOST);
	k->restart_at = now + k->restart_delay;
	log_error("keeper: the engine process has ended; everything passes; another starts in %u ms",
		  (unsigned)(k->restart_delay / USEC_PER_MSEC));
}

static bool is_sane(struct request *r)
{
	r->ifname[sizeof(r->ifname) - 1] = '\0';
	return r->mode <= XDP_MODE_GENERIC && r->port;
}

static void answer_request(struct keeper *k, struct message *m)
{
	struct message result = { .type = MESSAGE_RESULT, .client = m->client };
	const struct xdp_attach_options options = { .ifname = m->request.ifname,
						    .mode = m->request.mode,
						    .port = m->request.port };

	if (k->waiting) {
		result.report.err = -EAGAIN;
		strcpy(result.report.error.what, "an interface is being attached just now");
		strcpy(result.report.error.fix, "try again");
	} else if (m->request.verb == REQUEST_DETACH) {
		m->request.ifname[sizeof(m->request.ifname) - 1] = '\0';
		keeper_detach(k, m->request.ifname, &result.report);
	} else if (!is_sane(&m->request)) {
		result.report.err = -EINVAL;
		strcpy(result.report.error.what, "no such mode, or no port");
	} else {
		keeper_attach(k, &options, &result.report);
	}
	result.report.ok = result.report.err == 0;
	keeper_tell(k, &result);
	if (m->request.verb == REQUEST_DETACH && !k->interfaces)
		k->stopping = true;
}

int keeper_hear(struct keeper *k)
{
	struct message m;
	int got = channel_receive(k->channel, &m);
	int err;

	if (got != 1)
		return got;
	if (m.type == MESSAGE_SAVE && m.fd_count == 1) {
		err = state_save(k->socket_path, m.fd[0]);
		if (err)
			log_error("keeper: the challenges are not saved: %s", strerror(-err));
	} else if (m.type == MESSAGE_REQUEST) {
		answer_request(k, &m);
	} else if (m.type == MESSAGE_READY) {
		k->serving = m.ifindex;
	}
	for (size_t n = 0; n < m.fd_count; n++)
		close(m.fd[n]);
	return 1;
}

static bool wait_ready(struct keeper *k, unsigned ifindex)
{
	usec_t end = clock_now() + READY_WAIT_MS * USEC_PER_MSEC;

	while (k->channel >= 0 && clock_now() < end) {
		struct pollfd fd = { .fd = k->channel, .events = POLLIN };
		int got;

		if (poll(&fd, 1, 100) <= 0)
			continue;
		got = keeper_hear(k);
		if (got <= 0 && got != -EAGAIN)
			return false;
		if (k->serving == ifindex)
			return true;
	}
	return false;
}

bool keeper_wait_ready(struct keeper *k, unsigned ifindex)
{
	bool ready;

	k->serving = 0;
	k->waiting = true;
	ready = wait_ready(k, ifindex);
	k->waiting = false;
	return ready;
}
