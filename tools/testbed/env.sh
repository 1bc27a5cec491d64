# SPDX-License-Identifier: GPL-2.0-only
# Sourced by every script of the test bed: paths, names, and how to speak.

set -euo pipefail
export LC_ALL=C

TESTBED=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(cd "$TESTBED/../.." && pwd -P)

# Downloads, kernels and everything built live outside the tree. One build
# directory per source tree, so that two clones do not meet.
KMCL_CACHE=${KMCL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kmcl}
KMCL_BUILD=${KMCL_BUILD:-$KMCL_CACHE/build/$(basename "$TOP" | tr -c 'A-Za-z0-9.\n' _)-$(printf %s "$TOP" | cksum | cut -d' ' -f1)}
export KMCL_CACHE KMCL_BUILD

# A flavour is what Debian's meta-packages are called after linux-image- and
# linux-headers-, with the series in front. Debian 12 leaves out its own series.
FLAVOURS="6.1-amd64 6.1-cloud-amd64 6.1-rt-amd64 6.12-amd64 6.12-cloud-amd64 6.12-rt-amd64"
L1_FLAVOUR=6.12-amd64
# Not Debian's: 6.12-NAME is what kunit-kernel.sh builds. debug has lockdep, kmemleak and
# DMA_API_DEBUG; gcov counts what runs in the modules
KUNIT_FLAVOURS="6.12-debug 6.12-gcov"

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# meta_package image|headers FLAVOUR: the name of Debian's meta-package
meta_package() {
	printf 'linux-%s-%s\n' "$1" "${2#6.1-}"
}

known_flavour() {
	case " $FLAVOURS $KUNIT_FLAVOURS " in
	*" $1 "*) ;;
	*) die "unknown kernel flavour '$1'; known: $FLAVOURS $KUNIT_FLAVOURS" ;;
	esac
}

# kunit_kernel FLAVOUR: where kunit-kernel.sh has put it; fails for one of Debian's
kunit_kernel() {
	case " $KUNIT_FLAVOURS " in
	*" $1 "*) "$TESTBED/kunit-kernel.sh" "${1#6.12-}" ;;
	*) return 1 ;;
	esac
}

# help_if_asked "$@": --help prints the comment at the head of the script
help_if_asked() {
	local arg
	for arg; do
		case $arg in
		--) return 0 ;;
		-h | --help)
			sed -n '2,/^[^#]/{/^# SPDX/d;s/^#$//;s/^# //p}' "$0"
			exit 0 ;;
		esac
	done
}

# with_lock NAME command...: one at a time, across processes
with_lock() {
	local name=$1
	shift
	mkdir -p "$KMCL_CACHE/locks"
	(
		flock 9
		"$@" 9>&-
	) 9>"$KMCL_CACHE/locks/$name"
}
