#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""top.py ALPNXDP SOCKET HOW WORDS: the live view on a terminal of its own, 80 by 24.

It must show WORDS, and then end by HOW: q, a signal's name, count (by itself); or STOP: be stopped by the terminal's
key, be continued, show WORDS again, and end by q. Afterwards the terminal must be as it was: its settings, the screen
left again, the cursor shown.
"""
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from fcntl import ioctl

program, socket, how, words = sys.argv[1:]
LEFT = b"\033[?25h\033[?1049l"


def fail(why):
    sys.exit(f"top.py {how}: {why}: {shown[-400:]!r}")


def read_until(condition, seconds=8):
    """What the view writes, until the condition holds of all that it wrote."""
    global shown
    end = time.monotonic() + seconds
    while not condition():
        left = end - time.monotonic()
        if left <= 0:
            return False
        if not select.select([master], [], [], min(left, 0.2))[0]:
            continue
        try:
            shown += os.read(master, 65536)
        except OSError:
            return condition()
    return True


def wait_end():
    """Its exit status, within five seconds; reading on, or it would wait for us."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        read_until(lambda: False, 0.1)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
    os.kill(child, signal.SIGKILL)
    fail("did not end")


shown = b""
master, slave = pty.openpty()
ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    arguments = ["top", "-d", "0.2", "--socket", socket] + (["-n", "3"] if how == "count" else [])
    os.execv(program, [program] + arguments)

if not read_until(lambda: words.encode() in shown):
    fail(f"{words!r} was not shown")
if how == "STOP":
    # Orphaned process groups are not stopped by the terminal's key (POSIX), so the signal is sent, and then SIGSTOP is its own.
    os.kill(child, signal.SIGTSTP)
    if not read_until(lambda: shown.rstrip().endswith(LEFT)):
        fail("the screen was not left when stopped")
    pid, status = os.waitpid(child, os.WUNTRACED)
    if not os.WIFSTOPPED(status) or termios.tcgetattr(slave) != before:
        fail("it was not stopped, or the terminal not as it was")
    shown = b""
    os.kill(child, signal.SIGCONT)
    if not read_until(lambda: words.encode() in shown):
        fail("it did not come back")
    how = "q"
if how == "q":
    os.write(master, b"q")
elif how != "count":
    os.kill(child, getattr(signal, "SIG" + how))
status = wait_end()
if status != 0:
    fail(f"status {status}")
if not shown.rstrip().endswith(LEFT):
    fail("the screen was not left")
if termios.tcgetattr(slave) != before:
    fail("the terminal is not as it was")
