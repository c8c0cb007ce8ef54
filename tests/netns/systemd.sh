#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The service under a real systemd, with all of its hardening: ready, watchdog, reload, stop and start again, a second
# instance. systemd is process 1 of a container on lib-machine.sh's overlay.
#
# A container has no udev, so no device units: BindsTo= is left out. All else is the unit as it is installed, but that its
# watchdog is a hastier one.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-machine.sh"

command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed: scripts/setup check"
net_up
www ip link add edge1 type veth peer name far1
www ip link set edge1 up
www ip link set far1 up
nginx_up
machine_up || skip "no overlay file system can be mounted here"

install_unit() {
	local units=$DIR/machine/etc/systemd/system
	machine_mounts install -m755 "$ALPNXDP" "$DIR/machine/usr/bin/alpnxdp" &&
		machine_mounts systemd-sysusers --root="$DIR/machine" "$ROOT/share/systemd/alpnxdp.sysusers" &&
		machine_mounts sh -c 'mkdir -p "$2" && grep -v ^BindsTo "$1" | sed "s/^After=.*/After=network.target/" >"$2/alpnxdp@.service"
			mkdir -p "$2/alpnxdp@.service.d" "$3/etc/alpnxdp" && cp "$4" "$3/etc/alpnxdp/alpnxdp.conf"
			printf "[Service]\nWatchdogSec=4\n" >"$2/alpnxdp@.service.d/haste.conf"
			: >"$3/etc/machine-id"' install \
			"$ROOT/share/systemd/alpnxdp@.service" "$units" "$DIR/machine" "$ROOT/share/alpnxdp.conf"
}

# Its control groups are beneath ours, of every hierarchy that is mounted; /run/systemd of the host stays as it is.
cgroups() { findmnt -rno TARGET -t cgroup2; findmnt -rno TARGET,OPTIONS -t cgroup | awk '/name=systemd/ { print $1 }'; }
cgroups_down() {
	local mount tries=50
	for mount in $(cgroups); do
		while [ -d "$mount/alpnxdp-$$" ] && [ $((tries--)) -gt 0 ]; do
			find "$mount/alpnxdp-$$" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
		done
	done
}
trap 'net_down; cgroups_down' EXIT

boot() {
	background "$WWW" nsenter --mount=/proc/"$MACHINE"/ns/mnt bash -c '
		for mount in $1; do mkdir "$mount/$2" && echo $$ >"$mount/$2/cgroup.procs"; done
		mount --rbind /run/netns "$3/netns" && mount -t tmpfs run /run || exit 1
		exec systemd-nspawn --quiet --register=no --keep-unit --directory="$3/machine" \
			--network-namespace-path="$3/netns/$4" --capability=all --bind=/sys/fs/bpf \
			--system-call-filter="bpf landlock_create_ruleset landlock_restrict_self" \
			--boot systemd.unit=multi-user.target systemd.mask=nginx.service systemd.mask=apache2.service' \
		boot "$(cgroups)" "alpnxdp-$$" "$DIR" "$WWW" >"$DIR/console" 2>&1
	NSPAWN=$!
	retry 20 booted
}
# The container's first process is the child of nspawn's.
leader() { pgrep -P "$NSPAWN"; }
inside() { nsenter --target "$(leader)" --mount --uts --ipc --net --pid --root --wd env -i PATH=/usr/bin:/usr/sbin LC_ALL=C "$@"; }
booted() { inside systemctl --quiet is-active multi-user.target; }

shown() { inside systemctl show --value --property "$2" "$1"; }
has_status() { [[ $(shown alpnxdp@edge0 StatusText) == edge0:* ]]; }
main_pid() { shown alpnxdp@edge0 MainPID; }
journal() { inside journalctl --no-pager --output cat --unit "alpnxdp@$1"; }
said() { journal "$1" | grep -q "$2"; }
capabilities_of() { inside sed -n 's/^CapEff:\t*//p' "/proc/$1/status"; }
engine() { inside pgrep -P "$(main_pid)" | head -1; }
wait_active() { retry 10 same "$(shown "$1" ActiveState)" active; }
restarted() { [ "$(shown alpnxdp@edge0 NRestarts)" -ge 1 ] && inside systemctl --quiet is-active alpnxdp@edge0; }
# Long enough for the watchdog's first words: one a second.
restarted_again() { [ "$(shown alpnxdp@edge0 NRestarts)" -gt "$RESTARTS" ] && inside systemctl --quiet is-active alpnxdp@edge0; }
fed() { [ "$(shown alpnxdp@edge0 WatchdogTimestampMonotonic)" -gt "$1" ]; }

mkdir "$DIR/netns"
ok 'the unit is installed' install_unit
boot || skip "systemd does not start in a container here: $(tail -n 1 "$DIR/console")"

