#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The demo is a test too: pebble, uacme, nginx, and a client that loses no request.
exec "$(dirname "$0")/../../scripts/demo"
