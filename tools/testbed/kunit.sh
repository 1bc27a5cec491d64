#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: kunit.sh [--kernel NAME] [--hyperv] [--list] [--keep] [--sources DIR] [PATTERN]
#        kunit.sh [--kernel NAME] --provoke
#
# Builds kmcl and the KUnit suites (kunit/) against a KUnit kernel, runs them
# in plain QEMU without Hyper-V, and prints one TAP line per case, named
# suite.case. Fails if a case fails or does not run, over each transport that is to
# be there, if something warns while building, if the kernel log shows a splat, or if
# memory is lost.
#
# PATTERN picks cases with shell wildcards: "kmcl_xact" a suite, "rejects"
# every case with that in its name, "xact.take*" both at once.
#
# --kernel NAME  kasan (default), debug, kcsan, rt or gcov; see kunit-kernel.sh
# --hyperv       in a Hyper-V guest on hvhost, with hv_vmbus and kmcl_vmbus loaded too
# --provoke      run no suite, but provoke on purpose what each checker of that kernel
#                must notice, and see that it would have failed the run
# --list         print the names of the cases and exit
# --keep         say where the logs are even if all is well
# --sources DIR  test this tree instead of the one the script lies in
#
# Environment: KMCL_CACHE (built kernels and modules), KMCL_KUNIT_TIMEOUT
# (seconds for the machine, default 1200), KMCL_KUNIT_APPEND (words for its kernel's
# command line).

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
. "$TESTBED/floors.sh"

# What the suites provoke and kmcl then says, at warning level or worse
PROVOKED='kmcl: .*(refused a packet of the host'
PROVOKED+='|(lost its framing|changed under a send|indices out of range); closes the channel'
PROVOKED+='|the driver has failed a packet of the host|has not deleted GPADL|has not unmapped GPADL|did not give GPADL'
PROVOKED+='|could not be opened|refused a client whose rings)'
PROVOKED+='|(rx_count_refusal|on_open_failed): [0-9]+ callbacks suppressed'
PROVOKED+='|kmemleak: Cannot allocate a scan area|debugfs: out of free dentries'
PROVOKED+='|kmcl_bed .*: Can not allocate SWIOTLB buffer'

TIMEOUT=${KMCL_KUNIT_TIMEOUT:-1200}
MEMORY=768
DRIVERS="kmcl loopback"		# those of drivers/ that run without Hyper-V, in the order of loading
DRIVERS_HYPERV=vmbus		# and with it
# Of hvhost; kunit/client_kunit.c looks for them
ECHO=6b6d636c-6563-686f-8000-00000000000
DEVICES="echo,instance=${ECHO}0 echo,instance=${ECHO}1,reorder=8,idle-ms=60000 echo,instance=${ECHO}2,silent=on"

keep=no
hyperv=no
provoke=no
config=kasan
machine=plain
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
		suite=$(sed -n '/^static struct kunit_suite/,/\.name/ s/.*\.name = "\([^"]*\)".*/\1/p' "$file")
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

# The directories of those drivers that there are
directories() {
	local name
	for name; do
		[ ! -e "$sources/drivers/$name/Kbuild" ] || printf 'drivers/%s\n' "$name"
	done
}

drivers_loaded() {
	directories $DRIVERS
	[ "$hyperv" = no ] || directories $DRIVERS_HYPERV
}

# One build serves both machines. What is not loaded counts for nothing
drivers_built() {
	directories $DRIVERS $DRIVERS_HYPERV
}

source_files() {
	local name
	for name in VERSION $(drivers_built) include kunit; do
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
	printf 'obj-m += %s/\n' $(drivers_built) kunit kunit/provoke >"$1/Kbuild"
}

compile() {
	local kernel=$1 dir=$2 log=$3 print profile=()
	print=$(fingerprint "$kernel")
	[ "$print" != "$(cat "$dir.built" 2>/dev/null)" ] || return 0
	rm -f "$dir.built" "$dir/Module.symvers"
	[ "$kernel" = "$(cat "$dir.kernel" 2>/dev/null)" ] || rm -rf "$dir"
	printf '%s' "$kernel" >"$dir.kernel"
	say "building kmcl and the suites"
	copy_sources "$dir"
	[ "$config" != gcov ] || profile=(GCOV_PROFILE=y)	# of these modules alone
	if ! nice make -C "$kernel/build" "M=$dir" W=1 ${profile[@]+"${profile[@]}"} \
		-j"$(nproc)" modules >"$log" 2>&1 ||
	   grep -qiE 'warning|error:' "$log"; then
		rm -rf "$dir"		# or the next build would not repeat the warnings
		return 1
	fi
	printf '%s' "$print" >"$dir.built"
}

