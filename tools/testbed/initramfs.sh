#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: initramfs.sh l1 OUTPUT
#        initramfs.sh guest FLAVOUR OUTPUT [MODULE.ko...]
#        initramfs.sh add OUTPUT NAME=FILE...
#
# Writes an initramfs (uncompressed: emulated CPUs are slow at unpacking).
# l1:    the middle floor: busybox, KVM, 9p, l1-init.
# guest: the Hyper-V guest: busybox, hv_vmbus and its drivers, guest-init,
#        and the modules named. The kernel takes several archives in one
#        file, so `add` writes one that is appended with cat.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

L1_MODULES="irqbypass kvm ccp kvm-amd 9pnet_virtio 9p"
GUEST_MODULES="hv_vmbus"
# The KUnit kernel has none of these
GUEST_EXTRAS="hv_utils hv_balloon uio_hv_generic"

pack() {
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0) >"$2.tmp"
	mv "$2.tmp" "$2"
}

busybox_tree() {
	local root=$1 busybox
	busybox=$(command -v busybox) || die "busybox is missing: run tools/testbed/packages.sh"
	mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,etc,lib/modules,root}
	cp "$busybox" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
}

# with_dependencies KERNELDIR NAME...: module files in the order to load them
with_dependencies() {
	local base=$1/lib/modules/$(cat "$1/release")
	shift
	awk -v wanted="$*" '
	function name(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
	function visit(path,   n, i, deps) {
		if (done[path]++) return
		n = split(needs[path], deps, " ")
		for (i = n; i >= 1; i--) visit(deps[i])
		print path
	}
	{ path = $1; sub(/:$/, "", path); file[name(path)] = path; $1 = ""; needs[path] = $0 }
	END {
		n = split(wanted, w, " ")
		for (i = 1; i <= n; i++) {
			gsub(/-/, "_", w[i])
			if (w[i] in file) visit(file[w[i]])
		}
	}' "$base/modules.dep"
}

# Unpacked here, on the host's own CPU
copy_module() {
	local name
	name=$(basename "$1")
	case $1 in
	*.xz) xz -dc "$1" >"$2/${name%.xz}" ;;
	*.zst) zstd -qdc "$1" >"$2/${name%.zst}" ;;
	*.gz) gzip -dc "$1" >"$2/${name%.gz}" ;;
	*) cp "$1" "$2/$name" ;;
	esac
}

# require KERNELDIR NAME...: each is a module of that kernel, or built in
require() {
	local base=$1/lib/modules/$(cat "$1/release") name known
	shift
	known=$(cat "$base/modules.dep" "$base/modules.builtin" | cut -d: -f1 | sed 's|.*/||;s/\.ko.*//' | tr - _)
	for name; do
		grep -Fxq "${name//-/_}" <<<"$known" || die "the kernel in $base has no module $name"
	done
}

kernel_modules() {
	local root=$1 kernel=$2 base path
	shift 2
	base=$kernel/lib/modules/$(cat "$kernel/release")
	with_dependencies "$kernel" "$@" | while read -r path; do
		copy_module "$base/$path" "$root/lib/modules"
		path=$(basename "$path")
		printf '%s\n' "${path%%.ko*}.ko"
	done >"$root/lib/modules/order"
}

make_l1() {
	local out=$1 kernel root
	kernel=$("$TESTBED/kernels.sh" "$L1_FLAVOUR")
	root=$(mktemp -d)
	busybox_tree "$root"
	require "$kernel" $L1_MODULES
	kernel_modules "$root" "$kernel" $L1_MODULES
	install -m 755 "$TESTBED/l1-init" "$root/init"
	pack "$root" "$out"
	rm -rf "$root"
}

make_guest() {
	local flavour=$1 out=$2 kernel root module
	shift 2
	kernel=$("$TESTBED/kernels.sh" "$flavour")
	root=$(mktemp -d)
	busybox_tree "$root"
	require "$kernel" $GUEST_MODULES
	kernel_modules "$root" "$kernel" $GUEST_MODULES $GUEST_EXTRAS
	for module; do
		[ -s "$module" ] || die "there is no module $module to pack"
		cp "$module" "$root/lib/modules/"
	done
	install -m 755 "$TESTBED/guest-init" "$root/init"
	install -m 755 "$TESTBED/guest-poweroff" "$root/sbin/poweroff"
	install -m 644 "$TESTBED/guest-lib" "$root/lib/guest"
	pack "$root" "$out"
	rm -rf "$root"
}

make_add() {
	local out=$1 root pair
	shift
	root=$(mktemp -d)
	for pair; do
		mkdir -p "$root/$(dirname "${pair%%=*}")"
		cp "${pair#*=}" "$root/${pair%%=*}"
	done
	pack "$root" "$out"
	rm -rf "$root"
}

help_if_asked "$@"
case ${1:-} in
l1) [ $# -eq 2 ] || die "l1 takes OUTPUT"; make_l1 "$2" ;;
guest) [ $# -ge 3 ] || die "guest takes FLAVOUR OUTPUT [MODULE.ko...]"; known_flavour "$2"; shift; make_guest "$@" ;;
add) [ $# -ge 3 ] || die "add takes OUTPUT NAME=FILE..."; shift; make_add "$@" ;;
*) die "say l1, guest or add; see --help" ;;
esac
