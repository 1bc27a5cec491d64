#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: kernels.sh FLAVOUR...
#
# Puts Debian's stock kernels into the cache, for booting test guests, without
# installing them: kernels/FLAVOUR/{vmlinuz,release,lib/modules/RELEASE}, and vmlinux,
# which is in vmlinuz, where that is packed with xz or zstd: emulated, a guest takes
# seconds to unpack it at each boot.
# Prints one directory per flavour. Flavours: 6.1-amd64, 6.1-cloud-amd64,
# 6.1-rt-amd64, 6.12-amd64, 6.12-cloud-amd64, 6.12-rt-amd64. And 6.12-debug and
# 6.12-gcov, which are not Debian's: what kunit-kernel.sh has built.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# The image package that the meta-package stands for, e.g. linux-image-6.1.0-56-amd64
image_package() {
	local meta
	meta=$(meta_package image "$1")
	apt-cache depends --no-recommends --no-suggests "$meta" 2>/dev/null |
		sed -n '0,/^ *Depends: linux-image-[0-9]/ s/^ *Depends: \(linux-image-[0-9].*\)/\1/p'
}

download() {
	local package=$1 dir=$2
	say "downloading $package"
	if ! (cd "$dir" && apt-get download -qq -o APT::Sandbox::User=root "$package" >&2); then
		return 1
	fi
}

# The headers on this machine must fit the kernel that is booted
installed_release() {
	dpkg-query -W -f '${Depends}\n' "$(meta_package headers "$1")" 2>/dev/null |
		sed -n 's/^linux-headers-\([^ ,]*\).*/\1/p'
}

unpack() {
	local flavour=$1 dir=$2 package release tmp=$2.tmp
	package=$(image_package "$flavour")
	release=$(installed_release "$flavour")
	[ -z "$release" ] || package=linux-image-$release
	[ -n "$package" ] ||
		die "no package $(meta_package image "$flavour") is known to apt: run apt-get update; if Debian has dropped it, adjust meta_package in tools/testbed/env.sh"
	rm -rf "$tmp"
	mkdir -p "$tmp/deb"
	download "$package" "$tmp/deb" ||
		die "cannot download $package: apt-get update, then upgrade $(meta_package headers "$flavour"), since its kernel is no longer offered"
	say "unpacking $package"
	dpkg-deb -x "$tmp"/deb/*.deb "$tmp/root"
	release=${package#linux-image-}
	mkdir -p "$tmp/lib/modules"
	mv "$tmp/root/boot/vmlinuz-$release" "$tmp/vmlinuz"
	mv "$tmp/root/boot/config-$release" "$tmp/config"
	mv "$tmp/root/lib/modules/$release" "$tmp/lib/modules/"
	rm -rf "$tmp/root" "$tmp/deb"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$tmp" "$release"
	printf '%s\n' "$release" >"$tmp/release"
	rm -rf "$dir"
	mv "$tmp" "$dir"
}

# number FILE BYTES OFFSET: in the setup header (Documentation/arch/x86/boot.rst in Linux)
number() { od -An -v -tu"$2" -N"$2" -j"$3" "$1" | tr -d ' '; }

bytes() { dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none; }

# The payload's last 4 bytes are the size that it is to have
unpack_image() {
	local dir=$1 from=$1/vmlinuz offset length packer
	[ ! -e "$dir/vmlinux" ] || return 0
	offset=$((($(number "$from" 1 0x1f1) + 1) * 512 + $(number "$from" 4 0x248)))
	length=$(($(number "$from" 4 0x24c) - 4))
	case $(bytes "$from" "$offset" 4 | od -An -tx1 | tr -d ' ') in
	fd377a58) packer=xz ;;
	28b52ffd) packer=zstd ;;
	*) return 0 ;;
	esac
	bytes "$from" "$offset" "$length" | "$packer" -dcq >"$dir/vmlinux.tmp"
	[ "$(stat -c %s "$dir/vmlinux.tmp")" = "$(number "$from" 4 $((offset + length)))" ] ||
		die "$from: its payload is not what its header says"
	mv "$dir/vmlinux.tmp" "$dir/vmlinux"
}

# A cached kernel stays good until the headers on this machine are for another one
is_current() {
	local dir=$1 flavour=$2 want
	[ -f "$dir/release" ] || return 1
	want=$(installed_release "$flavour")
	[ -z "$want" ] || [ "$want" = "$(cat "$dir/release")" ]
}

# A kernel of kunit-kernel.sh, laid out as the others are. Each has its own directory, so that
# trees with different fragments share a cache
ensure_built() {
	local built=$1 dir=$2 release
	[ ! -e "$dir" ] || return 0
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp"
	PATH=$PATH:/sbin:/usr/sbin make -s -C "$built/build" INSTALL_MOD_PATH="$dir.tmp" modules_install >&2
	release=$(ls "$dir.tmp/lib/modules")
	rm -f "$dir.tmp/lib/modules/$release"/{build,source}
	cp "$built/bzImage" "$dir.tmp/vmlinuz"
	printf '%s\n' "$release" >"$dir.tmp/release"
	mv "$dir.tmp" "$dir"
}

ensure() {
	local flavour=$1 dir=$KMCL_CACHE/kernels/$1 built
	mkdir -p "$KMCL_CACHE/kernels"
	if built=$(kunit_kernel "$flavour"); then
		dir=$KMCL_CACHE/kernels/$(basename "$built")
		ensure_built "$built" "$dir"
	else
		is_current "$dir" "$flavour" || unpack "$flavour" "$dir"
	fi
	unpack_image "$dir"
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
		with_lock "kernel-$flavour" ensure "$flavour"
	done
}

main "$@"; exit
