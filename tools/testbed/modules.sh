#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: modules.sh [--force] FLAVOUR...
#        modules.sh --copy DIR FLAVOUR
#
# Builds all modules of this tree, kmcl_check among them, against Debian's headers
# of each flavour, in a copy outside the tree, with W=1 and, where sparse is installed, C=1. Any
# warning is an error. Prints one directory per flavour, which holds the .ko
# files. What was built from the same sources against the same headers is kept;
# --force builds anyway.
#
# The next build, of any command in this tree, may take the directory away: who only
# reads from it at once may do so. --copy puts what others need, the .ko files side by
# side, Module.symvers and include/, into a new directory DIR before that can happen,
# and prints DIR.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

SOURCES="Kbuild drivers include samples tools/testbed/checks"
force=no copy=

# The compiler's build number may differ from the kernel's; that is no fault of ours
HARMLESS="the compiler differs from the one used to build the kernel"

# The directory that modules are built with
headers_of() {
	local built
	if built=$(kunit_kernel "$1"); then
		printf '%s/build\n' "$built"
	else
		printf '/lib/modules/%s/build\n' "$2"
	fi
}

release_of() {
	local meta release built
	if built=$(kunit_kernel "$1"); then
		basename "$built"
		return
	fi
	meta=$(meta_package headers "$1")
	release=$(dpkg-query -W -f '${Depends}\n' "$meta" 2>/dev/null |
		sed -n 's/^linux-headers-\([^ ,]*\).*/\1/p')
	[ -n "$release" ] || die "package $meta is not installed: run tools/testbed/packages.sh"
	[ -d "/lib/modules/$release/build" ] || die "/lib/modules/$release/build is missing: reinstall linux-headers-$release"
	printf '%s\n' "$release"
}

source_files() {
	local name
	(cd "$TOP" && for name in $SOURCES; do
		[ ! -e "$name" ] || find "$name" -type f \( -name '*.[chS]' -o -name 'Kbuild*' -o -name 'Makefile*' -o -name '*.sh' -o -name '*.in' \) -print0
	done) | LC_ALL=C sort -z
}

fingerprint() {
	{
		printf '%s\n' "$1"
		(cd "$TOP" && source_files | xargs -0 -r cksum)
		cksum <"$TESTBED/modules.sh"
		command -v sparse || true
	} | cksum
}

copy_sources() {
	rm -rf "$1"
	mkdir -p "$1"
	(cd "$TOP" && source_files | cpio --quiet --null -pdm "$1")
}

compile() {
	local flavour=$1 release=$2 dir=$3 check=0 profile=()
	# Debian's headers have seen sparse already
	if [[ " $FLAVOURS " = *" $flavour "* ]] && command -v sparse >/dev/null; then check=1; fi
	[ "$flavour" != 6.12-gcov ] || profile=(GCOV_PROFILE=y)		# of these modules alone
	make -C "$(headers_of "$flavour" "$release")" "M=$dir" KMCL_CHECKS=y W=1 "C=$check" \
		${profile[@]+"${profile[@]}"} -j"$(nproc)" modules
}

# built_modules DIR: everything that was to be built, as paths in DIR, one a line
built_modules() {
	[ -s "$1/modules.order" ] || return
	sed "s|^$1/||;s/\.o\$/.ko/" "$1/modules.order"
}

check_complete() {
	local dir=$1 path
	[ -n "$(built_modules "$dir")" ] || die "nothing was built in $dir"
	built_modules "$dir" | while IFS= read -r path; do
		[ -s "$dir/$path" ] || die "$path was not built in $dir"
	done
}

copy_to() {
	local to=$1 dir=$2
	rm -rf "$to" "$to.tmp"
	mkdir -p "$to.tmp"
	(cd "$dir" && built_modules "$dir" | tr '\n' '\0' | xargs -0 cp -t "$to.tmp" &&
		cp -r Module.symvers include "$to.tmp/")
	mv "$to.tmp" "$to"
}

# Under the lock, so that no other build comes between
build_and_hand_over() {
	build "$1"
	check_complete "$KMCL_BUILD/modules/$1"
	[ -z "$copy" ] || copy_to "$copy" "$KMCL_BUILD/modules/$1"
	printf '%s\n' "${copy:-$KMCL_BUILD/modules/$1}"
}

build() {
	local flavour=$1 release dir log print
	release=$(release_of "$flavour")
	dir=$KMCL_BUILD/modules/$flavour
	log=$KMCL_BUILD/logs/modules-$flavour.log
	print=$(fingerprint "$release")
	if [ "$force" = no ] && [ "$print" = "$(cat "$dir.built" 2>/dev/null)" ]; then return; fi
	mkdir -p "$KMCL_BUILD/logs"
	rm -f "$dir.built"
	say "building the modules for $flavour ($release)"
	copy_sources "$dir"
	if ! compile "$flavour" "$release" "$dir" >"$log" 2>&1; then
		{ grep -E 'error|Error' "$log" || cat "$log"; } | tail -n 12 >&2
		die "the modules do not build for $flavour: see $log"
	fi
	if grep -iE 'warning|error:' "$log" | grep -v "$HARMLESS" >&2; then
		die "the modules build for $flavour with warnings: see $log"
	fi
	printf '%s' "$print" >"$dir.built"
}

main() {
	local flavour
	help_if_asked "$@"
	if [ "${1:-}" = --force ]; then force=yes; shift; fi
	if [ "${1:-}" = --copy ]; then
		[ $# -eq 3 ] || die "--copy takes a directory and one flavour"
		case $2 in /*) copy=$2 ;; *) copy=$PWD/$2 ;; esac
		shift 2
	fi
	[ $# -gt 0 ] || die "which flavours? one or more of: $FLAVOURS"
	case $KMCL_BUILD in
	*[[:space:]]*) die "kbuild cannot work in a path with spaces: set KMCL_CACHE to another place than '$KMCL_CACHE'" ;;
	esac
	for flavour; do
		known_flavour "$flavour"
	done
	for flavour; do
		with_lock "modules-$(basename "$KMCL_BUILD")-$flavour" build_and_hand_over "$flavour"
	done
}

main "$@"; exit
