#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/vm/run.sh KERNEL: boots that kernel of Debian's (6.1 or 6.12) and runs the tests of this folder on it.
# See README.md here. STEPS: which of "serve takeover selfcheck beside wire" (default all). IMPAIRED: rounds over the bad line (8).
set -u
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
here=$ROOT/tests/vm
for step in serve selfcheck beside wire; do
	# shellcheck source=/dev/null
	. "$here/$step.sh"
done

declare -A suites=([6.1]=bookworm [6.12]=trixie)
kernel=${1:-}
[ -n "${suites[${kernel:-none}]:-}" ] || { echo "usage: tests/vm/run.sh 6.1|6.12" >&2; exit 2; }

# Under sudo, what is kept in the tree belongs to the user who called sudo.
as_user() {
	if [ -n "${SUDO_USER:-}" ]; then sudo -u "$SUDO_USER" -H "$@"; else "$@"; fi
}

prepare() {
	local tool
	for tool in qemu-system-x86_64 busybox xdp-filter xdp-loader modprobe cpio; do
		command -v "$tool" >/dev/null || skip "$tool is missing: scripts/setup"
	done
	as_user "$here/kernel" "${suites[$kernel]}" "$VM/$kernel" || skip "no kernel $kernel to be had"
	as_user "$here/image" "$VM/$kernel" "$VM/$kernel/initramfs" || exit 1
}

prepare
vm_up "$kernel"
ok "nginx starts" guest nginx
for step in ${STEPS:-serve takeover selfcheck beside wire}; do
	"$step" "$kernel"
done
ok "the kernel has nothing to say" not guest "dmesg | grep -E 'BUG|WARNING|Oops|Call Trace|refcount'"
finish
