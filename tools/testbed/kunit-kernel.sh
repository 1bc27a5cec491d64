#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: kunit-kernel.sh [--where] [--force] [--config FILE]... [--jobs N] [NAME]
#        kunit-kernel.sh --source DIR
#
# Builds a kernel that the KUnit suites run on, from Debian's linux-source-6.12 and
# configuration fragments on top of tinyconfig, kunit/configs/common.config and
# NAME.config, unless the cache has it. NAME is debug (default), kcsan, rt, gcov, or
# kasan, which is debug and KASAN. The source package is downloaded if it is not installed. Prints a directory: in it
# bzImage is the kernel, and build/ its tree, to build modules with (make -C).
#
# --where        print the directory and exit; fails if it is not there yet
# --force        build again
# --config FILE  one more fragment after these
# --jobs N       compile N files at once (default: one per CPU)
# --source DIR   build nothing, but unpack the source there, as clean as it came
#
# Environment: KMCL_CACHE, where built kernels are kept (~/.cache/kmcl).

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

PACKAGE=linux-source-6.12
RECIPE=3		# raise it when this script builds differently

CONFIGS=$TOP/kunit/configs

name=debug
fragments=()
jobs=$(nproc)
# KASAN does not look at the other checkers: in them a machine that checks everything spends
# most of its time
unchecked=()
CHECKERS="lockdep kmemleak debugobjects unwind_frame stacktrace"

need_tools() {
	local tool missing=()
	for tool in gcc make flex bison bc xz tar sha256sum; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] || die "missing: ${missing[*]}: run tools/testbed/packages.sh"
	echo '#include <gelf.h>' | gcc -E -o /dev/null - 2>/dev/null ||
		die "missing: the headers of libelf: run tools/testbed/packages.sh"
}

# Of the installed package, else of the one that apt offers
source_version() {
	local version=
	[ ! -e "/usr/src/$PACKAGE.tar.xz" ] ||
		version=$(dpkg-query -W -f '${Version}' "$PACKAGE" 2>/dev/null || true)
	[ -n "$version" ] ||
		version=$(apt-cache policy "$PACKAGE" 2>/dev/null | sed -n 's/^ *Candidate: //p')
	case $version in
	'' | '(none)') die "$PACKAGE is neither installed nor known to apt: run apt-get update" ;;
	esac
	printf '%s\n' "$version"
}

