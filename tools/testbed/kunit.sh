#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: kunit.sh [--list] [--keep] [--sources DIR] [PATTERN]
#
# Builds kmcl and the KUnit suites (kunit/) against the KUnit kernel, runs them
# in plain QEMU without Hyper-V, and prints one TAP line per case, named
# suite.case. Fails if a case fails or does not run, if something warns while
# building, if the kernel log shows a splat, or if memory is lost.
#
# PATTERN picks cases with shell wildcards: "kmcl_xact" a suite, "rejects"
# every case with that in its name, "xact.take*" both at once.
#
# --list         print the names of the cases and exit
# --keep         say where the logs are even if all is well
# --sources DIR  test this tree instead of the one the script lies in
#
# Environment: KMCL_CACHE (built kernels and modules), KMCL_KUNIT_TIMEOUT
# (seconds for the machine, default 600).

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# What the suites provoke and kmcl then says, at warning level or worse
PROVOKED='kmcl: .*(refused a packet of the host|lost its framing; closes the channel'
PROVOKED+='|the driver has failed a packet of the host|has not deleted GPADL|has not unmapped GPADL|did not give GPADL'
PROVOKED+='|could not be opened|refused a client whose rings)'
PROVOKED+='|rx_count_refusal: [0-9]+ callbacks suppressed'
PROVOKED+='|kmcl_bed .*: Can not allocate SWIOTLB buffer'

keep=no
pattern=
sources=$TOP
passed=0
failed=0

# --- the cases, by name ---------------------------------------------------

# "suite.case module" for each case that the sources name
cases() {
	local file suite
	for file in "$sources"/kunit/*_kunit.c; do
		[ -e "$file" ] || continue
		suite=$(sed -n '/^static struct kunit_suite/,$ s/.*\.name = "\([^"]*\)".*/\1/p' "$file" | sed 1q)
		[ -n "$suite" ] || die "$file names no suite: .name = \"...\" in a static struct kunit_suite"
		grep -o 'KUNIT_CASE[A-Z_]*([a-z0-9_]*' "$file" |
			sed "s/.*(/$suite./;s/\$/ ${suite}_kunit/"
	done
}

