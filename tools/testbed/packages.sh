#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: packages.sh [--list] [build|guest|unit|test|coverage]
#
# Sees to it that the Debian packages are there which building the modules
# (build), booting a guest with them (guest, the demo), what runs in user space
# (unit: make unit, make fuzz), every test (test, default) or `make coverage`
# (coverage) needs. As root it installs what is missing and says what; otherwise it
# prints the one command to run and fails. --list only prints the names.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

BUILD="gcc make libc6-dev linux-headers-6.12-amd64"
GUEST="$BUILD sparse acpica-tools qemu-system-x86 busybox-static cpio xz-utils zstd kmod jq"
UNIT="gcc make libc6-dev clang libclang-rt-14-dev llvm"
TEST="$GUEST $UNIT linux-headers-amd64 linux-headers-cloud-amd64 linux-headers-rt-amd64
	linux-headers-6.12-cloud-amd64 linux-headers-6.12-rt-amd64
	kexec-tools dkms bc bison flex libelf-dev libssl-dev python3"
COVERAGE="$TEST lcov"

wanted() {
	case $1 in
	build) printf '%s\n' $BUILD ;;
	guest) printf '%s\n' $GUEST ;;
	unit) printf '%s\n' $UNIT ;;
	test) printf '%s\n' $TEST | sort -u ;;
	coverage) printf '%s\n' $COVERAGE | sort -u ;;
	*) die "unknown group '$1'; known: build, guest, unit, test, coverage" ;;
	esac
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing() {
	local package
	for package in $(wanted "$1"); do
		installed "$package" || printf '%s\n' "$package"
	done
}

# What apt would install; fails where its lists are empty or too old to know it
plan() { apt-get install -s -qq --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\).*/\1/p'; }

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

announce() {
	local images
	say "installing: $*"
	images=$(plan "$@" | grep -x 'linux-image-[0-9].*' | paste -sd' ' || true)
	[ -z "$images" ] ||
		say "note: Debian's 6.12 headers depend on their kernel images, so these come along and GRUB may boot the newest: $images"
}

install_missing() {
	plan "$@" >/dev/null || {
		say "reading the package lists (apt-get update)"
		apt-get update -qq
	}
	plan "$@" >/dev/null ||
		die "apt does not know all of: $* (Debian 12 with security updates has them)"
	announce "$@"
	apt_install "$@" && return
	say "that failed; reading the package lists (apt-get update) and trying once more"
	apt-get update -qq
	apt_install "$@" || die "apt-get install failed: see above"
}

main() {
	local group=test list=no arg packages
	help_if_asked "$@"
	for arg; do
		case $arg in
		--list) list=yes ;;
		*) group=$arg ;;
		esac
	done
	if [ "$list" = yes ]; then
		wanted "$group"
		return
	fi
	wanted "$group" >/dev/null
	command -v apt-get >/dev/null || die "this is not a Debian system: the test bed needs Debian 12's kernels and packages"
	packages=$(missing "$group" | paste -sd' ')
	[ -n "$packages" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		say "packages are missing; run:"
		say "    sudo apt-get update && sudo apt-get install --no-install-recommends $packages"
		exit 1
	fi
	# shellcheck disable=SC2086
	install_missing $packages
}

main "$@"; exit
