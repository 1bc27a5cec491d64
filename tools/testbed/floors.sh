# SPDX-License-Identifier: GPL-2.0-only
# Sourced: where guests run, and how a batch of them is prepared and run.
# The one place that knows whether hvhost runs on this machine or in L1.

# Where /dev/kvm of this machine has Hyper-V emulation hvhost runs on it;
# otherwise QEMU emulates a machine (L1) that has. KMCL_FLOOR overrides.
choose_floor() {
	local why
	case ${KMCL_FLOOR:-auto} in
	direct | nested) FLOOR=$KMCL_FLOOR; say "guests run $FLOOR (KMCL_FLOOR)"; return ;;
	auto) ;;
	*) die "KMCL_FLOOR is direct, nested or auto, not '$KMCL_FLOOR'" ;;
	esac
	if why=$("$HVHOST" --probe 2>&1); then
		FLOOR=direct
		say "guests run directly: hvhost on this machine's /dev/kvm"
	else
		FLOOR=nested
		say "guests run nested: hvhost in a machine that QEMU emulates, since here: ${why%%$'\n'*}"
	fi
}

build_hvhost() {
	local log=$KMCL_BUILD/logs/hvhost.log
	mkdir -p "$KMCL_BUILD/logs" "$KMCL_BUILD/hvhost"
	if ! with_lock "hvhost-$(basename "$KMCL_BUILD")" \
		make -C "$TOP/tools/hvhost" "O=$KMCL_BUILD/hvhost" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		die "hvhost does not build: see $log"
	fi
	if grep -i 'warning' "$log" >&2; then
		die "hvhost builds with warnings: see $log"
	fi
	HVHOST=$KMCL_BUILD/hvhost/hvhost
}

# new_share NAME: an empty batch; sets SHARE. One user at a time.
new_share() {
	SHARE=$KMCL_BUILD/runs/$1
	mkdir -p "$KMCL_BUILD/runs"
	exec 8>"$SHARE.lock"
	flock -n 8 || die "another such run is under way in $SHARE; KMCL_RUN=name keeps test runs apart"
	rm -rf "$SHARE"
	mkdir -p "$SHARE"/{jobs,queue,taken,kernels,initramfs}
}

share_hvhost() {
	# Not while another command builds it
	with_lock "hvhost-$(basename "$KMCL_BUILD")" \
		cp "$HVHOST" "$KMCL_BUILD/hvhost/guest/hvput" "$SHARE/"
	cp "$TESTBED/jobs" "$SHARE/run-jobs"
}

