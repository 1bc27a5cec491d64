# SPDX-License-Identifier: GPL-2.0-only
title="guest --module refuses what the guest could not load, with a sentence"

# refuses WHAT FILE REGEX
refuses() {
	local rc=0 out
	out=$("$TESTBED/guest" --kernel 6.12-amd64 --module "$2" 2>&1 </dev/null) || rc=$?
	if [ "$rc" -eq 0 ]; then fail "refuses $1" "exit status 0"; else matches "refuses $1" "$out" "$3"; fi
}

host() {
	local other
	other=$("$TESTBED/modules.sh" --copy "$JOB/other" 6.1-amd64)
	printf 'nothing\n' >"$JOB/text.ko"
	matches "--help says where it is put" "$("$TESTBED/guest" --help)" '/lib/modules/FILE\.ko'
	refuses "a file that does not exist" "$JOB/absent.ko" "there is no file '.*/absent\.ko'"
	refuses "another name" "$TOP/VERSION" 'is not called FILE\.ko'
	refuses "what is no module" "$JOB/text.ko" 'is not a kernel module'
	refuses "a module for another kernel" "$other/kmcl_hello.ko" "was built for 6\.1\..*, the guest's kernel is 6\.12\."
	rm -rf "$other"
}