# --- the machine ----------------------------------------------------------

# What this kernel has a checker for. Lockdep first, for it stops at the first
# splat of another; KASAN, whose splats it does not outlive, last.
provocations() {
	case $config in
	kasan) echo lockdep atomic-sleep ubsan debug-objects kmemleak kasan ;;
	debug) echo lockdep atomic-sleep ubsan debug-objects kmemleak ;;
	kcsan) echo kcsan ;;
	rt) echo lockdep atomic-sleep ;;
	*) die "the $config kernel has no checker" ;;
	esac
}

suite_modules() {
	local name
	for name in $(selected | awk '{ print $2 }' | sort -u); do
		echo "$1/kunit/$name.ko"
	done
}

# What the machine loads, a module a line, with its parameters. The suites in which allocations
# fail come before kmcl_vmbus: the driver core, which that registers with, does not bear all of
# it (known-bad.md).
load_order() {
	local modules=$1 kernel=$2 glob name
	glob=$(filter)
	if [ "$provoke" = yes ]; then
		for name in $(provocations); do
			echo "$modules/kunit/provoke/provoke.ko what=$name"
		done
		return
	fi
	echo "$kernel/build/lib/kunit/kunit.ko${glob:+ filter_glob=$glob}"
	[ "$hyperv" = no ] || echo "$kernel/build/drivers/hv/hv_vmbus.ko"
	for name in $(drivers_loaded); do
		[ "$name" != drivers/vmbus ] || suite_modules "$modules" | grep _fault_ || true
		printf '%s\n' "$modules/$name/"*.ko
	done
	if [ "$hyperv" = yes ]; then
		suite_modules "$modules" | grep -v _fault_ || true
	else
		suite_modules "$modules"
	fi
}

make_initramfs() {
	local kernel=$1 modules=$2 out=$3 root module params
	root=$(mktemp -d)
	mkdir -p "$root"/{bin,dev,proc,sys,suites}
	cp "$(command -v busybox)" "$root/bin/busybox" ||
		die "busybox is missing: run tools/testbed/packages.sh"
	[ "$hyperv" = no ] || cp "$KMCL_BUILD/hvhost/guest/hvput" "$root/bin"
	install -m 755 "$TESTBED/kunit-init" "$root/init"
	load_order "$modules" "$kernel" >"$root/modules"
	while read -r module params; do
		[ -e "$module" ] || die "$module was not built: is it in a Kbuild?"
		cp "$module" "$root/suites"
		echo "$(basename "$module")${params:+ $params}" >>"$root/suites/order"
	done <"$root/modules"
	rm "$root/modules"
	(cd "$root" && find . -mindepth 1 -printf '%P\0' | cpio --quiet --null -o -H newc -R 0:0) >"$out"
	rm -rf "$root"
}

# The same from a guest of hvhost. What it hands out with hvput is the report.
boot_hyperv() {
	local kernel=$1 initrd=$2 log=$3 report=$4 job arguments=() device
	choose_floor
	new_share "kunit-$config"
	share_hvhost
	# Not the bzImage: a nested guest takes seconds to unpack that
	strip -o "$SHARE/kernels/kunit" "$kernel/build/vmlinux"
	mv "$initrd" "$SHARE/initramfs/kunit.cpio"
	for device in $DEVICES; do
		arguments+=(--device "$device")
	done
	add_job suites guests /dev/null "kernel=kunit cpus=2 memory=$MEMORY timeout=$TIMEOUT append='$(command_line)'" \
		"${arguments[@]}"
	say "running in a Hyper-V guest, on the $config kernel"
	run_queue guests 1 >"$SHARE/events"
	job=$SHARE/jobs/suites
	cp "$job/console" "$log" 2>/dev/null || : >"$log"
	cp "$job/files/report" "$report" 2>/dev/null || : >"$report"
	# hvhost's status; 5: it ran out of time
	case $(cat "$job/exit" 2>/dev/null) in
	0) return 0 ;;
	5) return 124 ;;
	*) return 1 ;;
	esac
}