# share_kernel FLAVOUR: its kernel and initramfs, with our modules and guest tools
# (KMCL_MODULES=no: without our modules, for who works on hvhost alone). Callers ask whether
# it has failed, and then bash does not stop at what fails in here: hence each "|| return".
share_kernel() {
	local flavour=$1 kernel modules=$SHARE/modules extra=()
	[ ! -e "$SHARE/kernels/$flavour" ] || return 0
	kernel=$("$TESTBED/kernels.sh" "$flavour") || return
	if [ "${KMCL_MODULES:-yes}" = yes ]; then
		"$TESTBED/modules.sh" --copy "$modules" "$flavour" >/dev/null || return
		extra=("$modules"/*.ko)
	fi
	"$TESTBED/initramfs.sh" guest "$flavour" "$SHARE/base" ${extra[@]+"${extra[@]}"} || return
	"$TESTBED/initramfs.sh" add "$SHARE/tools" "bin/hvput=$SHARE/hvput" || return
	cat "$SHARE/base" "$SHARE/tools" >"$SHARE/initramfs/$flavour.cpio" || return
	rm -r "$SHARE/base" "$SHARE/tools" ${extra[@]+"$modules"} || return
	if [ -e "$kernel/vmlinux" ]; then kernel=$kernel/vmlinux; else kernel=$kernel/vmlinuz; fi
	cp "$kernel" "$SHARE/kernels/$flavour"
}

quote() {
	local word
	for word; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
}

# add_job ID QUEUE GUEST_SCRIPT "OPTIONS" [HVHOST_ARGUMENT...]: for run_queue. Extra
# files of the guest: JOB_FILES=(path-in-guest=file ...)
add_job() {
	local id=$1 queue=$2 script=$3 options=$4
	shift 4
	mkdir -p "$SHARE/jobs/$id" "$SHARE/queue/$queue"
	printf '%s\n' "$options" >"$SHARE/jobs/$id/options"
	printf 'set --%s\n' "$(quote "$@")" >"$SHARE/jobs/$id/arguments"
	"$TESTBED/initramfs.sh" add "$SHARE/jobs/$id/guest.cpio" "guest.sh=$script" ${JOB_FILES[@]+"${JOB_FILES[@]}"}
	: >"$SHARE/queue/$queue/$id"
}

# What one floor is: a process that runs the jobs of a queue and tells
run_floor() {
	if [ "$FLOOR" = direct ]; then
		sh "$SHARE/run-jobs" "$SHARE" "$1"
	else
		"$TESTBED/l1" --timeout 0 --share "$SHARE" -- "sh /share/run-jobs /share $1" 2>&1
	fi
}

# One floor works on the queue until it is empty. A floor that dies, or says
# nothing for too long, is started again for what is left, but not for ever when
# it never comes to a job.
work_queue() {
	local queue=$1 number=$2 silence=$3 log=$SHARE/floor-$1-$2.log before idle=0 floor pid
	while before=$(waiting "$queue") && [ -n "$before" ] && [ "$idle" -lt 2 ]; do
		printf '@boot %s %s\n' "$queue" "$number"
		exec {floor}< <(run_floor "$queue")
		pid=$!
		follow "$floor" "$log" "$silence" || {
			say "floor $number: no sign of life for $silence s; ending it"
			end_processes "$pid"
		}
		exec {floor}<&-
		[ "$before" != "$(waiting "$queue")" ] || idle=$((idle + 1))
	done
	printf '@end %s %s\n' "$queue" "$number"
}

# follow DESCRIPTOR LOG SILENCE: passes on events until the floor ends; fails on silence
follow() {
	local line status
	while :; do
		IFS= read -r -t "$3" -u "$1" line && status=0 || status=$?
		[ "$status" -le 128 ] || return 1
		[ "$status" -eq 0 ] || return 0
		line=${line%$'\r'}
		printf '%s\n' "$line" >>"$2"
		case $line in
		@* | "guest: "*) printf '%s\n' "$line" ;;
		esac
	done
}

waiting() {
	local path id
	for path in "$SHARE/queue/$1"/*; do
		id=$(basename "$path")
		[ ! -e "$path" ] || [ -e "$SHARE/taken/$id" ] || printf '%s\n' "$id"
	done
}

# run_queue QUEUE FLOORS: runs the queue on so many floors at once and prints
# their events, one a line: "@boot QUEUE N", "@start JOB", "@done JOB EXIT SECONDS",
# "@lost JOB", "@end QUEUE N", and what live guests say. A floor that says nothing
# for longer than any job may take is ended, and started again for the rest.
run_queue() {
	local queue=$1 floors=$2 silence n event left=$2
	local fifo=$SHARE/events-$queue
	silence=$(($(longest_timeout "$queue") + 120))
	mkfifo "$fifo"
	exec 7<>"$fifo"
	for ((n = 1; n <= floors; n++)); do
		work_queue "$queue" "$n" "$silence" >&7 7>&- &
	done
	while [ "$left" -gt 0 ]; do
		read -r -u 7 event
		case $event in "@end "*) left=$((left - 1)) ;; esac
		printf '%s\n' "$event"
	done
	exec 7>&-
	wait
	rm -f "$fifo"
	lost_jobs "$queue"
}

longest_timeout() {
	local id
	{
		echo 60
		waiting "$1" | while read -r id; do
			sed -n 's/.*timeout=\([0-9]*\).*/\1/p' "$SHARE/jobs/$id/options"
		done
	} | sort -n | tail -n1
}

lost_jobs() {
	local path id
	for path in "$SHARE/queue/$1"/*; do
		id=$(basename "$path")
		[ ! -e "$path" ] || [ -e "$SHARE/jobs/$id/exit" ] || printf '@lost %s\n' "$id"
	done
}

# descendants PID...: these processes and all that they started, parents first
descendants() {
	local pid
	for pid; do
		printf '%s\n' "$pid"
		# shellcheck disable=SC2046
		descendants $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	done
}

end_processes() {
	# shellcheck disable=SC2046
	kill $(descendants "$@") 2>/dev/null || true
}

# For a trap: nothing that was started survives. A trap may find IFS empty.
end_children() {
	local me=$BASHPID IFS=$' \t\n'
	# shellcheck disable=SC2046
	end_processes $(cat "/proc/$me/task/$me/children")
}
