#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is installed beside the program, read by tools: make install and uninstall, the unit, the man pages against the
# program's own words, the example configuration. No namespace, and nothing outside a temporary directory.
set -u
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 1
for tool in scdoc mandoc systemd-analyze; do
	command -v "$tool" >/dev/null || skip "$tool is not installed: scripts/setup check"
done
DIR=$(mktemp -d /tmp/alpnxdp.XXXXXX) || exit 1
chmod 777 "$DIR" # make runs as whoever called sudo
trap 'rm -rf "$DIR"' EXIT
trap 'exit 130' INT TERM HUP

# ---------------------------------------------------------------- make install

install_into() { make -s install DESTDIR="$DIR/root" "$@"; }
uninstall_from() { make -s uninstall DESTDIR="$DIR/root" "$@"; }
files() { find "$DIR/root" ! -type d -printf '%P\n' | sort; }
all_there() {
	local missing
	missing=$(printf '%s\n' usr/bin/alpnxdp etc/alpnxdp/alpnxdp.conf usr/lib/systemd/system/alpnxdp@.service \
		usr/lib/sysusers.d/alpnxdp.conf usr/lib/tmpfiles.d/alpnxdp.conf usr/share/alpnxdp/hooks/uacme \
		usr/share/man/man8/alpnxdp.8 usr/share/man/man5/alpnxdp.conf.5 usr/share/man/man7/alpnxdp-protocol.7 \
		usr/share/bash-completion/completions/alpnxdp usr/share/zsh/vendor-completions/_alpnxdp \
		usr/share/fish/vendor_completions.d/alpnxdp.fish | sort | comm -23 - <(files))
	same "$missing" ''
}
nothing_empty() { same "$(find "$DIR/root" -type f -empty)" ''; }
paths_follow() { ! grep -rn "/usr/bin/alpnxdp" "$DIR/root/usr/local/lib" && grep -q '=/usr/local/bin/alpnxdp attach' "$DIR"/root/usr/local/lib/systemd/system/*; }
edit() { echo '# mine' >>"$DIR/root/etc/alpnxdp/alpnxdp.conf"; }
still_mine() { tail -n 1 "$DIR/root/etc/alpnxdp/alpnxdp.conf" | grep -q '^# mine'; }

ok 'make install PREFIX=/usr' install_into PREFIX=/usr
ok 'everything is there' all_there
ok 'and has contents' nothing_empty
ok 'make uninstall' uninstall_from PREFIX=/usr
ok 'nothing is left' same "$(files)" ''
ok 'make install into /usr/local' install_into PREFIX=/usr/local
ok 'the unit names the program there' paths_follow
edit
ok 'make install, once more' install_into PREFIX=/usr/local
ok 'an edited configuration stays as it is' still_mine
ok 'make uninstall' uninstall_from PREFIX=/usr/local
ok 'it is all that is left' same "$(files)" etc/alpnxdp/alpnxdp.conf

# ---------------------------------------------------------------- unit

unit=share/systemd/alpnxdp@.service
# ExecStart= must be there for this tool.
verified() {
	mkdir -p "$DIR/unit" && sed "s|/usr/bin/alpnxdp|$ALPNXDP|" "$unit" >"$DIR/unit/alpnxdp@.service" &&
		same "$(systemd-analyze verify --man=no "$DIR/unit/alpnxdp@edge0.service" 2>&1 | grep -i alpnxdp)" ''
}
ok 'systemd-analyze security: 2.0 or better' systemd-analyze security --offline=true --threshold=20 --no-pager "$unit"
ln -sf alpnxdp@.service "$DIR/alpnxdp@edge0.service"
ok 'systemd-analyze verify' verified

# ---------------------------------------------------------------- man pages

page() { mandoc -T utf8 -O width=1000 "build/man/$1" | sed 's/.\x08//g'; }
verbs() { "$ALPNXDP" --help | sed -n '/^Options:/q; s/^  \([a-z]*\) .*/\1/p'; }
options() { "$ALPNXDP" "$@" --help | sed -n 's/^  --\([a-z-]*\).*/--\1/p'; }
keys() { grep -oE '^#[a-z-]+ =' share/alpnxdp.conf | tr -d '#= ' | sort -u; }
all_options() { { for verb in $(verbs); do options "$verb"; done; options; } | sort -u; }
# missing PAGE WORD...: which of them do not stand there as words of their own?
missing() {
	local text word
	text=$(page "$1")
	shift
	for word; do grep -qE -- "(^|[^a-z-])$word([^a-z-]|$)" <<<"$text" || echo "$word"; done
}
metrics() { sed -nE 's/^\t\{ "([a-z_]+)", METRIC_(COUNTER|GAUGE|INFO|HISTOGRAM),.*/\1 \2/p' user/metrics/metrics.c |
	sed 's/^/alpnxdp_/; s/ COUNTER/_total/; s/ INFO/_info/; s/ [A-Z]*$//'; }

ok 'make man' make -s man
ok 'mandoc has nothing to say' mandoc -T lint -W warning build/man/*
[ "$(verbs | wc -l)" -ge 8 ] || { echo "--help names no verbs"; exit 1; }
# shellcheck disable=SC2046 # lists of words
{
ok 'alpnxdp(8) has every verb' same "$(missing alpnxdp.8 $(verbs))" ''
ok 'and every option' same "$(missing alpnxdp.8 $(all_options))" ''
ok 'alpnxdp.conf(5) has every key' same "$(missing alpnxdp.conf.5 $(keys))" ''
ok 'alpnxdp-protocol(7) has every metric' same "$(missing alpnxdp-protocol.7 $(metrics))" ''
}

# ---------------------------------------------------------------- example configuration

# All keys with their defaults or examples: what the program would say to them.
uncommented() { sed -E 's/^#([a-z-]+ =)/\1/' share/alpnxdp.conf >"$DIR/all.conf" && "$ALPNXDP" config check "$DIR/all.conf"; }
settings() { "$ALPNXDP" config check share/alpnxdp.conf --json | jq -r '.settings | keys[]' | sort; }
ok 'the example is right' "$ALPNXDP" config check share/alpnxdp.conf
ok 'with every key in force, too' uncommented
ok 'it has every key' same "$(keys)" "$(settings)"
finish
