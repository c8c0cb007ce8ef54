# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Debian's archive through apt, beside the machine's own apt state and never in it; to be sourced. Root is not needed.
#
# The archive is asked for by the mirror that the machine itself uses, so no address is written down here. apt
# verifies what comes: the archive's signature covers the index, the index covers each file.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Sites of the machine's own package lists. Which of them carries a suite is found by asking; that it is Debian's is
# proved by the signature.
debian_apt_sites() {
	# shellcheck disable=SC2016 # apt's variables, not the shell's
	apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 !~ /-/ && $3 == "main" && !seen[$1]++ { print $1 }'
}

# debian_apt_open DIR: lists, cache and configuration of our own in DIR. The hooks of the machine's configuration are
# for its own state, so they do not run.
debian_apt_open() {
	DEBIAN_APT=$1
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	cat >"$1/apt.conf" <<-EOT
	Dir::Etc::sourcelist "$1/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::State::lists "$1/lists";
	Dir::Cache "$1/cache";
	Dir::Log "$1";
	APT::Sandbox::User "$(id -un)";
	Acquire::Languages "none";
	Acquire::Retries "2";
	Acquire::http::Timeout "30";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	EOT
}

debian_apt() {
	local tool=$1
	shift
	"$tool" -q -c "$DEBIAN_APT/apt.conf" "$@"
}

# debian_apt_select deb|deb-src SITE SUITE: what the next debian_apt works on.
debian_apt_select() {
	echo "$1 [signed-by=$DEBIAN_KEYRING] $2 $3 main" >"$DEBIAN_APT/sources.list"
	debian_apt apt-get -o APT::Update::Error-Mode=any update
}
