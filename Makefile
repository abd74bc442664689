# tmo-tools: make, make check, make demo.  POSIX tools, GNU make, gcc or clang.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DOCDIR ?= $(PREFIX)/share/doc/tmo-tools
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
SYSCONFDIR ?= /etc
INSTALL ?= install
SCDOC ?= scdoc

VERSION = 0.1.0
# Objects for musl and those for glibc do not mix.
B ?= build$(if $(filter 1,$(STATIC)),/static)
TOOLS = psi-watch cold-scan swap-balance tmo-reclaim
PAGES = psi-watch.1 cold-scan.8 swap-balance.8 tmo-reclaim.8 tmo.7 \
	tmo-cookbook.7 tmo-rows.5
# Of a service: installed, and off until somebody enables it.
SERVICES = $(wildcard cmd/*/service/*.service cmd/*/service/*.timer \
	cmd/*/service/*.slice)
SERVICE = cmd/tmo-reclaim/service

# CFLAGS and LDFLAGS are the user's; what the code needs stands before them.
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wformat=2 \
	-Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wundef \
	-Wnull-dereference
HARDEN = -fstack-protector-strong -fstack-clash-protection -fPIE \
	$(call accepts,-fcf-protection) \
	$(if $(findstring -O,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
accepts = $(shell $(CC) $(1) -c -x c /dev/null -o /dev/null 2>/dev/null \
	&& echo $(1))
ifeq ($(STATIC),1)
  # A small static binary: musl where it is installed.
  ifneq ($(shell command -v musl-gcc),)
    CC = musl-gcc
    WARN += -isystem $(B)/include
    LINUX_HEADERS = $(B)/include/linux
  endif
  HARD_LD = -static -Wl,-z,relro,-z,now,-z,noexecstack
else
  HARD_LD = -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif
OUR_CFLAGS := -std=c17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Icommon \
	$(WARN) $(HARDEN)
COMPILE = $(CC) $(OUR_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(OUR_CFLAGS) $(CFLAGS) $(HARD_LD) $(LDFLAGS)

# A tool is cmd/NAME.c, or every file of cmd/NAME/.
sources = $(sort $(wildcard cmd/$(1).c cmd/$(1)/*.c))
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
LIB = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard common/*.c)))
UNITS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
WORK = $(patsubst tests/work/%.c,$(B)/%,$(wildcard tests/work/*.c))

all: $(TOOLS:%=$(B)/%)

# Only the tools whose source is there: the order of the pipeline.
define tool_rule
$(B)/$(1): $(call objects,$(1)) $(B)/common.a
	$$(LINK) -o $$@ $(call objects,$(1)) $(B)/common.a -Wl,--as-needed -lm
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

$(B)/common.a: $(LIB)
	rm -f $@
	$(AR) rcs $@ $(LIB)

$(B)/%.o: %.c Makefile | $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# musl-gcc looks for no kernel headers: it is shown those, and no others.
$(B)/include/linux:
	mkdir -p $(B)/include
	for d in linux asm-generic; do ln -sfn /usr/include/$$d $(B)/include/$$d; done
	ln -sfn "$$(echo '#include <asm/types.h>' | gcc -E - | \
		sed -n 's/^# [0-9]* "\(.*\)\/types.h".*/\1/p' | head -n 1)" \
		$(B)/include/asm

# Workloads and helpers of the tests: one file, libc only.
$(WORK): $(B)/%: tests/work/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) $(HARD_LD) $(LDFLAGS) -o $@ $< -lm

# Unit tests: TAP on stdout.  A tool's policy is included: "tool/law.c".
$(UNITS): $(B)/unit/%: tests/unit/%.c $(B)/common.a Makefile
	@mkdir -p $(@D)
	$(COMPILE) -Icmd $(HARD_LD) $(LDFLAGS) -o $@ $< $(B)/common.a -lm