# What the fragments say, without their comments; where two differ, the later one is right
settings() {
	grep -hE '^(CONFIG_|# CONFIG_[A-Z0-9_]* is not set)' "${fragments[@]}" | awk '
	{ name = $0; sub(/^# /, "", name); sub(/[ =].*/, "", name); line[NR] = $0; of[NR] = name; last[name] = NR }
	END { for (i = 1; i <= NR; i++) if (last[of[i]] == i) print line[i] }'
}

# Kernels are the same if source, settings, compiler and recipe are the same
directory() {
	local version hash
	version=$(source_version)
	hash=$({ settings | sort; gcc -dumpfullversion; echo "$RECIPE${unchecked[*]-}"; } | sha256sum | cut -c1-12)
	printf '%s/kunit-%s-%s-%s\n' "$KMCL_CACHE" "$name" "${version//[^A-Za-z0-9.+-]/_}" "$hash"
}

# The source's tarball, unpacked from its package if that is not installed
tarball() {
	local dir=$1
	if [ -e "/usr/src/$PACKAGE.tar.xz" ]; then
		printf '%s\n' "/usr/src/$PACKAGE.tar.xz"
		return
	fi
	say "$PACKAGE is not installed: downloading it"
	mkdir -p "$dir"
	(cd "$dir" && apt-get download -qq -o APT::Sandbox::User=root "$PACKAGE" >&2) ||
		die "cannot download $PACKAGE: run apt-get update and try again"
	dpkg-deb -x "$dir/"*.deb "$dir"
	printf '%s\n' "$dir/usr/src/$PACKAGE.tar.xz"
}

# All that Kconfig and an x86 build read, without the bulk that is never compiled
unpack() {
	local tarball=$1 build=$2 dir exclude=()
	say "unpacking $(basename "$tarball")"
	for dir in drivers/{gpu,media,net,infiniband,staging} sound tools/testing/selftests \
		arch/{alpha,arc,arm,arm64,csky,hexagon,loongarch,m68k,microblaze,mips,nios2} \
		arch/{openrisc,parisc,powerpc,riscv,s390,sh,sparc,um,xtensa}; do
		exclude+=("--exclude=$PACKAGE/$dir/*.[chS]")
	done
	mkdir -p "$build"
	xz -T0 -dc "$tarball" | tar -x -C "$build" --strip-components=1 "${exclude[@]}" \
		--exclude='*.dts*' --exclude='*.rst' --exclude='*.yaml'
}

# What olddefconfig made of the fragments, line by line
check_config() {
	local config=$1 line name lost=0
	while IFS= read -r line; do
		case $line in
		CONFIG_*=*)
			name=${line%%=*}
			grep -qxF "$line" "$config" && continue
			say "lost: $line (now: $(grep -E "^(# )?${name}[= ]" "$config" || echo 'not offered'))" ;;
		'# CONFIG_'*' is not set')
			name=${line#\# }
			name=${name%% *}
			grep -q "^$name=" "$config" || continue
			say "came back: $(grep "^$name=" "$config")" ;;
		esac
		lost=$((lost + 1))
	done < <(settings)
	[ "$lost" -eq 0 ] ||
		die "$lost options of ${fragments[*]} did not survive olddefconfig. What they depend on is off, or something else forces or forbids them (as SLUB_TINY does): say so in the fragment"
}

configure() {
	local build=$1 log=$2
	say "configuring: tinyconfig, $(basename -s .config -a "${fragments[@]}" | paste -sd' ')"
	make -s -C "$build" tinyconfig >"$log" 2>&1 || die "make tinyconfig failed: see $log"
	settings >>"$build/.config"
	make -s -C "$build" olddefconfig >>"$log" 2>&1 || die "make olddefconfig failed: see $log"
	check_config "$build/.config"
}

# A line every 15 seconds until the compiler is done
watch() {
	local log=$1 pid=$2 began=$SECONDS next=15
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		[ $((SECONDS - began)) -ge "$next" ] || continue
		next=$((next + 15))
		say "$((SECONDS - began)) s: $(wc -l <"$log") of about 1700 steps, now $(tail -n 1 "$log" | awk '{ print $NF }')"
	done
}

compile() {
	local build=$1 log=$2 pid
	say "compiling with $jobs jobs: 5 to 12 minutes on two CPUs"
	nice make -C "$build" -j "$jobs" ${unchecked[@]+"${unchecked[@]}"} bzImage modules >"$log" 2>&1 &
	pid=$!
	trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
	watch "$log" "$pid"
	if ! wait "$pid"; then
		tail -n 20 "$log" >&2
		die "the kernel does not compile: see $log"
	fi
	trap - INT TERM
}

# Built beside its place and renamed, so that what is there is complete
build() {
	local target=$1 work=$1.building began=$SECONDS
	[ ! -e "$target" ] || [ "$force" = yes ] || return 0
	need_tools
	rm -rf "$work"
	mkdir -p "$work"
	unpack "$(tarball "$work/package")" "$work/build"
	rm -rf "$work/package"
	configure "$work/build" "$work/config.log"
	compile "$work/build" "$work/build.log"
	cp "$work/build/arch/x86/boot/bzImage" "$work/bzImage"
	rm -rf "$target"
	mv -T "$work" "$target"
	say "built in $((SECONDS - began)) s: $target"
}

# Apart from what is never compiled for x86
unpack_to() {
	local dir=$1
	[ ! -e "$dir" ] || die "$dir is there already"
	command -v xz >/dev/null || die "missing: xz: run tools/testbed/packages.sh"
	mkdir -p "$dir"
	unpack "$(tarball "$dir/package")" "$dir"
	rm -rf "$dir/package"
}

main() {
	local target force=no where=no fragment more=()
	help_if_asked "$@"
	if [ "${1:-}" = --source ]; then
		[ $# -eq 2 ] || die "--source takes a directory, and nothing else; see --help"
		unpack_to "$2"
		return
	fi
	while [ $# -gt 0 ]; do
		case $1 in
		--where) where=yes ;;
		--force) force=yes ;;
		--config | --jobs)
			[ $# -gt 1 ] || die "$1 takes a value; see --help"
			if [ "$1" = --jobs ]; then jobs=$2; else more+=("$2"); fi
			shift ;;
		-*) die "unknown option '$1'; see --help" ;;
		*) name=$1 ;;
		esac
		shift
	done
	[ "$name" != common ] && [ -e "$CONFIGS/$name.config" ] ||
		die "unknown kernel '$name'; known: $(basename -s .config -a "$CONFIGS"/*.config | grep -vx common | paste -sd' ')"
	fragments=("$CONFIGS/common.config")
	if [ "$name" = kasan ]; then
		fragments+=("$CONFIGS/debug.config")
		mapfile -t unchecked < <(printf 'KASAN_SANITIZE_%s.o=n\n' $CHECKERS)
	fi
	fragments+=("$CONFIGS/$name.config" ${more[@]+"${more[@]}"})
	for fragment in "${fragments[@]}"; do
		[ -r "$fragment" ] || die "cannot read the fragment $fragment"
	done
	case $jobs in
	'' | *[!0-9]* | 0*) die "--jobs takes a number above 0, not '$jobs'" ;;
	esac
	case $KMCL_CACHE in
	*[[:space:]]*) die "kbuild cannot work in a path with spaces: set KMCL_CACHE to another place than '$KMCL_CACHE'" ;;
	esac
	target=$(directory)
	if [ "$where" = no ] && { [ "$force" = yes ] || [ ! -e "$target" ]; }; then
		say "kunit: building the $name kernel (once)"
		with_lock "$(basename "$target")" build "$target"
	fi
	printf '%s\n' "$target"
	[ -e "$target" ]
}

main "$@"; exit
