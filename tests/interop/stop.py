#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""stop.py TID: stops one thread of a process, which no signal can, until standard input ends. Says "stopped" when it is."""
import ctypes, os, sys

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None) < 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


tid = int(sys.argv[1])
ptrace(SEIZE, tid)
ptrace(INTERRUPT, tid)
os.waitpid(tid, WALL)
print("stopped", flush=True)
sys.stdin.read()
ptrace(DETACH, tid)
