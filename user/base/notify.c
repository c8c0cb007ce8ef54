/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A word to the service manager: sd_notify(3) describes the protocol for those who do without its library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/base.h"

int notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
		return -1;
	memcpy(to.sun_path, path, len);
	if (*path == '@') /* an abstract address: no file, and no NUL at its end */
		to.sun_path[0] = '\0';
	unsetenv("NOTIFY_SOCKET");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return fd;
	close(fd);
	return -1;
}

void notify_send(int fd, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	if (fd < 0)
		return;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Nobody to complain to: a service manager that does not read is not waited for. */
	if (len <= 0 ||
	    sendto(fd, text, MIN((size_t)len, sizeof(text) - 1), MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0) < 0)
		return;
}
