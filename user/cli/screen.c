/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A terminal for a live view: VT100 sequences (ECMA-48) that every terminal of today has; a view of plain lines needs no
 * library for them. The alternate screen keeps what was there before.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include "cli/command.h"

enum { DEFAULT_COLUMNS = 80, DEFAULT_LINES = 24 };

static struct {
	bool open;
	int signals;
	struct termios before;
	sigset_t mask_before;
} screen = { .signals = -1 };

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };

static void write_all(const char *text, size_t len)
{
	ssize_t n;

	while (len && ((n = write(STDOUT_FILENO, text, len)) > 0 || errno == EINTR)) {
		n = n > 0 ? n : 0;
		text += n;
		len -= (size_t)n;
	}
}

static void write_text(const char *text)
{
	write_all(text, strlen(text));
}

/* Keys one by one and not shown; signals stay those of the terminal. */
static int enter(void)
{
	struct termios raw = screen.before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw))
		return -errno;
	write_text("\033[?1049h\033[?25l"); /* alternate screen, no cursor */
	return 0;
}

static void leave(void)
{
	write_text("\033[?25h\033[?1049l");
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen.before);
}

int screen_open(void)
{
	sigset_t set;
	int err;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen.before))
		return -ENOTTY;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, &screen.mask_before))
		return -errno;
	screen.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	err = screen.signals < 0 ? -errno : enter();
	screen.open = !err;
	return err;
}

void screen_close(void)
{
	if (!screen.open)
		return;
	leave();
	close(screen.signals);
	sigprocmask(SIG_SETMASK, &screen.mask_before, NULL);
	screen.open = false;
}

void screen_size(unsigned *columns, unsigned *lines)
{
	struct winsize size;

	*columns = DEFAULT_COLUMNS;
	*lines = DEFAULT_LINES;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

/* Line by line over what was there, and the rest of the screen wiped: no flicker. The last line has no newline. */
void screen_show(const char *text)
{
	const char *end;

	write_text("\033[H");
	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		write_all(text, (size_t)(end - text));
		write_text(end[1] ? "\033[K\r\n" : "\033[K");
	}
	write_text("\033[J");
}

/* As a shell expects it: stopped with its terminal as it was, and back as we had it. */
static void stop(void)
{
	leave();
	raise(SIGSTOP);
	enter();
}

static enum screen_event take_signal(void)
{
	struct signalfd_siginfo info;

	if (read(screen.signals, &info, sizeof(info)) != sizeof(info))
		return SCREEN_TIME;
	if (info.ssi_signo == SIGTSTP)
		stop();
	return info.ssi_signo == SIGTSTP || info.ssi_signo == SIGWINCH ? SCREEN_AGAIN : SCREEN_QUIT;
}

static enum screen_event take_key(void)
{
	char key;

	/* A terminal that has gone says so by an end of file that does not end. */
	if (read(STDIN_FILENO, &key, 1) != 1)
		return SCREEN_QUIT;
	return key == 'q' || key == 'Q' || key == 3 ? SCREEN_QUIT : key == ' ' ? SCREEN_AGAIN : SCREEN_TIME;
}

enum screen_event screen_wait(int timeout_ms)
{
	struct pollfd fds[] = { { .fd = screen.signals, .events = POLLIN },
				{ .fd = STDIN_FILENO, .events = POLLIN } };

	if (poll(fds, ARRAY_SIZE(fds), timeout_ms) <= 0)
		return SCREEN_TIME;
	return fds[0].revents ? take_signal() : take_key();
}
