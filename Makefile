# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make            build/alpnxdp            make install    PREFIX=/usr/local DESTDIR= SYSCONFDIR=/etc; make uninstall
# make demo       the main job, watched    make check      every test
# make man        build/man                make deb        build/alpnxdp_*.deb
# make unit | bpf-test | netns | lint | layers             parts of check
# make check-vm   the part of check on other kernels
# make fuzz       FUZZ_SECONDS=300 for each target
# make bench      what it costs, beside others: scripts/bench all --short; see BENCHMARKS.md
# make soak       long runs: a bad network, hostile input, restarts; 5 to 10 minutes, SOAK=N for N times as long
#
# WOLFSSL=DIR uses a wolfSSL of your own: DIR/include and DIR/lib/libwolfssl.a.
# Under sudo, what is built belongs to the user who called sudo.

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin command -v bpftool || echo bpftool)
WOLFSSL ?= build/wolfssl
O := build

CFLAGS ?= -O2 -g
CPPFLAGS += -Iinclude -Iuser -isystem $(O)/gen -I$(WOLFSSL)/include -D_GNU_SOURCE
WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -pie -Wl,-z,relro,-z,now
# wrap: user/tls/ephemeral.h
WOLFSSL_LIBS := -Wl,--wrap=wc_curve25519_make_key,-u,__wrap_wc_curve25519_make_key $(WOLFSSL)/lib/libwolfssl.a -lm
LDLIBS := $(WOLFSSL_LIBS) -lxdp -lbpf -lelf -lz -ljansson -lseccomp -linih
BPFFLAGS := -target bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Wextra -Wno-unused-parameter -Iinclude -Ibpf

