# SPDX-License-Identifier: GPL-2.0-only
title="rmmod while packets fly, both ways, again and again"
timeout=120

arguments() { printf '%s\n' --device echo --device source,count=1000000000,min=16,max=4000,depth=64; }

guest() {
	cat <<'END'
kmcl
busy() { [ "$(sed -n "s/^$2 //p" $DEBUG/$1/stats)" -gt 200 ]; }
for round in 1 2 3 4 5; do
	load kmcl_echo count=0 min=8 max=4000 depth=64
	load kmcl_sink count=0 complete=deferred
	await 30 busy kmcl_echo completed || fail "echo is not under load in round $round"
	await 30 busy kmcl_sink received || fail "sink is not under load in round $round"
	unload kmcl_echo
	unload kmcl_sink
done
dmesg | grep 'kmcl_echo: sent' | put echo
dmesg | grep 'kmcl_sink: received' | put sink
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "every echo round ended" "$(file echo | wc -l)" 5
	is "every sink round ended" "$(file sink | wc -l)" 5
	is "sent = completed + failed in every round" \
		"$(file echo | awk '{ for (i = 1; i < NF; i++) v[$i] = $(i + 1); if (v["sent"] != v["completed"] + v["failed"]) n++ } END { print n + 0 }')" 0
	is "nothing was mismatched" "$(file echo | grep -vc ' mismatched 0 ')" 0
	is "nothing bad was received" "$(file sink | grep -vc ' bad 0')" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
