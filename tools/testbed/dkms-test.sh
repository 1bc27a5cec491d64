#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: dkms-test.sh [--list] [--sources DIR] [PATTERN]
#
# Tests dkms.conf with the real dkms, as TAP: for each flavour of Debian's kernel
# headers add, build, install and remove; then kernels that must be declined, and
# the hook that Debian's kernel packages run.
#
# All of it happens in a private mount namespace with its own /lib/modules,
# /var/lib/dkms and /etc/dkms: the machine's own stay as they are. Needs root or
# unprivileged user namespaces.
#
# PATTERN      only the groups of checks whose name matches (shell wildcards;
#              a group is a flavour, "declined" or "hook")
# --list       print the names of the groups and exit
# --sources DIR  test this tree instead of the one the script lies in

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

HOOK=/etc/kernel/postinst.d/dkms
HOOK_FLAVOUR=6.12-cloud-amd64
MACHINE=$(uname -m)

sources=$TOP
pattern='*'
count=0
bad=0

# --- TAP ------------------------------------------------------------------

# check NAME COMMAND...: one TAP line; what the command said goes to the log, and
# after it, on failure, to the output
check() {
	local name=$1 rc=0 said=$work/said
	shift
	printf '\n=== %s\n' "$name" >>"$log"
	("$@") >"$said" 2>&1 || rc=$?
	cat "$said" >>"$log"
	count=$((count + 1))
	if [ "$rc" -eq 0 ]; then
		printf 'ok %d - dkms.%s\n' "$count" "$name"
		return 0
	fi
	tail -n 15 "$said" | sed 's/^/# /'
	printf 'not ok %d - dkms.%s\n' "$count" "$name"
	bad=$((bad + 1))
	return 1
}

fail() { printf '%s\n' "$*"; exit 1; }

# --- a machine of our own -------------------------------------------------

chosen() {
	local name
	# shellcheck disable=SC2254
	for name in $FLAVOURS declined hook; do
		case $name in
		*$pattern*) printf '%s\n' "$name" ;;
		esac
	done
}

release_of() {
	local meta release
	meta=$(meta_package headers "$1")
	release=$(dpkg-query -W -f '${Depends}\n' "$meta" 2>/dev/null |
		sed -n 's/^linux-headers-\([^ ,]*\).*/\1/p')
	[ -n "$release" ] || die "package $meta is not installed: run tools/testbed/packages.sh"
	printf '%s\n' "$release"
}

# The real modules are reached read-only, through links
private_modules() {
	local release
	mkdir "$work/modules"
	mount -o bind,ro /lib/modules "$work/modules"
	mount -t tmpfs modules /lib/modules
	for release in "$work"/modules/*; do
		cp -as "$release" /lib/modules/
	done
}

private_machine() {
	mount -t tmpfs dkms /var/lib/dkms
	mount -t tmpfs dkms-conf /etc/dkms
	private_modules
	mkdir "$work/src"
}

# fake_kernel RELEASE LINE...: headers of $HOOK_FLAVOUR, lines added to .config
fake_kernel() {
	local release=$1 build=/lib/modules/$1/build real entry
	shift
	real=$(readlink -f "/lib/modules/$(release_of "$HOOK_FLAVOUR")/build")
	mkdir -p "$build"
	for entry in "$real"/* "$real"/.[!.]*; do
		[ "${entry##*/}" = .config ] || ln -s "$entry" "$build/"
	done
	grep -v HYPERV "$real/.config" >"$build/.config"
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$build/.config"
}

# --- one flavour ----------------------------------------------------------

run_dkms() { dkms "$@" --sourcetree "$work/src"; }

version() { cat "$sources/VERSION"; }

is_added() {
	run_dkms add "$sources" || return 1
	grep -q "kmcl/$(version).*added" <<<"$(run_dkms status -m kmcl)" || fail "dkms status does not say that it is added"
}

is_built() { run_dkms build "kmcl/$(version)" -k "$1"; }

is_installed() {
	run_dkms install "kmcl/$(version)" -k "$1" || return 1
	has_modules "$1"
}

