# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A machine to install things on: this one, seen through an overlay whose writes stay in memory, in the namespace $WWW.
# To be sourced after lib.sh; needs net_up first. Its mounts are in a mount namespace that lives as long as the process
# $MACHINE, which net_down ends.

# machine_up: the overlay at $DIR/machine; what is written lies in $DIR/layers/upper. /run and /tmp are empty.
machine_up() {
	background "$WWW" unshare --mount --propagation private sleep 300
	MACHINE=$!
	retry 5 apart /proc/$MACHINE/ns/mnt /proc/self/ns/mnt || return 1
	mkdir "$DIR/machine" "$DIR/layers"
	machine_mounts sh -c '
		cd "$1" && mount -t tmpfs layers layers && mkdir layers/upper layers/work || exit 1
		mount -t overlay machine -o lowerdir=/,upperdir=layers/upper,workdir=layers/work machine || exit 1
		for tree in run tmp; do mount -t tmpfs $tree machine/$tree || exit 1; done
		chmod 1777 machine/tmp' machine "$DIR"
}
apart() { [ "$(readlink "$1")" != "$(readlink "$2")" ]; }

# A command of this machine that sees the mounts.
machine_mounts() { nsenter --mount=/proc/"$MACHINE"/ns/mnt "$@"; }

# machine_kernel: what a chroot needs of the kernel; not for what mounts its own.
machine_kernel() {
	machine_mounts sh -c 'for tree in proc sys dev; do mount --rbind /$tree "$1/$tree" || exit 1; done' machine "$DIR/machine"
}

# A command on the machine.
machine() {
	machine_mounts nsenter --net=/run/netns/"$WWW" chroot "$DIR/machine" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# program_on: is an XDP program on edge0?
program_on() { www ip -d link show dev edge0 | grep -q ' xdp'; }
