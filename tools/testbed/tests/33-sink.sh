# SPDX-License-Identifier: GPL-2.0-only
title="10,000 packets from the host, completed inline, later, and in reverse order"
MODES="inline deferred reverse"

# The instance of the source that one mode talks to
source_of() {
	case $1 in
	inline) echo d3000000-0000-4000-8000-000000000001 ;;
	deferred) echo d3000000-0000-4000-8000-000000000002 ;;
	reverse) echo d3000000-0000-4000-8000-000000000003 ;;
	esac
}

arguments() {
	local mode
	for mode in $MODES; do
		printf '%s\n' --device "source,instance=$(source_of "$mode"),count=10000,min=16,max=4000"
	done
}

guest() {
	local mode
	echo kmcl
	for mode in $MODES; do
		cat <<-END
			load kmcl_sink instance=$(source_of "$mode") count=10000 complete=$mode
			cat \$DEBUG/kmcl_sink/wait | put $mode
			unload kmcl_sink
		END
	done
	echo "unload kmcl_vmbus; unload kmcl"
}

check() {
	local mode source
	for mode in $MODES; do
		source=$(source_of "$mode")
		is "$mode: received" "$(figure "$mode" received)" 10000
		is "$mode: completed" "$(figure "$mode" completed)" 10000
		is "$mode: bad" "$(figure "$mode" bad)" 0
		is "$mode: the host sent" "$(device "$source" sent)" 10000
		is "$mode: the host got a completion for each" "$(device "$source" completed)" 10000
		is "$mode: none twice" "$(device "$source" duplicate)" 0
		is "$mode: none for what was not sent" "$(device "$source" unknown)" 0
		is "$mode: none with a wrong payload" "$(device "$source" mismatched)" 0
	done
	is "no protocol errors" "$(protocol_errors)" 0
}
