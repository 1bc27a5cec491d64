# SPDX-License-Identifier: GPL-2.0-only
title="Windows drivers are unloaded while packets fly and GPADLs are mapped"
timeout=240

arguments() { printf '%s\n' --device echo --device echo --device gpadl; }

guest() {
	cat <<'END'
kmcl
load kmcl_wdk
busy() { [ "$(sed -n "s/^$2 //p" $DEBUG/kmcl/$1/stats)" -gt 200 ]; }
for round in 1 2 3 4 5; do
	load wdk_echo parameters="Count=0,Max=4000,Depth=64"
	load wdk_hard parameters="Count=1000000,Echo=1000000"
	await 30 busy wdk_echo completions_received || fail "echo is not under load in round $round"
	await 30 busy wdk_hard_transfer received || fail "hard does not receive in round $round"
	await 30 busy wdk_hard_external sent_external || fail "hard does not send in round $round"
	unload wdk_hard
	unload wdk_echo
done
dmesg | grep 'wdk_echo: ' | put echo
dmesg | grep 'wdk_hard: ' | put hard
unload kmcl_wdk
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "every echo round ended" "$(file echo | wc -l)" 5
	is "every hard round ended" "$(file hard | wc -l)" 5
	is "sent = completed + failed in every round" \
		"$(file echo | awk '{ for (i = 1; i < NF; i++) v[$i] = $(i + 1); if (v["sent"] != v["completed"] + v["failed"]) n++ } END { print n + 0 }')" 0
	is "nothing was mismatched" "$(cat "$JOB/files/echo" "$JOB/files/hard" | grep -vc ' mismatched 0 ')" 0
	is "received = completed in every round" \
		"$(file hard | awk '{ for (i = 1; i < NF; i++) v[$i] = $(i + 1); if (v["received"] != v["completed"]) n++ } END { print n + 0 }')" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
