#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: build.sh FLAVOUR...
#
# Builds the benchmark's modules against Debian's headers of each flavour and
# this tree's own modules, outside the tree, with W=1 and, where sparse is
# installed, C=1. Any warning is an error. Prints one directory per flavour,
# which holds the .ko files. The flavours are those of tools/testbed/modules.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../testbed/env.sh"

HARMLESS="the compiler differs from the one used to build the kernel"

# What the tree's modules were built against
release_of() {
	PATH=$PATH:/sbin:/usr/sbin modinfo -F vermagic "$1/kmcl.ko" | cut -d' ' -f1
}

copy_sources() {
	rm -rf "$1"
	mkdir -p "$1"
	(cd "$TOP" && find include tools/bench -type f \( -name '*.[ch]' -o -name 'Kbuild*' \) -print0 |
		cpio --quiet --null -pdm "$1")
}

compile() {
	local release=$1 modules=$2 dir=$3 check=0 wdk=n
	if command -v sparse >/dev/null; then check=1; fi
	if grep -qw VmbPacketSend "$modules/Module.symvers"; then wdk=y; fi
	make -C "/lib/modules/$release/build" "M=$dir/tools/bench" "BENCH_WDK=$wdk" \
		"KBUILD_EXTRA_SYMBOLS=$modules/Module.symvers" W=1 "C=$check" -j"$(nproc)" modules
}

build() {
	local flavour=$1 modules release dir log
	modules=$("$TESTBED/modules.sh" --copy "$KMCL_BUILD/bench/modules-$flavour" "$flavour")
	release=$(release_of "$modules")
	dir=$KMCL_BUILD/bench/$flavour
	log=$KMCL_BUILD/logs/bench-$flavour.log
	copy_sources "$dir"
	if ! compile "$release" "$modules" "$dir" >"$log" 2>&1; then
		{ grep -E 'error|Error' "$log" || cat "$log"; } | tail -n 12 >&2
		die "the benchmark does not build for $flavour: see $log"
	fi
	if grep -iE 'warning|error:' "$log" | grep -v "$HARMLESS" >&2; then
		die "the benchmark builds for $flavour with warnings: see $log"
	fi
	printf '%s\n' "$dir"
}

main() {
	local flavour
	help_if_asked "$@"
	[ $# -gt 0 ] || die "which flavours? one or more of: $FLAVOURS"
	for flavour; do
		known_flavour "$flavour"
	done
	for flavour; do
		with_lock "bench-$(basename "$KMCL_BUILD")-$flavour" build "$flavour"
	done
}

main "$@"; exit