# KASAN has stack traces and red zones of its own: those of SLUB besides double its time. And
# ordinary grace periods, which the other kernels have, nearly treble it.
command_line() {
	local more=
	[ "$config" != kasan ] || more="slab_debug=- rcupdate.rcu_expedited=1"
	printf 'oops=panic panic=-1 %s %s' "$more" "${KMCL_KUNIT_APPEND:-}"
}

# Two serial ports: the log, warnings and worse, and the report. 0 if the machine
# switched itself off.
boot() {
	local kernel=$1 initrd=$2 log=$3 report=$4
	say "running in QEMU, on the $config kernel (the log: $log)"
	timeout "$TIMEOUT" qemu-system-x86_64 \
		-machine q35,accel=tcg -cpu max -smp 2 -m "$MEMORY" -nodefaults -display none -no-reboot \
		-serial "file:$log" -serial "file:$report" \
		-kernel "$kernel/bzImage" -initrd "$initrd" \
		-append "console=ttyS0 loglevel=5 $(command_line)" </dev/null
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
	/^@ gcov/ { end_suite(); counts = 1; next }
	/^@ leaks/ { end_suite(); counts = 0; leaks = 1; next }
	/^@ end/ { end_suite(); ended = 1; counts = leaks = 0; next }
	counts { next }
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

# The transports that a run must have
transports() {
	echo loopback
	[ "$hyperv" = no ] || echo hv_vmbus
}

# "case transport" of each result that a parameter has in the report
ran_over() {
	tr -d '\r' <"$1" |
		awk '/^        # Subtest: / { name = $3 } /^        (not )?ok [0-9]+ / { print name, $NF }'
}

# Each case that is to run over every transport has
check_transports() {
	local report=$1 name cases missing
	cases=$(selected | awk '{ print $1 }' |
		grep -xF -f <(sed -n 's/.*KUNIT_CASE_PARAM(\([a-z0-9_]*\), transport_gen_params).*/\1/p' \
			"$sources"/kunit/client_kunit.c | sed 's/^/kmcl_client./') || true)
	[ -n "$cases" ] || return 0
	for name in $(transports); do
		missing=$(sed "s/^kmcl_client\.//;s/\$/ $name/" <<<"$cases" | sort |
			comm -23 - <(ran_over "$report" | sort))
		if [ -z "$missing" ]; then
			tap ok "kunit.runs_over_$name"
		else
			printf '# did not run over %s:\n# %s\n' "$name" "${missing//$'\n'/$'\n# '}"
			tap 'not ok' "kunit.runs_over_$name"
		fi
	done
}

# What hvhost says of the guest's rings and messages
check_host() {
	local JOB=$SHARE/jobs/suites errors
	errors=$(. "$TESTBED/checks.sh"; protocol_errors)
	if [ "$errors" = 0 ]; then
		tap ok kunit.breaks_no_rule_of_the_bus
	else
		printf '# protocol errors: %s; see %s\n' "$errors" "$JOB"
		tap 'not ok' kunit.breaks_no_rule_of_the_bus
	fi
}

# judge LOG: what is wrong in it
judge() {
	"$TESTBED/log-check" --allow "$PROVOKED" --allow '^(    | *# )' --allow '^kunit: the suites begin' "$1" 2>&1
}

# From the first line on: the kernel's own words are known
check_log() {
	local log=$1 out
	if ! grep -q 'kunit: the suites begin' "$log"; then
		tr -d '\r' <"$log" | tail -n 20 | sed 's/^/# /'
		tap 'not ok' kunit.boots
	elif out=$(judge "$log"); then
		tap ok kunit.leaves_a_clean_log
	else
		sed -n 's/^/# /;1,20p' <<<"$out"
		tap 'not ok' kunit.leaves_a_clean_log
	fi
}

# What the counters of the gcov kernel were, as files in a tree like that of the objects
unpack_counts() {
	local report=$1 out=$2
	rm -rf "$out"
	mkdir -p "$out"
	sed '1,/^@ gcov/d;/^@/,$d' "$report" | base64 -d -i | tar -xz -C "$out"
}

# --- provoked on purpose --------------------------------------------------

# What the log check, or of kmemleak the report, must say
signs() {
	case $1 in
	lockdep) echo 'possible circular locking dependency' ;;
	atomic-sleep) echo 'sleeping function called from invalid context' ;;
	ubsan) echo 'UBSAN: shift-out-of-bounds' ;;
	debug-objects) echo 'ODEBUG: free active' ;;
	kmemleak) echo 'not ok kunit.loses_no_memory' ;;
	kasan) echo 'BUG: KASAN: slab-out-of-bounds' ;;
	kcsan) echo 'BUG: KCSAN: data-race' ;;
	esac
}

