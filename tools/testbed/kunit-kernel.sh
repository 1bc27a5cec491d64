#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the kernel that the KUnit suites run on and keeps it in the cache.
set -euo pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
readonly top
readonly package=${KMCL_KUNIT_SOURCE:-linux-source-6.12}
readonly cache=${KMCL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kmcl}
readonly recipe=1			# raise it when this script builds differently

fragment=$top/kunit/configs/kunit.config
jobs=$(nproc)
force=no
only_where=no

usage() {
	cat <<-TEXT
	usage: tools/testbed/kunit-kernel.sh [options]

	Builds the KUnit kernel from Debian's $package and a configuration fragment
	on top of tinyconfig, unless the cache already has it. The last line on standard
	output is the directory: build/ is the kernel's build tree (make -C build M=...),
	bzImage the kernel. Everything else goes to standard error.

	  --config FILE   the fragment (default kunit/configs/kunit.config)
	  --jobs N        compile N files at once (default: number of CPUs, $jobs)
	  --where         print the directory and exit: 0 if it is built, 1 if not
	  --force         build again even if the cache has it
	  --help          this text

	environment:
	  KMCL_CACHE          where built kernels are kept ($cache)
	  KMCL_KUNIT_SOURCE   the package with the source ($package)
	TEXT
}

say() { printf 'kunit-kernel: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

parse_args() {
	while (($#)); do
		case $1 in
		--config|--jobs)
			(($# > 1)) || die "$1 needs a value; see --help"
			[[ $1 == --config ]] && fragment=$2 || jobs=$2
			shift ;;
		--where) only_where=yes ;;
		--force) force=yes ;;
		--help|-h) usage; exit 0 ;;
		*) die "unknown argument '$1'; see --help" ;;
		esac
		shift
	done
	[[ -r $fragment ]] || die "cannot read the configuration fragment $fragment"
	[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "--jobs wants a number above 0, not '$jobs'"
}

need_tools() {
	local tool missing=()
	for tool in gcc make flex bison bc xz tar flock sha256sum; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	((${#missing[@]} == 0)) ||
		die "missing: ${missing[*]}. Install them with:" \
		    "apt-get install build-essential flex bison bc libelf-dev xz-utils util-linux"
	printf '#include <gelf.h>\n' | gcc -E -o /dev/null - 2>/dev/null ||
		die "missing: gelf.h. Install it with: apt-get install libelf-dev"
}

# The package's version: of the installed one, else of the one apt offers.
source_version() {
	local v
	if [[ -e /usr/src/$package.tar.xz ]]; then
		v=$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null) || v=
	fi
	[[ ${v:-} ]] ||
		v=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
	[[ $v && $v != '(none)' ]] ||
		die "neither installed nor known to apt: $package. Try: apt-get update"
	printf '%s\n' "$v"
}

# A kernel is the same if source, fragment, compiler and recipe are the same.
config_hash() {
	{ cat -- "$fragment"; gcc -dumpfullversion; echo "$recipe"; } |
		sha256sum | cut -c1-12
}

# Prints the path of the source tarball; fetches the package where it is not installed.
source_tarball() {
	local dir=$1 deb
	if [[ -e /usr/src/$package.tar.xz ]]; then
		printf '%s\n' "/usr/src/$package.tar.xz"
		return
	fi
	mkdir -p "$dir/package"
	say "$package is not installed: downloading it"
	(cd "$dir/package" && apt-get -q download "$package" >&2) ||
		die "apt-get could not download $package. Try: apt-get update," \
		    "or install it: apt-get install $package"
	for deb in "$dir/package/"*.deb; do
		dpkg-deb -x "$deb" "$dir/package"
		rm -f -- "$deb"
	done
	printf '%s\n' "$dir/package/usr/src/$package.tar.xz"
}

# Everything Kconfig and an x86 build ask for; not the bulk that is never compiled.
unpack() {
	local tarball=$1 dir=$2
	say "unpacking $(basename -- "$tarball")"
	mkdir -p "$dir/build"
	xz -T0 -dc -- "$tarball" | tar -x -C "$dir/build" --strip-components=1 \
		--exclude='*/drivers/gpu/*.[chS]' --exclude='*/drivers/media/*.[chS]' \
		--exclude='*/drivers/net/*.[ch]' --exclude='*/sound/*.[ch]' \
		--exclude='*/drivers/infiniband/*.[ch]' --exclude='*/drivers/staging/*.[ch]' \
		--exclude='*/arch/*/boot/dts/*.dts*' --exclude='*/dt-bindings/*.yaml' \
		--exclude='*/Documentation/*.rst' --exclude='*/tools/testing/selftests/*.[chS]' \
		--exclude='*/tools/perf/*'
}

# Compares the fragment with what olddefconfig made of it, line by line.
check_config() {
	local config=$1 line name lost=0
	while IFS= read -r line; do
		case $line in
		CONFIG_*=*)
			name=${line%%=*}
			grep -qxF -- "$line" "$config" && continue
			say "lost: $line (now: $(grep -E "^(# )?${name}[= ]" "$config" ||
				echo 'not offered'))" ;;
		'# CONFIG_'*' is not set')
			name=${line#\# }; name=${name%% *}
			grep -q "^$name=" "$config" || continue
			say "came back: $(grep "^$name=" "$config") (wanted: $line)" ;;
		*) continue ;;
		esac
		lost=$((lost + 1))
	done <"$fragment"
	((lost == 0)) ||
		die "$lost option(s) of $fragment did not survive olddefconfig: something they" \
		    "depend on is off, or something else selects or forbids them (SLUB_TINY does)." \
		    "Add what is missing to the fragment"
}

