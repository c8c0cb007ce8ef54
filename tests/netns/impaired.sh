#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Over a network that loses, doubles and reorders: as many validations finish within the CA's ten seconds as with the
# kernel's own TCP under the same TLS, in the same run. A short run of few; tests/soak/run.sh is the long one.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-air.sh"
air_up
nginx_up
control_up www.example.org
ok "attach" attach
ok "add" alpnxdp add www.example.org --digest "$DIGEST"

# Of 150, one that fails is 67 hundredths of a point: two more than the kernel's are chance, three are not.
round() {
	local name=$1
	shift
	weather -s 7 -w 5 "$@"
	compete 150 -j 64
	ok "$name: nobody is answered wrongly" same "$(said 443 wrong)" 0
	ok "$name: as many in ten seconds as with the kernel's TCP" no_worse 140
}

round "nothing lost"
round "5 % lost, 5 % doubled, 10 % reordered" -l 5 -d 5 -r 10
round "20 % lost" -l 20
weather -w 5
ok "the weather has cleared: answered" validate -i www.example.org
ok "detach" alpnxdp detach edge0
finish