# The pattern as KUnit's own filter takes it: SUITE or SUITE.CASE
filter() {
	case $pattern in
	'') ;;
	*.*) printf '*%s*.*%s*\n' "${pattern%%.*}" "${pattern#*.}" ;;
	*)
		if [ -n "$(cases | grep "^[^.]*${pattern//\*/.*}[^.]*\\." || true)" ]; then
			printf '*%s*.*\n' "$pattern"
		else
			printf '*.*%s*\n' "$pattern"
		fi ;;
	esac
}

selected() {
	local name module glob
	glob=$(filter)
	cases | while read -r name module; do
		# shellcheck disable=SC2053
		[[ $name == ${glob:-*} ]] && printf '%s %s\n' "$name" "$module"
	done || true
}

# --- building -------------------------------------------------------------

source_files() {
	local name
	for name in VERSION drivers/kmcl drivers/loopback include kunit; do
		[ ! -e "$name" ] ||
			find "$name" -type f \( -name '*.[ch]' -o -name 'Kbuild*' -o -name 'Makefile*' -o -name VERSION \) -print0
	done | LC_ALL=C sort -z
}

fingerprint() {
	{
		printf '%s\n' "$1"
		(cd "$sources" && source_files | xargs -0 -r cksum)
		cksum <"$TESTBED/kunit.sh"
	} | cksum
}

# Times are kept, so that only what has changed is compiled
copy_sources() {
	mkdir -p "$1"
	(cd "$1" && source_files | xargs -0 -r rm -f)
	(cd "$sources" && source_files | cpio --quiet --null -pdm "$1")
	(cd "$1" && printf 'obj-m += %s\n' $(ls -d drivers/kmcl/ drivers/loopback/ 2>/dev/null) kunit/ >Kbuild)
}

compile() {
	local kernel=$1 dir=$2 log=$3 print
	print=$(fingerprint "$kernel")
	[ "$print" != "$(cat "$dir.built" 2>/dev/null)" ] || return 0
	rm -f "$dir.built" "$dir/Module.symvers"
	[ "$kernel" = "$(cat "$dir.kernel" 2>/dev/null)" ] || rm -rf "$dir"
	printf '%s' "$kernel" >"$dir.kernel"
	say "building kmcl and the suites"
	copy_sources "$dir"
	if ! nice make -C "$kernel/build" "M=$dir" W=1 -j"$(nproc)" modules >"$log" 2>&1 ||
	   grep -qiE 'warning|error:' "$log"; then
		rm -rf "$dir"		# or the next build would not repeat the warnings
		return 1
	fi
	printf '%s' "$print" >"$dir.built"
}

# --- the machine ----------------------------------------------------------

make_initramfs() {
	local kernel=$1 modules=$2 out=$3 root module glob
	root=$(mktemp -d)
	glob=$(filter)
	mkdir -p "$root"/{bin,dev,proc,sys,suites}
	cp "$(command -v busybox)" "$root/bin/busybox" ||
		die "busybox is missing: run tools/testbed/packages.sh"
	install -m 755 "$TESTBED/kunit-init" "$root/init"
	cp "$kernel/build/lib/kunit/kunit.ko" "$root/suites"
	echo "kunit.ko${glob:+ filter_glob=$glob}" >"$root/suites/order"
	for module in "$modules"/drivers/{kmcl/kmcl,loopback/kmcl_loopback}.ko $(selected | awk '{ print $2 }' | sort -u); do
		[ "${module%.ko}" != "$module" ] || module=$modules/kunit/$module.ko
		[ -e "$module" ] || { [[ $module = "$modules"/drivers/* ]] && continue; die "$module was not built: is it in kunit/Kbuild?"; }
		cp "$module" "$root/suites"
		basename "$module" >>"$root/suites/order"
	done
	(cd "$root" && find . -mindepth 1 -printf '%P\0' | cpio --quiet --null -o -H newc -R 0:0) >"$out"
	rm -rf "$root"
}

# Two serial ports: the log, warnings and worse, and the report. 0 if the machine
# switched itself off.
boot() {
	local kernel=$1 initrd=$2 log=$3 report=$4
	say "running the suites in QEMU (the log: $log)"
	timeout "${KMCL_KUNIT_TIMEOUT:-600}" qemu-system-x86_64 \
		-machine q35,accel=tcg -cpu max -smp 2 -m 512 -nodefaults -display none -no-reboot \
		-serial "file:$log" -serial "file:$report" \
		-kernel "$kernel/bzImage" -initrd "$initrd" \
		-append "console=ttyS0 loglevel=5 oops=panic panic=-1" </dev/null
}

# --- from KTAP to TAP -----------------------------------------------------

# Reads the report; prints "ok|not ok NAME [# SKIP why]", before a failure what
# the case said, and a "not ok" for whatever else went wrong.
flatten() {
	tr -d '\r' | awk '
	function result(line) { return line ~ /^not ok/ ? "not ok" : "ok" }
	function name_of(line) { sub(/^(not )?ok [0-9]+ /, "", line); return line }
	function end_suite() {
		if (suite == "") return
		if (plan == "") print "not ok " suite ".plan\n# no plan"
		else if (plan != seen) print "not ok " suite ".plan\n# " seen " of " plan " cases reported"
		else if (bad_suite && !bad_cases) { printf "%s", said; print "not ok " suite ".suite\n# failed outside its cases" }
		suite = plan = said = ""; seen = bad_cases = bad_suite = 0
	}
	/^@ leaks/ { end_suite(); leaks = 1; next }
	/^@ end/ { end_suite(); ended = 1; leaks = 0; next }
	/^@ failed/ { end_suite(); line = $0; sub(/^@ failed [^ ]* /, "", line); print "# " line; print "not ok " $3 ".module"; next }
	/^@ begin/ { end_suite(); current = $3; next }
	/^@/ { next }
	leaks { objects += /^unreferenced/; if (objects <= 3) lost = lost "# " $0 "\n"; next }
	/^ *KTAP version/ { next }
	/^    # Subtest: / { suite = $3; plan = ""; said = ""; seen = 0; next }
	/^    # module: / { next }
	/^1\.\.[0-9]+/ { next }
	/^    1\.\.[0-9]+/ { plan = $1; sub(/1\.\./, "", plan); next }
	/^    (not )?ok [0-9]+ / {
		line = substr($0, 5)
		seen++
		if (result(line) == "not ok") { bad_cases++; printf "%s", said }
		print result(line) " " suite "." name_of(line)
		said = ""
		next
	}
	/^(not )?ok [0-9]+ / {
		bad_suite = result($0) == "not ok"
		if (suite == "" && bad_suite) { printf "%s", said; print "not ok " name_of($0) ".suite" }
		end_suite()
		next
	}
	{ said = said "# " $0 "\n" }
	END {
		if (!ended) { print "# the machine stopped in " current "; its last words are in the log"; print "not ok kunit.finishes" }
		else {
			printf "%s", lost
			if (objects > 3) print "# and " objects - 3 " more"
			print (lost == "" ? "ok" : "not ok") " kunit.loses_no_memory"
		}
	}'
}

# --- TAP ------------------------------------------------------------------

tap() {
	local verdict=$1 text=$2
	if [ "$verdict" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%s %d - %s\n' "$verdict" $((passed + failed)) "$text"
}

# Numbers the lines of flatten; keeps the names of what ran
print_cases() {
	local line
	while IFS= read -r line; do
		case $line in
		'ok '*) tap ok "${line#ok }"; printf '%s\n' "${line#ok }" >&3 ;;
		'not ok '*) tap 'not ok' "${line#not ok }"; printf '%s\n' "${line#not ok }" >&3 ;;
		*) printf '%s\n' "$line" ;;
		esac
	done 3>"$1"
}

check_all_ran() {
	local ran=$1 missing
	missing=$(selected | awk '{ print $1 }' | sort | comm -23 - <(sed 's/ #.*//' "$ran" | sort))
	if [ -z "$missing" ]; then
		tap ok kunit.runs_every_case
	else
		printf '# did not run:\n# %s\n' "${missing//$'\n'/$'\n# '}"
		tap 'not ok' kunit.runs_every_case
	fi
}

check_log() {
	local log=$1 out
	# Before that line the kernel speaks of itself alone
	sed -n '/kunit: the suites begin/,$p' "$log" >"$log.ours"
	if [ ! -s "$log.ours" ]; then
		tr -d '\r' <"$log" | tail -n 20 | sed 's/^/# /'
		tap 'not ok' kunit.boots
	elif out=$("$TESTBED/log-check" --allow "$PROVOKED" --allow '^(    | *# )' \
		--allow '^kunit: the suites begin' "$log.ours" 2>&1); then
		tap ok kunit.leaves_a_clean_log
	else
		sed -n 's/^/# /;1,20p' <<<"$out"
		tap 'not ok' kunit.leaves_a_clean_log
	fi
}

finish() {
	printf '1..%d\n' $((passed + failed))
	if [ "$failed" -gt 0 ]; then
		say "kunit: $failed of $((passed + failed)) failed; logs: $1"
		exit 1
	fi
	if [ "$keep" = yes ]; then
		say "kunit: logs: $1"
	fi
}

run() {
	local work=$KMCL_BUILD/kunit kernel rc=0
	case $work in
	*[[:space:]]*) die "kbuild cannot work in a path with spaces: set KMCL_CACHE to another place than '$KMCL_CACHE'" ;;
	esac
	kernel=$("$TESTBED/kunit-kernel.sh")
	mkdir -p "$work"
	echo "TAP version 13"
	if ! compile "$kernel" "$work/modules" "$work/build.log"; then
		grep -iE -A4 'warning|error|\*\*\*' "$work/build.log" >"$work/complaints" || true
		sed -n "s|$work/modules/||g;s/^/# /;1,40p" "$work/complaints"
		tap 'not ok' kunit.builds_without_warnings
		finish "$work"
	fi
	tap ok kunit.builds_without_warnings
	make_initramfs "$kernel" "$work/modules" "$work/initramfs"
	rm -f "$work/console.log" "$work/report"
	boot "$kernel" "$work/initramfs" "$work/console.log" "$work/report" || rc=$?
	[ -e "$work/report" ] || die "QEMU did not start (status $rc)"
	[ "$rc" != 124 ] || echo "# the machine was still running after ${KMCL_KUNIT_TIMEOUT:-600} s"
	print_cases "$work/ran" < <(sed "s|$work/modules/||g" "$work/report" | flatten)
	check_all_ran "$work/ran"
	check_log "$work/console.log"
	finish "$work"
}

parse_args() {
	while [ $# -gt 0 ]; do
		case $1 in
		--list) list=yes ;;
		--keep) keep=yes ;;
		--sources)
			[ $# -gt 1 ] || die "--sources needs a directory"
			sources=$(cd "$2" && pwd -P)
			shift ;;
		-*) die "unknown option '$1'; see --help" ;;
		*)
			[ -z "$pattern" ] || die "one pattern at a time; see --help"
			pattern=$1 ;;
		esac
		shift
	done
}

main() {
	local list=no
	help_if_asked "$@"
	parse_args "$@"
	[ -n "$(selected)" ] ||
		die "no case ${pattern:+named like \"$pattern\" }in $sources/kunit; --list shows the names"
	if [ "$list" = yes ]; then
		selected | awk '{ print $1 }'
		return
	fi
	command -v qemu-system-x86_64 >/dev/null || die "QEMU is missing: run tools/testbed/packages.sh"
	with_lock "kunit-$(basename "$KMCL_BUILD")" run
}

main "$@"