# The simulator: the decision itself, and a world.  Of several sources at once
# the compiler keeps the dependencies of the last alone.
$(B)/sim: $(wildcard tests/sim/*.[ch] \
		cmd/tmo-reclaim/*.[ch]) $(B)/common.a Makefile
	@mkdir -p $(@D)
	$(COMPILE) -Icmd -Itests/sim $(HARD_LD) $(LDFLAGS) -o $@ tests/sim/*.c \
		cmd/tmo-reclaim/reason.c $(B)/common.a -lm

# A preload is no program: its own flags, and no fortified wrappers in it.
$(B)/faultio.so: tests/faultio.c Makefile
	$(CC) -std=c17 -D_GNU_SOURCE $(WARN) -Wno-pedantic -O1 -g -fPIC \
		-shared -o $@ $<

tools-for-tests: all $(WORK) $(UNITS) $(B)/sim $(B)/faultio.so man

man: $(PAGES:%=$(B)/man/%)
# .TH turns hyphens on again that scdoc turns off before it, and lines break at
# the hyphen of a name: both make names that cannot be copied.  Nor can an example
# whose ' - ^ ` ~ a terminal with UTF-8 shows as other characters.  The date in a
# page is its source's, not today's.
$(B)/man/%: man/%.scd Makefile
	@mkdir -p $(@D)
	SOURCE_DATE_EPOCH=$$(stat -c %Y $<) $(SCDOC) <$< >$@.tmp
	awk '/^\.(nh|ad l)$$/ { next } \
		/^\.nf$$/, /^\.fi$$/ { gsub(/\\&\047/, "\\(aq"); gsub(/-/, "\\-"); \
			gsub(/\^/, "\\(ha"); gsub(/`/, "\\(ga"); gsub(/~/, "\\(ti") } \
		{ print } /^\.TH / { print ".nh\n.ad l\n.cflags 0 -" }' \
		$@.tmp >$@
	rm $@.tmp

check: ; tests/check
check-asan:
	$(MAKE) B=$(B)/asan CFLAGS='-O1 -g -fsanitize=address,undefined \
		-fno-sanitize-recover' tools-for-tests
	ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 \
		TMO_BUILD=$(B)/asan tests/check --native $(FILES)
lint: ; tests/lint
fuzz: ; tests/fuzz/run
bench: tools-for-tests
	for t in $(TOOLS); do echo "# $$t" && tests/bench/$$t || exit; done
demo: all $(WORK) ; tests/demo $(if $(HOST),--host)
evaluate: ; tests/eval/run
matrix: ; tests/vm/matrix
services: ; tests/eval/services none:240 default:240 evidence:240 senpai:240
vm-kernel: ; tests/vm/build-kernel
check-pages: ; tests/vm/pages 64k 16k

# A tarball has its pages beside their sources.
install: all $(if $(shell command -v $(SCDOC)),man)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(BASHCOMPDIR) \
		$(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR)
	$(INSTALL) -m 755 $(TOOLS:%=$(B)/%) $(DESTDIR)$(BINDIR)
	for p in $(PAGES); do \
		f=$(B)/man/$$p; [ -s $$f ] || f=man/$$p; \
		[ -s $$f ] || { echo "no scdoc: $$p is not installed" >&2; \
			continue; }; \
		$(INSTALL) -D -m 644 $$f \
			$(DESTDIR)$(MANDIR)/man$${p##*.}/$$p || exit; done
	$(INSTALL) -m 644 completions/bash/* $(DESTDIR)$(BASHCOMPDIR)
	$(INSTALL) -m 644 completions/zsh/* $(DESTDIR)$(ZSHCOMPDIR)
	$(INSTALL) -m 644 completions/fish/* $(DESTDIR)$(FISHCOMPDIR)
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(DOCDIR) README $(SERVICE)/tmo.rules.yml
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	for u in $(SERVICES); do \
		sed 's,@BINDIR@,$(BINDIR),g' $$u \
			>$(DESTDIR)$(UNITDIR)/$${u##*/} && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${u##*/} || exit; done
	$(INSTALL) -D -m 644 $(SERVICE)/tmo.sysusers \
		$(DESTDIR)$(SYSUSERSDIR)/tmo-tools.conf
	$(INSTALL) -D -m 644 $(SERVICE)/tmo.tmpfiles \
		$(DESTDIR)$(TMPFILESDIR)/tmo-tools.conf
	for f in tmo.tab tmo.conf; do \
		[ -e $(DESTDIR)$(SYSCONFDIR)/tmo/$$f ] || \
		$(INSTALL) -D -m 644 $(SERVICE)/$$f \
			$(DESTDIR)$(SYSCONFDIR)/tmo/$$f || exit; done

# What an administrator may have changed stays: /etc/tmo.
uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(TOOLS)
	cd $(DESTDIR)$(BASHCOMPDIR) && rm -f $(notdir $(wildcard completions/bash/*))
	cd $(DESTDIR)$(ZSHCOMPDIR) && rm -f $(notdir $(wildcard completions/zsh/*))
	cd $(DESTDIR)$(FISHCOMPDIR) && rm -f $(notdir $(wildcard completions/fish/*))
	for p in $(PAGES); do rm -f $(DESTDIR)$(MANDIR)/man$${p##*.}/$$p; done
	rm -f $(DESTDIR)$(DOCDIR)/README $(DESTDIR)$(DOCDIR)/tmo.rules.yml \
		$(DESTDIR)$(SYSUSERSDIR)/tmo-tools.conf \
		$(DESTDIR)$(TMPFILESDIR)/tmo-tools.conf
	cd $(DESTDIR)$(UNITDIR) && rm -f $(notdir $(SERVICES))

# A package for Debian and Ubuntu, as PREFIX=/usr, made below $(B).
deb: all man
	rm -rf $(B)/deb
	umask 022; $(MAKE) -s install DESTDIR=$(B)/deb PREFIX=/usr SYSCONFDIR=/etc
	$(SERVICE)/deb $(B)/deb $(VERSION) $(B)

# The sources, with the pages made: no scdoc is needed to install them.
DIST = tmo-tools-$(VERSION)
dist: man
	rm -rf $(B)/$(DIST)
	mkdir -p $(B)/$(DIST)
	git ls-files -z | xargs -0 cp --parents -Pt $(B)/$(DIST)
	cp $(PAGES:%=$(B)/man/%) $(B)/$(DIST)/man
	tar -C $(B) --sort=name --owner=0 --group=0 --numeric-owner \
		-czf $(B)/$(DIST).tar.gz $(DIST)
	rm -r $(B)/$(DIST)
	@echo $(B)/$(DIST).tar.gz

clean:
	rm -rf $(B)

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
.DELETE_ON_ERROR:
.PHONY: all man check check-asan lint fuzz bench demo evaluate matrix services vm-kernel \
	check-pages deb dist install uninstall clean tools-for-tests
