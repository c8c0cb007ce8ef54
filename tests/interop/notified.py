#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A service manager's ear: notified.py SOCKET FILE. Writes each datagram of sd_notify(3) to FILE as one line, its own
lines joined by spaces, with the seconds since the start in front. Ends with SIGTERM, or after ten minutes."""
import os
import socket
import sys
import time

ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
ear.settimeout(600)
begin = time.monotonic()
with open(sys.argv[2], "w", buffering=1) as out:
    while True:
        text = ear.recv(4096).decode()
        out.write(f"{time.monotonic() - begin:.3f} {' '.join(text.split(chr(10)))}\n")
