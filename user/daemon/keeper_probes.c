/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keeper's part of unsolicited probes: the names of ours for the engine, and the program that is run for each probe.
 *
 * The program belongs to root, and nobody else may write it or a directory on the way to it: it runs with the keeper's
 * rights. It is called without a shell, as PROGRAM NAME CLIENT SERVER INTERFACE TIME, with nothing else of ours: an
 * environment of one variable, /dev/null for all three descriptors, no capability beyond those that its user has anyway.
 *
 * What the engine says is not believed: a name is one only once it was read here, and addresses are numbers. One program a
 * second is started, one per name at a time, and after PATIENCE it is killed with all that it has started. Of other names at
 * most HOOKS - 1 wait; who comes then is in the log and the events only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "daemon/keeper.h"

#define EVERY (1 * USEC_PER_SEC)
#define PATIENCE (10 * USEC_PER_SEC)
#define LOOK (100 * USEC_PER_MSEC) /* whether one has ended */
enum { EXIT_NOT_RUN = 126, ARGUMENTS = 5 };

/* -------------------------------------------------------------- own names */

static int names_file(const struct settings *s)
{
	int fd = memfd_create("own-names", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < s->own_names; i++)
		if (dprintf(fd, "%s\n", s->own_name[i]) < 0)
			goto err_fd;
	if (lseek(fd, 0, SEEK_SET) < 0)
		goto err_fd;
	return fd;

err_fd:
	close(fd);
	return -EIO;
}

int keeper_tell_names(struct keeper *k)
{
	struct message m = { .type = MESSAGE_OWN_NAMES, .fd_count = 1 };
	int err;

	m.fd[0] = names_file(&k->settings);
	if (m.fd[0] < 0)
		return m.fd[0];
	err = keeper_tell(k, &m);
	close(m.fd[0]);
	return err;
}

/* ------------------------------------------------------------------ running */

/* In the child. */
static _Noreturn void become(const char *path, char *const arguments[])
{
	static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *environment[] = { search, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    close_range(3, ~0u, 0) || chdir("/"))
		_exit(EXIT_NOT_RUN);
	execve(path, arguments, environment);
	_exit(EXIT_NOT_RUN);
}

static pid_t run(const struct keeper *k, struct hook *h)
{
	char client[ADDRESS_TEXT], server[ADDRESS_TEXT], when[32];
	char path[SETTINGS_PATH];
	char *arguments[ARGUMENTS + 2] = { path, h->name, client, server, h->ifname, when, NULL };
	struct tm tm;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", k->settings.probe_hook);
	address_format(h->key.saddr, client);
	address_format(h->key.daddr, server);
	gmtime_r(&h->time, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	pid = fork();
	if (!pid)
		become(path, arguments);
	return pid;
}

static void start(struct keeper *k, struct hook *h, usec_t now)
{
	struct xdp_error error = { .what = "" };

	k->hook_next = now + EVERY;
	h->started = now;
	if (keeper_hook_check(&k->settings, &error)) {
		log_error("keeper: not run for %s: %s (%s)", h->name, error.what, error.system);
		h->used = false;
		return;
	}
	h->pid = run(k, h);
	if (h->pid > 0)
		return;
	log_error("keeper: probe-hook: not run for %s: %s", h->name, strerror(errno));
	*h = (struct hook){ .used = false };
}

static void tell_end(const struct keeper *k, const struct hook *h, int status)
{
	const char *path = k->settings.probe_hook;

	if (h->killed)
		log_error("keeper: %s for %s took longer than 10 s and was killed", path, h->name);
	else if (WIFSIGNALED(status))
		log_error("keeper: %s for %s was ended by signal %d", path, h->name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_NOT_RUN)
		log_error("keeper: %s for %s could not be run, or said so (exit status 126)", path, h->name);
	else if (WEXITSTATUS(status))
		log_error("keeper: %s for %s failed: exit status %d", path, h->name, WEXITSTATUS(status));
	else
		log_info("keeper: %s has run for %s", path, h->name);
}

/* What it has started and left behind is ended with it. */
static void look_after(struct keeper *k, struct hook *h, usec_t now)
{
	int status;

	if (waitpid(h->pid, &status, WNOHANG) == h->pid) {
		tell_end(k, h, status);
		*h = (struct hook){ .used = false };
	} else if (now >= h->started + PATIENCE && !h->killed) {
		h->killed = true;
		kill(-h->pid, SIGKILL);
	}
}

static const struct xdp_attachment *find(const struct keeper *k, unsigned ifindex)
{
	for (size_t n = 0; n < k->interfaces; n++)
		if (k->interface[n].ifindex == ifindex)
			return &k->interface[n];
	return NULL;
}

/* NULL: the name waits or runs already, or there is no room. */
static struct hook *find_room(struct keeper *k, const char *name)
{
	struct hook *room = NULL;

	for (size_t i = 0; i < KEEPER_HOOKS; i++) {
		if (!k->hook[i].used)
			room = &k->hook[i];
		else if (!strcmp(k->hook[i].name, name))
			return NULL;
	}
	return room;
}

void keeper_probe(struct keeper *k, const struct message *m)
{
	const struct xdp_attachment *a = find(k, m->ifindex);
	char sni[sizeof(m->probe.sni)];
	struct identifier ident;
	const char *why;
	struct hook *h;

	memcpy(sni, m->probe.sni, sizeof(sni));
	sni[sizeof(sni) - 1] = '\0';
	if (!a || !*k->settings.probe_hook || identifier_parse(sni, &ident, &why))
		return;
	h = find_room(k, ident.text);
	if (!h)
		return;
	*h = (struct hook){ .used = true, .key = m->probe.key, .time = (time_t)(m->probe.time_us / 1000000) };
	snprintf(h->name, sizeof(h->name), "%s", ident.text);
	snprintf(h->ifname, sizeof(h->ifname), "%s", a->ifname);
}

/* The next one in turn, so that none waits for ever. */
static void start_next(struct keeper *k, usec_t now)
{
	for (size_t i = 0; i < KEEPER_HOOKS; i++) {
		struct hook *h = &k->hook[(k->hook_turn + i) % KEEPER_HOOKS];

		if (!h->used || h->pid)
			continue;
		k->hook_turn = (size_t)(h - k->hook) + 1;
		start(k, h, now);
		return;
	}
}

void keeper_hooks(struct keeper *k)
{
	usec_t now = clock_now();

	for (size_t i = 0; i < KEEPER_HOOKS; i++)
		if (k->hook[i].pid)
			look_after(k, &k->hook[i], now);
	if (now >= k->hook_next)
		start_next(k, now);
}

usec_t keeper_hooks_due(const struct keeper *k, usec_t now)
{
	usec_t due = USEC_NEVER;

	for (size_t i = 0; i < KEEPER_HOOKS; i++) {
		if (k->hook[i].pid)
			due = MIN(due, now + LOOK);
		else if (k->hook[i].used)
			due = MIN(due, MAX(now, k->hook_next));
	}
	return due;
}

void keeper_hooks_end(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_HOOKS; i++) {
		if (k->hook[i].pid <= 0)
			continue;
		kill(-k->hook[i].pid, SIGKILL);
		waitpid(k->hook[i].pid, NULL, 0);
	}
}
