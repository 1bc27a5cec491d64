# SPDX-License-Identifier: GPL-2.0-only
title="hvhost refuses what it does not understand, with a sentence"

refuses() {
	local rc=0 out
	out=$("$HVHOST" "$@" 2>&1 </dev/null) || rc=$?
	if [ "$rc" -eq 2 ] && [ -n "$out" ]; then
		pass "refuses: $*"
	else
		fail "refuses: $*" "exit status $rc, should be 2" "$out"
	fi
}

host() {
	local kernel
	. "$TESTBED/floors.sh"
	build_hvhost
	kernel=(--kernel "$HVHOST" --initrd "$HVHOST")
	succeeds "--help" "$HVHOST" --help
	refuses
	refuses --nonsense
	refuses --kernel
	refuses --kernel "$JOB/none" --initrd "$HVHOST"
	refuses "${kernel[@]}" --cpus 0
	refuses "${kernel[@]}" --cpus 5
	refuses "${kernel[@]}" --cpus two
	refuses "${kernel[@]}" --memory 1
	refuses "${kernel[@]}" --memory 12x
	refuses "${kernel[@]}" --timeout -1
	refuses "${kernel[@]}" --vmbus-version 9.9
	refuses "${kernel[@]}" --device nonsense
	refuses "${kernel[@]}" --device echo,nonsense=1
	refuses "${kernel[@]}" --device echo,instance=1
	refuses "${kernel[@]}" --device source,min=100,max=50
	refuses "${kernel[@]}" --device source,count=x
	refuses "${kernel[@]}" --device heartbeat,period-ms=0
	refuses "${kernel[@]}" --add-after echo
	refuses "${kernel[@]}" --rescind-after 1
	refuses "${kernel[@]}" --rescind-after 1,nonsense
	refuses "${kernel[@]}" extra
}
