#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Harvest with a listener that takes its time: the validator waits, on a connection that is acknowledged and not answered, and
# is answered, or given to nginx; one that leaves meanwhile leaves nothing behind; a name is asked for once; all of it is bounded.
. "$(dirname "$0")/lib.sh"
net_up
NAME=d.example.org # of the recorded hellos
HARVEST=127.0.0.1:10443

# A listener that answers for NAME after as many seconds as are in $DIR/delay, and notes each connection.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x -addext "subjectAltName=DNS:$NAME" \
	-addext "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$(printf test | sha256sum | cut -c1-64)" \
	-keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null || exit 1
cat >"$DIR/listener.py" <<-'PYTHON'
	import os, socket, ssl, threading, time
	where = os.environ["DIR"]
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(where + "/cert.pem", where + "/key.pem")
	context.set_alpn_protocols(["acme-tls/1"])
	def serve(client):
	    time.sleep(float(open(where + "/delay").read()))
	    try:
	        context.wrap_socket(client, server_side=True).recv(1)
	    except OSError:
	        pass
	server = socket.create_server(("127.0.0.1", 10443))
	while True:
	    client, _ = server.accept()
	    with open(where + "/asked", "a") as f:
	        f.write("asked\n")
	    threading.Thread(target=serve, args=(client,), daemon=True).start()
PYTHON
export DIR
background "$WWW" python3 "$DIR/listener.py"
retry 5 www_listens 10443 || { echo "the listener does not start"; exit 1; }

# A client with a recorded hello: visit COUNT SECONDS rst|fin|names|: waits, leaves as it is told, and says what it got of
# each. names: each hello asks for a name of its own.
visit() {
	ca python3 - "$WWW4" "$HELLOS/boulder-va-go1.26-nomlkem.hex" "$@" <<-'PYTHON'
	import select, socket, struct, sys, time
	hello, count, seconds, how = bytes.fromhex(open(sys.argv[2]).read()), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
	clients = [socket.create_connection((sys.argv[1], 443)) for _ in range(count)]
	for n, c in enumerate(clients):
	    c.sendall(hello.replace(b"d.example.org", b"n%03d.test.org" % n) if how == "names" else hello)
	time.sleep(seconds)
	got = {}
	for c in clients:
	    if how == "rst":
	        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	    if how == "fin":
	        c.shutdown(socket.SHUT_WR)
	    data = c.recv(1) if how != "rst" and select.select([c], [], [], 5)[0] else b""
	    word = {b"\x16": "answered", b"\x15": "alert", b"": "nothing"}[data]
	    got[word] = got.get(word, 0) + 1
	    c.close()
	print(got)
	PYTHON
}

# A second after the listener has answered nothing is pending any more, also where the answer came too late for anybody.
rest() { sleep 2.2; : >"$DIR/asked"; }
asked() { same "$(wc -l <"$DIR/asked")" "$1"; }
delay() { echo "$1" >"$DIR/delay"; }
gets() { local got=$1; shift; same "$(visit "$@")" "$got"; }
no_flows_left() { same "$(counter flows)" 0; }
no_sockets_left() { [ -z "$(www ss -Htn '( sport = :443 )' | grep -v TIME-WAIT)" ]; }
# goes_up BY NAME COMMAND...: an outcome, by that many.
goes_up() {
	local by=$1 name=$2 before
	shift 2
	before=$(counter "$name")
	"$@" || return 1
	same "$(($(counter "$name") - before))" "$by"
}
front_pid() { pgrep -P "$(keeper_pid)" -x alpnxdp-front; }

nginx_up
ok "attach" attach --harvest "$HARVEST"
ok "the front ends are there" retry 5 front_pid

for seconds in 0 0.02 0.5 1.5; do
	rest
	delay "$seconds"
	ok "a listener that takes $seconds s: validated" goes_up 1 validated validate -i "$NAME"
	ok "and asked once" asked 1
done

rest
delay 0.5
five() { validate -i "$NAME" -f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6; }
ok "five perspectives at once, the listener takes 0.5 s" goes_up 5 validated five
ok "and is asked once" asked 1
ok "no socket is left" retry 5 no_sockets_left

rest
delay 30
ok "a listener that does not answer: nginx does" goes_up 1 declined-name gets "{'alert': 1}" 1 0 ''
rest
kill -STOP "$(front_pid)"
ok "front ends that hang: nginx answers" goes_up 1 declined-ask-time gets "{'alert': 1}" 1 0 ''
kill -CONT "$(front_pid)"
sleep 2.5 # they ask now, and give up
ok "no socket is left" retry 5 no_sockets_left

rest
delay 1
ok "reset while waiting" goes_up 1 gone-before-hello gets "{'nothing': 1}" 1 0.3 rst
ok "no socket is left" retry 5 no_sockets_left
rest
ok "a FIN while waiting: nginx gets both" goes_up 1 gone-before-hello gets "{'alert': 1}" 1 0.3 fin
ok "no socket is left" retry 5 no_sockets_left

rest
ok "twenty for one name: four too many" goes_up 4 declined-budget gets "{'answered': 16, 'alert': 4}" 20 0 ''
ok "asked once" asked 1

rest
delay 1.5
ok "another name, by hand" alpnxdp add www.example.org --digest "$DIGEST"
# Its result is a file: a shell knows of another shell's child only once it has ended.
{ gets "{'answered': 1}" 1 0 '' >"$DIR/visit" 2>&1 && touch "$DIR/answered"; } &
one_waits() { same "$(counter waiting)" 1; }
ok "one waits before they come" retry 5 one_waits
flood() { visit 300 0 names >"$DIR/flood" & validate -i www.example.org; }
ok "300 other names meanwhile: what is pending is validated" flood
ok "who came before them is answered" retry 10 test -e "$DIR/answered"
ok "no more than some are asked for" retry 5 grep -qx "{'alert': 300}" "$DIR/flood"
ok "nobody waits any more" same "$(counter waiting)" 0
ok "a page meanwhile" nginx_answers
ok "all flows end" retry 10 no_flows_left
finish