configure() {
	local dir=$1
	say "configuring: tinyconfig + $(basename -- "$fragment")"
	make -s -C "$dir/build" tinyconfig >"$dir/config.log" 2>&1 ||
		die "make tinyconfig failed; see $dir/config.log"
	grep -v '^# [^C]' "$fragment" >>"$dir/build/.config"
	make -s -C "$dir/build" olddefconfig >>"$dir/config.log" 2>&1 ||
		die "make olddefconfig failed; see $dir/config.log"
	check_config "$dir/build/.config"
}

# Says every 15 seconds how far the compiler is.
watch_build() {
	local log=$1 pid=$2 began=$SECONDS next=15
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		((SECONDS - began >= next)) || continue
		next=$((next + 15))
		say "$((SECONDS - began)) s: $(wc -l <"$log") files," \
		    "now $(tail -n 1 -- "$log" | awk '{ print $NF }')"
	done
}

compile() {
	local dir=$1 pid
	say "compiling with $jobs jobs (6 to 8 minutes on two cores)"
	nice make -C "$dir/build" -j "$jobs" bzImage modules >"$dir/build.log" 2>&1 &
	pid=$!
	trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
	watch_build "$dir/build.log" "$pid"
	if ! wait "$pid"; then
		tail -n 20 -- "$dir/build.log" >&2
		die "the kernel did not compile; the whole log is $dir/build.log"
	fi
	trap - INT TERM
	cp -- "$dir/build/arch/x86/boot/bzImage" "$dir/bzImage"
	make -s -C "$dir/build" kernelrelease >"$dir/release"
}

# Built beside its place and renamed: what is there is complete.
build() {
	local target=$1 work=$1.building began=$SECONDS
	rm -rf -- "$work"
	mkdir -p "$work"
	unpack "$(source_tarball "$work")" "$work"
	rm -rf -- "$work/package"
	configure "$work"
	compile "$work"
	rm -rf -- "$target"
	mv -T -- "$work" "$target"
	say "built $(cat -- "$target/release") in $((SECONDS - began)) s"
}

main() {
	local version target
	parse_args "$@"
	version=$(source_version)
	target=$cache/kunit-${version//[^A-Za-z0-9.+-]/_}-$(config_hash)
	if [[ $only_where == yes ]]; then
		printf '%s\n' "$target"
		[[ -e $target/bzImage ]]
		return
	fi
	if [[ $force == yes || ! -e $target/bzImage ]]; then
		need_tools
		mkdir -p "$cache"
		exec 9>"$target.lock"
		flock -n 9 || { say "another build of this kernel is running: waiting for it"; flock 9; }
		if [[ $force == yes || ! -e $target/bzImage ]]; then
			say "building in $target"
			build "$target"
		fi
		exec 9>&-
	fi
	printf '%s\n' "$target"
}

main "$@"
