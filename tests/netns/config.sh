#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The configuration file: checked, wrong, reloaded, and where others find the socket in it; a second process in the
# foreground that follows the daemon, as under a service manager; completions and help pages.
. "$(dirname "$0")/lib.sh"
net_up 1
www ip link add edge1 type veth peer name edge1p && www ip link set edge1 up && www ip link set edge1p up
conf=$DIR/alpnxdp.conf

# told STATUS TEXT COMMAND...: exactly these lines on standard error.
told() {
	local status=$1 text=$2 got
	shift 2
	"$@" >/dev/null 2>"$DIR/stderr"
	got=$?
	same "$got" "$status" && diff <(printf '%s\n' "$text") "$DIR/stderr"
}
says() { grep -qF -- "$1" <<<"$("${@:2}" 2>&1)"; }
exits() { "${@:2}" >"$DIR/out" 2>&1; same "$?" "$1" || { cat "$DIR/out"; return 1; }; }

# ------------------------------------------------------------- check
ok "the example is right" exits 0 alpnxdp config check "$ROOT/share/alpnxdp.conf"
sed -E 's/^#([a-z-]+ = )/\1/' "$ROOT/share/alpnxdp.conf" >"$conf"
ok "and with every key in force, too" exits 0 alpnxdp config check "$conf"
ok "it names every key" same "$(sed -nE 's/^([a-z-]+) = .*/\1/p' "$conf" | sort -u | wc -l)" \
	"$(alpnxdp config check "$conf" --json | jq '.settings | length')"
printf '%s\n' 'interface = edge0' ' port = 1' 'Port = 443' '[daemon]' 'harvest = localhost:1' 'mode = auto' 'mode = native' >"$conf"
ok "every problem is told, with its line" told 4 "$conf:2: a line must not begin with a blank: no line is continued, each value has its key
$conf:3: Port: there is no such key; port is meant?
$conf:4: there are no sections in this file: leave this line out
$conf:5: harvest: 'localhost:1': a number is needed instead of a name: 127.0.0.1:PORT or [::1]:PORT
$conf:7: mode: it is given already on line 6
alpnxdp: the configuration has 5 problems
  fix: edit it, then: alpnxdp config check $conf" alpnxdp config check "$conf"
ok "in JSON, too" jq -e '.schema == "alpnxdp.error/1" and .code == 4 and (.problems | length) == 5' \
	<<<"$(alpnxdp config check "$conf" --json 2>/dev/null)"
ok "attach refuses it" exits 4 alpnxdp attach edge0 --config "$conf"
ok "a file that is missing" told 4 "$DIR/none: No such file or directory
alpnxdp: the configuration has 1 problem
  fix: edit it, then: alpnxdp config check $DIR/none" alpnxdp attach edge0 --config "$DIR/none"
echo 'port = 443' >"$conf"
chmod 666 "$conf"
ok "one that others may write" says "sudo chmod go-w $conf" alpnxdp config check "$conf"
chmod 644 "$conf"
chown 65534 "$conf"
ok "one that is not root's" says "sudo chown root $conf" alpnxdp config check "$conf"
chown 0 "$conf"
ok "a directory" says "is not a regular file" alpnxdp config check "$DIR"
ok "config can only check" exits 2 alpnxdp config show
ok "no interface anywhere" says "interface = IFACE" alpnxdp attach --config "$conf"

# ---------------------------------------------------- attach, reload
printf '%s\n' 'interface = edge0 # the only one' 'mode = generic' 'log-format = json' >"$conf"
ok "reload without a daemon" exits 3 alpnxdp reload
ok "attach what the file names" says "edge0: attached, generic mode" alpnxdp attach --config "$conf"
alpnxdp add kept.example --digest "$DIGEST" >/dev/null
engine=$(engine_pid | head -n 1)
ok "the log is JSON" jq -es 'length > 0 and all(.[]; .schema == "alpnxdp.log/1" and (.time | test("^20[0-9-]+T[0-9:]+\\.[0-9]{3}Z$")) and .pid > 0 and
	(.message | length) > 0)' "$DIR/log"
printf '%s\n' 'interface = edge0' 'prot = 8443' 'port = none' >"$conf"
ok "reload of a wrong file tells all" told 4 "$conf:2: prot: there is no such key; port is meant?
$conf:3: port: 'none': a port is a number from 1 to 65535
alpnxdp: the configuration has 2 problems
  fix: edit it, then: alpnxdp config check $conf" alpnxdp reload
