# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# The self-check on a card with two queues: below libxdp's dispatcher, whose program is the one that is run then, alone in
# generic mode, and over IPv6. The guest has a default route for as long as that.

checked() { status '.self_check.eth0 // ""'; }
check_is_over() { [ "$(checked)" != "not over yet" ] && [ -n "$(checked)" ]; }
check_passes() {
	local result
	retry 10 check_is_over
	result=$(checked)
	echo "$result"
	[[ $result =~ ^passed\ in\ [0-9]+\.[0-9]\ ms$ ]]
}

one_check() {
	local name=$1
	shift
	ok "self-check, $name: attach" attach "$@"
	ok "self-check, $name: passes" check_passes
	ok "self-check, $name: its challenge is gone" not guest "alpnxdp list | grep self-check"
	ok "self-check, $name: detach" alpnxdp detach eth0
}

selfcheck() {
	guest "ip route add default via $CA4; ip -6 route add default via $CA6"
	one_check native
	one_check generic --mode generic
	guest "ip addr del $WWW4/24 dev eth0"
	one_check "IPv6 alone"
	guest "ip addr add $WWW4/24 dev eth0; ip route del default; ip -6 route del default"
	ok "self-check: nothing is left" retry 5 nothing_left
}
