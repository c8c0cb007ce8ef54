# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# One guest with a kernel of Debian's and a two-queue network card, beside one namespace; to be sourced.
#
#        guest (qemu, software emulation)                namespace
#   nginx, alpnxdp   eth0 ======== two queues ======== tap0   validators, clients
#                    10.77.1.1                         10.77.1.2 .. .6
#                    fd77::1                           fd77::2 .. ::6
#                    eth1 ------- eth2
#                    10.77.9.1    10.77.9.2, namespace "far" of the guest
#
# eth1 and eth2 are cards of the guest on one wire: VLAN devices and netem, which the kernel of the machine that runs the
# test may not have, are on both of their ends.
#
# The test runs here and gives the guest one command after the other over its second serial port. From
# tests/netns/lib.sh come the results and what validates: only where the web server lives is another machine.

# shellcheck source=tests/netns/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lib.sh"
VM=$ROOT/build/vm
BOOT_SECONDS=90
VM_SECONDS=400 # whatever happens, the emulator ends
CALL_SECONDS=60

# guest COMMAND: a line of shell in the guest; what it prints, and its exit status (124: no answer).
guest() {
	local line end=$((SECONDS + CALL_SECONDS))
	line=$*
	printf '%s\n' "${line//$'\n'/ }" >&"$to_guest"
	while guest_line "$end"; do
		case $line in
		$'\036'*) return "${line#?}" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	echo "the guest does not answer"
	kill -0 "$emulator" 2>/dev/null || { echo "it has ended:" && tail -n 40 "$DIR/console"; }
	return 124
}

# guest_line END: one line of the guest's into $line of the caller, unless the time or the guest has ended.
guest_line() {
	local part
	line=
	while [ "$SECONDS" -lt "$1" ] && kill -0 "$emulator" 2>/dev/null; do
		# A read that runs out of time has the beginning of a line.
		IFS= read -r -t 1 -u "$from_guest" part && line+=$part && return
		line+=$part
	done
	return 1
}

# What tests/netns/lib.sh says of the namespace of the web server holds for the guest here.
www() { guest "$*"; }
alpnxdp() { guest "alpnxdp $*"; }
attach() { guest "alpnxdp attach eth0 $*"; }
nginx_answers() {
	[ "$(ca curl -sS --max-time 5 --cacert "$VM/cert.pem" --resolve "www.example.org:443:${1:-$WWW4}" \
		https://www.example.org/)" = "hello from nginx" ]
}
status() { guest "alpnxdp status --json" | jq -r "$1"; }

# ---------------------------------------------------------------- network and machine

tap_up() {
	local i
	ip netns add "$CA" || exit 1
	ca ip link set lo up
	ca ip tuntap add dev tap0 mode tap multi_queue vnet_hdr || exit 1
	ca ip link set tap0 up
	for i in 2 3 4 5 6; do
		ca ip addr add "10.77.1.$i/24" dev tap0
		ca ip addr add "fd77::$i/64" dev tap0 nodad
	done
}

# vm_up KERNEL: boots it, and gives eth0 its addresses.
vm_up() {
	local line
	[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
	DIR=$(mktemp -d /tmp/alpnxdp.XXXXXX) || exit 1
	trap vm_down EXIT
	trap 'exit 130' INT TERM HUP PIPE
	tap_up
	mkfifo "$DIR/control.in" "$DIR/control.out"
	nsenter --net=/run/netns/"$CA" timeout -k 5 "$VM_SECONDS" qemu-system-x86_64 -nodefaults -display none -no-reboot \
		-machine q35 -cpu max -accel tcg,thread=multi -smp 2 -m 512 \
		-kernel "$VM/$1/vmlinuz" -initrd "$VM/$1/initramfs" -append "console=ttyS0 quiet panic=-1" \
		-serial "file:$DIR/console" -chardev pipe,id=control,path="$DIR/control" -serial chardev:control \
		-netdev tap,id=net0,ifname=tap0,queues=2,script=no,downscript=no,vhost=off \
		-device virtio-net-pci,netdev=net0,mq=on,vectors=6 \
		-netdev hubport,id=near,hubid=1 -device virtio-net-pci,netdev=near \
		-netdev hubport,id=far,hubid=1 -device virtio-net-pci,netdev=far </dev/null >"$DIR/emulator" 2>&1 &
	emulator=$!
	disown
	exec {to_guest}<>"$DIR/control.in" {from_guest}<>"$DIR/control.out"
	guest_line $((SECONDS + BOOT_SECONDS)) && [ "$line" = $'\036ready' ] || {
		echo "the guest does not boot:"
		cat "$DIR/emulator" "$DIR/console"
		exit 1
	}
	guest "ip link set eth0 up && ip addr add $WWW4/24 dev eth0 && ip addr add $WWW6/64 dev eth0 nodad" >/dev/null || exit 1
}

vm_down() {
	local pid
	trap '' INT TERM HUP
	set +e
	[ -z "${emulator:-}" ] || kill "$emulator" 2>/dev/null
	if [ -e /run/netns/"$CA" ]; then
		for pid in $(ip netns pids "$CA"); do kill -KILL "$pid" 2>/dev/null; done
		ip netns del "$CA"
	fi
	rm -rf "$DIR"
}
