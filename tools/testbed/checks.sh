# SPDX-License-Identifier: GPL-2.0-only
# Sourced by run-tests: what a test's check() and host() call. Each prints one
# result. JOB is the directory with what the guest left (see `jobs`).

pass() { printf 'ok - %s\n' "$1"; }

# fail WHAT [LINE...]
fail() {
	local line
	printf 'not ok - %s\n' "$1"
	shift
	for line; do
		printf '%s\n' "$line" | sed 's/^/# /'
	done
}

# is WHAT ACTUAL EXPECTED
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "is '$2', should be '$3'"; fi
}

# at_least WHAT ACTUAL MINIMUM (whole numbers)
at_least() {
	if [[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ]; then
		pass "$1"
	else
		fail "$1" "is '$2', should be at least $3"
	fi
}

# matches WHAT TEXT REGEX
matches() {
	# Not from a pipe: grep ends at the first match, and who still writes into it fails
	if grep -Eq -- "$3" <<<"$2"; then
		pass "$1"
	else
		fail "$1" "should match: $3" "text: $(printf '%s\n' "$2" | tail -n 5)"
	fi
}

# succeeds WHAT COMMAND...
succeeds() {
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		pass "$what"
	else
		fail "$what" "failed ($?): $*" "$(printf '%s\n' "$out" | tail -n 15)"
	fi
}

# stat FILTER: from hvhost's counters (jq)
stat() { jq -r "$1" "$JOB/stats.json" 2>&1; }

# device NAME KEY: a counter of the first device of that name or instance
device() { device_field "$1" "counters.$2"; }

# device_field NAME PATH: anything of it, as opens, or channels[0].packets_in
device_field() {
	stat "[.devices[] | select(.device == \"$1\" or .instance == \"$1\")][0].$2"
}

# file NAME: what the guest handed out under that name
file() { cat "$JOB/files/$1" 2>/dev/null || true; }

# figure NAME WORD: the number after WORD in a file from the guest
figure() {
	file "$1" | awk -v word="$2" '{ for (i = 1; i < NF; i++) if ($i == word) { print $(i + 1); exit } }'
}

kernel_log() { file kmsg; }

# channel NAME KEY: a counter of its first channel
channel() { device_field "$1" "channels[0].$2"; }

# What hvhost found wrong in the guest's messages and rings, all together
protocol_errors() { stat '[.. | .protocol_errors? // empty | add // 0] | add'; }

# check_device TYPE NAME[,KEY=VALUE...]: hvhost's options for a device that kmcl_check
# finds by that name, of 8 letters at most
check_device() { printf '%s\n' --device "$1,instance=$(check_instance "${2%%,*}")${2#"${2%%,*}"}"; }

# check_instance NAME: its GUID; the last 8 bytes are the name
check_instance() {
	local hex
	hex=$(printf '%-8s' "$1" | od -An -v -tx1 | tr -d ' \n')
	printf 'c4ec0000-0000-4000-%s-%s\n' "${hex:0:4}" "${hex:4}"
}

# cases FILE: each line of kmcl_check's results becomes one; all that it planned are there
cases() {
	local line plan count=0 notes=()
	plan=$(file "$1" | sed -n 's/^1\.\.//p')
	while IFS= read -r line; do
		case $line in
		"ok "*) pass "${line#ok * - }" ;;
		"not ok "*) fail "${line#not ok * - }" ${notes[@]+"${notes[@]#\# }"} ;;
		"# "*) notes+=("$line"); continue ;;
		*) continue ;;
		esac
		notes=() count=$((count + 1))
	done < <(file "$1")
	is "$1: as many results as planned" "$count" "${plan:-no plan}"
}