# The lines of the log that belong to one of them are judged as a run of the suites is
check_provoked() {
	local name=$1 work=$2 out
	if [ "$name" = kmemleak ]; then
		out=$(flatten <"$work/report")
	else
		sed -n "/kunit: loads provoke what=$name\r*\$/,/kunit: loaded/p" "$work/console.log" |
			grep -v 'kunit: load' >"$work/section" || true
		if out=$(judge "$work/section"); then
			echo "# the log check accepts what $name says"
			tap 'not ok' "kunit.notices_$name"
			return
		fi
	fi
	if grep -q "$(signs "$name")" <<<"$out"; then
		grep "$(signs "$name")" <<<"$out" | sed 's/^/# /'
		tap ok "kunit.notices_$name"
	else
		sed -n 's/^/# /;1,20p' <<<"$out"
		tap 'not ok' "kunit.notices_$name"
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

# The modules serve all machines with this kernel, and these may run beside each other
one_at_a_time() { with_lock "kunit-$config-modules-$(basename "$KMCL_BUILD")" "$@"; }

build() {
	local kernel=$1 work=$2 modules=$3
	if one_at_a_time compile "$kernel" "$modules" "$work/build.log"; then
		tap ok kunit.builds_without_warnings
		return
	fi
	grep -iE -A4 'warning|error|\*\*\*' "$work/build.log" >"$work/complaints" || true
	sed -n "s|$modules/||g;s/^/# /;1,40p" "$work/complaints"
	tap 'not ok' kunit.builds_without_warnings
	finish "$work"
}

run() {
	local work=$KMCL_BUILD/kunit/$config/$machine modules=$KMCL_BUILD/kunit/$config/modules kernel name rc=0 boot=boot
	if [ "$hyperv" = yes ]; then boot=boot_hyperv; fi
	case $work in
	*[[:space:]]*) die "kbuild cannot work in a path with spaces: set KMCL_CACHE to another place than '$KMCL_CACHE'" ;;
	esac
	kernel=$("$TESTBED/kunit-kernel.sh" "$config")
	mkdir -p "$work"
	echo "TAP version 13"
	build "$kernel" "$work" "$modules"
	[ "$hyperv" = no ] || build_hvhost
	one_at_a_time make_initramfs "$kernel" "$modules" "$work/initramfs"
	rm -f "$work/console.log" "$work/report"
	$boot "$kernel" "$work/initramfs" "$work/console.log" "$work/report" || rc=$?
	[ -e "$work/report" ] || die "QEMU did not start (status $rc)"
	[ "$rc" != 124 ] || echo "# the machine was still running after $TIMEOUT s"
	if [ "$provoke" = yes ]; then
		for name in $(provocations); do
			check_provoked "$name" "$work"
		done
		finish "$work"
		return
	fi
	print_cases "$work/ran" < <(sed "s|$modules/||g" "$work/report" | flatten)
	check_all_ran "$work/ran"
	check_transports "$work/report"
	[ "$hyperv" = no ] || check_host
	check_log "$work/console.log"
	[ "$config" != gcov ] || unpack_counts "$work/report" "$work/counters"
	finish "$work"
}

parse_args() {
	while [ $# -gt 0 ]; do
		case $1 in
		--list) list=yes ;;
		--keep) keep=yes ;;
		--provoke) provoke=yes ;;
		--hyperv) hyperv=yes ;;
		--kernel)
			[ $# -gt 1 ] || die "--kernel needs a name; see --help"
			config=$2
			shift ;;
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
	[ "$provoke" = no ] || [ "$hyperv" = no ] || die "--provoke is for plain QEMU"
	[ -n "$(selected)" ] ||
		die "no case ${pattern:+named like \"$pattern\" }in $sources/kunit; --list shows the names"
	if [ "$list" = yes ]; then
		selected | awk '{ print $1 }'
		return
	fi
	command -v qemu-system-x86_64 >/dev/null || die "QEMU is missing: run tools/testbed/packages.sh"
	if [ "$hyperv" = yes ]; then machine=hyperv; elif [ "$provoke" = yes ]; then machine=provoke; fi
	with_lock "kunit-$config-$machine-$(basename "$KMCL_BUILD")" run
}

main "$@"; exit
