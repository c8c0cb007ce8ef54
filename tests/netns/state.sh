#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A control socket in a directory where everybody may write: what others have left there is not taken for ours.
. "$(dirname "$0")/lib.sh"
net_up
mkdir -m 1777 "$DIR/open"

saved() {
	python3 -c 'import time
now = int(time.monotonic() * 1000000)
print("alpnxdp challenges 1\nd.example.org", "'"$DIGEST"'", now - 1000000, now + 600000000, 0)' >"$DIR/open/challenges"
}
open_attach() { www timeout 10 "$ALPNXDP" attach edge0 --socket "$DIR/open/socket"; }
open_detach() { www "$ALPNXDP" detach edge0 --socket "$DIR/open/socket"; }
pending() { www "$ALPNXDP" status --json --socket "$DIR/open/socket" | jq .challenges; }
# finds HOW_MANY: attaches, looks, and detaches.
finds() {
	open_attach || return 1
	same "$(pending)" "$1"
	local found=$?
	open_detach && return "$found"
}

saved
ok "our own challenges are taken up" finds 1
chown 65534 "$DIR/open/challenges"
ok "those of somebody else are not" finds 0
saved
chown 0 "$DIR/open/challenges"
chmod 666 "$DIR/open/challenges"
ok "nor what others may write" finds 0
rm -f "$DIR/open/challenges"
mkfifo -m 600 "$DIR/open/challenges"
ok "a FIFO keeps nobody waiting" finds 0
rm -f "$DIR/open/challenges"
ln -s "$DIR/elsewhere" "$DIR/open/challenges"
ok "nor is a link followed" finds 0
finish