printf '%s\n' 'interface = edge0' 'interface = edge1' 'mode = generic' "ualpn-socket = $DIR/ualpn.sock" >"$conf"
ok "reload" exits 0 alpnxdp reload
ok "the new interface is attached" retry 5 alpnxdp status edge1
ok "the new socket is there" retry 5 test -S "$DIR/ualpn.sock"
ok "the engine is the same" same "$(engine_pid | grep -cx "$engine")" 1
ok "and still knows what is pending" says kept.example alpnxdp list

printf '%s\n' 'interface = edge0' 'interface = edge1' 'interface = nosuch' 'mode = generic' 'log-level = debug' >"$conf"
for again in first second; do
	ok "an interface that cannot be attached is told, $again time" told 4 \
		"alpnxdp: nosuch: no such interface; all else of the file is in force
  fix: ip -brief link" alpnxdp reload
done
ok "all else is in force" same "$(test -S "$DIR/ualpn.sock" || echo gone), $(alpnxdp status --json | jq '.interfaces | length')" "gone, 2"
printf '%s\n' 'interface = edge0' 'interface = edge1' 'mode = generic' "ualpn-socket = $DIR/none/ualpn.sock" >"$conf"
ok "a socket in a missing directory is no missing daemon" exits 1 alpnxdp reload
ok "and has a fix" says "mkdir -p" alpnxdp reload
printf '%s\n' 'interface = edge0' 'interface = edge1' 'mode = generic' >"$conf"
ok "reload is root's" exits 1 www setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" reload --socket "$DIR/control.sock"
ok "a setting of the daemon's is not attach's to give" says "put harvest into $conf" alpnxdp attach edge1p --harvest 127.0.0.1:1 --config "$conf"
alpnxdp detach edge1 >/dev/null

# --------------------------------------- the default file, for others
# in_etc FILE COMMAND...: with FILE as /etc/alpnxdp/alpnxdp.conf, in a mount namespace of its own.
# shellcheck disable=SC2016 # expanded by the inner shell
in_etc() {
	unshare -m sh -c 'cp -a "$1" /run/.alpnxdp.$$ && mount -t tmpfs none /etc && mkdir /etc/alpnxdp &&
		mv /run/.alpnxdp.$$ /etc/alpnxdp/alpnxdp.conf && shift && exec "$@"' sh "$@"
}
# The program is where only this copy is found, for /etc is empty: no other file of it is needed.
in_www() { in_etc "$1" nsenter --net=/run/netns/"$WWW" "$ALPNXDP" "${@:2}"; }
printf '%s\n' 'nonsense' "socket = $DIR/control.sock" >"$DIR/broken.conf"
ok "list finds the socket, whatever else is wrong" says kept.example in_www "$DIR/broken.conf" list
ok "the command line wins" exits 3 in_www "$DIR/broken.conf" list --socket "$DIR/other.sock"
chmod 600 "$DIR/broken.conf"
# shellcheck disable=SC2016 # expanded by the inner shell
ok "a file that only root may read is no mistake" says "/run/alpnxdp/control.sock" in_etc "$DIR/broken.conf" \
	setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" list
# shellcheck disable=SC2016 # expanded by the inner shell
ok "no file is no problem" exits 0 unshare -m sh -c 'mount -t tmpfs none /etc && exec "$1" config check' sh "$ALPNXDP"
ok "and is told" grep -q '^/etc/alpnxdp/alpnxdp.conf: is not there' "$DIR/out"
ok "a mistake of the command line is not the file's" told 4 "ualpn-socket: '$DIR/x.sock': this is the path of socket, too
alpnxdp: the configuration has 1 problem
  fix: another value in the command line; alpnxdp attach --help" www "$ALPNXDP" attach edge0 --config "$conf" --socket "$DIR/x.sock" \
	--ualpn-socket "$DIR/x.sock"

# -------------------------------------------------------------- follow
cat >"$DIR/manager.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(120)
while True:
    print(s.recv(4096).decode(), flush=True)
