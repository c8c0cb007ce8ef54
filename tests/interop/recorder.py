#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Stands in the web server's place and keeps what it receives, to be compared byte for byte.

recorder.py DIRECTORY [PORT]: a file per connection, named by the client's port; nothing is ever sent back. A
connection ends when the client closes.
"""
import socket
import sys
import threading


def keep(conn, path):
    with conn, open(path, "wb", buffering=0) as out:
        try:
            while data := conn.recv(65536):
                out.write(data)
        except ConnectionError:
            pass


def main():
    directory, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 443
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        while True:
            conn, peer = server.accept()
            threading.Thread(target=keep, args=(conn, f"{directory}/{peer[1]}"), daemon=True).start()


if __name__ == "__main__":
    main()