has_modules() {
	local release=$1 module magic
	for module in kmcl kmcl_vmbus kmcl_loopback kmcl_wdk; do
		compgen -G "/lib/modules/$release/updates/dkms/$module.ko*" >/dev/null ||
			fail "$module is not in /lib/modules/$release/updates/dkms"
		magic=$(modinfo -k "$release" -F vermagic "$module") || fail "depmod does not know $module"
		[ "${magic%% *}" = "$release" ] || fail "$module is for '$magic', not for $release"
	done
	! compgen -G "/lib/modules/$release/updates/dkms/kmcl_[!lvw]*" ||
		fail "there is more than kmcl, kmcl_vmbus, kmcl_loopback and kmcl_wdk"
}

# A driver in a tree of its own, built as Documentation/dkms.md says
serves_drivers_of_other_trees() {
	local release=$1 dir=$work/client kmcl=/var/lib/dkms/kmcl/kernel-$1-$MACHINE
	rm -rf "$dir"
	mkdir "$dir"
	cat >"$dir/Kbuild" <<-KBUILD
	ccflags-y += -I$kmcl/../../source/include
	obj-m += client.o
	KBUILD
	cat >"$dir/client.c" <<-C
	#include <linux/module.h>
	#include <kmcl/kmcl.h>

	static int __init client_init(void)
	{
		return kmcl_channel_alloc() ? 0 : -ENOMEM;
	}
	module_init(client_init);
	MODULE_DESCRIPTION("A driver that uses kmcl");
	MODULE_LICENSE("GPL");
	C
	make -C "/lib/modules/$release/build" "M=$dir" "KBUILD_EXTRA_SYMBOLS=$kmcl/Module.symvers" modules || return 1
	[ "$(modinfo -F depends "$dir/client.ko")" = kmcl ] || fail "the driver does not depend on kmcl"
}

leaves_nothing() {
	local release=$1 left
	run_dkms remove "kmcl/$(version)" --all || return 1
	left=$(find /var/lib/dkms/ "/lib/modules/$release/" -name '*kmcl*')
	[ -z "$left" ] || fail "left over: $left"
	[ ! -e "/lib/modules/$release/updates/dkms" ] || fail "left over: updates/dkms"
	! grep kmcl "/lib/modules/$release/modules.dep" || fail "left over: in modules.dep"
	rm -rf "$work/src/kmcl-$(version)"
}

test_flavour() {
	local flavour=$1 release
	release=$(release_of "$flavour")
	check "$flavour.is_added" is_added || return 0
	if check "$flavour.is_built" is_built "$release" &&
	   check "$flavour.is_installed" is_installed "$release"; then
		check "$flavour.serves_drivers_of_other_trees" serves_drivers_of_other_trees "$release" || true
	fi
	check "$flavour.leaves_nothing_when_removed" leaves_nothing "$release" || true
}

# --- kernels that cannot have it ------------------------------------------

exits_with() {
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	[ "$rc" -eq "$want" ] || fail "exit status $rc instead of $want"
}

declines() { exits_with 77 is_built "$1"; }

# accepts RELEASE: as far as dkms.conf is concerned
accepts() {
	# shellcheck disable=SC2034,SC1091
	(
		dkms_tree=/var/lib/dkms kernelver=$1 arch=$MACHINE kernel_source_dir=/lib/modules/$1/build
		. "$sources/dkms.conf"
		[[ $AUTOINSTALL && $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]]
	) || fail "dkms.conf declines it"
}

test_declined() {
	local release
	fake_kernel 6.12.0-plain
	fake_kernel 6.12.0-off '# CONFIG_HYPERV is not set'
	fake_kernel 6.18.0-split-off CONFIG_HYPERV=y '# CONFIG_HYPERV_VMBUS is not set'
	fake_kernel 6.18.0-split CONFIG_HYPERV=y CONFIG_HYPERV_VMBUS=m
	fake_kernel 6.12.0-builtin CONFIG_HYPERV=y
	check declined.setup is_added || return 0
	for release in 5.10.0-30 5.15.0-1-azure 6.0.19; do
		fake_kernel "$release" CONFIG_HYPERV=m
		check "declined.older_$release" declines "$release" || true
	done
	check declined.without_hyperv declines 6.12.0-plain || true
	check declined.hyperv_off declines 6.12.0-off || true
	check declined.split_option_off declines 6.18.0-split-off || true
	for release in 6.18.0-split 6.12.0-builtin 6.1.0-56-amd64 6.10.3 6.100.0+x 7.0.0-1 10.0.1; do
		[ -e "/lib/modules/$release" ] || fake_kernel "$release" CONFIG_HYPERV=m
		check "declined.but_not_$release" accepts "$release" || true
	done
	check declined.cleanup leaves_nothing 6.12.0-off || true
}