MODULES := base resolve net capture tcp challenge tls check ledger engine xdp control settings metrics selfcheck front doctor explain top daemon cli
SOURCES := $(wildcard $(MODULES:%=user/%/*.c))
LIBRARY := $(filter-out user/cli/main.c,$(SOURCES))
HEADERS := $(wildcard user/*/*.h include/alpnxdp/*.h)
BPF_HEADERS := $(wildcard bpf/*.h include/alpnxdp/*.h)
SKELETONS := $(O)/gen/steer.skel.h $(O)/gen/inject.skel.h
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS ?= 300
HELPERS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/bpf/test_*.c tests/netns/*.c tests/interop/*.c tests/dissect/*.c)) \
	$(patsubst %,$(O)/tests/bench/%,client handshake walk ladder) $(O)/tests/vm/verified $(O)/vm/stranger.o $(O)/vm/cert.pem

BENCHED := $(O)/tests/bench/client $(O)/tests/bench/handshake $(O)/tests/bpf/test_tax $(O)/bench/nothing.o \
	$(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/interop/*.c))

# Under sudo the compilers run as the user, so that no file of theirs in the tree becomes root's. sudo drops the
# environment, and with it what was said on the command line.
AS_USER := $(if $(and $(SUDO_USER),$(filter 0,$(shell id -u))),sudo -u $(SUDO_USER) -H,)
BUILD = @echo 'building (V=1 shows how)' && $(AS_USER) $(MAKE) $(if $(V),,-s) --no-print-directory -j$(shell nproc) $(MAKEOVERRIDES)

.PHONY: all setup demo check check-vm unit bpf-test netns fuzz soak bench bench-programs lint layers format man completion deb install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/alpnxdp

$(O)/alpnxdp: $(SOURCES:%.c=$(O)/obj/%.o) | $(O)/wolfssl.ready
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- wolfSSL: from Debian's source package, once; nothing to do with a tree of the user's own.
WOLFSSL_INPUTS := $(if $(filter build/wolfssl,$(WOLFSSL)),scripts/wolfssl)
$(O)/wolfssl.ready: $(WOLFSSL_INPUTS)
	@mkdir -p $(O)
	$(if $(WOLFSSL_INPUTS),scripts/wolfssl $(O)/wolfssl,test -r $(WOLFSSL)/lib/libwolfssl.a)
	@touch $@

# ---- BPF
define COMPILE_BPF
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@.tmp
	$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp
endef
$(O)/bpf/%.o: bpf/%.bpf.c $(BPF_HEADERS)
	$(COMPILE_BPF)

$(O)/bpf/%.o: tests/bpf/%.bpf.c $(BPF_HEADERS)
	$(COMPILE_BPF)

$(O)/gen/%.skel.h: $(O)/bpf/%.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name $* > $@

# ---- objects: as shipped, and once more with the sanitizers for the tests. The compiler writes down which headers each needs;
# those of the system too (-MD), for the generated ones, which have the BPF programs in them, are included as such.
DEPENDS := -MD -MP
-include $(shell find $(O)/obj $(O)/san $(O)/fuzz -name '*.d' 2>/dev/null)

# Two libraries that do not tell their version at run time.
VERSION_OBJECTS := $(O)/obj/user/cli/version.o $(O)/san/user/cli/version.o
$(VERSION_OBJECTS): CPPFLAGS += $(foreach l,inih libxdp,-D$(shell echo $l | tr a-z A-Z)_VERSION='"$(shell pkg-config --modversion $l 2>/dev/null)"')

$(O)/obj/%.o: %.c | $(SKELETONS) $(O)/wolfssl.ready
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(DEPENDS) $(CFLAGS) $(WARNINGS) $(HARDEN) -c $< -o $@

$(O)/san/%.o: %.c | $(SKELETONS) $(O)/wolfssl.ready
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(DEPENDS) -O1 -g $(WARNINGS) $(SANITIZE) -Wno-override-init -Itests -c $< -o $@

$(O)/san/libalpnxdp.a: $(LIBRARY:%.c=$(O)/san/%.o)
	@rm -f $@
	ar rcs $@ $^

$(O)/tests/test_%: $(O)/san/tests/unit/test_%.o $(O)/san/libalpnxdp.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ -lcmocka $(LDLIBS) -lssl -lcrypto

# Programs are tests/bpf/test_*.c; the other files there are linked into each.
BENCH := $(patsubst %.c,$(O)/obj/%.o,$(filter-out tests/bpf/test_% %.bpf.c,$(wildcard tests/bpf/*.c)))
$(O)/obj/tests/bpf/tax.o: | $(O)/gen/fresh.skel.h
$(O)/tests/bpf/%: $(O)/obj/tests/bpf/%.o $(BENCH)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lbpf

$(O)/tests/netns/xdp_%: $(O)/obj/tests/netns/xdp_%.o $(LIBRARY:%.c=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/tests/netns/%: $(O)/obj/tests/netns/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto -lpthread

# What alpnxdp is measured against has its TLS.
$(O)/tests/interop/control $(O)/tests/interop/store: $(O)/tests/interop/%: $(O)/obj/tests/interop/%.o $(LIBRARY:%.c=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/tests/interop/%: $(O)/obj/tests/interop/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto -lpthread

# The engine as shipped, for its instructions to be counted.
$(O)/tests/bench/handshake: $(O)/obj/tests/bench/handshake.o $(LIBRARY:%.c=$(O)/obj/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS) -lssl -lcrypto

$(O)/obj/tests/bench/handshake.o: CPPFLAGS += -Itests

# The load generator, and the program that lets everything pass.
$(O)/tests/bench/client: $(patsubst %,$(O)/obj/tests/bench/%.o,client flow turns answer meter)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto

$(O)/bench/%.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -target bpf -O2 -g -Wall -Wextra -I/usr/include/$(shell $(CC) -dumpmachine) -c $< -o $@

$(O)/tests/dissect/%: $(O)/san/tests/dissect/%.o $(O)/san/libalpnxdp.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS)

$(O)/tests/bench/walk: $(O)/obj/tests/bench/walk.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^

# The steering program for this machine's processor: without registers that the kernel does not use, and where addresses have
# 32 bits, as in struct xdp_md.
$(O)/bench/host.o: tests/bench/host.bpf.c bpf/steer.bpf.c tests/bench/host.h $(BPF_HEADERS)
	@mkdir -p $(@D)
	$(CC) -Iinclude -Ibpf -O2 -g -mgeneral-regs-only -fno-pie -c $< -o $@

$(O)/tests/bench/ladder: $(O)/obj/tests/bench/ladder.o $(O)/obj/tests/bpf/frame.o $(O)/bench/host.o
	@mkdir -p $(@D)
	$(CC) -no-pie -o $@ $^

# ---- fuzz targets: libFuzzer is clang's
FUZZED := $(wildcard $(patsubst %,user/%/*.c,base net tcp challenge tls ledger engine settings)) user/control/messages.c user/xdp/mode.c \
	user/front/http.c user/front/ualpn_line.c user/front/watch_facts.c
$(O)/fuzz/obj/%.o: %.c | $(O)/wolfssl.ready
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(DEPENDS) -O1 -g $(WARNINGS) $(SANITIZE) -fsanitize=fuzzer-no-link -c $< -o $@

$(O)/fuzz/libfuzzed.a: $(FUZZED:%.c=$(O)/fuzz/obj/%.o)
	@rm -f $@
	ar rcs $@ $^

$(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/libfuzzed.a
	$(CLANG) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(WOLFSSL_LIBS) -ljansson -linih

# ---- what the guest of tests/vm has besides alpnxdp
$(O)/tests/vm/%: $(O)/obj/tests/vm/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lbpf

$(O)/vm/%.o: tests/vm/guest/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -target bpf -O2 -g -Wall -Wextra -Wno-unused-parameter -I/usr/include/$(shell $(CC) -dumpmachine) -c $< -o $@

$(O)/vm/cert.pem:
	@mkdir -p $(@D)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=www.example.org \
		-addext subjectAltName=DNS:www.example.org -keyout $(@D)/key.pem -out $@ 2>/dev/null

# ---- what people type
setup:
	scripts/setup

demo:
	scripts/setup demo
	$(BUILD) all
	scripts/demo

check:
	scripts/setup check
	$(BUILD) all $(UNIT) $(HELPERS) $(FUZZ)
	scripts/check

unit: $(UNIT)
	scripts/check unit

bpf-test: all $(HELPERS)
	scripts/check bpf

netns: all $(HELPERS)
	scripts/check netns

fuzz: $(FUZZ)
	scripts/fuzz $(FUZZ_SECONDS)

check-vm: setup
	$(BUILD) all $(HELPERS)
	scripts/check vm

soak: all $(HELPERS)
	tests/soak/run.sh

bench:
	scripts/bench all --short

# What scripts/bench runs.
bench-programs:
	$(BUILD) all $(BENCHED)

layers:
	scripts/layers

lint: $(SKELETONS) $(O)/gen/fresh.skel.h $(O)/wolfssl.ready
	scripts/lint

format:
	clang-format -i $(SOURCES) $(HEADERS) $(wildcard bpf/*.[ch] tests/*/*.[ch])

# ---- installing. Units name the program by its path, so they follow PREFIX. A configuration that is there is left alone.
MAN := $(patsubst share/man/%.scd,$(O)/man/%,$(wildcard share/man/*.scd))
COMPLETIONS := $(O)/completion/bash $(O)/completion/zsh $(O)/completion/fish
SHARED := $(DESTDIR)$(PREFIX)/share
SYSTEMD := $(DESTDIR)$(PREFIX)/lib
HOOKS := $(wildcard share/hooks/*)
SCHEMAS := $(wildcard share/schema/*.json)
man_file = $(SHARED)/man/man$(subst .,,$(suffix $1))/$(notdir $1)

man: $(MAN)
completion: $(COMPLETIONS)

$(O)/man/%: share/man/%.scd
	@mkdir -p $(@D)
	@command -v scdoc >/dev/null || { echo 'missing: scdoc, for the man pages (scripts/setup build)' >&2; exit 1; }
	scdoc <$< | awk -f scripts/man.awk >$@

$(O)/completion/%: $(O)/alpnxdp
	@mkdir -p $(@D)
	$(O)/alpnxdp completion $* >$@

install:
	$(BUILD) all man $(COMPLETIONS)
	install -Dm755 $(O)/alpnxdp $(DESTDIR)$(PREFIX)/bin/alpnxdp
	install -d $(SHARED)/alpnxdp/hooks
	for hook in $(HOOKS); do test -x $$hook && mode=755 || mode=644; install -m$$mode $$hook $(SHARED)/alpnxdp/hooks/ || exit 1; done
	$(foreach page,$(MAN),install -Dm644 $(page) $(call man_file,$(page)) &&) true
	install -Dm644 $(O)/completion/bash $(SHARED)/bash-completion/completions/alpnxdp
	install -Dm644 $(O)/completion/zsh $(SHARED)/zsh/vendor-completions/_alpnxdp
	install -Dm644 $(O)/completion/fish $(SHARED)/fish/vendor_completions.d/alpnxdp.fish
	$(if $(SCHEMAS),install -d $(SHARED)/doc/alpnxdp/schema && install -m644 $(SCHEMAS) $(SHARED)/doc/alpnxdp/schema/)
	install -Dm644 share/alpnxdp.conf $(SHARED)/doc/alpnxdp/alpnxdp.conf
	install -Dm644 share/systemd/alpnxdp@.service $(SYSTEMD)/systemd/system/alpnxdp@.service
	sed -i 's|/usr/bin/alpnxdp|$(PREFIX)/bin/alpnxdp|' $(SYSTEMD)/systemd/system/alpnxdp@.service
	install -Dm644 share/systemd/alpnxdp.sysusers $(SYSTEMD)/sysusers.d/alpnxdp.conf
	install -Dm644 share/systemd/alpnxdp.tmpfiles $(SYSTEMD)/tmpfiles.d/alpnxdp.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/alpnxdp/alpnxdp.conf || \
		install -Dm644 share/alpnxdp.conf $(DESTDIR)$(SYSCONFDIR)/alpnxdp/alpnxdp.conf

# The configuration goes only as it came.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/alpnxdp $(foreach page,$(MAN),$(call man_file,$(page)))
	rm -rf $(SHARED)/alpnxdp $(SHARED)/doc/alpnxdp
	rm -f $(SHARED)/bash-completion/completions/alpnxdp $(SHARED)/zsh/vendor-completions/_alpnxdp \
		$(SHARED)/fish/vendor_completions.d/alpnxdp.fish $(SYSTEMD)/systemd/system/alpnxdp@.service \
		$(SYSTEMD)/sysusers.d/alpnxdp.conf $(SYSTEMD)/tmpfiles.d/alpnxdp.conf
	! cmp -s share/alpnxdp.conf $(DESTDIR)$(SYSCONFDIR)/alpnxdp/alpnxdp.conf || \
		rm -r $(DESTDIR)$(SYSCONFDIR)/alpnxdp

deb:
	scripts/setup deb
	$(BUILD) $(O)/wolfssl.ready
	$(AS_USER) scripts/deb

clean:
	rm -rf $(O)
