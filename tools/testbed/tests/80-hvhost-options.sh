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

# What --help tells of devices and their keys
explains() {
	local word help
	help=$("$HVHOST" --help)
	for word; do
		matches "--help knows $word" "$help" "^ +$word(:|=)"
	done
}

host() {
	local kernel
	. "$TESTBED/floors.sh"
	build_hvhost
	kernel=(--kernel "$HVHOST" --initrd "$HVHOST")
	succeeds "--help" "$HVHOST" --help
	explains echo gpadl source mmio-mb monitor delay-ms reorder silent pipe window bad-xfer refuse mute-gpadl
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
	refuses "${kernel[@]}" --device echo,delay-ms=9..3
	refuses "${kernel[@]}" --device echo,delay-ms=3..
	refuses "${kernel[@]}" --device echo,delay-ms=99999
	refuses "${kernel[@]}" --device echo,reorder=1
	refuses "${kernel[@]}" --device echo,reorder=4,hold=2
	refuses "${kernel[@]}" --device echo,order=reverse,reorder=4
	refuses "${kernel[@]}" --device echo,silent=on,delay-ms=5
	refuses "${kernel[@]}" --device echo,silent=on,gpa-write=on
	refuses "${kernel[@]}" --device echo,silent=on,reorder=4
	refuses "${kernel[@]}" --device echo,pipe=message
	refuses "${kernel[@]}" --device heartbeat,pipe=on
	refuses "${kernel[@]}" --device heartbeat,mmio-mb=65536
	refuses "${kernel[@]}" --device heartbeat,monitor=2
	refuses "${kernel[@]}" --device gpadl,window=0
	refuses "${kernel[@]}" --device gpadl,window=256
	refuses "${kernel[@]}" --device gpadl,bad-xfer=nonsense
	refuses "${kernel[@]}" --device gpadl,refuse=on,mute-gpadl=on
	refuses "${kernel[@]}" --device gpadl,refuse=on,bad-xfer=empty
	refuses "${kernel[@]}" --device gpadl,mute-gpadl=on,window=3
	refuses "${kernel[@]}" --device source,min=100,max=50
	refuses "${kernel[@]}" --device source,count=x
	refuses "${kernel[@]}" --device heartbeat,period-ms=0
	refuses "${kernel[@]}" --add-after echo
	refuses "${kernel[@]}" --rescind-after 1
	refuses "${kernel[@]}" --rescind-after 1,nonsense
	refuses "${kernel[@]}" extra
}