# --- what a kernel package runs when it is installed ----------------------

hook_installs() {
	"$HOOK" "$1" "/boot/vmlinuz-$1" || fail "the hook failed with status $?"
	has_modules "$1"
}

hook_passes_by() {
	"$HOOK" "$1" "/boot/vmlinuz-$1" || fail "the hook failed with status $?"
	[ ! -e "/lib/modules/$1/updates" ] || fail "it installed something"
	[ ! -e "/var/lib/dkms/kmcl/$(version)/$1" ] || fail "it built something"
}

test_hook() {
	local release
	release=$(release_of "$HOOK_FLAVOUR")
	[ -e /lib/modules/6.12.0-off ] || fake_kernel 6.12.0-off '# CONFIG_HYPERV is not set'
	[ -e /lib/modules/5.10.0-30 ] || fake_kernel 5.10.0-30 CONFIG_HYPERV=m
	check hook.setup is_added || return 0
	check hook.passes_by_a_kernel_without_hyperv hook_passes_by 6.12.0-off || true
	check hook.passes_by_an_older_kernel hook_passes_by 5.10.0-30 || true
	check hook.installs_into_a_kernel_with_hyperv hook_installs "$release" || true
	check hook.passes_by_when_another_kernel_has_it hook_passes_by 6.12.0-off || true
	check hook.cleanup leaves_nothing "$release" || true
}

# --------------------------------------------------------------------------

inside() {
	local group
	private_machine
	echo "TAP version 13"
	for group in $(chosen); do
		say "dkms: $group"
		case $group in
		declined) test_declined ;;
		hook) test_hook ;;
		*) test_flavour "$group" ;;
		esac
	done
	printf '1..%d\n' "$count"
	if [ "$bad" -gt 0 ]; then
		die "$bad of $count failed; the log: $log"
	fi
}

# Runs this script again in its own mount namespace. What was mounted there is not
# to be seen from here, so the directory can be removed.
outside() {
	local how=(--mount)
	[ "$(id -u)" -eq 0 ] || how+=(--map-root-user)
	unshare "${how[@]}" mount -t tmpfs none /mnt 2>/dev/null ||
		die "no private mount namespace can be had here: run as root, outside a container that forbids mounts"
	work=$(mktemp -d)
	trap 'rm -rf --one-file-system "$work"' EXIT
	KMCL_DKMS_WORK=$work unshare "${how[@]}" "$TESTBED/dkms-test.sh" --sources "$sources" "$pattern"
}

parse_args() {
	while [ $# -gt 0 ]; do
		case $1 in
		--list) list=yes ;;
		--sources)
			[ $# -gt 1 ] || die "--sources needs a directory"
			sources=$(cd "$2" && pwd -P)
			shift ;;
		-*) die "unknown option '$1'; see --help" ;;
		*) pattern=$1 ;;
		esac
		shift
	done
}

main() {
	local list=no
	help_if_asked "$@"
	parse_args "$@"
	[ -n "$(chosen)" ] || die "no group matches '$pattern'; --list shows them"
	if [ "$list" = yes ]; then
		chosen
		return
	fi
	command -v dkms >/dev/null || die "dkms is missing: run tools/testbed/packages.sh"
	log=$KMCL_BUILD/logs/dkms.log
	work=${KMCL_DKMS_WORK:-}
	if [ -n "$work" ]; then
		inside
	else
		mkdir -p "${log%/*}"
		rm -f "$log"
		outside
	fi
}

main "$@"
