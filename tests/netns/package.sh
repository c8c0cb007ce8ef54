#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The Debian package on a machine where nginx runs: install, attach, add, and a validator gets its answer; no file is
# edited, and nginx is the same process afterwards. Then the package goes, and so does all that came with it.
#
# dpkg writes into memory: lib-machine.sh.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-machine.sh"

for tool in dpkg-buildpackage dh lintian scdoc; do
	command -v "$tool" >/dev/null || skip "$tool is not installed: scripts/setup deb"
done
net_up
# Under sudo what is built belongs to whoever called it.
as_owner() { if [ -n "${SUDO_USER:-}" ]; then sudo -u "$SUDO_USER" -H "$@"; else "$@"; fi; }

is_there() { machine test -e "$1"; }
same_nginx() { same "$(cat "$DIR/nginx/pid")" "$NGINX" && kill -0 "$NGINX"; }

# Everything in the overlay's upper layer but what installing and purging any package leaves: dpkg's and the system's
# books, and users, who stay.
left_over() {
	machine_mounts find "$DIR/layers/upper" ! -type d ! -type c -printf '/%P\n' |
		grep -vE '^/var/(lib/(dpkg|systemd|apt)|cache|log)/|^/etc/(passwd|group|shadow|gshadow)-?$|^/etc/\.pwd\.lock$'
}
nothing_left() { same "$(left_over)" '' && not is_there /etc/alpnxdp && not is_there /run/alpnxdp; }
engine_uid() { ps -o uid= --ppid "$(machine cat /run/alpnxdp/daemon.pid)" | sort -u | tr -d ' '; }
modes_of() { machine stat -c '%U:%G %a' "$@" | paste -sd' '; }

ok 'the package builds' as_owner "$ROOT/scripts/deb"
[ "$failed" -eq 0 ] || finish
ok 'lintian has nothing to say' lintian --fail-on error,warning "$ROOT"/build/deb/alpnxdp_*.changes
ok 'the tree is as it was' test ! -e "$ROOT/debian/.debhelper" -a ! -e "$ROOT/debian/alpnxdp" -a ! -e "$ROOT/debian/files"

nginx_up
NGINX=$(cat "$DIR/nginx/pid")
machine_up && machine_kernel || skip "no overlay file system can be mounted here"
machine_mounts sh -c 'cp "$1"/build/alpnxdp_*.deb "$2/machine/tmp/alpnxdp.deb"' cp "$ROOT" "$DIR"

ok 'it installs' machine dpkg -i /tmp/alpnxdp.deb
ok 'nothing is attached by that' not program_on
ok 'nor running' not is_there /run/alpnxdp/control.sock
ok 'the group is there' machine getent group alpnxdp
ok 'alpnxdp attach edge0' machine alpnxdp attach edge0
ok 'alpnxdp add www.example.org' machine alpnxdp add www.example.org --digest "$DIGEST"
ok 'a validator is answered' validate -i www.example.org
ok 'nginx answers everybody else' nginx_answers
ok 'nginx was not restarted' same_nginx
ok 'the socket is of root and the group' same "$(modes_of /run/alpnxdp /run/alpnxdp/control.sock)" \
	'root:root 755 root:alpnxdp 660'
ok 'the engine is of the user' same "$(engine_uid)" "$(machine id -u alpnxdp)"
ok 'the manual is there' machine sh -c 'dpkg -L alpnxdp | grep -q man8/alpnxdp.8.gz'
ok 'it is installed once more, as in an upgrade' machine dpkg -i /tmp/alpnxdp.deb
ok 'a validator is still answered' validate -i www.example.org

ok 'it is purged' machine dpkg --purge alpnxdp
ok 'nothing is on the interface' not program_on
ok 'nothing is left of it' nothing_left
ok 'nginx never noticed' same_nginx
ok 'and answers' nginx_answers
finish