PY
python3 "$DIR/manager.py" "$DIR/notify" >>"$DIR/heard" 2>/dev/null &
manager=$!
disown
retry 5 test -S "$DIR/notify"
follow() {
	NOTIFY_SOCKET=$DIR/notify WATCHDOG_USEC=600000 nsenter --net=/run/netns/"$WWW" "$ALPNXDP" attach edge1 --mode generic \
		--foreground --socket "$DIR/control.sock" </dev/null >"$DIR/follow.out" 2>&1 &
	follower=$!
}
fed() { [ "$(grep -c '^WATCHDOG=1' "$DIR/heard")" -ge "$1" ]; }
# Not within ok, whose commands are no parents of it.
ended() {
	local name=$1 status=$2
	wait "$follower"
	ok "$name" same "$?" "$status"
}
follow
ok "a second process attaches through the daemon, and is ready" retry 10 grep -q '^READY=1' "$DIR/heard"
ok "the daemon serves it" alpnxdp status edge1
ok "it says how" grep -q '^edge1: attached, generic mode' "$DIR/follow.out"
ok "it feeds the watchdog" retry 10 fed 3
engine=$(engine_pid | head -n 1)
kill -STOP "$engine"
sleep 1.5
before=$(grep -c '^WATCHDOG=1' "$DIR/heard")
sleep 2
after=$(grep -c '^WATCHDOG=1' "$DIR/heard")
kill -CONT "$engine"
ok "not while the engine hangs" same "$after" "$before"
ok "again when it goes on" retry 10 fed $((after + 1))
kill -TERM "$follower"
ended "SIGTERM ends it, with success" 0
ok "the interface stays" alpnxdp status edge1
follow
ok "started again it finds it attached" retry 10 grep -q '^edge1: attached' "$DIR/follow.out"
alpnxdp detach edge1 >/dev/null
ended "when its interface is gone it says try again" 75
follow
retry 10 grep -q '^edge1: attached' "$DIR/follow.out"
kill -TERM "$(keeper_pid)"
ended "when the daemon has ended, too" 75
ok "with words" grep -q 'the daemon that served it has ended' "$DIR/follow.out"
: >"$DIR/heard"
follow
ok "started again it is the daemon" retry 10 test -e "$DIR/daemon.pid"
ok "and ready" retry 10 grep -q '^READY=1' "$DIR/heard"
alpnxdp detach --all >/dev/null
wait "$follower"
kill "$manager"

# -------------------------------------------------------- completions
mkdir "$DIR/bin" && ln -s "$ALPNXDP" "$DIR/bin/alpnxdp"
for shell in bash zsh fish; do alpnxdp completion "$shell" >"$DIR/completion.$shell"; done
# typed WORD...: what bash offers for the last one.
# shellcheck disable=SC2016 # expanded by the inner shell
typed() {
	bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _alpnxdp; echo "${COMPREPLY[@]}"' \
		bash "$DIR/completion.bash" alpnxdp "$@"
}
ok "bash: verbs" same "$(typed det)" detach
ok "bash: all verbs" same "$(typed '' | wc -w)" "$(sed -n '/^$/,/^$/p' <<<"$(alpnxdp --help)" | grep -c '^  ')"
ok "bash: options" same "$(typed attach --log)" "--log-format --log-level"
ok "bash: options before the verb" same "$(typed --json --socket /x sta)" status
ok "bash: values" same "$(typed attach --mode na)" native
ok "bash: values behind =" same "$(typed attach --mode = na)" native
ok "bash: kinds of directories" same "$(typed attach --watch mod)" mod_md:
ok "bash: directories behind a kind" same "$(typed attach --watch mod_md : "$DIR/bi")" "$DIR/bin"
ok "bash: interfaces" same "$(typed status l)" lo
ok "bash: one word for config, then files" same "$(typed config c) $(typed config check "$conf")" "check $conf"
ok "bash: files of a certificate" same "$(typed add x --cert "$conf") $(typed add x --key "$conf")" "$conf $conf"
ok "bash: clients, one" same "$(typed hook u)$(typed hook uacme u)" uacme
ok "bash: nothing behind a digest" same "$(typed add x --digest a)" ""
if command -v zsh >/dev/null; then ok "zsh understands it" zsh -n "$DIR/completion.zsh"; fi
fish_typed() { HOME=$DIR PATH=$DIR/bin:$PATH fish -c "source $DIR/completion.fish; complete -C 'alpnxdp $*'" | cut -f1 | paste -sd' '; }
if command -v fish >/dev/null; then
	ok "fish understands it" fish -n "$DIR/completion.fish"
	ok "fish: verbs" same "$(fish_typed det)" detach
	ok "fish: values" same "$(fish_typed attach --mode na)" native
	ok "fish: options" same "$(fish_typed attach --log-l)" --log-level
	ok "fish: interfaces" same "$(fish_typed status l)" lo
fi

# --------------------------------------------------------------- help
# The pages as they were last looked at. To renew: tests/golden/renew
ok "help pages are those of tests/golden/help.txt" diff "$ROOT/tests/golden/help.txt" <("$ROOT/tests/golden/renew" -)
ok "no page is wider than 80 columns" same "$(grep -cE '^.{81}' "$ROOT/tests/golden/help.txt")" 0

finish
