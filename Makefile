# SPDX-License-Identifier: GPL-2.0-only
# What a person types. Kbuild says how the modules are built.

KDIR ?= /lib/modules/$(shell uname -r)/build
TESTBED = tools/testbed
T ?=
K ?= kasan

.DEFAULT_GOAL = all
.PHONY: all modules modules_install install hvhost demo guest test test-all kunit mutants coverage unit fuzz bench packages clean help

all: modules hvhost

# For the kernel that KDIR points to; modules for test guests are built elsewhere
modules:
	@[ -d "$(KDIR)" ] || { \
		echo "no kernel headers at $(KDIR): install linux-headers for this kernel, or name others," >&2; \
		echo "as in: make KDIR=/lib/modules/6.1.0-9-amd64/build" >&2; exit 1; }
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

modules_install install: modules
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules_install

hvhost:
	$(MAKE) -C tools/hvhost

demo:
	@$(TESTBED)/demo

guest:
	@$(TESTBED)/guest

test:
	@$(TESTBED)/run-tests $(if $(strip $(T)),"$(T)")

test-all:
	@FUZZ_SECONDS="$${FUZZ_SECONDS:-300}" $(TESTBED)/run-tests --all $(if $(strip $(T)),"$(T)")

kunit:
	@$(TESTBED)/packages.sh test
	@$(TESTBED)/kunit.sh --kernel "$(K)"

mutants:
	@$(TESTBED)/packages.sh test
	@$(TESTBED)/packages.sh unit
	@$(TESTBED)/mutants.sh $(if $(strip $(T)),"$(T)")

coverage:
	@$(TESTBED)/packages.sh coverage
	@$(TESTBED)/coverage.sh

unit:
	@$(TESTBED)/packages.sh unit
	@$(MAKE) --no-print-directory -s -C tools/unit unit

fuzz:
	@$(TESTBED)/packages.sh unit
	@$(MAKE) --no-print-directory -s -k -C tools/unit fuzz

bench:
	@tools/bench/bench

packages:
	@$(TESTBED)/packages.sh test

clean:
	@[ ! -d "$(KDIR)" ] || $(MAKE) -C "$(KDIR)" M="$(CURDIR)" clean
	$(MAKE) -C tools/hvhost clean

help:
	@echo "make                 the modules for this kernel (KDIR=... for another) and hvhost"
	@echo "make install         the modules, into the kernel's module directory"
	@echo "make hvhost          the test host: tools/hvhost"
	@echo "make demo            build all, boot a Hyper-V guest, run every sample, print a table"
	@echo "make guest           the same guest with a shell on the console"
	@echo "make test [T=name]   every test, or those whose name matches (shell patterns)"
	@echo "make test-all        these and the ones that take long: every KUnit kernel, every flavour, fuzzing for FUZZ_SECONDS (300)"
	@echo "make kunit [K=name]  the unit tests of the modules, in a kernel of their own: kasan, debug, kcsan, rt, gcov"
	@echo "make mutants [T=...] breaks each rule of the design on purpose, and sees a unit test fail by name"
	@echo "make coverage        which lines and branches of drivers/ the tests reach, as HTML"
	@echo "make unit            the unit tests of what only computes, in user space, in seconds"
	@echo "make fuzz            the same code fuzzed, FUZZ_SECONDS (60) for each target"
	@echo "make bench           what a packet costs: instructions, VM exits, allocations; raw, kmcl, Windows face"
	@echo "make packages        install, or print, the Debian packages that the tests need"
	@echo "make clean           remove what was built in the tree"
	@echo "Built kernels and downloads are kept in \$$KMCL_CACHE (~/.cache/kmcl)."