ok 'systemctl start alpnxdp@edge0: it says it is ready' inside systemctl start alpnxdp@edge0
ok 'its program is on the interface' program_on
ok 'it has a status line' retry 5 has_status
ok 'the keeper is the user alpnxdp' same "$(inside ps -o user= -p "$(main_pid)")" alpnxdp
ok 'with four capabilities' same "$(capabilities_of "$(main_pid)")" 0000000000203002
ok 'the engine has none' same "$(capabilities_of "$(engine)")" 0000000000000000
ok 'the packet loop feeds the watchdog' retry 5 fed "$(shown alpnxdp@edge0 WatchdogTimestampMonotonic)"
ok 'a challenge is added' inside alpnxdp add www.example.org --digest "$DIGEST"
ok 'a validator is answered' validate -i www.example.org
ok 'systemctl reload' inside systemctl reload alpnxdp@edge0

# What the front ends need of the unit: another user's directory, a socket, and their own sandbox without root.
configure() {
	machine_mounts sh -c 'printf "%s\n" "ualpn-socket = /run/ualpn.sock" "watch = dehydrated:/srv/certs" >"$1/etc/alpnxdp/alpnxdp.conf"
		mkdir -p "$1/srv/certs" && chmod 700 "$1/srv/certs" && chown games "$1/srv/certs"' configure "$DIR/machine"
}
ualpn() { inside python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect("/run/ualpn.sock")
s.sendall(sys.argv[1].encode() + b"\n"); print(s.recv(100).decode(), end="")' "$1"; }
drop() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=watched.example.org -keyout "$DIR/key.pem" -out "$DIR/crt.pem" \
		-addext subjectAltName=DNS:watched.example.org -addext "1.3.6.1.5.5.7.1.31=critical,DER:0420$(printf test | sha256sum | cut -c -64)" &&
		machine_mounts cp "$DIR/crt.pem" "$DIR/machine/srv/certs/watched.example.org.crt.pem"
}
ok 'front ends are configured' configure
ok 'systemctl reload, once more' inside systemctl reload alpnxdp@edge0
ok "ualpn's socket answers" retry 5 same "$(sleep 1; ualpn "auth ualpn.example.org $DIGEST")" OK
ok 'the validator too' validate -i ualpn.example.org
ok "another user's directory is watched" drop
ok 'and served' retry 5 validate -i watched.example.org

ok 'a second instance' inside systemctl start alpnxdp@edge1
ok 'is the same daemon' inside sh -c 'alpnxdp status --json | grep -q "\"name\":\"edge1\""'

ok 'the keeper is killed' inside kill -KILL "$(main_pid)"
ok 'systemd starts it again' retry 15 restarted
ok 'what was pending still is' retry 10 validate -i www.example.org

# Harvest under the unit, with the drop-in that the man page has.
harvest_wanted() {
	mkdir "$DIR/drop-in" && sed -n '/^\*harvest\* connects/,$p' "$ROOT/share/man/alpnxdp.conf.5.scd" |
		awk '/^```/ { if (inside++) exit; next } inside' >"$DIR/drop-in/harvest.conf"
	machine_mounts sh -c 'echo "harvest = 127.0.0.1:844" >"$1/etc/alpnxdp/alpnxdp.conf"
		mkdir -p "$1/etc/systemd/system/alpnxdp@.service.d" && cp "$2" "$1/etc/systemd/system/alpnxdp@.service.d/"' harvest_wanted \
		"$DIR/machine" "$DIR/drop-in/harvest.conf"
}
listen() { background "$WWW" openssl s_server -www -cert "$DIR/crt.pem" -key "$DIR/key.pem" -accept 127.0.0.1:844 -alpn acme-tls/1 >"$DIR/s_server" 2>&1; }
forget() { inside alpnxdp remove watched.example.org; }
ok 'harvest is configured' harvest_wanted
ok 'without its drop-in the log says what is missing' inside systemctl reload alpnxdp@edge0
ok 'and what to do' retry 5 said edge0 'harvest: no connection can be made.*alpnxdp.conf(5)'
ok 'with it' inside sh -c 'systemctl daemon-reload && systemctl restart alpnxdp@edge0'
ok 'nothing is pending' forget
listen
ok 'a name that a listener knows is validated' retry 5 validate -i watched.example.org

ok 'systemctl stop' inside systemctl stop alpnxdp@edge0 alpnxdp@edge1
ok 'the program stays' program_on
ok 'and passes everything' nginx_answers
ok 'systemctl start takes it over' inside systemctl start alpnxdp@edge0
ok 'and a validator is answered' validate -i www.example.org
RESTARTS=$(shown alpnxdp@edge0 NRestarts)
ok 'the packet loop hangs' inside kill -STOP "$(engine)"
ok 'nginx answers meanwhile' nginx_answers
ok 'the watchdog ends it, and it starts again' retry 30 restarted_again
ok 'a validator is answered once more' retry 10 validate -i www.example.org
ok 'alpnxdp detach --all' inside alpnxdp detach --all
ok 'nothing is on the interface' not program_on
finish
