# SPDX-License-Identifier: GPL-2.0
# kpac: the module and its tools. "make help" says what there is.

SHELL := /bin/bash
DESTDIR ?=
PREFIX ?= /usr/local

# The kernel to build for: KDIR=, else the running one, else the newest whose
# headers are installed, else the one of the test VM.
running_kdir = $(firstword $(wildcard /lib/modules/$(shell uname -r)/build))
newest_kdir = $(shell for d in /lib/modules/*/build /usr/src/linux-headers-*; do \
	[ -e $$d/Module.symvers ] && \
	echo "$$(cat $$d/include/config/kernel.release) $$d"; done | \
	sort -V | tail -n 1 | cut -d ' ' -f 2)
vm_kdir = $(shell . scripts/common.sh; ref_kdir)
ifeq ($(origin KDIR),undefined)
KDIR := $(or $(running_kdir),$(newest_kdir),$(vm_kdir))
endif
KREL = $(or $(shell cat "$(KDIR)/include/config/kernel.release" 2>/dev/null),$(error \
	no kernel headers found: run scripts/deps.sh build, or set KDIR=))
KBUILD = $(MAKE) -C "$(KDIR)" M="$(CURDIR)"
MODDIR = $(DESTDIR)/lib/modules/$(KREL)/updates
# What modules with handlers of their own are built with, see examples/handler.
HEADERS = $(DESTDIR)/usr/src/kpac-headers
EXAMPLE_HEADERS = $(CURDIR)/examples/installed

export PREFIX DESTDIR

all: module tools

module:
	@echo "kpac: building for $(KREL) ($(KDIR))"
	+$(KBUILD) modules

tools:
	$(MAKE) -C userspace all

# As others build theirs: from nothing but what is installed.
examples: module
	$(MAKE) install-headers HEADERS="$(EXAMPLE_HEADERS)"
	$(MAKE) -C examples/handler KDIR="$(KDIR)" KPAC="$(EXAMPLE_HEADERS)"

install: install-module install-headers install-tools

install-module: module
	install -D -m 644 kpac.ko "$(MODDIR)/kpac.ko"
	strip --strip-debug "$(MODDIR)/kpac.ko"
	[ -n "$(DESTDIR)" ] || depmod "$(KREL)"

install-headers: module
	install -D -m 644 -t "$(HEADERS)/include/kpac" kmod/handler.h kmod/view.h
	install -D -m 644 -t "$(HEADERS)/include/uapi/linux" uapi/linux/kpac.h
	install -D -m 644 -t "$(HEADERS)/$(KREL)" Module.symvers

install-tools: tools
	$(MAKE) -C userspace install

uninstall:
	rm -f "$(MODDIR)/kpac.ko"
	rm -rf "$(HEADERS)"
	[ -n "$(DESTDIR)" ] || depmod "$(KREL)"
	$(MAKE) -C userspace uninstall

check:
	selftests/run.sh $(T)

bench:
	bench/run.sh $(B)

demo:
	scripts/demo.sh

sparse checkpatch warnings shellcheck:
	scripts/static.sh $@

clean: clean-module clean-examples
	$(MAKE) -C userspace clean

clean-module:
	[ ! -e "$(KDIR)" ] || $(KBUILD) clean

clean-examples:
	[ ! -e "$(KDIR)" ] || $(MAKE) -C examples/handler KDIR="$(KDIR)" \
		KPAC="$(EXAMPLE_HEADERS)" clean
	rm -rf "$(EXAMPLE_HEADERS)"

help:
	@echo 'make                  the module (kpac.ko) and the tools'
	@echo 'make install          both, and man page and completion; DESTDIR= PREFIX='
	@echo 'make examples         a module with a handler of its own, see examples/handler'
	@echo 'make uninstall        removes them'
	@echo 'make demo             what kpac does, in a VM (root; installs what is missing)'
	@echo 'make check [T=name]   all tests, or selftests/name.sh alone, in a VM (root)'
	@echo 'make bench B=forward  the benchmarks (root); B=transmit, table, reply, chain'
	@echo 'make warnings|sparse|checkpatch|shellcheck   one static check'
	@echo 'make clean            removes what was built here'
	@echo 'KDIR=dir ARCH=arch    another kernel than the running one;'
	@echo '                      a one-CPU UML of current mainline:'
	@echo '                      make module ARCH=um KDIR=$$(scripts/kernel.sh uml)'

.PHONY: all module tools examples install install-module install-headers \
	install-tools uninstall check bench demo sparse checkpatch warnings \
	shellcheck clean clean-module clean-examples help
